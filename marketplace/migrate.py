"""The migrations from inside the program, so that no second configuration file is needed."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from marketplace.config import Settings

HERE = Path(__file__).parent
SCRIPTS = HERE / "migrations" if (HERE / "migrations").is_dir() else HERE.parent / "migrations"


def configuration(settings: Settings) -> Config:
    """Alembic's configuration for the database of the settings."""
    return _configuration(settings.database)


def _configuration(address: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("sqlalchemy.url", address.replace("%", "%%"))
    return config


@cache
def head() -> str:
    """The newest revision that this program knows."""
    return str(ScriptDirectory.from_config(_configuration("")).get_current_head())


def upgrade(settings: Settings, revision: str = "head") -> None:
    """Bring the database to the revision, the newest unless said otherwise."""
    upgrade_address(settings.database, revision)


def upgrade_address(address: str, revision: str = "head") -> None:
    """Bring the database at an address to the revision."""
    if address.startswith("sqlite:///"):
        Path(address.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    command.upgrade(_configuration(address), revision)


def downgrade(settings: Settings, revision: str) -> None:
    """Take the database back to the revision; `base` empties it."""
    command.downgrade(configuration(settings), revision)


@cache
def _revisions() -> tuple[frozenset[str], frozenset[str]]:
    """The newest revisions of this program, and all it knows. Reading them takes a moment, and they do not change while it runs."""
    scripts = ScriptDirectory(str(SCRIPTS))
    return frozenset(scripts.get_heads()), frozenset(one.revision for one in scripts.walk_revisions())


def standing(engine: Engine) -> Literal["current", "behind", "ahead"]:
    """Where the database stands to this program. "ahead" is at a revision this program does not know: a newer one has been put in, and since migrations
    only add while an older program may run (docs/operating.md), that one works on."""
    newest, known = _revisions()
    with engine.connect() as connection:
        here = set(MigrationContext.configure(connection).get_current_heads())
    return "current" if here == newest else "ahead" if here - known else "behind"


def is_current(settings: Settings, engine: Engine) -> bool:
    """Whether the database stands at the newest revision."""
    return standing(engine) == "current"
