"""Pictures of the demo's listings, drawn here: what a transfer office or a workshop would put beside its text.

They hold figures and no words, so that they serve both languages; what is to be seen is said in both by `pictures.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from io import BytesIO
from math import cos, pi, sin
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from marketplace.access import SYSTEM
from marketplace.catalogue import pictures

FILE = Path(__file__).parent / "pictures.toml"
WIDTH, HEIGHT = 960, 640
FINE = 2
"""Drawn so many times larger and made smaller afterwards, so that no line is jagged."""
GROUND, INK, SOFT, STEEL, PINE, AMBER, RED = "#fbfaf6", "#1a2320", "#c9d0cb", "#aeb9c2", "#0f6152", "#c07616", "#a32a22"
Point = tuple[float, float]


class Sheet:
    """A sheet of WIDTH by HEIGHT pixels to draw on."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", (WIDTH * FINE, HEIGHT * FINE), GROUND)
        self.draw = ImageDraw.Draw(self.image)

    def line(self, points: list[Point], colour: str = INK, width: float = 4) -> None:
        """A line through points."""
        self.draw.line([(x * FINE, y * FINE) for x, y in points], colour, round(width * FINE), joint="curve")

    def shape(self, points: list[Point], fill: str, edge: str = INK) -> None:
        """A filled shape with an edge."""
        self.draw.polygon([(x * FINE, y * FINE) for x, y in points], fill)
        self.line([*points, points[0]], edge, 3)

    def ring(self, at: Point, radius: float, colour: str = INK, fill: str | None = None, width: float = 5) -> None:
        """A circle around a point."""
        box = [(each + side) * FINE for side in (-radius, radius) for each in at]
        self.draw.ellipse(box, fill, colour, round(width * FINE))

    def text(self, at: Point, words: str, colour: str = INK, size: int = 34) -> None:
        """A figure, its middle at a point."""
        self.draw.text((at[0] * FINE, at[1] * FINE), words, colour, ImageFont.load_default(size * FINE), anchor="mm")

    def span(self, start: Point, end: Point, words: str, at: Point) -> None:
        """A measure between two points, with the figure beside it."""
        self.line([start, end], PINE, 3)
        for x, y in (start, end):
            self.line([(x - 10, y), (x + 10, y)] if start[0] == end[0] else [(x, y - 10), (x, y + 10)], PINE, 3)
        self.text(at, words, PINE)

    def file(self) -> BytesIO:
        """The sheet as a PNG of few colours, some 20 kB."""
        made = BytesIO()
        small = self.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        small.quantize(64, dither=Image.Dither.NONE).save(made, "PNG", optimize=True)
        made.seek(0)
        return made


def _teeth(left: float, top: float, depth: float, burrs: Mapping[int, float] = {}) -> list[Point]:
    """The upper edge of a jaw with nine teeth; at some of them a burr stands up by so many pixels."""
    found: list[Point] = []
    for tooth in range(9):
        x, up = left + tooth * 84, burrs.get(tooth, 0.0)
        found += [(x, top + depth), (x + 30, top)]
        found += [(x + 34, top - up), (x + 44, top - up * 0.4), (x + 40, top)] if up else []
        found += [(x + 54, top)]
    return [*found, (left + 756, top + depth)]


def jaw(sheet: Sheet) -> None:
    """The jaw of a forceps under a grinding wheel, with the height of the burr that is left."""
    sheet.shape([*_teeth(90, 380, 60), (846, 560), (90, 560)], STEEL)
    sheet.ring((470, 228), 150, fill="#e7d9bd")
    sheet.ring((470, 228), 36, fill=GROUND)
    for step in range(40):
        turn = step * pi / 20
        sheet.line([(470 + 132 * cos(turn), 228 + 132 * sin(turn)), (470 + 149 * cos(turn), 228 + 149 * sin(turn))], AMBER, 3)
    sheet.ring((732, 380), 44, PINE)
    sheet.line([(762, 348), (800, 300)], PINE)
    sheet.text((800, 270), "< 0.015 mm", PINE)


def burrs(sheet: Sheet) -> None:
    """The same jaw as it comes off the mill today: ragged teeth, three of them ringed."""
    ragged = {0: 26.0, 2: 44.0, 3: 18.0, 5: 52.0, 7: 40.0}
    sheet.shape([*_teeth(90, 300, 70, ragged), (846, 500), (90, 500)], STEEL)
    for tooth in (2, 5, 7):
        sheet.ring((130 + tooth * 84, 276), 52, RED)
    sheet.text((280, 140), "0.1 mm", RED, 44)
    sheet.line([(286, 172), (296, 222)], RED)
    sheet.text((480, 570), "42 min", INK, 44)


def lobes(sheet: Sheet) -> None:
    """Depth of cut over spindle speed: lobes of stability, and the jump from the edge of one into the window of the next."""
    sheet.line([(110, 60), (110, 550), (900, 550)])
    edge: list[Point] = []
    for first, last, low in ((110, 260, 470), (260, 460, 440), (460, 760, 400), (760, 900, 360)):
        half = (last - first) / 2
        edge += [(x, low - (low - 110) * abs((x - first - half) / half) ** 3) for x in range(first, last + 1, 2)]
    sheet.draw.polygon([(x * FINE, y * FINE) for x, y in [*edge, (900, 550), (110, 550)]], "#dcebe5")
    sheet.line(edge, PINE, 5)
    sheet.ring((600, 300), 16, RED, RED)
    sheet.ring((752, 300), 16, PINE, PINE)
    sheet.line([(626, 300), (716, 300)])
    sheet.shape([(734, 300), (714, 290), (714, 310)], INK)
    sheet.text((660, 262), "30 ms", INK)
    sheet.text((505, 596), "n / rpm", INK)
    sheet.text((60, 300), "mm", INK)


def weld(sheet: Sheet) -> None:
    """Two fine wires end to end with a thin layer between them, in section, and what they measure."""
    sheet.shape([(90, 240), (430, 240), (430, 400), (90, 400)], STEEL)
    sheet.shape([(530, 240), (870, 240), (870, 400), (530, 400)], "#d8c7a0")
    sheet.shape([(430, 228), (530, 228), (530, 412), (430, 412)], "#8fb6a9")
    for x in (430, 530):
        sheet.line([(x + 9 * sin(y / 9), y) for y in range(240, 401, 4)], AMBER, 7)
    sheet.text((250, 320), "NiTi", INK, 44)
    sheet.text((480, 320), "Ni", INK, 40)
    sheet.text((700, 320), "304", INK, 44)
    sheet.span((430, 170), (530, 170), "0.06 mm", (480, 130))
    sheet.span((60, 240), (60, 400), "", (60, 320))
    sheet.text((190, 450), "0.25 … 0.6 mm", PINE)
    sheet.text((610, 470), "< 0.015 mm", AMBER)
    sheet.line([(560, 445), (536, 404)], AMBER)


DRAWN: dict[str, Callable[[Sheet], None]] = {"jaw": jaw, "burrs": burrs, "lobes": lobes, "weld": weld}


def drawn(name: str) -> BytesIO:
    """One of DRAWN as a PNG."""
    sheet = Sheet()
    DRAWN[name](sheet)
    return sheet.file()


def load(listings: Mapping[str, Any]) -> None:
    """Put the pictures beside their listings, as their owners would; `listings` are those of the demo by their keys."""
    for row in tomllib.loads(FILE.read_text(encoding="utf-8"))["picture"]:
        if row["listing"] in listings:
            pictures.attach(SYSTEM, listings[row["listing"]], drawn(row["draws"]), row["name"], row["shows"])
