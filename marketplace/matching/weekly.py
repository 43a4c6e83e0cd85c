"""Learning week by week: the answers are read by themselves, weights that prove better come into use, and the operator reads how it stands.

`lessons` learns; here is when, and what is kept of each reading. After an operator has gone back (`marketplace learn --undo`) nothing is put
into use by itself until he learns again himself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from marketplace.access import SYSTEM, Actor, require
from marketplace.db import now, session, to_read
from marketplace.jobs import handler
from marketplace.matching import learning, lessons
from marketplace.matching.learning import Lesson
from marketplace.matching.models import LearningRun, MatchAnswer
from marketplace.record import Event, record

EVERY = timedelta(days=7)
SWAPS = ("job.weights_learned", "job.weights_undone")


@dataclass(frozen=True)
class Standing:
    """How learning stands: the last reading, if there was one, and how many answers that say something came since."""

    last: LearningRun | None
    waiting: int


@handler("matching.learn", every=EVERY)
def learn() -> Iterator[None]:
    """Read the answers, and put what was learned into use where it proves better."""
    with to_read():
        until = newest()
        lesson = lessons.study(SYSTEM)
    yield
    conclude(SYSTEM, lesson, until, may_swap=not _was_undone())


def newest() -> int:
    """The number of the newest answer; 0 when there is none."""
    return session.scalar(select(func.max(MatchAnswer.id))) or 0


def conclude(actor: Actor, lesson: Lesson, until: int, at: datetime | None = None, *, may_swap: bool = True) -> LearningRun:
    """Keep what a reading of the answers up to one of them came to, and adopt what it taught if that is better and may be."""
    require(actor, "match.learn")
    moment, better = at or now(), lesson.verdict == "better"
    run = LearningRun(
        at=moment, until=until, answers=lesson.counts["pairs"], missing=dict(lesson.missing), verdict="undone" if better and not may_swap else lesson.verdict,
    )
    new = standing(actor).waiting
    session.add(run)
    if better and may_swap:
        run.version = lessons.adopt(actor, lesson, moment).version
    session.flush()  # the event points at it
    record(run, "end" if new else "rest", actor, moment, answers=run.answers, new=new, verdict=run.verdict)
    return run


def _was_undone() -> bool:
    """Whether the last swap of weights was somebody's going back."""
    return session.scalar(select(Event.name).where(Event.name.in_(SWAPS)).order_by(Event.id.desc()).limit(1)) == SWAPS[1]


def standing(actor: Actor) -> Standing:
    """How learning stands, for the operator."""
    require(actor, "match.learn")
    last = session.scalar(select(LearningRun).order_by(LearningRun.id.desc()).limit(1))
    return Standing(last, _saying(last.until if last else 0))


def _saying(after: int) -> int:
    """How many answers since one of them say whether their pair fits."""
    query = select(MatchAnswer.answer, MatchAnswer.code, func.count()).where(MatchAnswer.id > after).group_by(MatchAnswer.answer, MatchAnswer.code)
    return sum(count for answer, code, count in session.execute(query) if learning.label(answer, code) is not None)
