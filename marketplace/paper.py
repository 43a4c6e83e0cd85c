"""HTML to PDF with WeasyPrint, which may read our own style sheets and nothing else: no network, no other file.

Importing this module raises `OSError` where Debian's Pango is missing; whoever needs it imports it late and says so.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path

from weasyprint import HTML
from weasyprint.pdf.fonts import Font
from weasyprint.urls import URLFetcher, URLFetcherResponse

SCHEME = "static:"
TYPES = {".css": "text/css", ".svg": "image/svg+xml"}

_EMPTY = re.compile("[\u00bc-\u00be\u01ce\u01d0\u01d2\u01d4\u01d8\u01da\u01dc\u02ca\u02cb\u203e\u2103\u2109\u212b\u2164\u2169\u223c]+(?=[^<>]*<)")
"""Signs that stand in WenQuanYi Micro Hei, the font that `make setup` installs, and are empty or broken there: 150 ℃ would be printed as 150."""

logging.getLogger("fontTools").setLevel(logging.ERROR)


_by_harfbuzz = Font._harfbuzz_subset


def _subset(font: Font, used: dict[int, str], hinting: bool) -> None:
    """Keep of a font what is shown. HarfBuzz 6 gives up where that is more than 128 kB, some 800 Chinese characters, and the whole collection would be
    put into the file, which no standard allows and every list would carry: fontTools, slower, does it then."""
    whole = font.file_content
    _by_harfbuzz(font, used, hinting)
    if font.file_content is whole:
        font._fonttools_subset(used, hinting)


Font._harfbuzz_subset = _subset


class OwnFiles(URLFetcher):
    """Gives the files of our static folder under addresses like static:paper.css, and refuses whatever else is asked for."""

    def __init__(self, static: Path) -> None:
        super().__init__(allowed_protocols=(), allow_redirects=False)
        self.static = static.resolve()

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        """One file of ours. Raises `ValueError` for every other address."""
        path = (self.static / url.removeprefix(SCHEME)).resolve()
        if not url.startswith(SCHEME) or not path.is_relative_to(self.static) or path.suffix not in TYPES:
            raise ValueError("only style sheets and drawings of our own are read")
        return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": TYPES[path.suffix]})


def _signed(html: str) -> str:
    """The page with the signs that the Chinese font lacks set in another one; in its texts alone, the head and the tags stay as they are."""
    head, body, rest = html.partition("<body")
    return head + body + _EMPTY.sub(r'<span class="sign">\g<0></span>', rest)


def pdf(html: str, static: Path) -> bytes:
    """The page as a PDF that a screen reader can read (PDF/UA: language, title, tags), with what it shows of each font inside."""
    return HTML(string=_signed(html), url_fetcher=OwnFiles(static)).write_pdf(pdf_variant="pdf/ua-1")
