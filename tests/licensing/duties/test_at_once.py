"""Notice and signature, two answers, two notices at the same moment: in threads with transactions of their own; one order, nothing doubled."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from marketplace.db import session
from marketplace.errors import Refused
from marketplace.licensing.duties import operations
from marketplace.licensing.duties.models import Notice, Objection
from marketplace.licensing.models import Agreement
from marketplace.licensing.signing import operations as signing
from marketplace.people import one_time
from tests import factories
from tests.at_once import at_once
from tests.factories import NOW
from tests.licensing.agreement.parties import give, parties
from tests.licensing.agreement.test_at_once import one, person
from tests.licensing.duties.parties import ABSTRACT, negotiated, published

LAST, AFTER = datetime(2026, 11, 17, 15, 59, 59, tzinfo=UTC), datetime(2026, 11, 17, 16, 0, tzinfo=UTC)


@pytest.mark.usefixtures("own_database")
class TestAtOnce:
    """Each with real commits."""

    def test_an_objection_on_paper_and_the_last_signature(self):
        who = parties()
        agreement = negotiated(who)
        published(who, agreement)
        give(who.firm_signatory, agreement, AFTER)
        asked = signing.ask_code(who.holder_signatory, agreement, 1, signing.text_to_sign(agreement).sha256, at=AFTER)
        session.commit()
        clerk, key, holder = person(who.holder_member), asked.id, person(who.holder_signatory)
        code, sha256 = one_time.code_of(asked.public_id, asked.counter), asked.text_sha256

        def object_to() -> None:
            operations.enter_objection(clerk(), session.query(Notice).one(), "o", "信", "某人", LAST.date(), at=AFTER)

        def sign() -> None:
            signing.sign(holder(), session.get_one(signing.Signature, key), code, sha256, AFTER)

        ends = at_once(object_to, sign)
        agreement = one()
        objected = session.query(Objection).count() == 1
        if agreement.state == "proposed":
            assert objected and isinstance(ends[1], Refused), "the objection came first, so the signature was refused"
        else:
            assert ends[1] is None and isinstance(ends[0], Refused) and not objected, "the signature came first"
        assert list(operations.faults()) == []

    def test_two_answers_give_one_and_the_clock_agrees(self):
        who = parties()
        notice = published(who, negotiated(who))
        made = operations.object_to(factories.person(), notice, "k", "x", None, NOW)
        session.commit()
        key, heads = made.id, (person(who.holder), person(who.holder_signatory))

        def answer(actor, upheld):
            return lambda: operations.answer_objection(actor(), session.get_one(Objection, key), upheld, "理由", NOW) and None

        ends = at_once(answer(heads[0], True), answer(heads[1], False))
        assert sorted(type(end).__name__ for end in ends) in (["NoneType", "Refused"], ["NoneType", "StaleDataError"]), ends
        found = session.query(Objection).one()
        assert (found.state, session.query(Notice).one().state) in (("upheld", "upheld"), ("rejected", "published"))

    def test_two_publish_the_same_price(self):
        who = parties()
        negotiated(who)
        session.commit()
        people = [person(who.holder), person(who.holder_member)]

        def publish(actor, key):
            return lambda: operations.publish_notice(actor(), session.query(Agreement).one(), key, ABSTRACT, False, at=NOW) and None

        ends = at_once(publish(people[0], "a"), publish(people[1], "b"))
        assert sum(end is None for end in ends) == 1 and all(isinstance(end, (Refused, StaleDataError, IntegrityError)) for end in ends if end)
        assert session.query(Notice).count() == 1

    def test_an_objection_pressed_twice(self):
        who = parties()
        published(who, negotiated(who))
        session.commit()
        objector = factories.person()
        session.commit()
        actor = person(objector)
        press = lambda: operations.object_to(actor(), session.query(Notice).one(), "same", "x", None, NOW) and None  # noqa: E731
        assert at_once(press, press) == [None, None]
        assert session.query(Objection).count() == 1
