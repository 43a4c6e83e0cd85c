"""Two people at the same moment: the next version of a document, and the two signatures under an NDA."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from marketplace.catalogue import attachments
from marketplace.config import Settings
from marketplace.db import now, session
from marketplace.deals.documents import operations
from marketplace.deals.documents.models import Document, DocumentVersion
from marketplace.errors import Refused
from marketplace.people import one_time
from marketplace.people.grants import operations as grants
from marketplace.people.grants import signing
from marketplace.people.grants.models import NdaSignature
from marketplace.people.models import AccessGrant, Person
from tests import factories
from tests.at_once import at_once


@pytest.fixture(autouse=True)
def own_files(own_database: str, settings: Settings, tmp_path: Path) -> Iterator[None]:
    """A database and a store of files for this test alone."""
    attachments.configure(replace(settings, data=tmp_path))
    yield
    attachments.configure(settings)


def test_two_who_upload_the_next_version_at_once(own_database):
    deal = factories.deal(stage="introduced")
    people = {party.side: party.person_id for party in deal.parties}
    firm = session.get_one(Person, people["firm"])
    document = operations.add_document(firm, deal, "Plan", io.BytesIO(b"first"), "plan.txt")
    key = document.id
    session.commit()

    def upload(who: int, content: bytes) -> None:
        operations.add_version(session.get_one(Person, who), session.get_one(Document, key), 1, io.BytesIO(content), "plan.txt")

    ends = at_once(lambda: upload(people["firm"], b"of the firm"), lambda: upload(people["holder"], b"of the institute"))
    assert sorted(type(end) for end in ends if end) in ([StaleDataError], [IntegrityError]) and ends.count(None) == 1
    versions = session.scalars(select(DocumentVersion).order_by(DocumentVersion.number)).all()
    assert [version.number for version in versions] == [1, 2]
    assert attachments.store().path(versions[1].sha256).read_bytes() in (b"of the firm", b"of the institute")


def _nda() -> tuple[int, int, int]:
    owner, reader = factories.person(), factories.person()
    factories.organisation(reader)
    secret = factories.technology(factories.organisation(owner), visibility="blind", nda_required=True, teaser={"zh": "一种装置"})
    grant = grants.ask_access(reader, secret, reader.organisations[0], "评估能否用于我厂的设备")
    signing.ask_nda(owner, grant, grant_until=now() + timedelta(days=30))
    session.commit()
    return owner.id, reader.id, grant.id


def _sign(who: int, grant: int) -> None:
    person, nda = session.get_one(Person, who), grants.nda_of(session.get_one(AccessGrant, grant))
    signature = session.scalars(select(NdaSignature).where(NdaSignature.person_id == who)).one()
    signing.sign(person, signature, one_time.code_of(signature.public_id, signature.counter, signing.PURPOSE), nda.sha256)


def test_both_sides_sign_an_nda_at_once(own_database):
    owner, reader, grant = _nda()
    for who in (owner, reader):
        nda = grants.nda_of(session.get_one(AccessGrant, grant))
        signing.ask_code(session.get_one(Person, who), nda, nda.sha256)
    session.commit()
    assert at_once(lambda: _sign(owner, grant), lambda: _sign(reader, grant)) == [None, None]
    assert session.get_one(AccessGrant, grant).state == "granted"


def test_two_owners_answer_at_once(own_database):
    owner, _reader, grant = _nda()
    ends = at_once(*(lambda reason=reason: grants.refuse_access(
        session.get_one(Person, owner), session.get_one(AccessGrant, grant), reason) for reason in ("one", "two")))
    assert ends.count(None) == 1 and any(isinstance(end, (StaleDataError, Refused)) for end in ends)
