"""An open call as the matching engine sees it: passages in each language, facets to filter by, the text to rank with, and what it wants by rule.

A call says of itself what a need says: a problem, targets, money, an industry and a region. So it is weighed against technologies by the rules of needs.
Of a call begun from a blind need the engine knows what the call says and nothing of the need.
"""

from __future__ import annotations

from marketplace.calls.models import Call
from marketplace.catalogue.classification import industry_ancestors
from marketplace.db import LANGUAGES
from marketplace.matching.documents import figures_wanted, target_line
from marketplace.matching.index import Document
from marketplace.matching.rules import Amount, Wishes

KIND = "open_call"


def document(call: Call) -> Document:
    """A published call for the index, in whatever state it is by now: the list shows those that are closed and decided too."""
    passages = {code: (call.title.get(code, ""), body) for code in LANGUAGES if (body := _body(call, code)) or call.title.get(code)}
    board = call.board.public_id if call.board is not None else ""
    return Document(
        key=call.id, kind=KIND, passages=passages, revision=call.revision, facts=wishes(call).packed(),
        facets={
            "visibility": (call.visibility,), "organisation": (call.organisation.public_id,), "call_state": (call.state,),
            "industry": industry_ancestors(call.industry) if call.industry else (), "region": (call.region,) if call.region else (),
            "board": (board,) if board else (), "language": tuple(passages),
        },
    )


def _body(call: Call, code: str) -> str:
    return "\n".join(part for part in (call.brief.get(code, ""), target_line(call.targets, code), call.acceptance.get(code, "")) if part)


def query(call: Call, reader: str | None = None) -> str:
    """What technologies are ranked with for a call: title, problem and targets, in the call's language; in a `reader`'s where it is there."""
    written = [code for code in (reader, call.language, *LANGUAGES) if code and call.brief.get(code)]
    code = next(iter(written), "zh")
    return "\n".join(part for part in (call.title.get(code, ""), call.brief.get(code, ""), target_line(call.targets, code)) if part)


def wishes(call: Call) -> Wishes:
    """What a call wants besides its words. Its deadline is that of the proposals and says nothing of how mature the technology must be."""
    budget = Amount(None, call.amount, call.currency) if call.amount else None
    return Wishes(
        industries=(call.industry,) if call.industry else (), region=call.region, budget=budget, targets=figures_wanted(call.targets),
        day=(call.published or call.created).date(),
    )
