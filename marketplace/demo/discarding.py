"""Throwing the demo away again: wholly, and only where nothing but the demo stands.

Refused as soon as anybody or anything stands in the database that the demo did not bring: people with real addresses, organisations of other names,
imports that nobody of the demo made. What was tried with the demo's own accounts is the demo's. Secrets and keys stay; the index and the files go.
"""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

from sqlalchemy import MetaData, func, select, text

from marketplace.calls.models import Call
from marketplace.catalogue.models import Technology
from marketplace.config import Settings
from marketplace.db import session
from marketplace.deals.models import Deal
from marketplace.demo import FOLDER
from marketplace.importing.models import ImportRun
from marketplace.licensing.models import Agreement
from marketplace.needs.models import Need
from marketplace.people.models import Organisation, Person

HERE = "@demo.example"
"""Where all people of the demo have their addresses; no mail can ever come from there (RFC 2606)."""

COUNTED = {"people": Person, "organisations": Organisation, "technologies": Technology, "needs": Need, "deals": Deal, "agreements": Agreement, "calls": Call}
NAMED = 3


def strangers() -> list[str]:
    """What stands in the database that the demo did not bring, in words; empty when there is nothing but the demo."""
    known = {row["name"]["zh"] for row in tomllib.loads((FOLDER / "organisations.toml").read_text(encoding="utf-8"))["organisation"]}
    people = session.scalars(select(Person.name).where(Person.address_key.not_like(f"%{HERE}"))).all()
    houses = [name.get("zh") or name.get("en", "") for name in session.scalars(select(Organisation.name)) if name.get("zh") not in known]
    runs = session.scalars(select(ImportRun.file_name).where(ImportRun.author_id.is_(None))).all()
    said = (("people who have signed up", people), ("organisations", houses), ("files imported at the command line", runs))
    return [f"{len(found)} {words}: {', '.join(found[:NAMED])}{' …' if len(found) > NAMED else ''}" for words, found in said if found]


def counts() -> dict[str, int]:
    """How much of what would be deleted."""
    return {name: session.scalar(select(func.count()).select_from(model)) or 0 for name, model in COUNTED.items()}


def discard(settings: Settings) -> None:
    """Delete the database's tables, the index and the files. The caller makes the tables anew."""
    engine = session.get_bind()
    session.remove()
    if settings.database.startswith("sqlite:///"):
        engine.dispose()
        for ending in ("", "-wal", "-shm"):
            Path(settings.database.removeprefix("sqlite:///") + ending).unlink(missing_ok=True)
    else:
        with engine.begin() as connection:
            found = MetaData()
            found.reflect(connection)
            for table in found.sorted_tables:
                connection.execute(text(f'DROP TABLE IF EXISTS "{table.name}" CASCADE'))
            connection.execute(text("DROP FUNCTION IF EXISTS refuse_change() CASCADE"))
    for folder in (settings.index_folder, settings.files_folder):
        shutil.rmtree(folder, ignore_errors=True)
