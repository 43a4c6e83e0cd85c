"""NDAs before access: our template or a PDF, signed by both sides with mailed codes; what is signed never changes."""

import hashlib
import io
from datetime import timedelta

import pytest
from sqlalchemy import select

from marketplace.access import may
from marketplace.alerts.models import Mail
from marketplace.catalogue.scanning.models import Upload
from marketplace.db import now
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.people import one_time
from marketplace.people.grants import nda as template
from marketplace.people.grants import operations, signing
from marketplace.people.grants.models import Nda, NdaSignature
from tests import factories
from tests.catalogue.scanning.clamd import EICAR
from tests.inspection import work

PURPOSE = "评估能否用于我厂的铣床改造"
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"


@pytest.fixture
def owner(session):
    return factories.person(language="en")


@pytest.fixture
def reader(session):
    who = factories.person(language="en")
    factories.organisation(who, name={"zh": "读者厂", "en": "Reader Works"})
    return who


@pytest.fixture
def grant(session, owner, reader):
    house = factories.organisation(owner, kind="institute", name={"zh": "秘密研究院", "en": "Hidden Institute"}, credit_code="12100000400002259P")
    secret = factories.technology(house, visibility="blind", nda_required=True, teaser={"zh": "一种铣削装置"}, title={"zh": "深藏不露的标题"})
    return operations.ask_access(reader, secret, reader.organisations[0], PURPOSE)


def signed(who, nda, at=None):
    asked = signing.ask_code(who, nda, nda.sha256, at)
    return signing.sign(who, asked, one_time.code_of(asked.public_id, asked.counter, signing.PURPOSE), nda.sha256, at)


def test_where_an_nda_stands_before_it_access_waits_for_both_signatures(session, grant, owner, reader):
    with pytest.raises(Refused, match="stands before this access"):
        operations.grant_access(owner, grant)
    nda = signing.ask_nda(owner, grant, years=3)
    for who in (reader, owner):
        with pytest.raises(Refused, match="stands before this access"):
            operations.grant_access(owner, grant)
        signed(who, nda)
    assert grant.state == "nda"
    operations.grant_access(owner, grant)
    session.flush()
    assert may(reader, "listing.read_in_full", operations.listing_of(grant))


def test_the_last_signature_gives_the_access_where_the_owner_said_so(session, grant, owner, reader):
    until = now() + timedelta(days=90)
    nda = signing.ask_nda(owner, grant, years=3, grant_until=until)
    signed(owner, nda)
    assert grant.state == "nda"
    signed(reader, nda)
    session.flush()
    assert grant.state == "granted" and grant.until == until and may(reader, "listing.read_in_full", operations.listing_of(grant))


def test_the_owner_may_ask_for_one_for_a_single_request(session, owner, reader):
    open_handed = factories.need(factories.organisation(owner), visibility="blind", teaser={"zh": "一个问题"})
    asked = operations.ask_access(reader, open_handed, reader.organisations[0], PURPOSE)
    signing.ask_nda(owner, asked)
    with pytest.raises(Refused, match="stands before this access"):
        operations.grant_access(owner, asked)


def test_the_text_says_who_what_for_how_long_and_that_it_is_no_advice(grant, owner):
    nda = signing.ask_nda(owner, grant, years=4, named=True)
    said_zh = ("秘密研究院 (12100000400002259P)", "读者厂", PURPOSE, "4 年", "不构成法律意见", "适用法律：____")
    said_en = ("Hidden Institute (12100000400002259P)", "Reader Works", PURPOSE, "last 4 years", "not legal advice", "Governing law: ____")
    for text, words in ((nda.zh, said_zh), (nda.en, said_en)):
        assert all(word in text for word in words), text
        assert "深藏不露的标题" not in text
    assert nda.sha256 == hashlib.sha256(template.canonical(nda.zh, nda.en).encode()).hexdigest()


def test_an_unnamed_owner_is_bound_by_a_hash_that_can_be_checked_later(client, session, grant, owner, reader):
    nda = signing.ask_nda(owner, grant, years=3)
    digest = hashlib.sha256(f"秘密研究院|12100000400002259P|{nda.nonce}".encode()).hexdigest()
    assert "秘密研究院" not in nda.zh and "Hidden" not in nda.en and digest in nda.zh and digest in nda.en
    signed(owner, nda)
    client.login(reader)
    for path in ("", "/sign", "/nda.txt"):
        page = client.get(f"/zh/access/{grant.public_id}{path}").get_data(as_text=True)
        assert "秘密研究院" not in page and nda.nonce not in page and owner.name not in page and "深藏不露" not in page
    signed(reader, nda)
    operations.grant_access(owner, grant)
    assert f"秘密研究院|12100000400002259P|{nda.nonce}" in client.get(f"/zh/access/{grant.public_id}").get_data(as_text=True)


def test_a_wrong_code_is_counted_and_a_late_one_refused(session, grant, owner, reader):
    nda = signing.ask_nda(owner, grant)
    asked = signing.ask_code(reader, nda, nda.sha256)
    wrong = f"{(int(one_time.code_of(asked.public_id, asked.counter, signing.PURPOSE)) + 1) % 10**6:06d}"
    for _try in range(signing.TRIES):
        assert signing.sign(reader, asked, wrong, nda.sha256).signed is None
        session.flush()  # each try is a request of its own
    with pytest.raises(Refused, match="no longer valid"):
        signing.sign(reader, asked, one_time.code_of(asked.public_id, asked.counter, signing.PURPOSE), nda.sha256)
    later = now() + timedelta(minutes=1)
    asked = signing.ask_code(reader, nda, nda.sha256, later)
    session.flush()
    code = one_time.code_of(asked.public_id, asked.counter, signing.PURPOSE)
    assert code != one_time.code_of(asked.public_id, asked.counter)
    with pytest.raises(Refused, match="no longer valid"):
        signing.sign(reader, asked, code, nda.sha256, later + timedelta(minutes=11))
    with pytest.raises(Refused, match="differs"):
        signing.sign(reader, asked, code, "0" * 64, later)
    assert signing.sign(reader, asked, code, nda.sha256, later).signed == later


def test_who_signs(session, grant, owner, reader):
    nda = signing.ask_nda(owner, grant)
    member = factories.person()
    factories.membership(member, grant.asking)
    with pytest.raises(NotAllowed):
        signing.ask_code(member, nda, nda.sha256)
    signatory = factories.person()
    factories.membership(signatory, grant.asking, "signatory")
    with pytest.raises(NotAllowed, match="signatory"):
        signing.ask_code(reader, nda, nda.sha256)
    assert signed(signatory, nda).signed
    with pytest.raises(Refused, match="signed already"):
        signing.ask_code(signatory, nda, nda.sha256)
    with pytest.raises(NotAllowed):
        signing.ask_code(factories.operator(), nda, nda.sha256)


def test_one_person_does_not_sign_for_both(session, grant, owner):
    factories.membership(owner, grant.asking, "owner")
    nda = signing.ask_nda(owner, grant)
    signed(owner, nda)
    with pytest.raises(Refused, match="both sides"):
        signing.ask_code(owner, nda, nda.sha256)


def test_a_request_has_one_nda_and_an_answered_one_is_not_signed(grant, owner, reader):
    nda = signing.ask_nda(owner, grant)
    with pytest.raises(Refused):
        signing.ask_nda(owner, grant)
    operations.refuse_access(owner, grant, "doch nicht")
    with pytest.raises(Refused, match="nothing left to sign"):
        signing.ask_code(reader, nda, nda.sha256)


@pytest.mark.parametrize("years", [0, 11])
def test_years_have_their_bounds(grant, owner, years):
    with pytest.raises(Refused) as refused:
        signing.ask_nda(owner, grant, years=years)
    assert refused.value.field == "years"


def test_the_walk_with_mailed_codes(client, session, grant, owner, reader):
    address = f"/en/access/{grant.public_id}"
    client.login(owner)
    assert "only under a non-disclosure agreement" in client.get(address).get_data(as_text=True)
    until = (now() + timedelta(days=20)).date().isoformat()
    values = {"years": "2", "give": "y", "until": until, "version": grant.version_id}
    assert client.get(f"{address}/nda").status_code == 200
    assert client.post(f"{address}/nda", data={**values, "years": "30"}).status_code == 422
    assert client.post(f"{address}/nda", data=values).status_code == 303
    work()
    told = session.scalars(select(Mail).where(Mail.person_id == reader.id)).all()
    assert [mail.subject for mail in told] == ["A non-disclosure agreement waits for your signature"] and "Hidden" not in told[0].body
    nda = session.scalars(select(Nda)).one()
    for who in (reader, owner):
        client.login(who)
        page = client.get(f"{address}/sign").get_data(as_text=True)
        assert nda.sha256 in page and "not legal advice" in page
        answer = client.post(f"{address}/sign", data={"sha256": nda.sha256})
        assert answer.status_code == 303
        work()
        mail = session.scalars(select(Mail).where(Mail.person_id == who.id).order_by(Mail.id.desc())).first()
        signature = session.scalars(select(NdaSignature).where(NdaSignature.person_id == who.id)).one()
        code = one_time.code_of(signature.public_id, signature.counter, signing.PURPOSE)
        assert f"[nda code {signature.public_id}]" in mail.body and code not in mail.body
        assert code in client.get(f"/en/dev/outbox/{mail.public_id}").get_data(as_text=True)
        assert client.post(answer.location, data={"sha256": nda.sha256, "code": "1"}).status_code == 303
        assert "This is not the code" in client.get(answer.location).get_data(as_text=True)
        assert client.post(answer.location, data={"sha256": nda.sha256, "code": code}).status_code == 303
    assert "access given" in client.get(address).get_data(as_text=True)
    client.login(reader)
    assert client.get(f"/en/technologies/{operations.listing_of(grant).public_id}").status_code == 200


def test_the_owners_own_pdf_is_signed_as_it_is(client, session, grant, owner, reader):
    address = f"/en/access/{grant.public_id}"
    client.login(owner)
    for content, name in ((b"not a pdf", "nda.pdf"), (PDF, "nda.txt"), (b"plain", "nda.txt")):
        answer = client.post(f"{address}/nda", data={"years": "2", "version": grant.version_id, "file": (io.BytesIO(content), name)})
        assert answer.status_code == 422, name
    assert client.post(f"{address}/nda", data={"years": "2", "version": grant.version_id, "file": (io.BytesIO(PDF), "ours.pdf")}).status_code == 303
    nda = session.scalars(select(Nda)).one()
    assert nda.sha256 == hashlib.sha256(PDF).hexdigest() and nda.zh is None
    client.login(reader)
    assert client.get(f"{address}/nda.pdf", buffered=True).data == PDF
    assert "ours.pdf" in client.get(f"{address}/sign").get_data(as_text=True)
    signed(reader, nda)


def test_a_pdf_that_is_held_back_is_neither_read_nor_signed(client, session, grant, owner, reader):
    client.login(owner)
    harmful = PDF + EICAR
    values = {"years": "2", "version": grant.version_id, "file": (io.BytesIO(harmful), "ours.pdf")}
    assert client.post(f"/en/access/{grant.public_id}/nda", data=values).status_code == 303
    assert session.scalars(select(Upload)).one().state == "quarantined"
    nda = session.scalars(select(Nda)).one()
    client.login(reader)
    assert client.get(f"/en/access/{grant.public_id}/nda.pdf").status_code == 403
    with pytest.raises(NotAllowed, match="held back"):
        signing.ask_code(reader, nda, nda.sha256)


def test_a_signature_is_its_signers_own(grant, owner, reader):
    nda = signing.ask_nda(owner, grant)
    asked = signing.ask_code(reader, nda, nda.sha256)
    with pytest.raises(NotFound):
        signing.signature_of(owner, nda, asked.public_id)
