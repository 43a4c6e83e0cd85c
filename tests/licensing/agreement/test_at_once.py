"""Two people at the same moment, in two threads on a database of their own: one order, nothing doubled, nothing lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from marketplace.db import session
from marketplace.errors import Refused
from marketplace.licensing import ledger, operations
from marketplace.licensing.models import Agreement, AgreementEvent, Obligation, Signature, Standing, Version
from marketplace.licensing.performing import operations as performing
from marketplace.licensing.signing import operations as signing
from marketplace.licensing.signing.models import SignedText
from marketplace.people import one_time
from marketplace.people.models import Person
from marketplace.record import Event
from tests.at_once import at_once
from tests.factories import NOW
from tests.licensing.agreement.parties import TRIAL, give, parties, proposed
from tests.shell import script

CRASH = """
import os, sys
from datetime import datetime
from marketplace import create_app
from marketplace.config import read
from marketplace.db import session, to_write
from marketplace.licensing import ledger
from marketplace.licensing.models import Signature
from marketplace.licensing.signing import operations
from marketplace.people import one_time
from marketplace.people.models import Person
app = create_app(read())
ledger.refresh = lambda agreement, at: os._exit(9)
with app.app_context(), to_write():
    signature = session.get_one(Signature, int(sys.argv[1]))
    code = one_time.code_of(signature.public_id, signature.counter)
    operations.sign(session.get_one(Person, int(sys.argv[2])), signature, code, signature.text_sha256, datetime.fromisoformat(sys.argv[3]))
"""


def person(found: Person) -> Callable[[], Person]:
    key = found.id
    return lambda: session.get_one(Person, key)


def one() -> Agreement:
    return session.scalars(select(Agreement).order_by(Agreement.id)).first()


def signer(who: Person, signature: Signature) -> Callable[[], None]:
    actor, key, code, sha256 = person(who), signature.id, one_time.code_of(signature.public_id, signature.counter), signature.text_sha256
    return lambda: signing.sign(actor(), session.get_one(Signature, key), code, sha256, NOW) and None


@pytest.mark.usefixtures("own_database")
class TestAtOnce:
    """Each with real commits."""

    def asked(self, who, agreement, people):
        sha256 = signing.text_to_sign(agreement).sha256
        return [(one_of, signing.ask_code(one_of, agreement, agreement.version, sha256, at=NOW)) for one_of in people]

    def test_both_sides_sign_at_once(self):
        who = parties()
        agreement = proposed(who)
        pairs = self.asked(who, agreement, (who.firm_signatory, who.holder_signatory))
        session.commit()
        ends = at_once(*(signer(*pair) for pair in pairs))
        assert ends == [None, None]
        agreement = one()
        assert agreement.state == "countersigned" and list(ledger.faults(agreement)) == []
        assert session.query(SignedText).count() == session.query(Standing).count() == 1 and session.query(Obligation).count() == 3
        assert session.query(Event).filter_by(name="agreement.countersign").count() == 1

    def test_a_process_that_dies_between_signature_and_schedule_leaves_neither(self, tmp_path):
        who = parties()
        agreement = proposed(who)
        give(who.firm_signatory, agreement)
        (pair,) = self.asked(who, agreement, (who.holder_signatory,))
        session.commit()
        url = session.get_bind().url.render_as_string(hide_password=False)
        environment = {"DATABASE_URL": url, "SECRET_KEY": "x" * 40, "MARKETPLACE_DATA": str(tmp_path), "MARKETPLACE_ENCODERS": "none"}
        words = [str(pair[1].id), str(pair[0].id), NOW.isoformat()]
        again = signer(*pair)
        session.remove()
        ended, said = script(CRASH, environment, *words)
        assert ended == 9, said
        agreement = one()
        assert agreement.state == "proposed" and session.query(Standing).count() == 0
        assert session.query(Signature).filter(Signature.signed.is_not(None)).count() == 1
        session.rollback()
        assert at_once(again) == [None]
        assert one().state == "countersigned" and list(ledger.faults(one())) == []

    def test_two_signatories_of_one_side_and_a_button_pressed_four_times(self):
        who = parties()
        from_same_side = parties(licensor=who.licensor)
        who.licensee.memberships[0].role = "signatory"
        agreement = proposed(who)
        pairs = self.asked(who, agreement, (who.firm_signatory, who.firm))
        session.commit()
        assert from_same_side
        ends = at_once(*(signer(*pair) for pair in (*pairs, *pairs)))
        assert len([end for end in ends if end is None]) >= 1 and all(isinstance(end, (Refused, StaleDataError, IntegrityError)) for end in ends if end)
        assert session.query(Signature).filter(Signature.signed.is_not(None)).count() == 1
        assert one().state == "proposed"

    def test_one_signs_while_the_other_side_proposes_a_change(self):
        who = parties()
        agreement = proposed(who)
        give(who.firm_signatory, agreement)
        (_holder, signature), = self.asked(who, agreement, (who.holder_signatory,))
        session.commit()
        firm = person(who.firm_member)

        def change() -> None:
            found = one()
            operations.revise_agreement(firm(), found, 1, {**TRIAL, "entry_fee": "9"}, operations.draft_of(found).clauses, at=NOW)

        ends = at_once(signer(who.holder_signatory, signature), change)
        agreement = one()
        assert sum(end is None for end in ends) == 1, ends
        assert (agreement.state, agreement.version) in (("countersigned", 1), ("proposed", 2))
        assert session.query(Standing).count() == (1 if agreement.state == "countersigned" else 0)

    def test_both_propose_at_once(self):
        who = parties()
        proposed(who)
        session.commit()

        def change(actor: Callable[[], Person], fee: str) -> Callable[[], None]:
            def act() -> None:
                found = one()
                operations.revise_agreement(actor(), found, 1, {**TRIAL, "entry_fee": fee}, operations.draft_of(found).clauses, at=NOW)
            return act

        ends = at_once(change(person(who.firm_member), "1"), change(person(who.holder_member), "2"))
        assert sorted(type(end).__name__ for end in ends) in (["NoneType", "StaleDataError"], ["IntegrityError", "NoneType"])
        assert session.query(Version).count() == 2 and one().version == 2

    def test_two_exclusive_trials_convert_at_once(self):
        first = parties()
        second = parties(licensor=first.licensor, technology=first.technology)
        second.holder_signatory = first.holder_signatory
        keys = []
        for who in (first, second):
            agreement = proposed(who, exclusivity="exclusive", queue="first_converted")
            give(who.firm_signatory, agreement)
            give(who.holder_signatory, agreement)
            keys.append(agreement.id)
        session.commit()

        def convert(actor: Callable[[], Person], key: int) -> Callable[[], None]:
            return lambda: performing.enter_event(
                actor(), session.get_one(Agreement, key), "converted", NOW.date(), f"c{key}", NOW + timedelta(hours=1)) and None

        ends = at_once(convert(person(first.firm_signatory), keys[0]), convert(person(second.firm_signatory), keys[1]))
        assert sorted(type(end).__name__ for end in ends) == ["NoneType", "Refused"], ends
        assert session.query(AgreementEvent).count() == 1
