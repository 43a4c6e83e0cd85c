"""Every parser of a line that somebody types or a program sends, given any text: a value or a refusal, nothing else. Readers of files: tools/fuzz.py.

Those with tests of their own beside them: quantities, cells of sales sheets, forms of terms, mails and what is cut from them, dates of meetings,
archives, Word files.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.arrival import Stamp
from marketplace.calls.sealing.receipts import verified
from marketplace.catalogue import classification, numbers
from marketplace.db import now
from marketplace.deals.talk import addresses
from marketplace.delivery.web import unmasked
from marketplace.errors import Problem
from marketplace.licensing.billing import bank
from marketplace.people import codes, one_time, operations, tokens
from marketplace.people.sessions import operations as sessions
from marketplace.web import page_number, safe_next

FORMS = st.one_of(
    st.text(max_size=40),
    st.from_regex(r"(ZL|CN|US|EP|WO)?\s?[0-9０-９]{4,14}[.．]?[0-9X]?[A-Z]?[0-9]?", fullmatch=True),
    st.from_regex(r"[A-H][0-9]{2}[A-Z] ?[0-9]{1,4}/[0-9]{2,6}", fullmatch=True), st.from_regex(r"[0-9A-Z]{16,20}", fullmatch=True),
    st.from_regex(r"(https?://ror\.org/)?0[a-z0-9]{6}[0-9]{2}", fullmatch=True), st.from_regex(r"[a-z0-9._%+-]{1,64}@[a-z0-9.-]{1,40}", fullmatch=True),
    st.from_regex(r"-?[0-9]{1,25}([.,][0-9]{0,30})?(e[0-9]{1,9})?", fullmatch=True),
    st.from_regex(r"[0-9]{1,6}[-/.年][0-9]{1,4}[-/.月][0-9]{1,4}日?", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9_~.=-]{1,80}", fullmatch=True), st.from_regex(r"/[/\\\t%a-z0-9.?#@:-]{0,30}", fullmatch=True),
)
PARSERS: dict[str, Callable[[str], Any]] = {
    "application": numbers.application, "publication": numbers.publication, "stem": numbers.stem, "ipc": numbers.ipc, "given": numbers.given,
    "industry": classification.industry_code, "field": classification.field_of_words, "ipc field": lambda text: classification.field_of_ipc([text]),
    "credit code": codes.credit_code, "ror": codes.ror, "region of code": codes.region_of,
    "address": operations.usable_address, "name": operations.usable_name, "address key": operations.address_key,
    "reply": lambda text: (addresses.read(text), addresses.token_in([text])), "masked token": unmasked, "receipt": verified,
    "link": lambda text: tokens.read("reset", text, now() + timedelta(hours=2)), "code": lambda text: one_time.is_right(text, "x", 1),
    "session": sessions.by_session, "day of a bank": bank._day, "amount of a bank": lambda text: bank._amount(text, "CNY"),
    "headers": lambda text: Stamp(lambda *_: [], ("unix",))({"HTTP_X_FORWARDED_FOR": text, "HTTP_X_REQUEST_START": text}, lambda *_: None),
}


@pytest.mark.parametrize("name", PARSERS)
def test_any_line_is_a_value_or_a_refusal(app: Flask, name: str) -> None:
    @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(FORMS)
    def feed(text: str) -> None:
        try:
            PARSERS[name](text)
        except (Problem, ValueError, bank._Unreadable) as refused:
            assert isinstance(refused, (Problem, bank._Unreadable)) or name in MAY_RAISE, (name, text, refused)

    with app.test_request_context():
        feed()


MAY_RAISE = {"receipt": "for programmes: says what is wrong with a file"}


@settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(text=FORMS)
def test_addresses_of_pages_lead_nowhere_else(app: Flask, text: str) -> None:
    with app.test_request_context(query_string={"next": text, "page": text}):
        assert safe_next("/here").startswith("/") and not safe_next("/here").startswith(("//", "/\\")) and page_number() >= 1
