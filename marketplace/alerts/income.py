"""Mail about the income split: an inventor is invited to link an account, and told what was awarded."""

from __future__ import annotations

from marketplace.alerts.operations import to_address, to_person
from marketplace.db import session
from marketplace.jobs import handler
from marketplace.licensing.income.models import Inventor, Split


@handler("alerts.inventor_invited")
def inventor_invited(thing_id: int) -> None:
    """Invite whoever was named as an inventor to link an account; without an account yet, to make one at this address."""
    inventor = session.get_one(Inventor, thing_id)
    if inventor.address_key is not None and inventor.person_id is None:
        to_address("inventor_invited", inventor.address_key, "/income", institute=inventor.organisation)


@handler("alerts.income_awarded")
def income_awarded(thing_id: int) -> None:
    """Tell each inventor with an account that a split was approved; how much stands in the income statement alone."""
    split = session.get_one(Split, thing_id)
    for inventor in {line.inventor.id: line.inventor for line in split.lines if line.inventor and line.amount}.values():
        if inventor.person is not None and inventor.person.is_active and split.counted is not None:
            language = inventor.person.language
            to_person(
                "income_awarded", inventor.person, f"/income/inventors/{inventor.public_id}/{split.counted.year}", title=split.technology.titled(language)[0],
                institute=split.organisation.called(language), back=split.mirrors_id is not None,
            )
