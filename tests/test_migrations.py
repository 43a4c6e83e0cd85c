"""Migrations with data in them: back and forward again, whichever database. The sample goes back five revisions; the long one to the beginning."""

from __future__ import annotations

import shutil

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import func, select

from marketplace.db import engine_for, session
from marketplace.keeping import moving
from marketplace.keeping.rows import summed, tables
from marketplace.migrate import configuration, upgrade_address
from marketplace.people.models import Organisation
from tests import factories
from tests.postgres import postgres_server

SAMPLED = 5


def back(settings, url: str, steps: int | None) -> None:
    """Go back step by step, to the beginning if no number of steps is said."""
    config = configuration(settings)
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    names = [one.revision for one in ScriptDirectory.from_config(config).walk_revisions()][1:]
    for name in [*names, "base"][:steps]:
        command.downgrade(config, name)


def counts(url: str) -> dict[str, int]:
    engine = engine_for(url)
    with engine.connect() as connection:
        found = {table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables()}
    engine.dispose()
    return found


def test_the_newest_revisions_go_back_and_forward_with_rows_in_them(own_database, settings):
    factories.technology()
    factories.booking()
    factories.pool(None, 60_000_000, 50_000_000)
    session.commit()
    session.remove()
    before = counts(own_database)
    back(settings, own_database, SAMPLED)
    upgrade_address(own_database)
    after = counts(own_database)
    told = {name for name in before if before[name] != after[name]}
    assert before["organisation"] and told <= {"alteration", "link", "anchor", "job"}, "the trail goes on the way back, and a migration may queue work"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_demo_goes_back_to_the_beginning_and_forward(demo, tmp_path, settings, kind):
    shutil.copytree(demo, tmp_path / "var")
    own = f"sqlite:///{tmp_path}/var/marketplace.db"
    if kind == "sqlite":
        _there_and_back(settings, own)
        return
    with postgres_server() as url:
        other = url.replace("postgresql://", "postgresql+psycopg://")
        moving.move(own, other)
        _there_and_back(settings, other)


def _there_and_back(settings, url: str) -> None:
    """First a way on which people, houses and listings stay; then to the beginning, where nothing is left."""
    before = counts(url)
    back(settings, url, 39)
    upgrade_address(url)
    after = counts(url)
    assert all(before[name] == after[name] for name in ("person", "organisation", "membership", "technology", "need", "offer", "event", "revision"))
    back(settings, url, None)
    upgrade_address(url)
    engine = engine_for(url)
    with engine.connect() as connection:
        assert summed(connection, Organisation.__table__).rows == 0
    engine.dispose()
