"""Every changed row, told by the session itself: what a transaction made, changed and took away is written beside its events before it commits.

One place instead of one in each operation, so that none can be forgotten. A new row whose own event says that it was made needs no alteration: it stands
there, and whatever changes it later keeps what was before. Statements over many rows that pass the objects by (`update(Model).where(…)`) are told too, as
one sweep, with the names of the fields they set and the number of rows. Statements below the ORM (`connection.execute`) are not: only migrations, the
import of a backup and the bookkeeping of the log itself use them.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import Boolean, Column, Date, String, event, insert, inspect
from sqlalchemy.orm import Mapper, ORMExecuteState, Session, SessionTransaction, configure_mappers

from marketplace.db import Base, UTCTime, now, session
from marketplace.record import Event, acting
from marketplace.trail.chain import digest
from marketplace.trail.models import Alteration

LONGEST_CODE = 14
"""Texts of columns up to this length are codes: states, kinds, languages, currencies."""

KEPT_ELSEWHERE = {
    "the log itself": ("event", "alteration", "link", "anchor", "access_entry", "deal_document_opening", "revision"),
    "work and mail, with states and times of their own": ("job", "mail", "incoming_mail", "received_mail", "undeliverable"),
    "calculated from other rows, and made anew at any time": (
        "arrival", "call_fit", "credit_entry", "fee_due", "funnel_report", "match", "noticed", "obligation", "pool_proposal", "pool_proposed_need", "scoring",
        "stage_span", "standing",
    ),
    "one person's own view or unfinished typing": ("deal_read_mark", "snooze", "specialty", "pasted_problem", "example", "import_mapping"),
    "rows of a file, each accounted for in its run": ("import_row",),
}
"""Tables whose rows have no alterations, by the reason. Every other table has."""

UNTOLD = frozenset(name for names in KEPT_ELSEWHERE.values() for name in names)
COUNTERS = frozenset({"id", "version_id"})


def bind() -> None:
    """Have the session tell what it changes; once for a process, however often it is asked."""
    configure_mappers()
    for mapper in Base.registry.mappers:
        for attribute in mapper.column_attrs if mapper.local_table.name not in UNTOLD else ():  # type: ignore[union-attr]
            getattr(mapper.class_, attribute.key).impl.active_history = True  # what was there is read before it is written over
    if event.contains(session, "after_flush", _flushed):
        return
    for name, function in (
        ("after_flush", _flushed), ("before_commit", _committing), ("do_orm_execute", _swept), ("after_transaction_create", _began),
        ("after_soft_rollback", _rolled_back), ("after_commit", _committed),
    ):
        event.listen(session, name, function)


def _told(db: Session) -> list[dict[str, Any]]:
    return db.info.setdefault("alterations", [])


def _events(db: Session) -> list[Event]:
    return db.info.setdefault("events", [])


def _flushed(db: Session, _context: Any) -> None:
    """Note what this flush wrote. The objects still know what they were."""
    told = _told(db)
    for verb, things in (("made", db.new), ("changed", db.dirty), ("gone", db.deleted)):
        for thing in things:
            if isinstance(thing, Event):
                _events(db).append(thing)
            table = type(thing).__tablename__
            if table not in UNTOLD and (verb != "changed" or (altered := _altered(thing))):
                told.append({"thing": table, "thing_id": _key(thing), "verb": verb, "fields": altered if verb == "changed" else (
                    _standing(thing) if verb == "gone" else {})})


def _key(thing: Any) -> int:
    """The row's id, or what else its key begins with."""
    mapper = inspect(thing).mapper
    return getattr(thing, mapper.get_property_by_column(mapper.primary_key[0]).key)


def _altered(thing: Any) -> dict[str, tuple[Column[Any], Any, Any]]:
    """Field → its column, what it was and what it is, of the columns that this flush wrote."""
    state = inspect(thing)
    found = {}
    for attribute in state.mapper.column_attrs:
        if attribute.key in COUNTERS:
            continue
        past = state.attrs[attribute.key].history
        if past.added and past.has_changes():
            found[attribute.key] = (attribute.columns[0], past.deleted[0] if past.deleted else None, past.added[0])
    return found


def _standing(thing: Any) -> dict[str, tuple[Column[Any], Any, Any]]:
    """Field → its column and what it was, of a row that is going."""
    state = inspect(thing)
    return {attribute.key: (attribute.columns[0], state.dict[attribute.key], None)
            for attribute in state.mapper.column_attrs if attribute.key not in COUNTERS and state.dict.get(attribute.key) is not None}


def _swept(state: ORMExecuteState) -> None:
    """Note a statement that changes or deletes many rows at once."""
    if not (state.is_update or state.is_delete) or not isinstance(state.bind_mapper, Mapper):
        return
    table = state.bind_mapper.local_table.name
    if table not in UNTOLD:
        values = getattr(state.statement, "_values", None) or {}
        names = {getattr(name, "key", str(name)): [None, None] for name in values}
        _told(state.session).append({"thing": table, "thing_id": None, "verb": "swept", "fields": {}, "names": names or {"deleted": [None, None]}})


def _began(db: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        db.info.setdefault("marks", {})[transaction] = (len(_told(db)), len(_events(db)))


def _rolled_back(db: Session, transaction: SessionTransaction) -> None:
    """What was taken back was not done."""
    told, events = db.info.get("marks", {}).pop(transaction, (0, 0)) if transaction.nested else (0, 0)
    del _told(db)[told:], _events(db)[events:]


def _committed(db: Session) -> None:
    db.info["marks"] = {}


def _committing(db: Session) -> None:
    """Write what the transaction has altered, as its last statement."""
    if db.in_nested_transaction():
        return
    db.flush()  # what was not yet written counts too
    told, events = db.info.pop("alterations", []), db.info.pop("events", [])
    if told:
        rows = list(_rows(told, events))
        if rows:
            db.execute(insert(Alteration), rows)


def _rows(told: list[dict[str, Any]], events: list[Event]) -> Iterator[dict[str, Any]]:
    """The alterations as rows: one for each row that was touched, of all flushes together."""
    by_thing = {(one.thing, one.thing_id): one for one in reversed(events)}
    made = {(one["thing"], one["thing_id"]) for one in told if one["verb"] == "made"}
    moment, (kind, person) = now(), acting.get()
    for one in _joined(told):
        key = one["thing"], one["thing_id"]
        own = by_thing.get(key)
        if one["verb"] == "changed" and key in made or one["verb"] == "made" and own is not None:
            continue  # it was made in this transaction: it stands as it was made
        because = own or (events[0] if events else None)
        salt = secrets.token_bytes(16)
        yield {
            "at": because.at if because else moment, "event_id": because.id if because else None,
            "actor_id": because.actor_id if because else person, "actor_kind": because.actor_kind if because else kind,
            "thing": one["thing"], "thing_id": one["thing_id"], "verb": one["verb"],
            "fields": one.get("names") or {name: _written(*field, salt) for name, field in one["fields"].items()}, "salt": salt.hex(),
        }


def _joined(told: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """One row for a thing that was changed by several flushes: from what it was at first to what it is at last."""
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for one in told:
        if one["verb"] != "changed":
            yield one
            continue
        first = found.setdefault((one["thing"], one["thing_id"]), {**one, "fields": {}})
        for name, (column, before, after) in one["fields"].items():
            before = first["fields"][name][1] if name in first["fields"] else before
            first["fields"][name] = (column, before, after)
    yield from found.values()


def _written(column: Column[Any], before: Any, after: Any, salt: bytes) -> list[Any]:
    """Before and after as they may stand in the log."""
    return [_value(column, value, salt) for value in (before, after)]


def _value(column: Column[Any], value: Any, salt: bytes) -> Any:
    """The value itself where it is a reference, a code, a day or yes or no; else its digest."""
    if value is None or isinstance(value, (bool, date)):
        return value.isoformat() if isinstance(value, date) else value
    kind = column.type
    if column.foreign_keys or isinstance(kind, (Boolean, Date, UTCTime)):
        return value
    if isinstance(kind, String) and kind.length is not None and kind.length <= LONGEST_CODE and str(value).isascii():
        return value
    return digest(salt, value if isinstance(value, (str, int, float, list, dict)) else str(value))
