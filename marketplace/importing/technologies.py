"""Rows of technologies: by what one is known, when a row repeats another, and which registered organisations its owners are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import select

from marketplace.access import VISITOR, Actor, visible_to
from marketplace.catalogue import numbers, teasers
from marketplace.catalogue import operations as catalogue
from marketplace.catalogue.models import Technology
from marketplace.db import session
from marketplace.errors import N_
from marketplace.importing.batch import SAME_ID, Batch, Read, shortened
from marketplace.importing.duplicates import Titles, duplicate_of
from marketplace.importing.models import ImportRun
from marketplace.importing.readers import Row
from marketplace.importing.rows import read_row
from marketplace.people.similar import similar
from marketplace.record import move

SAME_KEY = N_("Row %(row)s of this file has the same reference number.")
SAME_NUMBER = N_("Row %(row)s of this file has the same application number.")
SAME_PUBLICATION = N_("Row %(row)s of this file has the same publication number.")
SAME_TITLE = N_("Row %(row)s of this file has the same title.")
NOT_OURS = N_("“%(title)s” is in the catalogue already and did not come from this file.")
OTHER_KEY = N_("“%(title)s” is in the catalogue already under the reference number %(key)s.")
SAME_FAMILY = N_("“%(title)s” is of the same patent family: %(number)s.")
NEARLY = N_("“%(title)s” has nearly the same title (%(percent)s of 100) and the same owner.")
ELSEWHERE = N_("%(organisation)s lists the same number as “%(title)s”.")

CAN_STAND_APART = (SAME_FAMILY, NEARLY, NOT_OURS, SAME_TITLE)
"""Duplicates that a person may know to be things of their own."""


class Memory:
    """What a run remembers between its batches; made anew when it is taken up again."""

    def __init__(self, run: ImportRun) -> None:
        self.organisation_id = run.organisation_id
        self.organisations: dict[str, str] = {}

    @cached_property
    def titles(self) -> Titles:
        """The titles of the organisation's technologies."""
        return Titles.of(self.organisation_id)

    def organisation(self, name: str) -> str:
        """The public id of the registered organisation that a name means, "" where none."""
        if name not in self.organisations:
            found = similar([name], limit=1)
            self.organisations[name] = found[0].organisation.public_id if found else ""
        return self.organisations[name]


class TechnologyBatch(Batch):
    """Rows of technologies (design.md §6: by number, else key, else title)."""

    link = "technology_id"

    def __init__(self, actor: Actor, run: ImportRun, headers: Sequence[str] = (), rows: Sequence[Row] = (), memory: Memory | None = None) -> None:
        self.memory, self.titles = memory or Memory(run), Titles()
        super().__init__(actor, run, headers, rows)

    def values_of(self, cells: Mapping[str, str]) -> dict[str, Any]:
        """The values of a row; a number on this site stays among them until the row is decided on."""
        return read_row(cells, self.run.columns, self.run.format)

    def look_up(self, values: Sequence[Mapping[str, Any]]) -> None:
        """By number on the site, application number, publication number, the source's key, and title."""
        own = select(Technology).where(Technology.organisation_id == self.run.organisation_id)
        self.by_id = {one.public_id: one for one in _scalars(own, Technology.public_id, _given(values, "public_id"))}
        self.by_number = {one.application_number: one for one in _scalars(own, Technology.application_number, _given(values, "application_number"))}
        published = {name for number in _given(values, "publication_number") for name in numbers.same_publication(number)}
        published |= {number for one in values for number in one.get("family") or ()}
        self.by_publication = {numbers.stem(one.publication_number or ""): one for one in _scalars(own, Technology.publication_number, published)}
        ours = own.where(Technology.source == self.run.source)
        self.by_key = {one.source_key: one for one in _scalars(ours, Technology.source_key, _given(values, "source_key"))}
        hashes = {catalogue.hash_of(one["title"]) for one in values if one.get("title")}
        titled = own.where(Technology.source_key.is_(None), Technology.application_number.is_(None))
        self.by_title = {one.title_hash: one for one in _scalars(titled, Technology.title_hash, hashes)}
        self.elsewhere = self._elsewhere(self.by_number.keys(), _given(values, "application_number"))

    def _elsewhere(self, known: Iterable[str | None], asked: set[str]) -> dict[str, Technology]:
        """Public listings of other organisations with the same application number: a patent may have several owners. None that is blind."""
        seen = visible_to(VISITOR, Technology), Technology.visibility != "blind"
        others = select(Technology).where(Technology.organisation_id != self.run.organisation_id, *seen)
        return {one.application_number or "": one for one in _scalars(others, Technology.application_number, asked - set(known))}

    def known(self) -> Iterable[Technology]:
        """What was looked up."""
        return [one for found in (self.by_id, self.by_number, self.by_publication, self.by_key, self.by_title) for one in found.values()]

    def about(self, read: Read) -> tuple[Technology | None, str]:
        """By application number, publication number, key, title.

        A row that has number or key is also about one known by title alone, which has just been given them, unless the file
        speaks of that one elsewhere.
        """
        values = read.values
        number, key, published = values.get("application_number"), values.get("source_key"), values.get("publication_number")
        if number in self.by_number:
            return self.by_number[number], SAME_NUMBER
        found = self.by_publication.get(numbers.stem(published)) if published else None
        if found is not None and not (number and found.application_number):
            return found, SAME_PUBLICATION
        if key in self.by_key:
            return self.by_key[key], SAME_KEY
        found = self.by_title.get(catalogue.hash_of(values["title"]))
        if found is not None and (number or key) and (found.id in self.touched or found in self.new or found.source != self.run.source):
            return None, ""
        return found, SAME_TITLE

    def clashes(self, read: Read, found: Technology, how: str) -> bool:
        """Known by title alone from elsewhere, or under another key of this source: nobody can say that it is the same.

        A key of another source is not taken over.
        """
        values, mine = read.values, found.source == self.run.source
        if how == SAME_TITLE and not mine:
            read.duplicates(found, NOT_OURS)
        elif how != SAME_ID and mine and found.source_key and values.get("source_key", found.source_key) != found.source_key:
            read.duplicates(found, OTHER_KEY, key=found.source_key)
        if not mine and found.source and self.run.format != "template":
            values.pop("source_key", None)
        return read.outcome == "duplicate"

    def draft(self, read: Read) -> Technology | None:
        """A new technology, unless one of its family or one with nearly its title is there."""
        stems = [numbers.stem(number) for number in read.values.get("family") or ()]
        relative = next((self.by_publication[stem] for stem in stems if stem in self.by_publication), None)
        if relative is not None:
            read.duplicates(relative, SAME_FAMILY, number=relative.publication_number)
            return None
        technology = self.fresh(read.values)
        near = duplicate_of(technology, self.memory.titles, self.titles)
        if near is not None:
            read.duplicates(near[0], NEARLY, percent=near[1])
            return None
        self.titles.add(technology, technology.title)
        other = self.elsewhere.get(technology.application_number or "")
        if other is not None:
            read.facts["note"] = [ELSEWHERE, {"organisation": shortened(other.organisation.name), "title": shortened(other.title)}]
        return technology

    def fresh(self, values: dict[str, Any]) -> Technology:
        """A draft of these values, whatever is like it. Raises `Refused`."""
        technology = catalogue.draft(self.actor, self.run.organisation, self.moment)
        self.fill(technology, {**values, "source": self.run.source})
        return technology

    def value(self, thing: Technology, name: str) -> Any:
        """The value of a field, of the offer its fields; an expiry that was computed is none."""
        if name == "offer":
            return catalogue.offer_of(thing)
        return None if name == "expires_on" and thing.expiry_computed else getattr(thing, name)

    def following(self, thing: Technology, changes: Mapping[str, Any]) -> dict[str, list[Any]]:
        """An expiry that was computed is stated from now on."""
        return {"expiry_computed": [True, False]} if "expires_on" in changes and thing.expiry_computed else {}

    def try_on(self, thing: Technology, values: dict[str, Any]) -> None:
        """Raise `Refused` where the technology could not take these values."""
        before = {name: getattr(thing, name) for name in (*catalogue.TEXTS, *catalogue.PLAIN, *catalogue.DATES)}
        tried = catalogue.draft(self.actor, thing.organisation, self.moment)
        catalogue.fill(tried, {**before, "offer": catalogue.offer_of(thing), **values})
        if thing.state in Technology.OPEN_STATES:
            teasers.refuse_without(tried)

    def fill(self, thing: Technology, values: dict[str, Any]) -> None:
        """Write values, and which registered organisations the owners are."""
        owners = {name: found for name in values.get("owners") or () if (found := self.memory.organisation(name))}
        catalogue.fill(thing, {**values, **({"parties": {**(thing.parties or {}), **owners}} if owners else {})})

    def content(self, thing: Technology) -> dict[str, Any]:
        """What a revision keeps."""
        return catalogue.content(thing)

    def remember(self, thing: Technology) -> None:
        """Later rows of the batch find what this one made."""
        if thing.application_number:
            self.by_number[thing.application_number] = thing
        if thing.publication_number:
            self.by_publication[numbers.stem(thing.publication_number)] = thing
        if thing.source_key and thing.source == self.run.source:
            self.by_key[thing.source_key] = thing
        if not thing.application_number and not thing.source_key:
            self.by_title[thing.title_hash] = thing

    def publish(self, thing: Technology) -> None:
        """Open a technology to its readers where its offer may stand as it is; the run's own event has it indexed."""
        if catalogue.is_publishable(thing, self.moment.date()):
            move(thing, "publish_with_run", self.actor, self.moment, run=self.run.public_id)
            thing.published, thing.import_run_id = self.moment, self.run.id

    def write(self) -> None:
        """As any batch; then the titles it made are known to the next."""
        super().write()
        for read in self.reads:
            if read.outcome == "created" and read.thing is not None:
                self.memory.titles.add(read.thing.id, read.thing.title)


def _given(values: Sequence[Mapping[str, Any]], name: str) -> set[str]:
    return {one[name] for one in values if one.get(name)}


def _scalars(query: Any, column: Any, wanted: set[str]) -> Iterable[Technology]:
    return session.scalars(query.where(column.in_(wanted))) if wanted else ()
