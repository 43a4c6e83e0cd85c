"""Do documents that are shown at 30 % turn out to be the known answer three times in ten? As figures, as text, as a drawing.

Over the ten best of each question, in ten bins of the probability shown. `gap`, the expected calibration error, is the
mean distance between what was said and what was true, each bin weighing as much as it holds. Intervals are Wilson's
(1927): right for shares near 0 and 1 and for few pairs. They take pairs for independent, which the ten of one question
are not quite.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

SHOWN = 10  # of the best of each question, on which probabilities are held to account
BINS = 10
_Z = 1.959964  # standard deviations on either side that hold 95 %
_WIDTH = 51  # characters of a bar, one for each two points
_SIDE, _LEFT, _TOP = 360, 64, 66  # the square of the drawing, in its own units
_STYLE = (
    ":root{color-scheme:light dark}"
    "svg{--paper:#fbfaf6;--ink:#1a2320;--soft:#56625e;--line:#dde2dd;--pine:#0f6152}"
    "@media(prefers-color-scheme:dark){svg{--paper:#121715;--ink:#e6ece8;--soft:#a3b0aa;--line:#2c3632;--pine:#63c2ab}}"
    'text{font:12px system-ui,"PingFang SC","Noto Sans CJK SC","Microsoft YaHei",sans-serif;fill:var(--soft)}'
    ".name{font-size:16px;font-weight:600;fill:var(--ink)}.end{text-anchor:end}.middle{text-anchor:middle}"
    ".grid{stroke:var(--line)}.even{stroke:var(--soft);stroke-dasharray:4 4}.range{stroke:var(--pine);stroke-width:2}"
    ".share{fill:var(--pine)}.paper{fill:var(--paper)}"
)


def wilson(right: float, pairs: int) -> tuple[float, float]:
    """The 95 % interval of a share, `right` of so many pairs; (0, 1) for none."""
    if not pairs:
        return 0.0, 1.0
    share, spread = right / pairs, _Z**2 / pairs
    middle = (share + spread / 2) / (1 + spread)
    half = math.sqrt(share * (1 - share) * spread + spread**2 / 4) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def reliability(ranked: Sequence[Sequence[int]], chances: Sequence[Sequence[float]], grades: Sequence[Mapping[int, float]]) -> dict:
    """{"bins": …, "gap": …, "pairs": …} for rankings with their probabilities and what was good, each by question.

    A bin: `from` and `to`, mean probability `said`, share of known answers `true` with `low` and `high`, and how many `pairs`.
    Bins that nothing fell into are left out.
    """
    held: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for keys, each, good in zip(ranked, chances, grades, strict=True):
        for key, chance in list(zip(keys, each, strict=True))[:SHOWN]:
            held[min(int(chance * BINS), BINS - 1)].append((float(chance), key in good))
    bins = [_bin(place, pairs) for place, pairs in enumerate(held) if pairs]
    total = sum(each["pairs"] for each in bins)
    gap = sum(each["pairs"] * abs(each["said"] - each["true"]) for each in bins) / max(total, 1)
    return {"bins": bins, "gap": round(gap, 4), "pairs": total}


def _bin(place: int, pairs: Sequence[tuple[float, bool]]) -> dict[str, float]:
    count, right = len(pairs), sum(true for _, true in pairs)
    low, high = wilson(right, count)
    said = sum(chance for chance, _ in pairs) / count
    figures = {"from": place / BINS, "to": (place + 1) / BINS, "said": said, "true": right / count, "low": low, "high": high}
    return {**{name: round(value, 4) for name, value in figures.items()}, "pairs": count}


def drawn_as_text(found: Mapping) -> str:
    """A line a bin: `●` the share of known answers, `─` its interval, `│` the probability shown; a bar goes from 0 to 100 %."""
    lines = [f"{'shown':>9} {'mean':>6} {'true':>6}   0 %{'100 %':>{_WIDTH - 3}} {'pairs':>7}"]
    for each in found["bins"]:
        bounds = f"{100 * each['from']:.0f}–{100 * each['to']:.0f} %"
        lines.append(f"{bounds:>9} {100 * each['said']:5.1f}% {100 * each['true']:5.1f}%   {_bar(each)} {each['pairs']:>7,}")
    return "\n".join([*lines, f"mean gap {100 * found['gap']:.1f} points over {found['pairs']:,} pairs, the {SHOWN} best of each question"])


def _bar(each: Mapping) -> str:
    at = {name: round(each[name] * (_WIDTH - 1)) for name in ("said", "true", "low", "high")}
    bar = ["─" if at["low"] <= place <= at["high"] else "·" for place in range(_WIDTH)]
    bar[at["said"]], bar[at["true"]] = "│", "●"  # where both fall together the share is what is seen
    return "".join(bar)


def drawn(found: Mapping, name: str) -> str:
    """The same as an SVG in the look of the house, light or dark as its reader has it, its words in both languages.

    A circle for each bin, its area by the number of pairs, with its interval; on the dashed line what is said is what is true.
    """
    title = f"{escape(name)} · {100 * found['gap']:.1f}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 460 500" role="img" aria-label="{title}">', f"<style>{_STYLE}</style>",
        '<rect class="paper" width="460" height="500"/>', f'<text class="name" x="24" y="30">{escape(name)}</text>',
        f'<text x="24" y="50">平均偏差 mean gap {100 * found["gap"]:.1f} % · {found["pairs"]:,} 对 pairs</text>',
        *_grid(), *(mark for each in found["bins"] for mark in _marks(each, found["pairs"])),
        f'<text class="middle" x="{_x(0.5)}" y="{_TOP + _SIDE + 40}">显示的概率 · probability shown</text>',
        f'<text class="middle" transform="translate(18 {_y(0.5)}) rotate(-90)">已知答案所占比例 · share of known answers</text>',
        f'<text class="middle" x="{_x(0.5)}" y="{_TOP + _SIDE + 62}">竖线：95 % 区间 · bars: 95 % intervals</text>', "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _x(share: float) -> float:
    return round(_LEFT + _SIDE * share, 1)


def _y(share: float) -> float:
    return round(_TOP + _SIDE * (1 - share), 1)


def _grid() -> list[str]:
    lines = []
    for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        lines += [
            f'<path class="grid" d="M{_x(0)} {_y(share)}H{_x(1)}M{_x(share)} {_y(0)}V{_y(1)}"/>',
            f'<text class="end" x="{_LEFT - 8}" y="{_y(share) + 4}">{100 * share:.0f} %</text>',
            f'<text class="middle" x="{_x(share)}" y="{_TOP + _SIDE + 18}">{100 * share:.0f} %</text>',
        ]
    return [*lines, f'<path class="even" d="M{_x(0)} {_y(0)}L{_x(1)} {_y(1)}"/>']


def _marks(each: Mapping, pairs: int) -> list[str]:
    """The interval and the circle of a bin; a title that a pointer finds."""
    x, size = _x(each["said"]), 3 + 11 * math.sqrt(each["pairs"] / pairs)
    told = f"{100 * each['said']:.1f} % → {100 * each['true']:.1f} % ({each['pairs']:,})"
    return [
        f'<path class="range" d="M{x} {_y(each["low"])}V{_y(each["high"])}"/>',
        f'<circle class="share" cx="{x}" cy="{_y(each["true"])}" r="{size:.1f}"><title>{told}</title></circle>',
    ]
