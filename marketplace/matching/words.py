"""The words of the codes of matching, lazily translated: contributions, bands, answers, reasons for declining."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from marketplace.catalogue.words import DECLINE_WORDS as DECLINE_WORDS  # one list used everywhere
from marketplace.matching import quantities
from marketplace.matching import text as cut
from marketplace.matching.rules import Figure

CONTRIBUTION_WORDS = {
    "words": _l("same words"), "bigrams": _l("same characters"), "bridge": _l("same words across languages"),
    "meaning_title": _l("meaning of the title"), "meaning_body": _l("meaning of the text"),
    "meaning_sentence": _l("meaning of the best sentence"), "meaning_slow": _l("meaning, second reading"),
    "meaning_bridged": _l("meaning through the dictionary"), "number": _l("patent number"), "maturity": _l("maturity"),
    "field": _l("industry"), "terms": _l("terms"), "region": _l("region"), "freshness": _l("how long it is listed"), "price": _l("price"),
    "quantity": _l("measured figures"),
}
BANDS = ((0.5, "high"), (0.1, "medium"), (0.0, "low"))
BAND_WORDS = {"high": _l("strong"), "medium": _l("fair"), "low": _l("weak")}
ANSWER_WORDS = {"new": _l("not answered yet"), "shortlisted": _l("shortlisted"), "declined": _l("declined"), "introduced": _l("introduction asked for")}
SIDE_WORDS = {"firm": _l("the firm"), "holder": _l("the holder of the technology"), "broker": _l("the technology manager")}
MEANS_WORDS = {
    "known_answer": _l("Percentage points. The figure is the chance of being the known answer, as measured on judged test sets."),
    "shortlisted": _l("Percentage points. The figure is the chance of being shortlisted, as learned from the answers given on this site."),
}
FAMILY_WORDS = {"number": _l("same number"), "title": _l("same title and parties"), "meaning": _l("same meaning in the other language")}

ORDER_WORDS = {
    "": _l("best answer first"), "newest": _l("newest first"), "maturity": _l("most mature first"), "entry": _l("no entry fee first"),
    "grade": _l("checked needs first"),
}


def orders(names: Sequence[str], typed: str) -> dict[str, Any]:
    """What a list can be ordered by, in words. Without typed words nothing answers better than another, and the newest stand first unasked."""
    return {name: ORDER_WORDS["newest" if not (name or typed) else name] for name in names if typed or name != "newest"}


def told(kind: str, number: int) -> str:
    """How many listings of a kind, in words."""
    return {
        "technology": lambda: ngettext("%(num)s technology", "%(num)s technologies", number),
        "need": lambda: ngettext("%(num)s need", "%(num)s needs", number),
        "facility": lambda: ngettext("%(num)s facility", "%(num)s facilities", number),
        "expert": lambda: ngettext("%(num)s expert", "%(num)s experts", number),
        "scenario": lambda: ngettext("%(num)s place for first trials", "%(num)s places for first trials", number),
    }[kind]()


def band(probability: float) -> str:
    """The band of a probability, for readers who see no figures: high from 50 %, medium from 10 %."""
    return next(code for least, code in BANDS if probability >= least)


def figure(one: Figure, language: str, names: Sequence[str] = ()) -> str:
    """A figure as a reader sees it ("burr ≤ 0.02 mm"), under that of its names which is in the reader's language."""
    name = next((name for name in names if cut.language(name) == language), one.what)
    return quantities.words(one._replace(what=name), language)
