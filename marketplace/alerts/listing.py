"""The list of mails, as the outbox and the operator's page show it: by state, by kind, to one address.

An address is asked for by a form that is sent, never by the address of a page: that is written into the logs of servers. What the page's own address says
instead is a mail that went there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from marketplace.alerts.models import Mail
from marketplace.db import session

STATES = ("queued", "kept", "sent", "refused", "bounced")
TROUBLE = "trouble"  # what was refused, came back, or waits after a failure


@dataclass(frozen=True)
class Wanted:
    """Which mails: in which state ("" is any), of which kind, and to the same address as the mail of this public id."""

    state: str = ""
    kind: str = ""
    to: str = ""

    @property
    def arguments(self) -> dict[str, str]:
        """What an address says for it."""
        return {name: value for name in ("state", "kind", "to") if (value := getattr(self, name))}


def asked(values: Any, kinds: Sequence[str], usual: str = "") -> Wanted:
    """What an address asks for; nonsense counts as nothing. `usual` is the state where none is named; "all" is any."""
    state, kind, to = (values.get(name) or "" for name in ("state", "kind", "to"))
    return Wanted(state if state in (*STATES, TROUBLE, "all") else usual, kind if kind in kinds else "", to[:32])


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found = []
    if wanted.state == TROUBLE:
        found.append(or_(Mail.state.in_(("refused", "bounced")), and_(Mail.state == "queued", Mail.attempts > 0)))
    elif wanted.state in STATES:
        found.append(Mail.state == wanted.state)
    if wanted.kind:
        found.append(Mail.template == wanted.kind)
    if wanted.to:
        found.append(Mail.address == select(Mail.address).where(Mail.public_id == wanted.to).scalar_subquery())
    return found


def listed(wanted: Wanted, page: int, size: int) -> list[Mail]:
    """The mails of one page, newest first, and one more if there is a next page."""
    rows = select(Mail).where(*_conditions(wanted)).order_by(Mail.id.desc())
    return list(session.scalars(rows.offset((page - 1) * size).limit(size + 1)))


def count(wanted: Wanted) -> int:
    """How many mails these are."""
    return session.scalar(select(func.count()).select_from(Mail).where(*_conditions(wanted))) or 0


def mail_to(address: str) -> str:
    """The public id of the newest mail that went to an address; "" where none did."""
    plain = address.strip()
    newest = select(Mail.public_id).where(Mail.address.in_({plain, plain.lower()})).order_by(Mail.id.desc())
    return session.scalar(newest.limit(1)) or "" if plain else ""
