"""The migrations from inside the program, so that no second configuration file is needed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

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


def is_current(settings: Settings, engine: Engine) -> bool:
    """Whether the database stands at the newest revision."""
    with engine.connect() as connection:
        here = MigrationContext.configure(connection).get_current_heads()
    return set(here) == set(ScriptDirectory.from_config(configuration(settings)).get_heads())
