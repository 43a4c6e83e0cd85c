"""The receipt as a page and on paper: hashes, moments in the call's zone and in Beijing, how to check it; for the solver alone."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader

from marketplace.calls.proposals import operations
from marketplace.calls.sealing import operations as sealing
from tests.calls.proposals.cast import Cast, cast, handed_in


@pytest.fixture
def world(session) -> Cast:
    found = cast(zone="America/New_York")
    handed_in(found.solver, found.institute, found.call)
    return found


def address(world: Cast, language: str) -> str:
    proposal = operations.own_of(world.solver, {}).rows[0]
    return f"/{language}/proposals/{proposal.public_id}/receipts/{proposal.versions[0].public_id}"


def text_of(pdf: bytes) -> str:
    """What stands on the paper, without spaces and breaks."""
    return "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


@pytest.mark.parametrize(("language", "words"), [("zh", "回执"), ("en", "Receipt")])
def test_the_receipt_on_paper_says_all_that_is_needed_to_check_it(client, world, language: str, words: str) -> None:
    client.login(world.solver)
    answer = client.get(f"{address(world, language)}/receipt.pdf")
    assert answer.mimetype == "application/pdf" and answer.data.startswith(b"%PDF")
    found, signed = text_of(answer.data), operations.receipt_of(world.solver, operations.own_of(world.solver, {}).rows[0].versions[0])
    said = signed["receipt"]
    for value in (words, said["id"], said["text"]["sha256"], said["files"][0]["sha256"], said["first_byte"], signed["key"], signed["signature"]):
        assert value in found, value
    assert "America/New_York" in found and "Asia/Shanghai" in found


def test_the_page_has_both_zones_and_leads_to_the_paper(client, world) -> None:
    client.login(world.solver)
    page = client.get(address(world, "en")).get_data(as_text=True)
    assert "America/New_York" in page and "Asia/Shanghai" in page and "receipt.pdf" in page and sealing.site_key().public in page


def test_nobody_else_gets_the_paper_and_without_the_key_there_is_none(client, world, monkeypatch, tmp_path) -> None:
    for who in (world.owner, world.other, world.operator, world.reviewer):
        client.login(who)
        assert client.get(f"{address(world, 'en')}/receipt.pdf").status_code == 404
    monkeypatch.setattr(operations.sealing, "site_keys", lambda: [])
    client.login(world.solver)
    assert client.get(f"{address(world, 'en')}/receipt.pdf").status_code == 422
