"""What is found for an example, with its owner's eyes; where the catalogue has nothing, the ready-made other side with the words both share."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.access import Actor
from marketplace.first_steps.examples.models import Example
from marketplace.first_steps.examples.operations import wording
from marketplace.first_steps.examples.samples import SAMPLES, Sample
from marketplace.matching import operations as matching
from marketplace.matching.asides import text_wishes, without_asides
from marketplace.matching.explain import Evidence, evidence
from marketplace.matching.index import Document
from marketplace.matching.rules import Facts, figures

SHOWN, LEAST = 3, 0.05
"""How many are shown, and how probable one must be: somebody new is to see what fits, not where a catalogue ends."""
STAND_IN = "example"
"""The key under which an answer to the ready-made other side is kept: no public id is that short."""


@dataclass(frozen=True)
class StandIn:
    """The ready-made other side, shown where nothing is published yet; without a percentage, which is of a catalogue."""

    kind: str
    sample: Sample
    evidence: Evidence


def asked(example: Example, language: str) -> str:
    """What the matching is asked: title and text."""
    return "\n".join(wording(example, language)[:2]).strip()


def found_for(actor: Actor, example: Example, language: str) -> list[matching.Answer]:
    """Published listings for the example, best first, as far as the actor may read them."""
    text = asked(example, language)
    if example.kind == "technology":
        sample = SAMPLES["technology"]
        facts = Facts(trl=sample.trl, industries=sample.industries, mode="licence", figures=tuple(figures(text)))
        hits = matching.similar_needs(text, actor, SHOWN, facts=facts)
        return matching.answers(actor, text, [hit for hit in hits if hit.probability >= LEAST], language, SHOWN, facts)
    wishes, told = text_wishes(text, example.created.date()), without_asides(text)
    hits = matching.rank_technologies(text, actor, limit=SHOWN, wishes=wishes)
    return matching.answers(actor, told, [hit for hit in hits if hit.probability >= LEAST], language, SHOWN, wishes)


def stand_in(example: Example, language: str) -> StandIn:
    """The ready-made other side of the example."""
    kind = "need" if example.kind == "technology" else "technology"
    sample = SAMPLES[kind]
    document = Document(key=0, kind=kind, passages={code: (sample.title[code], sample.text[code]) for code in sample.title})
    return StandIn(kind, sample, evidence(asked(example, language), document, None, language))
