"""Alembic's environment: the address comes from the settings, the tables from the models."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import create_engine

from marketplace.alerts import models as _alerts  # noqa: F401 - the import fills the metadata
from marketplace.alerts.inbox import models as _inbox  # noqa: F401
from marketplace.alerts.subscriptions import models as _subscriptions  # noqa: F401
from marketplace.calls import models as _calls  # noqa: F401
from marketplace.calls.pools import models as _pools  # noqa: F401
from marketplace.calls.proposals import models as _proposals  # noqa: F401
from marketplace.calls.reviewing import models as _reviewing  # noqa: F401
from marketplace.calls.sealing import models as _sealing  # noqa: F401
from marketplace.calls.teams import models as _teams  # noqa: F401
from marketplace.catalogue.experts import models as _experts  # noqa: F401
from marketplace.catalogue.facilities import models as _facilities  # noqa: F401
from marketplace.catalogue.scanning import models as _scanning  # noqa: F401
from marketplace.catalogue.scenarios import models as _scenarios  # noqa: F401
from marketplace.config import read
from marketplace.db import Base, Data, UTCTime
from marketplace.deals import models as _deals  # noqa: F401
from marketplace.deals.documents import models as _documents  # noqa: F401
from marketplace.deals.fees import models as _fees  # noqa: F401
from marketplace.deals.funnel import models as _funnel  # noqa: F401
from marketplace.deals.introduction import models as _introduction  # noqa: F401
from marketplace.deals.talk import models as _talk  # noqa: F401
from marketplace.deals.worklist import models as _worklist  # noqa: F401
from marketplace.first_steps.examples import models as _examples  # noqa: F401
from marketplace.importing import models as _importing  # noqa: F401
from marketplace.jobs import Job  # noqa: F401
from marketplace.licensing import models as _licensing  # noqa: F401
from marketplace.licensing.billing import models as _billing  # noqa: F401
from marketplace.licensing.credit import models as _credit  # noqa: F401
from marketplace.licensing.duties import models as _duties  # noqa: F401
from marketplace.licensing.income import models as _income  # noqa: F401
from marketplace.licensing.performing import models as _performing  # noqa: F401
from marketplace.licensing.risk import models as _risk  # noqa: F401
from marketplace.licensing.signing import models as _signing  # noqa: F401
from marketplace.licensing.statements import models as _statements  # noqa: F401
from marketplace.matching import models as _matching  # noqa: F401
from marketplace.needs.distilling import models as _distilling  # noqa: F401
from marketplace.people import tries as _tries  # noqa: F401
from marketplace.people.factors import models as _factors  # noqa: F401
from marketplace.people.grants import models as _grants  # noqa: F401
from marketplace.people.outside import models as _outside  # noqa: F401
from marketplace.people.sessions import models as _sessions  # noqa: F401
from marketplace.trail import models as _trail  # noqa: F401


def written(kind: str, thing: Any, autogen_context: Any) -> str | bool:
    """How our column types are written in a migration: as plain types, so that old migrations outlive our classes."""
    if kind == "type" and isinstance(thing, UTCTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and thing is Data:
        return 'sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")'
    return False


def run() -> None:
    """Run the migrations on the address at hand."""
    url = context.config.get_main_option("sqlalchemy.url") or read().database
    engine = create_engine(url)
    with engine.connect() as connection:
        context.configure(
            connection=connection, target_metadata=Base.metadata, render_as_batch=connection.dialect.name == "sqlite",
            compare_type=True, render_item=written,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
