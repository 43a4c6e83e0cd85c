"""What is printed can be read everywhere: fonts inside and no more of them than is shown, tags, language, title, page numbers."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

STATIC = Path(__file__).parent.parent / "static"
MANY = "".join(chr(0x4E00 + 5 * number) for number in range(950))  # more than HarfBuzz 6 can cut out of a font
PAGE = f"""<!doctype html><html lang="zh-Hans"><head><meta charset="utf-8"><title>账单 7 · 科桥</title><link rel="stylesheet" href="static:paper.css"></head>
<body><header><p class="brand">科<i>桥</i> TechBridge</p><h1>账单 7</h1></header>
<main class="facts-on-paper"><p>{MANY} 150 ℃</p><h2 lang="en">For the licensed process</h2><table><tbody><tr><th>金额</th><td><b>¥1,000.00</b></td></tr></tbody>
</table><p lang="en">{"A clause that goes on and on. " * 220}</p></main></body></html>"""


def fonts(paper: PdfReader) -> dict[str, Any]:
    """Name → what of the font is in the file."""
    found = {}
    for page in paper.pages:
        for reference in page["/Resources"]["/Font"].values():
            font = reference.get_object()
            descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
            found[font["/BaseFont"]] = next((descriptor[name].get_object() for name in ("/FontFile2", "/FontFile3") if name in descriptor), None)
    return found


def test_a_paper_holds_its_fonts_and_can_be_read_aloud() -> None:
    press = pytest.importorskip("marketplace.paper", exc_type=OSError)
    printed = press.pdf(PAGE, STATIC)
    paper = PdfReader(BytesIO(printed))
    held = fonts(paper)
    assert len(held) > 1 and all(file is not None and "+" in name for name, file in held.items()), held.keys()
    assert all(file.get_data()[:4] != b"ttcf" for file in held.values()), "a collection is no font"
    assert len(printed) < 500_000
    root = paper.trailer["/Root"]
    assert root["/Lang"] == "zh-Hans" and root["/MarkInfo"]["/Marked"] and "/StructTreeRoot" in root and root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert paper.metadata.title == "账单 7 · 科桥"
    assert len(paper.pages) > 1 and {(round(page.mediabox.width), round(page.mediabox.height)) for page in paper.pages} == {(595, 842)}
    for number, page in enumerate(paper.pages, 1):
        assert f"{number} / {len(paper.pages)}" in page.extract_text()
    pieces: list[tuple[str, str]] = []
    paper.pages[0].extract_text(visitor_text=lambda text, _place, _line, font, _size: pieces.append((text, str((font or {}).get("/BaseFont")))))
    assert [font for text, font in pieces if "℃" in text and "WenQuanYi" not in font], "the sign is empty in the Chinese font"
    said = "".join(page.extract_text() for page in paper.pages).replace("\n", "")
    assert MANY[:20] in said and "goes on and on" in said
