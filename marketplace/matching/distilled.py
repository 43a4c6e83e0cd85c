"""The verbs of measuring a distillation: rank the catalogue by each text, keep the result at sign-off, sum it over the site.

`improvement` has the comparison; needs and their rounds stand to the left and know nothing of rankings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import or_, select

from marketplace.access import SYSTEM, Actor, require
from marketplace.db import session, to_read
from marketplace.jobs import handler
from marketplace.matching import improvement
from marketplace.matching.desk.brokers import answered_by
from marketplace.matching.documents import all_targets, need_query, need_wishes
from marketplace.matching.improvement import Improvement
from marketplace.matching.models import Match
from marketplace.matching.operations import rank_technologies
from marketplace.needs.distilling.composing import composed, targets_of
from marketplace.needs.distilling.models import Distillation
from marketplace.needs.models import Need

LOOKED_AT = 50  # places down to which a technology that left the ten best is followed
ANSWERED = ("shortlisted", "introduced")


def measure(actor: Actor, need: Need, text: dict[str, str], targets: Sequence[dict[str, Any]]) -> Improvement:
    """What these questions do to the need's matches, of the technologies that the actor may find."""
    require(actor, "need.distil", need)

    def ranked(words: str, rows: Sequence[dict[str, Any]]) -> list[tuple[int, float]]:
        hits = rank_technologies(words, actor, limit=LOOKED_AT, wishes=need_wishes(need, rows)) if words.strip() else []
        return [(hit.key, hit.probability) for hit in hits]

    alone = text.get(need.language) or next(iter(text.values()), "")
    return improvement.compared(
        ranked(need_query(need, asked={}), need.targets), ranked(alone, targets), ranked(need_query(need, asked=text), all_targets(need, targets)),
    )


def answered_of(need: Need) -> set[int]:
    """The technologies that the firm or a technology manager shortlisted or accepted for the need."""
    own = select(Match.technology_id).where(Match.need_id == need.id, or_(Match.firm.in_(ANSWERED), answered_by(None, ANSWERED)))
    return set(session.scalars(own))


@handler("matching.measure_distillation")
def measure_distillation(thing_id: int) -> Iterator[None]:
    """Keep with a signed-off round what it does to the matches; the ranking only reads, the lock of a writer is taken for the result alone."""
    with to_read():
        found = session.get_one(Distillation, thing_id)
        ready = found.state == "signed_off" and found.need.state in Need.OPEN_STATES
        result = measure(SYSTEM, found.need, composed(found.questions), targets_of(found.questions)) if ready else None
    yield
    if result is not None:
        found = session.get_one(Distillation, thing_id)
        found.improvement, found.gain = result.to_dict(), result.gain


def kept(distillation: Distillation) -> Improvement | None:
    """What was measured of a round at its sign-off,; None before that."""
    return improvement.from_dict(distillation.improvement) if distillation.improvement else None


def middle_gain() -> tuple[float | None, int]:
    """The median gain of all rounds that were signed off, and how many there are."""
    gains = list(session.scalars(select(Distillation.gain).where(Distillation.gain.is_not(None))))
    return improvement.middle(gains), len(gains)
