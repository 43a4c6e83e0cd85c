"""What the tests of duties share: an agreement whose price was agreed, and its notice."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marketplace.db import session
from marketplace.licensing import clauses
from marketplace.licensing import operations as agreements
from marketplace.licensing.duties import operations
from marketplace.licensing.duties.models import Notice
from marketplace.licensing.models import Agreement
from tests.factories import NOW
from tests.licensing.agreement.parties import TRIAL, Parties

ABSTRACT = {"zh": "一种装置。", "en": "A device."}


def negotiated(who: Parties, terms: dict[str, Any] | None = None, at: datetime = NOW, mode: str | None = "agreement") -> Agreement:
    """A proposal whose price was found by agreement; with `mode` None nothing is recorded of it."""
    agreement = agreements.create_agreement(
        who.firm_member, who.technology, who.licensor, who.licensee, terms or TRIAL, clauses.defaults(), at)
    session.flush()
    agreements.propose_agreement(who.firm_member, agreement, at)
    if mode:
        operations.record_pricing(who.holder_member, agreement, f"p{agreement.id}", mode, "院务会", at.date(), at=at)
    session.flush()
    return agreement


def published(who: Parties, agreement: Agreement, at: datetime = NOW, **values: Any) -> Notice:
    """Its notice."""
    key = values.pop("key", f"n{agreement.id}:{agreement.version}")
    made = operations.publish_notice(who.holder_member, agreement, key, ABSTRACT, values.pop("related_party", False), at=at, **values)
    session.flush()
    return made
