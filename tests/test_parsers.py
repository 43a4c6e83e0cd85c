"""Every parser of a line that somebody types or a program sends, given any text: a value or a refusal, nothing else. Readers of files: tools/fuzz.py.

Those with tests of their own beside them: quantities, cells of sales sheets, forms of terms, mails and what is cut from them, dates of meetings,
archives, Word files.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from marketplace.access import VISITOR
from marketplace.alerts.inbox import bounces
from marketplace.arrival import Stamp
from marketplace.calls import listing
from marketplace.calls.sealing import keys
from marketplace.calls.sealing.receipts import verified
from marketplace.catalogue import classification, numbers
from marketplace.db import now
from marketplace.deals.fees import forms as fees
from marketplace.deals.talk import addresses
from marketplace.delivery.web import unmasked
from marketplace.errors import Problem
from marketplace.importing import need_rows
from marketplace.licensing.billing import bank
from marketplace.people import codes, one_time, operations, tokens
from marketplace.people.factors import passkeys
from marketplace.people.sessions.operations import by_session
from marketplace.terms.figures import typed_minor
from marketplace.terms.simulator import link
from marketplace.web import page_number, safe_next

ROOT = Path(__file__).parent.parent
READING = {
    "loads", "load_workbook", "ZipFile", "message_from_bytes", "message_from_string", "HTMLParser", "from_ical", "b64decode", "urlsafe_b64decode", "feed",
}
"""What takes a text or a file apart. Where one of these is called, a parser stands."""
HERE = "tests/test_parsers.py"
FED = {
    "alerts/inbox/bounces.py": HERE, "calls/sealing/keys.py": HERE, "calls/sealing/receipts.py": HERE, "delivery/web.py": HERE,
    "people/factors/passkeys.py": HERE, "people/tokens.py": HERE, "terms/simulator/link.py": HERE,
    "deals/talk/incoming.py": "tests/deals/talk/test_cutting.py", "importing/need_file/writings.py": "tests/importing/need_file/test_writings.py",
    "importing/readers/archive.py": "tests/importing/readers/test_archive.py",
    "importing/readers/markup.py": "tests/importing/readers/test_uspto.py",
    "importing/readers/workbook.py": "tests/importing/readers/test_tables.py", "importing/operations.py": "tests/importing/readers/test_archive.py",
    "matching/endpoint.py": "tests/matching/test_encoders.py",
}
"""Parsers of what comes from outside → the test that feeds them anything."""
OUR_OWN = {
    "demo/": "files of the package", "first_steps/examples/samples.py": "files of the package",
    "catalogue/classification.py": "files of the package", "deals/fees/because.py": "files of the package",
    "licensing/clauses.py": "files of the package", "licensing/duties/registration/form_data.py": "files of the package",
    "terms/": "files of the package", "people/grants/nda.py": "files of the package", "matching/constants.py": "files of the package",
    "importing/cells.py": "files of the package", "importing/formats.py": "files of the package", "importing/mapping.py": "files of the package",
    "calls/pools/rights.py": "files of the package", "calls/teams/contract.py": "files of the package",
    "calls/proposals/models.py": "what the opening has checked", "calls/proposals/opening.py": "compared with its hash before it is read",
    "calls/proposals/operations.py": "wrapped by the site's own key",
    "calls/sealing/operations.py": "keys of the database; what is typed goes through keys.taken",
    "matching/": "files of the index that we write, and measurements", "cli.py": "typed by the operator", "cli_terms.py": "typed by the operator",
    "keeping/": "archives of the operator: tests/keeping damages them", "calls/reviewing/bare.py": "what attachments has recognised",
    "catalogue/attachments.py": "looks at names alone, tests/catalogue", "scanner.py": "looks at names and sizes, tests/catalogue",
    "privacy/views.py": "writes", "licensing/duties/archive.py": "writes", "calls/pools/mutual.py": "files of the package",
    "exporting/": "writes feeds", "importing/bench.py": "measurements", "catalogue/facilities/operations.py": "writes feeds of calendars",
    "alerts/inbox/operations.py": "hands the mail on to bounces and incoming, both fed",
    "importing/need_file/forms.py": "what it has written into the page itself; anything else is no file",
}
"""Where none of it comes from a stranger, and why; a folder stands for all in it."""

FORMS = st.one_of(
    st.text(max_size=40),
    st.from_regex(r"(ZL|CN|US|EP|WO)?\s?[0-9０-９]{4,14}[.．]?[0-9X]?[A-Z]?[0-9]?", fullmatch=True),
    st.from_regex(r"[A-H][0-9]{2}[A-Z] ?[0-9]{1,4}/[0-9]{2,6}", fullmatch=True), st.from_regex(r"[0-9A-Z]{16,20}", fullmatch=True),
    st.from_regex(r"(https?://ror\.org/)?0[a-z0-9]{6}[0-9]{2}", fullmatch=True), st.from_regex(r"[a-z0-9._%+-]{1,64}@[a-z0-9.-]{1,40}", fullmatch=True),
    st.from_regex(r"-?[0-9]{1,25}([.,][0-9]{0,30})?([eE]-?[0-9]{1,9})?", fullmatch=True),
    st.from_regex(r"[0-9]{1,6}[-/.年][0-9]{1,4}[-/.月][0-9]{1,4}日?", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9_~.=-]{1,80}", fullmatch=True), st.from_regex(r"/[/\\\t%a-z0-9.?#@:-]{0,30}", fullmatch=True),
)


def kept(found: Any, most: int = 10**16) -> Any:
    """What was read fits where it is kept."""
    assert found is None or found <= most, found
    return found


PARSERS: dict[str, Callable[[str], Any]] = {
    "application": numbers.application, "publication": numbers.publication, "stem": numbers.stem, "ipc": numbers.ipc, "given": numbers.given,
    "industry": classification.industry_code, "field": classification.field_of_words, "ipc field": lambda text: classification.field_of_ipc([text]),
    "credit code": codes.credit_code, "ror": codes.ror, "region of code": codes.region_of,
    "address": operations.usable_address, "name": operations.usable_name, "address key": operations.address_key,
    "reply": lambda text: (addresses.read(text), addresses.token_in([text])), "masked token": unmasked, "receipt": verified,
    "link": lambda text: tokens.read("reset", text, now() + timedelta(hours=2)), "code": lambda text: one_time.is_right(text, "x", 1),
    "session": by_session, "day of a bank": bank._day, "amount of a bank": lambda text: bank._amount(text, "CNY"),
    "amount": lambda text: kept(typed_minor(text, "CNY", "amount")), "share of a fee": lambda text: kept(fees._share(text, "rate")),
    "figure of a target": lambda text: kept(len(need_rows._figure(text) or ""), 50), "budget": lambda text: kept(need_rows.amount(text)),
    "least amount": listing._amount,
    "public key": lambda text: keys.taken(keys.PUBLIC, text), "share": lambda text: keys.taken(keys.SEALED, f"{keys.SEALED}:{text}", None),
    "simulation": link.unpacked, "passkey": lambda text: passkeys.signed_by(VISITOR, text, text),
    "headers": lambda text: Stamp(lambda *_: [], ("unix",))({"HTTP_X_FORWARDED_FOR": text, "HTTP_X_REQUEST_START": text}, lambda *_: None),
}


@pytest.mark.parametrize("name", PARSERS)
def test_any_line_is_a_value_or_a_refusal(app: Flask, name: str) -> None:
    @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(FORMS)
    @example("1E1000000")  # chance found it in a bank's file after some hundred runs
    @example("9e-1000000")
    @example("-Infinity")
    @example("9" * 40)
    def feed(text: str) -> None:
        try:
            PARSERS[name](text)
        except (Problem, ValueError, bank._Unreadable) as refused:
            assert isinstance(refused, (Problem, bank._Unreadable)) or name in MAY_RAISE, (name, text, refused)

    with app.test_request_context():
        feed()


MAY_RAISE = {
    "receipt": "for programmes: says what is wrong with a file", "public key": "for programmes and the forms that ask for it", "share": "the same",
}


@settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(text=FORMS)
def test_addresses_of_pages_lead_nowhere_else(app: Flask, text: str) -> None:
    with app.test_request_context(query_string={"next": text, "page": text}):
        assert safe_next("/here").startswith("/") and not safe_next("/here").startswith(("//", "/\\")) and page_number() >= 1


def reading() -> set[str]:
    """The modules of the product in which a parser stands, found in the source."""
    found = set()
    for path in sorted((ROOT / "marketplace").rglob("*.py")):
        names = {node.attr if isinstance(node, ast.Attribute) else node.id for node in ast.walk(ast.parse(path.read_text("utf-8")))
                 if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load)}
        if names & READING:
            found.add(path.relative_to(ROOT / "marketplace").as_posix())
    return found


def test_every_parser_is_fed_anything_or_reads_our_own() -> None:
    found = reading()
    unknown = sorted(name for name in found if name not in FED and not name.startswith(tuple(OUR_OWN)))
    assert not unknown, f"a parser of what comes from outside needs a test that feeds it anything: name it in FED, or say in OUR_OWN what it reads: {unknown}"
    assert set(FED) <= found, "these read nothing any more"
    for test in set(FED.values()):
        text = (ROOT / test).read_text("utf-8")
        assert "@given" in text or "fuzzed(" in text, f"{test} feeds nothing drawn at random"


@settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(raw=st.binary(max_size=400), text=st.text(max_size=200), status=FORMS)
def test_a_returned_mail_is_read_or_is_none(app: Flask, raw: bytes, text: str, status: str) -> None:
    said = f"Content-Type: multipart/report; boundary=x\n\n--x\n\n{text}\n--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; a\n\n"
    mail = f"{said}Final-Recipient: rfc822; {status}\nAction: failed\nStatus: {status}\n\n--x--\n".encode()
    for whole in (raw, mail, mail[: len(raw) * 2]):
        bounces.read(whole)
