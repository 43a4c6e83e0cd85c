"""The migrations from inside the program, so that no second configuration file is needed."""

from __future__ import annotations

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
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("sqlalchemy.url", settings.database.replace("%", "%%"))
    return config


def upgrade(settings: Settings, revision: str = "head") -> None:
    """Bring the database to the revision, the newest unless said otherwise."""
    if settings.database.startswith("sqlite:///"):
        Path(settings.database.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    command.upgrade(configuration(settings), revision)


def downgrade(settings: Settings, revision: str) -> None:
    """Take the database back to the revision; `base` empties it."""
    command.downgrade(configuration(settings), revision)


def is_current(settings: Settings, engine: Engine) -> bool:
    """Whether the database stands at the newest revision."""
    with engine.connect() as connection:
        here = MigrationContext.configure(connection).get_current_heads()
    return set(here) == set(ScriptDirectory.from_config(configuration(settings)).get_heads())
