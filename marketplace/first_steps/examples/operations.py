"""The verbs of examples: begin, change the words, answer, play the next stage, throw away. None writes an event: nothing real has happened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from marketplace.access import Actor, require
from marketplace.db import now, session
from marketplace.deals.models import STAGES
from marketplace.errors import N_, NotFound, Refused
from marketplace.first_steps.examples.models import ANSWERS, KINDS, Example
from marketplace.first_steps.examples.samples import SAMPLES
from marketplace.jobs import handler
from marketplace.people.operations import acting_person

KEPT = timedelta(days=30)
LONGEST_TITLE, LONGEST_TEXT, MOST_ANSWERS = 200, 4000, 60
PLAYED = tuple(stage for stage in STAGES if stage not in ("lead", "lost"))
"""The stages that a played deal goes through."""


def example_of(actor: Actor) -> Example | None:
    """The actor's own example; there is no way to anybody else's."""
    return session.scalar(select(Example).where(Example.person_id == actor.id)) if actor.id is not None else None


def own(actor: Actor) -> Example:
    """The actor's own example. Raises `NotFound` where there is none."""
    found = example_of(actor)
    if found is None:
        raise NotFound(N_("There is no example of yours here: you have thrown it away, or it has ended."))
    require(actor, "example.edit", found)
    return found


def begin(actor: Actor, kind: str, language: str, at: datetime | None = None) -> Example:
    """Make the actor an example; one of the same kind that stands already is kept, one of another kind gives way."""
    require(actor, "example.begin")
    if kind not in KINDS:
        raise NotFound()
    before = example_of(actor)
    if before is not None and before.kind == kind:
        return before
    if before is not None:
        session.delete(before)
        session.flush()  # one for a person
    sample = SAMPLES["technology" if kind == "technology" else "need"]
    language = sample.spoken(language)
    found = Example(
        person_id=acting_person(actor).id, kind=kind, language=language, title=sample.title[language], text=sample.text[language], answers={},
        created=at or now(),
    )
    session.add(found)
    return found


def wording(example: Example, language: str) -> tuple[str, str, str]:
    """Title, text and their language: as the person has changed them, else as they stand ready in the reader's language."""
    sample = SAMPLES["technology" if example.kind == "technology" else "need"]
    if example.text == sample.text.get(example.language) and example.title == sample.title[example.language]:
        spoken = sample.spoken(language)
        return sample.title[spoken], sample.text[spoken], spoken
    return example.title, example.text, example.language


def change(actor: Actor, example: Example, title: str, text: str, language: str) -> Example:
    """Put other words into it, written in a language: what is found changes with them. The answers were given to the old ones and go."""
    require(actor, "example.edit", example)
    title, text = title.strip(), text.strip()
    if not text:
        raise Refused(N_("Leave some words in it, or nothing can be found."), field="text")
    if len(title) > LONGEST_TITLE or len(text) > LONGEST_TEXT:
        raise Refused(N_("This is longer than an example needs to be."), field="text")
    if (title, text) != wording(example, language)[:2]:
        example.title, example.text, example.language, example.answers, example.stage = title, text, language, {}, None
    return example


def answer_example(actor: Actor, example: Example, key: str, answer: str) -> Example:
    """Keep or decline something that was found, or take the answer back ("new"); nobody is told."""
    require(actor, "example.edit", example)
    if answer not in (*ANSWERS, "new") or len(key) > 16:
        raise NotFound()
    kept = {name: given for name, given in example.answers.items() if name != key}
    example.answers = kept if answer == "new" or len(kept) >= MOST_ANSWERS else {**kept, key: answer}
    if "shortlisted" not in example.answers.values():
        example.stage = None
    return example


def play(actor: Actor, example: Example) -> Example:
    """Open the deal that is only played, or take it to its next stage; after the last it begins anew."""
    require(actor, "example.edit", example)
    if example.kind != "pair" or "shortlisted" not in example.answers.values():
        raise Refused(N_("Shortlist a pair first: a deal is opened from a pair."))
    place = PLAYED.index(example.stage) + 1 if example.stage in PLAYED else 0
    example.stage = PLAYED[place % len(PLAYED)]
    return example


def throw_away(actor: Actor, example: Example) -> None:
    """Delete it, with all that was changed and answered in it."""
    require(actor, "example.edit", example)
    session.delete(example)


@handler("first_steps.end_examples", every=timedelta(days=1))
def end_examples(at: datetime | None = None) -> Iterator[None]:
    """Delete examples that have stood for thirty days."""
    session.execute(delete(Example).where(Example.created < (at or now()) - KEPT))
    yield
