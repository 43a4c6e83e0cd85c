"""Signing: who may, with which code, under which text; both signatures and the schedule in one transaction; what can never change."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import text as sql
from sqlalchemy.exc import DatabaseError, IntegrityError

from marketplace.alerts.models import Mail
from marketplace.catalogue.attachments import store
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.licensing import ledger, operations
from marketplace.licensing.models import Obligation, Signature, Standing
from marketplace.licensing.signing import operations as signing
from marketplace.licensing.signing import papers
from marketplace.licensing.signing.models import Paper, SignedText
from marketplace.people import one_time
from marketplace.record import Event
from tests import factories
from tests.factories import NOW
from tests.inspection import work
from tests.licensing.agreement.parties import TRIAL, give, parties, proposed, signed, work_on

pytestmark = pytest.mark.usefixtures("app")


def ask(person, agreement, at=NOW):
    asked = signing.ask_code(person, agreement, agreement.version, signing.text_to_sign(agreement).sha256, at=at)
    return asked, one_time.code_of(asked.public_id, asked.counter)


def test_both_signatures_make_the_agreement_and_its_schedule(session):
    who = parties()
    agreement = proposed(who)
    give(who.firm_signatory, agreement)
    assert agreement.state == "proposed" and session.query(Standing).count() == 0
    give(who.holder_signatory, agreement)
    assert agreement.state == "countersigned" and agreement.signed == NOW + timedelta(minutes=1)
    kept = session.query(SignedText).one()
    assert agreement.text_sha256 == kept.sha256 == hashlib.sha256(f"{kept.zh}\n\n{'-' * 40}\n\n{kept.en}\n".encode()).hexdigest()
    assert session.get(Standing, agreement.id).status == "on_trial"
    assert {row.key for row in session.query(Obligation)} == {"conversion", "milestone:pilot", "buyout"}
    assert [event.name for event in session.query(Event).filter_by(thing="agreement").order_by(Event.id)] == [
        "agreement.create", "agreement.propose", "agreement.countersign", "agreement.stands"]


def test_a_signatory_signs_and_an_owner_only_where_none_is_named():
    who = parties()
    agreement = proposed(who)
    for person in (who.firm, who.firm_member, factories.person(), factories.operator(), factories.broker()):
        with pytest.raises((NotAllowed, NotFound)):
            ask(person, agreement)
    without = parties(signatories=False)
    other = proposed(without)
    with pytest.raises(NotAllowed):
        ask(without.firm_member, other)
    give(without.firm, other)
    give(without.holder, other)
    assert other.state == "countersigned"


def test_a_wrong_code_is_counted_and_five_of_them_end_the_code(session):
    who = parties()
    agreement = proposed(who)
    asked, code = ask(who.firm_signatory, agreement)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for tries in range(1, signing.TRIES + 1):
        assert signing.sign(who.firm_signatory, asked, wrong, asked.text_sha256, NOW).signed is None
        session.flush()
        assert asked.tries == tries
    with pytest.raises(Refused):
        signing.sign(who.firm_signatory, asked, code, asked.text_sha256, NOW)
    again, other = ask(who.firm_signatory, agreement, NOW + timedelta(minutes=2))
    assert again is asked and other != code and asked.tries == 0
    assert signing.sign(who.firm_signatory, asked, code, asked.text_sha256, NOW + timedelta(minutes=2)).signed is None, "the old code is worthless"
    assert signing.sign(who.firm_signatory, asked, f" {other[:3]} {other[3:]}", asked.text_sha256, NOW + timedelta(minutes=2)).signed


def test_a_code_lives_ten_minutes_and_cannot_be_had_in_floods(session):
    who = parties()
    agreement = proposed(who)
    asked, code = ask(who.firm_signatory, agreement)
    with pytest.raises(Refused):
        signing.sign(who.firm_signatory, asked, code, asked.text_sha256, NOW + timedelta(minutes=10, seconds=1))
    with pytest.raises(Refused):
        ask(who.firm_signatory, agreement, NOW + timedelta(seconds=10))
    for minute in range(1, signing.CODES_AN_HOUR):
        ask(who.firm_signatory, agreement, NOW + timedelta(minutes=minute))
        session.flush()
    with pytest.raises(Refused):
        ask(who.firm_signatory, agreement, NOW + timedelta(minutes=20))
    ask(who.firm_signatory, agreement, NOW + timedelta(minutes=70))


def test_the_code_is_for_one_person_one_signature_and_once(session):
    who = parties()
    agreement = proposed(who)
    asked, code = ask(who.firm_signatory, agreement)
    with pytest.raises(NotFound):
        signing.sign(who.holder_signatory, asked, code, asked.text_sha256, NOW)
    theirs, _code = ask(who.holder_signatory, agreement)
    assert signing.sign(who.holder_signatory, theirs, code, theirs.text_sha256, NOW).signed is None, "another's code"
    first = signing.sign(who.firm_signatory, asked, code, asked.text_sha256, NOW).signed
    session.flush()
    assert signing.sign(who.firm_signatory, asked, code, asked.text_sha256, NOW + timedelta(minutes=3)).signed == first, "pressed twice"
    assert session.query(Event).filter_by(name="signature.signed").count() == 1


def test_only_the_version_on_the_table_and_the_text_that_was_read_can_be_signed(session):
    who = parties()
    agreement = proposed(who)
    asked, code = ask(who.firm_signatory, agreement)
    operations.revise_agreement(who.holder_member, agreement, 1, {**TRIAL, "entry_fee": "1"}, operations.draft_of(agreement).clauses, at=NOW)
    session.flush()
    with pytest.raises(Refused):
        signing.sign(who.firm_signatory, asked, code, asked.text_sha256, NOW)
    with pytest.raises(Refused):
        signing.ask_code(who.firm_signatory, agreement, 1, asked.text_sha256, at=NOW)
    with pytest.raises(Refused):
        signing.ask_code(who.firm_signatory, agreement, 2, asked.text_sha256, at=NOW)
    give(who.firm_signatory, agreement, NOW + timedelta(minutes=5))
    assert set(signing.signatures_of(agreement)) == {"licensee"}
    operations.revise_agreement(who.holder_member, agreement, 2, {**TRIAL, "entry_fee": "2"}, operations.draft_of(agreement).clauses, at=NOW)
    session.flush()
    assert signing.signatures_of(agreement) == {}, "a new version has no signature yet"


def test_a_name_that_changes_between_two_signatures_changes_nothing_signed(session):
    who = parties()
    agreement = proposed(who)
    before = signing.text_to_sign(agreement).sha256
    who.licensee.name = {"zh": "改名后的企业"}
    session.flush()
    assert signing.text_to_sign(agreement).sha256 == before
    give(who.firm_signatory, agreement)
    give(who.holder_signatory, agreement)
    assert agreement.text_sha256 == before


def test_one_person_in_both_organisations_cannot_sign_for_both(session):
    who = parties()
    factories.membership(who.firm_signatory, who.licensor, "signatory")
    agreement = proposed(who)
    give(who.firm_signatory, agreement)
    with pytest.raises(Refused):
        ask(who.firm_signatory, agreement, NOW + timedelta(minutes=2))


def test_a_death_between_signature_and_schedule_leaves_nothing(session, monkeypatch):
    who = parties()
    agreement = proposed(who)
    give(who.firm_signatory, agreement)
    asked, code = ask(who.holder_signatory, agreement)
    session.commit()
    whole = ledger.refresh
    monkeypatch.setattr(ledger, "refresh", lambda *_args: (_ for _ in ()).throw(RuntimeError("the process died here")))
    with pytest.raises(RuntimeError):
        signing.sign(who.holder_signatory, asked, code, asked.text_sha256, NOW)
    session.rollback()
    session.refresh(agreement)
    assert agreement.state == "proposed" and agreement.signed is None and session.get(Signature, asked.id).signed is None
    assert session.query(Obligation).count() == session.query(Standing).count() == 0
    monkeypatch.setattr(ledger, "refresh", whole)
    assert signing.sign(who.holder_signatory, asked, code, asked.text_sha256, NOW).signed
    session.flush()
    assert agreement.state == "countersigned" and session.query(Standing).count() == 1
    assert list(ledger.faults(agreement)) == []


@pytest.mark.parametrize(("table", "change"), [
    ("agreement_version", "terms = '{}'"), ("agreement_event", "day = '2020-01-01'"), ("signed_text", "zh = 'x'"), ("paper", "size = 1"),
])
def test_the_database_refuses_to_change_what_was_signed(session, table, change):
    who = parties()
    agreement = signed(who)
    factories.event(agreement, "converted", "2026-11-02")
    session.add(Paper(text_id=session.query(SignedText).one().id, language="zh", sha256="0" * 64, size=9, created=NOW))
    session.commit()
    for statement in (f"update {table} set {change}", f"delete from {table}"):
        with pytest.raises((IntegrityError, DatabaseError)), session.begin_nested():
            session.execute(sql(statement))


def test_a_day_of_effect_long_past_has_to_be_agreed_anew():
    who = parties()
    agreement = proposed(who)
    ask(who.firm_signatory, agreement, NOW + timedelta(days=29))
    with pytest.raises(Refused):
        ask(who.firm_signatory, agreement, NOW + timedelta(days=32))


def test_the_code_is_in_the_mail_that_leaves_and_in_no_row(session, client):
    who = parties()
    agreement = proposed(who)
    _asked, code = ask(who.firm_signatory, agreement)
    work_on("alerts.signing_code")
    mail = session.query(Mail).filter_by(template="signing_code").one()
    assert mail.address == who.firm_signatory.address and code not in mail.body
    page = client.get(f"/zh/dev/outbox/{mail.public_id}").get_data(as_text=True)
    assert code in page
    assert all(code not in str(event.facts) for event in session.query(Event))


def test_both_pdfs_are_printed_and_printed_again_where_a_job_died(session):
    pytest.importorskip("weasyprint")
    signed(parties())
    work()
    kept = session.query(SignedText).one()
    made = session.query(Paper).order_by(Paper.language).all()
    assert [paper.language for paper in made] == ["en", "zh"]
    for paper in made:
        data = store().path(paper.sha256).read_bytes()
        assert data.startswith(b"%PDF-") and hashlib.sha256(data).hexdigest() == paper.sha256 and len(data) == paper.size
    assert list(papers.print_text(kept)) == [], "what is there is not printed twice"
    assert signing.signed_with(made[0].sha256)[0] is kept and signing.signed_with(kept.sha256)[0] is kept


def test_the_page_of_a_pdf_has_every_line_of_the_text(session):
    who = parties()
    agreement = signed(who)
    kept = session.query(SignedText).one()
    for lang, words in (("zh", kept.zh), ("en", kept.en)):
        page = papers.page(kept, signing.signatures_of(agreement), lang)
        for line in words.splitlines():
            assert line.replace("'", "&#39;") in page
        assert kept.sha256 in page and who.firm_signatory.name in page


def test_an_exclusive_licence_in_force_or_promised_keeps_others_from_signing(session):
    first = parties()
    signed(first, {**TRIAL}, exclusivity_hold=True)
    second = parties(licensor=first.licensor, technology=first.technology)
    later = proposed(second)
    with pytest.raises(Refused, match="promised"):
        ask(second.firm_signatory, later)
    third = parties()
    plain = {name: value for name, value in TRIAL.items() if name not in ("trial", "conversion")}
    signed(third, plain, exclusivity="exclusive")
    fourth = parties(licensor=third.licensor, technology=third.technology)
    late = proposed(fourth)
    with pytest.raises(Refused, match="exclusive"):
        ask(fourth.firm_signatory, late)


def test_a_certificate_is_signed_with_a_code_and_entered(session):
    who = parties()
    agreement = signed(who)
    with pytest.raises(Refused):
        give(who.firm_signatory, agreement, of="certificate")
    later = NOW + timedelta(days=90)
    ledger.refresh(agreement, later)
    assert agreement.standing.status == "lapsed" and signing.certificate_owed(agreement)
    with pytest.raises(NotAllowed):
        give(who.holder_signatory, agreement, later, of="certificate")
    give(who.firm_signatory, agreement, later, of="certificate")
    assert not signing.certificate_owed(agreement)
    assert session.query(SignedText).filter_by(of="certificate").one().zh.startswith("停用证明")
    assert session.query(Obligation).filter_by(key="non_use_certificate").one().state == "paid"
