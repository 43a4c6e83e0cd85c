"""An index whose files are gone or damaged is built anew by the worker; pages answer from what they had read before, and say so."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import select

from marketplace.db import now, session, to_read
from marketplace.jobs import handler
from marketplace.matching import operations
from marketplace.matching.index import RebuildNeeded

log = logging.getLogger(__name__)


@handler("matching.mend", every=timedelta(minutes=1))
def mend() -> Iterator[None]:
    """Build the index anew where its files are gone or damaged. One of another format or of other encoders is left to the operator, who may mean it."""
    started = now()
    with to_read():
        try:
            if operations.index().opens() or not _anything_published():
                return
        except RebuildNeeded:
            return
        log.warning("files of the index are gone or damaged: it is built anew")
        operations.reindex()
    yield
    operations.reindexed(started)


def _anything_published() -> bool:
    """Whether there is anything that an index could hold."""
    return any(session.scalar(select(model.id).where(model.state.in_(model.OPEN_STATES)).limit(1)) is not None for model, _made in operations.INDEXED)


def search_is_lost() -> bool:
    """Whether to tell readers that a search finds less for a while."""
    return operations.index().is_lost
