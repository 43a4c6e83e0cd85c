"""Settings: read once from the environment, typed, refused when wrong.

Every setting stands in one table, `Settings`, with its variable, its default and what it means; `read()` checks all of
them and reports every fault at once, so that whoever runs the site mends them in one go.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ENCODERS = ("full", "fast", "none")
WEAK_SECRET = 32


class SettingsError(ValueError):
    """One or more settings are wrong; `faults` names the variables and what to write instead."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class Settings:
    """All settings of one process; the comment beside each names its variable."""

    data: Path  # MARKETPLACE_DATA: folder for database, index, files; default ./var
    database: str  # DATABASE_URL: SQLAlchemy address; default SQLite in the data folder
    secret: str  # SECRET_KEY: at least 32 characters; in development made once and kept in the data folder
    production: bool  # MARKETPLACE_ENV: "production" or "development" (default)
    site: str  # MARKETPLACE_SITE: address used in mails, default http://127.0.0.1:5000
    smtp: str | None  # MARKETPLACE_SMTP: smtp://user:password@host:port or smtps://; without it mail stays in the outbox
    sender: str  # MARKETPLACE_SENDER: From address of mails
    encoders: str  # MARKETPLACE_ENCODERS: full | fast | none
    upload_limit: int  # MARKETPLACE_UPLOAD_MB: largest upload, in bytes here; default 64 MB
    limits: str  # MARKETPLACE_LIMITS: store of the rate limits, default memory://

    @property
    def index_folder(self) -> Path:
        """Where the matching index lives."""
        return self.data / "index"

    @property
    def files_folder(self) -> Path:
        """Where attachments and uploads live, outside anything the web server serves."""
        return self.data / "files"


def _kept_secret(data: Path) -> str:
    """The development secret, made at the first start and kept readable by its owner only."""
    path = data / "secret"
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()


def _database(value: str) -> str:
    """The address with the driver we ship: psycopg 3 for PostgreSQL."""
    for prefix in ("postgres://", "postgresql://"):
        if value.startswith(prefix):
            return "postgresql+psycopg://" + value.removeprefix(prefix)
    return value


def read(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read and check every setting. Raises `SettingsError` with all faults."""
    faults: list[str] = []
    data = Path(environ.get("MARKETPLACE_DATA") or "var").resolve()
    kind = environ.get("MARKETPLACE_ENV") or "development"
    if kind not in ("development", "production"):
        faults.append("MARKETPLACE_ENV must be development or production")
    production = kind == "production"
    secret = environ.get("SECRET_KEY", "")
    if production and len(secret) < WEAK_SECRET:
        faults.append(f"SECRET_KEY must be set to at least {WEAK_SECRET} random characters in production")
    database = _database(environ.get("DATABASE_URL") or f"sqlite:///{data / 'marketplace.db'}")
    if not database.startswith(("sqlite:", "postgresql+psycopg:")):
        faults.append("DATABASE_URL must begin with sqlite:/// or postgresql://")
    smtp = environ.get("MARKETPLACE_SMTP") or None
    if smtp and (urlsplit(smtp).scheme not in ("smtp", "smtps") or not urlsplit(smtp).hostname):
        faults.append("MARKETPLACE_SMTP must look like smtp://user:password@host:587")
    encoders = environ.get("MARKETPLACE_ENCODERS") or "full"
    if encoders not in ENCODERS:
        faults.append("MARKETPLACE_ENCODERS must be one of " + ", ".join(ENCODERS))
    megabytes = environ.get("MARKETPLACE_UPLOAD_MB") or "64"
    if not megabytes.isascii() or not megabytes.isdigit() or not 1 <= int(megabytes) <= 4096:
        faults.append("MARKETPLACE_UPLOAD_MB must be a whole number from 1 to 4096")
        megabytes = "64"
    if faults:
        raise SettingsError(faults)
    return Settings(
        data=data,
        database=database,
        secret=secret or _kept_secret(data),
        production=production,
        site=(environ.get("MARKETPLACE_SITE") or "http://127.0.0.1:5000").rstrip("/"),
        smtp=smtp,
        sender=environ.get("MARKETPLACE_SENDER") or "TechBridge <no-reply@localhost.localdomain>",
        encoders=encoders,
        upload_limit=int(megabytes) * 1024 * 1024,
        limits=environ.get("MARKETPLACE_LIMITS") or "memory://",
    )
