"""Reviewers: named by the call's owners, asked by mail, answering for themselves."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from marketplace.access import VISITOR
from marketplace.alerts.models import Mail
from marketplace.calls import reviewers
from marketplace.db import session
from marketplace.errors import NotAllowed, NotFound, Refused
from tests import factories
from tests.inspection import work

pytestmark = pytest.mark.usefixtures("app")


def owner_of(call):
    return call.organisation.memberships[0].person


def named(call, person=None):
    reviewer = reviewers.name_reviewer(owner_of(call), call, (person or factories.person()).address.upper())
    session.flush()
    return reviewer


def test_the_owner_names_and_the_reviewer_answers():
    call, person = factories.open_call(), factories.person()
    reviewer = named(call, person)
    assert list(reviewers.namings_for(person)) == [reviewer] and reviewers.count_of(call) == 0
    work()
    assert [mail.person_id for mail in session.scalars(select(Mail).where(Mail.template == "call_news"))] == [person.id]
    for stranger in (factories.person(), factories.operator(), VISITOR):
        with pytest.raises(NotFound):
            reviewers.by_public_id(stranger, reviewer.public_id)
        with pytest.raises(NotAllowed):
            reviewers.answer_naming(stranger, reviewer, True)
    with pytest.raises(NotAllowed):
        reviewers.answer_naming(owner_of(call), reviewer, True)
    reviewers.answer_naming(person, reviewer, True)
    session.flush()
    assert reviewer.state == "active" and reviewers.count_of(call) == 1
    reviewers.remove_reviewer(owner_of(call), reviewer)
    session.flush()
    assert reviewers.count_of(call) == 0 and list(reviewers.namings_for(person)) == []
    with pytest.raises(Refused):
        reviewers.answer_naming(person, reviewer, True)


def test_whom_and_when():
    call = factories.open_call()
    for address in ("nobody@example.com", factories.person(confirmed=None).address, factories.person(closed=factories.NOW).address):
        with pytest.raises(Refused) as refused:
            reviewers.name_reviewer(owner_of(call), call, address)
        assert refused.value.field == "address"
    person = factories.person()
    named(call, person)
    with pytest.raises(Refused, match="already"):
        named(call, person)
    with pytest.raises(Refused):
        named(factories.open_call(state="awarded"))
    with pytest.raises(NotAllowed):
        reviewers.name_reviewer(factories.person(), call, person.address)
    with pytest.raises(NotAllowed):
        reviewers.reviewers_of(factories.person(), call)
