"""Families in the database: who is looked at, which technologies become one family, and what a reader may see of it.

`Technology.family_id` names a family by its oldest open member; a technology that is alone or closed has none. After a
technology was published, revised or closed, a job finds the few that might be the same invention (by number and by
title within the organisation in the database, by title and meaning in the index, never all), compares them, and
computes again every family that is touched from all of its members: a technology that changed its mind leaves, what
it held together falls apart, what it joins grows. Members whose family changed are indexed again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, and_, or_, select, update

from marketplace.access import SYSTEM, Actor, require, visible_to
from marketplace.catalogue import numbers
from marketplace.catalogue.models import Technology
from marketplace.db import LANGUAGES, session, to_read
from marketplace.errors import Refused
from marketplace.jobs import enqueue, handler
from marketplace.matching import families, ranking
from marketplace.matching import text as cut
from marketplace.matching.documents import ASKED, open_document
from marketplace.matching.families import Facts, Link
from marketplace.matching.operations import USABLE, index, load, writer
from marketplace.matching.passages import deep_text
from marketplace.matching.ranking import Filter, View

MEASURED_WITH = "use-multilingual-3"  # the encoder for which likeness of meaning was measured; another links none
CANDIDATES = 20  # looked at of those with most words of the title
NEAREST = 8  # looked at of those in the other language near in meaning, where a translation is among the first
GROUPED_AT_ONCE = 20  # technologies of an import between two commits
LISTING_FOR_OTHERS = ("agency", "service_provider")  # kinds of organisation whose listings are not theirs unless they say so
SHOWN = 50  # members of a family that a page looks at

_KIND = re.compile(r"(?<=\d)[A-Z]\d?$")  # of a publication: application, grant, corrected; the number before it stays
_KINDS = ("", *(letter + digit for letter in "ABCESTUY" for digit in ("", *"123456789")))


Passages = dict[tuple[int, str], tuple[str, str]]  # technology's id and language → title and abstract


def facts_of(technologies: Iterable[Technology], meanings: bool = True) -> list[Facts]:
    """What is compared of technologies; with `meanings` vectors too, where the index has the encoder for which likeness was measured."""
    rows = list(technologies)
    passages = {(row.id, code): passage for row in rows for code in LANGUAGES if any(passage := _passage(row, code))}
    vectors = _meanings(passages) if meanings else {}
    texts = {key: families.read_text(*passage, vectors.get(key)) for key, passage in passages.items()}
    return [_facts(row, {code: texts[row.id, code] for code in LANGUAGES if (row.id, code) in texts}) for row in rows]


def _facts(technology: Technology, texts: Mapping[str, families.Text]) -> Facts:
    organisation, filed = technology.organisation, _filed(technology)
    names = (*organisation.name.values(), *organisation.names, *technology.owners)
    return Facts(
        key=technology.id or 0,
        texts=texts,
        organisation=technology.organisation_id,
        numbers=frozenset(number for number in (filed, _published(technology)) if number),
        filed=filed,
        names=tuple(dict.fromkeys(read for name in names if (read := families.read_name(name)))),
        owned=bool(technology.owners) or organisation.kind not in LISTING_FOR_OTHERS,
        inventors=tuple(families.read_person(name) for name in technology.inventors),
        is_negative=technology.kind == "negative_result",
    )


def _passage(technology: Technology, code: str) -> tuple[str, str]:
    """Title and abstract in one language, as the index has them where there is nothing else, so that their vector is known."""
    title, abstract = (cut.normalise(getattr(technology, name).get(code) or "") for name in ("title", "abstract"))
    return title.replace("\n", " "), abstract


def _meanings(passages: Passages) -> dict[tuple[int, str], NDArray[np.float32]]:
    """The vectors of passages that have an abstract."""
    view = index().view()
    fast = view.encoders.fast if view else None
    if view is None or fast is None or fast.name != MEASURED_WITH:
        return {}
    found: dict[tuple[int, str], NDArray[np.float32]] = {}
    for code in LANGUAGES:
        keys = [key for key, (_, abstract) in passages.items() if key[1] == code and abstract]
        encoded = view.encoders.stored(fast, [deep_text(*passages[key]) for key in keys])
        found |= zip(keys, view.constants.document(fast, code, encoded), strict=True)
    return found


def _filed(technology: Technology) -> str:
    """The application number with its office in front, "" where no office is known to have given it."""
    try:
        number = numbers.application(technology.application_number or "")
    except Refused:
        return ""
    return f"{number.office} {number.value}" if number and number.office else ""


def _published(technology: Technology) -> str:
    """The publication number without its kind code, "" where no office is known to have given it."""
    try:
        number = numbers.publication(technology.publication_number or "")
    except Refused:
        return ""
    return _KIND.sub("", number.value) if number and number.office else ""


def _candidates(technology: Technology) -> set[int]:
    """Open technologies that might be the same invention as this one; a blind one stands alone, or its family would tell what it is."""
    if technology.visibility == "blind":
        return set()
    found = set(session.scalars(_known_alike(technology)))
    view = index().view()
    if view is not None:
        kinds = ("negative_result",) if technology.kind == "negative_result" else USABLE
        for code in LANGUAGES:
            found.update(_titled_alike(technology, code, kinds))
            found.update(_meaning_alike(technology, code, kinds, view))
    return found - {technology.id}


def _known_alike(technology: Technology) -> Select[tuple[int]]:
    """By what the database knows: a number, whoever has it, or the organisation's own title."""
    same = [and_(Technology.organisation_id == technology.organisation_id, Technology.title_hash == technology.title_hash)]
    if _filed(technology):
        same.append(Technology.application_number == technology.application_number)
    if published := _published(technology):
        same.append(Technology.publication_number.in_([published + kind for kind in _KINDS]))
    seen = (Technology.state.in_(Technology.OPEN_STATES), Technology.visibility != "blind")
    return select(Technology.id).where(*seen, or_(*same)).limit(10 * CANDIDATES)


def _titled_alike(technology: Technology, code: str, kinds: Sequence[str]) -> Sequence[int]:
    """Technologies with most words of the title in one language."""
    if not technology.title.get(code):
        return ()
    where = {"technology_kind": kinds}
    return index().search(technology.title[code], "technology", where, limit=CANDIDATES, facets=()).keys


def _meaning_alike(technology: Technology, code: str, kinds: Sequence[str], view: View) -> Sequence[int]:
    """Technologies in the other language near this one's abstract in one; the slow encoder is not asked, for it takes a third of a second."""
    if view.encoders.fast is None or not technology.abstract.get(code):
        return ()
    quick = replace(view, encoders=replace(view.encoders, slow=None))
    asked = deep_text(technology.title.get(code, ""), technology.abstract[code][: ASKED[code]])
    where = {"technology_kind": kinds, "language": [other for other in LANGUAGES if other != code]}
    hits = ranking.rank(quick, asked, Filter("technology", where, {"key": (str(technology.id),)}), NEAREST, None, 0)
    return [hit.key for hit in hits]


def _linked(technologies: Sequence[Technology]) -> set[int]:
    """The keys of the technologies and of the open ones that are one with one of them."""
    near = {technology.id: _candidates(technology) for technology in technologies}
    others = load(SYSTEM, Technology, sorted(set().union(*near.values()) - near.keys()))
    facts = {each.key: each for each in facts_of([*technologies, *others])}
    pairs = ((key, other) for key, keys in near.items() for other in keys & facts.keys())
    return {*near, *(other for key, other in pairs if families.compare(facts[key], facts[other]))}


def _whole(keys: Iterable[int]) -> dict[int, int | None]:
    """These technologies and the rest of their families with the families they are in, locked until the transaction ends."""
    known: dict[int, int | None] = dict.fromkeys(keys)
    while True:
        kept = {family for family in known.values() if family is not None}
        own = or_(Technology.id.in_(known), Technology.family_id.in_(kept))
        rows = select(Technology.id, Technology.family_id).where(own).order_by(Technology.id).with_for_update()
        found = dict(session.execute(rows).all())
        if found == known:
            return found
        known = found


def _settle(keys: Iterable[int]) -> None:
    """Compute the families of these technologies and of all their members; index again those whose family changed."""
    before = _whole(keys)
    members = [one for one in load(SYSTEM, Technology, list(before)) if one.visibility != "blind"]
    after = families.families(families.links(facts_of(members)))
    changed = [key for key, family in before.items() if after.get(key) != family]
    for key in changed:  # not through the object: a person who edits it meanwhile has not been overtaken
        session.execute(update(Technology).where(Technology.id == key).values(family_id=after.get(key)))
    if changed:
        enqueue("matching.index_members", keys=changed)


@handler("matching.group_technology")
def group_technology(thing_id: int) -> Iterator[None]:
    """Find the family of a technology that was published, revised or closed; looking for it holds no lock."""
    with to_read():
        linked = _linked([session.get_one(Technology, thing_id)])
    yield
    _settle(linked)


@handler("matching.group_run")
def group_run(thing_id: int, last: int = 0) -> Iterator[None]:
    """Find the families of what an import run touched, after the technology `last`, a batch a job.

    The next batch is a job of its own: what is done stays done if the process dies, and a posted need goes first.
    """
    with to_read():
        touched = select(Technology).where(Technology.import_run_id == thing_id, Technology.id > last)
        rows = list(session.scalars(touched.order_by(Technology.id).limit(GROUPED_AT_ONCE)))
        linked, last = (_linked(rows), rows[-1].id) if rows else (set(), last)
    yield
    if linked:
        _settle(linked)
        enqueue("matching.group_run", key=f"import_run:{thing_id}:{last}", thing_id=thing_id, last=last)


@handler("matching.index_members")
def index_members(keys: list[int]) -> Iterator[None]:
    """Bring technologies whose family changed up to date in the index."""
    with to_read():
        documents = [open_document(technology) for technology in load(SYSTEM, Technology, keys)]
        if documents:
            with writer() as found:
                found.update(documents)
    yield


@dataclass(frozen=True)
class Filed:
    """Another listing of the same invention, and why it is one (of `families.REASONS`)."""

    technology: Technology
    reason: str


def also_filed(actor: Actor, technology: Technology) -> list[Filed]:
    """The other listings of a technology's invention that the actor may read, the oldest first.

    Only what links the readable ones among themselves counts, so that a listing between two others is not given away
    by their standing together.
    """
    require(actor, "listing.read_in_full", technology)
    if technology.family_id is None or technology.visibility == "blind":
        return []
    same = select(Technology).where(Technology.family_id == technology.family_id, Technology.id != technology.id)
    readable = same.where(Technology.state.in_(Technology.OPEN_STATES), Technology.visibility != "blind", visible_to(actor, Technology))
    others = list(session.scalars(readable.order_by(Technology.id).limit(SHOWN)))
    known = families.links(facts_of([technology, *others]))
    found = families.families(known)
    return [
        Filed(other, _reason(technology, other, known)) for other in others
        if technology.id in found and found.get(other.id) == found[technology.id]
    ]


def _reason(technology: Technology, other: Technology, known: Iterable[Link]) -> str:
    """Why another listing stands here: what links it to this one, else what links it to one of the others."""
    own = [link for link in known if other.id in (link.one, link.other)]
    direct = [link for link in own if technology.id in (link.one, link.other)]
    return min((link.reason for link in direct or own), key=families.REASONS.index)
