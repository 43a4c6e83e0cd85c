"""Rows of needs: by what one is known, and how one is posted with its run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select

from marketplace.catalogue import teasers
from marketplace.catalogue.operations import hash_of
from marketplace.db import session
from marketplace.errors import N_
from marketplace.importing.batch import Batch, Read
from marketplace.importing.need_rows import read_need
from marketplace.needs import operations as needs
from marketplace.needs.models import Need
from marketplace.record import record

SAME_KEY = N_("Row %(row)s of this file has the same reference number.")
SAME_TITLE = N_("Row %(row)s of this file has the same title.")


class NeedBatch(Batch):
    """Rows of needs: by number on the site, else by the firm's own reference, else by title."""

    link = "need_id"

    def values_of(self, cells: Mapping[str, str]) -> dict[str, Any]:
        """The values of a row."""
        return read_need(cells, self.run.columns, self.run.format)

    def look_up(self, values: Sequence[Mapping[str, Any]]) -> None:
        """All needs of the organisation: a firm has few."""
        own = list(session.scalars(select(Need).where(Need.organisation_id == self.run.organisation_id))) if values else []
        self.by_id = {one.public_id: one for one in own}
        self.by_key = {one.source_key: one for one in own if one.source_key}
        self.by_title = {hash_of(one.title): one for one in own if not one.source_key and any(one.title.values())}

    def known(self) -> Iterable[Need]:
        """What was looked up."""
        return self.by_id.values()

    def about(self, read: Read) -> tuple[Need | None, str]:
        """By reference, else by title."""
        values = read.values
        if key := values.get("source_key"):
            return self.by_key.get(key), SAME_KEY
        return self.by_title.get(hash_of(values["title"])), SAME_TITLE

    def draft(self, read: Read) -> Need:
        """A new need. Raises `Refused`."""
        need = needs.draft(self.actor, self.run.organisation, self.moment)
        self.fill(need, read.values)
        return need

    def try_on(self, thing: Need, values: dict[str, Any]) -> None:
        """Raise `Refused` where the need could not take these values."""
        tried = {**{name: getattr(thing, name) for name in (*needs.TEXTS, *needs.FACTS, "questions")}, **values}
        needs.check(tried)
        needs.refuse_revealing(tried, thing.organisation)
        if thing.state in Need.OPEN_STATES:
            teasers.refuse_without(SimpleNamespace(**tried))

    def fill(self, thing: Need, values: dict[str, Any]) -> None:
        """Write values."""
        plain = {name: {} if value is None and name in needs.TEXTS else [] if value is None and name in ("targets", "modes") else value
                 for name, value in values.items()}
        thing.source_key = plain.pop("source_key", thing.source_key)
        needs.fill(thing, plain)

    def content(self, thing: Need) -> dict[str, Any]:
        """What a revision keeps."""
        return needs.content(thing)

    def remember(self, thing: Need) -> None:
        """Later rows of the batch find what this one made."""
        if thing.source_key:
            self.by_key[thing.source_key] = thing
        elif any(thing.title.values()):
            self.by_title[hash_of(thing.title)] = thing

    def publish(self, thing: Need) -> None:
        """Post the need, where it has all that one needs."""
        if not needs.missing(thing, self.moment.date()):
            needs.post_need(self.actor, thing, self.moment)

    def change(self, thing: Need, values: dict[str, Any]) -> None:
        """As any listing's; what readers see already is indexed and matched again."""
        super().change(thing, values)
        if thing.state in Need.OPEN_STATES:
            record(thing, "revised", self.actor, self.moment, revision=thing.revision)
