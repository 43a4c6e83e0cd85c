"""The verbs of learning: read the site's answers, put better weights into use or go back, and export judged pairs.

`learning` has the method; here the answers are read and what follows from new weights is set going.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from marketplace.access import Actor, require
from marketplace.catalogue.models import Technology
from marketplace.db import LANGUAGES, now, session
from marketplace.errors import N_, Refused
from marketplace.jobs import enqueue
from marketplace.matching import fusion, learning
from marketplace.matching import text as cut
from marketplace.matching.documents import need_query, shown_document, technology_document
from marketplace.matching.fusion import Weights
from marketplace.matching.learning import Lesson, Pair
from marketplace.matching.models import Match, MatchAnswer, Scoring
from marketplace.matching.operations import USABLE, index
from marketplace.needs.models import Need
from marketplace.record import record

BATCH = 200


def study(actor: Actor) -> Lesson:
    """What the answers so far teach, compared with the weights in use; nothing is changed and nothing written."""
    require(actor, "match.learn")
    folder = index().folder
    return learning.learn(_pairs(learning.history(folder)), fusion.weights(folder))


def adopt(actor: Actor, lesson: Lesson, at: datetime | None = None) -> Weights:
    """Put the learned weights into use and have the open needs scored by them. Raises `Refused` unless they are better.

    The file is swapped last, just before the caller's commit: a process killed between the two leaves new weights in
    use whose event and rescoring are missing; matches are then rescored as their listings change.
    """
    require(actor, "match.learn")
    if lesson.verdict != "better":
        raise Refused(N_("These weights are not proved to be better."))
    return _swapped(actor, "weights_learned", at or now(), lesson)


def undo(actor: Actor, at: datetime | None = None) -> Weights:
    """Go back to the weights before the last swap. Raises `Refused` when nothing learned is in use."""
    require(actor, "match.learn")
    return _swapped(actor, "weights_undone", at or now(), None)


def _swapped(actor: Actor, verb: str, at: datetime, lesson: Lesson | None) -> Weights:
    """Swap the file, queue the rescoring, and tell the log of it as something that happened to that job."""
    folder = index().folder
    before = fusion.weights(folder)
    job = enqueue("matching.match_all")
    session.flush()  # the event points at the job; and should the database refuse, the file is not touched
    try:
        found = learning.install(folder, lesson, at) if lesson else learning.undo(folder)
    except FileNotFoundError as error:
        raise Refused(N_("No learned weights are in use: there is nothing to go back to.")) from error
    facts = {"before": before.version, "now": found.version, "means": found.means}
    record(job, verb, actor, at, **facts, **({"counts": dict(lesson.counts), **asdict(lesson.change)} if lesson else {}))
    return found


def _answers() -> list[tuple[MatchAnswer, Match, bool]]:
    """Each side's newest answer to each match, where it says whether the pair fits."""
    newest: dict[tuple[int, str], tuple[MatchAnswer, Match]] = {}
    query = select(MatchAnswer, Match).join(Match, Match.id == MatchAnswer.match_id).order_by(MatchAnswer.id)
    for answer, match in session.execute(query):
        newest[match.id, answer.side] = answer, match
    labelled = [(answer, match, learning.label(answer.answer, answer.code)) for answer, match in newest.values()]
    return [(answer, match, fits) for answer, match, fits in labelled if fits is not None]


def _pairs(history: dict[str, Weights]) -> list[Pair]:
    """The answers as pairs to learn from; one whose match has no scoring by weights still known is left out."""
    scorings: dict[int, list[Scoring]] = {}
    answered = select(MatchAnswer.match_id)
    for scoring in session.scalars(select(Scoring).where(Scoring.match_id.in_(answered)).order_by(Scoring.id)):
        if _made_by(scoring, history):
            scorings.setdefault(scoring.match_id, []).append(scoring)
    found = []
    for answer, match, fits in _answers():
        own = scorings.get(match.id)
        if own:
            scoring = next((each for each in own if each.id == answer.scoring_id), own[-1])
            found.append(_pair(answer, match, fits, scoring, history[_made_by(scoring, history)]))
    return found


def _made_by(scoring: Scoring, history: dict[str, Weights]) -> str | None:
    """The version of the weights in a scoring's index version (encoders/weights/constants), if it is known."""
    return next((part for part in scoring.index_version.split("/") if part in history), None)


def _pair(answer: MatchAnswer, match: Match, fits: bool, scoring: Scoring, weights: Weights) -> Pair:
    contributions = {str(name): float(value) for name, value in scoring.contributions}
    languages = _languages(match, list(contributions))
    base, shares = learning.in_packaged_terms(scoring.base, contributions, languages, weights)
    return Pair(match.need_id, answer.at, fits, answer.position, languages, base, shares)


def _languages(match: Match, names: Sequence[str]) -> str:
    """Across where the bridge took part; else the language that both listings are in, the need's own before the other."""
    if "bridge" in names:
        return "en-zh"
    need, technology = (shown_document(each).passages for each in (match.need, match.technology))
    own = match.need.language
    shared = next((code for code in (own, *LANGUAGES) if code in need and code in technology), own)
    return f"{shared}-{shared}"


def export_judged(actor: Actor, folder: Path, most: int) -> dict[str, int]:
    """Write the site's accepted and declined matches as a folder that `evaluate` reads; how many rows of each.

    The corpus has every judged technology, withdrawn ones too, and the newest other open ones up to `most` in all; each
    in the language it was written in, as the engine reads it. It holds members' listings in full, and no blind ones: these are not the site's.
    """
    require(actor, "match.export_judged")
    grades: dict[tuple[Need, Technology], int] = {}
    for _answer, match, fits in _answers():
        pair = match.need, match.technology
        if "blind" in (match.need.visibility, match.technology.visibility):
            continue
        grades[pair] = max(grades.get(pair, 0), int(fits))
    technologies = {technology.id: technology for _need, technology in grades}
    others = (Technology.state.in_(Technology.OPEN_STATES), Technology.kind.in_(USABLE), Technology.visibility != "blind")
    query = select(Technology).where(*others).order_by(Technology.id.desc())
    for technology in session.scalars(query.limit(most)):
        if len(technologies) < most:
            technologies.setdefault(technology.id, technology)
    needs = {need.id: need for need, _technology in grades}
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    corpus = [_row(each) for each in technologies.values()]
    queries = [{"id": each.public_id, "text": need_query(each), "lang": cut.language(need_query(each))} for each in needs.values()]
    for name, rows in (("corpus", corpus), ("queries", queries)):
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
        (folder / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
    judged = [f"{need.public_id}\t{technology.public_id}\t{grade}\n" for (need, technology), grade in grades.items()]
    (folder / "qrels.tsv").write_text("".join(judged), encoding="utf-8")
    return {"corpus": len(corpus), "queries": len(queries), "accepted": sum(grades.values()), "judged": len(grades)}


def _row(technology: Technology) -> dict[str, Any]:
    language, (title, body) = next(iter(technology_document(technology).passages.items()), ("zh", ("", "")))
    return {"id": technology.public_id, "title": title, "text": body, "lang": language}
