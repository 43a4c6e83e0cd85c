"""A pool as the matching engine sees it: its own text in each language, and facets to filter by.

A pool is public or open to members, never blind. Of the needs that it is to solve, which can be, the engine learns nothing from here; nor of pledges.
"""

from __future__ import annotations

from marketplace.calls.pools.models import Pool
from marketplace.catalogue.classification import industry_ancestors
from marketplace.db import LANGUAGES
from marketplace.matching.index import Document

KIND = "pool"


def document(pool: Pool) -> Document:
    """A pool that has been opened, for the index, in whatever state it is by now: the list shows those that are over too."""
    passages = {code: (pool.title.get(code, ""), body) for code in LANGUAGES if (body := _body(pool, code)) or pool.title.get(code)}
    return Document(
        key=pool.id, kind=KIND, passages=passages, revision=pool.revision,
        facets={
            "visibility": (pool.visibility,), "organisation": (pool.organisation.public_id,), "pool_state": (pool.state,),
            "industry": industry_ancestors(pool.industry) if pool.industry else (), "region": (pool.region,) if pool.region else (),
            "language": tuple(passages),
        },
    )


def _body(pool: Pool, code: str) -> str:
    return "\n".join(part for part in (pool.brief.get(code, ""), pool.acceptance.get(code, "")) if part)
