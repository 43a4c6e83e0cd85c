"""Settings: read once from the environment, typed, refused when wrong.

Every setting stands in one table, `Settings`, with its variable, its default and what it means; `read()` checks all of
them and reports every fault at once, so that whoever runs the site mends them in one go.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from zxcvbn import zxcvbn

from marketplace.scanner import address_faults

WEAK_SECRET = 32
FEWEST_DIFFERENT = 12
ENCODERS = {"full": "use,e5", "fast": "use", "none": "none"}  # short words for what stands in the two slots
_ENDPOINT = re.compile(r"endpoint:(?P<model>.+)@(?P<url>https?://.+)", re.ASCII)
_ADDRESS = re.compile(r"[A-Za-z0-9._-]{1,30}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+", re.ASCII)
_MODEL = re.compile(r"sentence-transformers:(?P<model>.+)")


class SettingsError(ValueError):
    """One or more settings are wrong; `faults` names the variables and what to write instead."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class EncoderSpec:
    """What stands in a slot for encoders: a packaged one ("use", "e5"), "sentence-transformers", or a server ("endpoint")."""

    kind: str
    model: str = ""
    url: str = ""


@dataclass(frozen=True)
class Provider:
    """Somebody through whom people sign in: an OpenID provider. `code` stands in addresses, `name` on buttons."""

    code: str
    name: str
    issuer: str
    client: str
    secret: str = field(repr=False)


# MARKETPLACE_ENCODER_HTTP: "yes" allows an endpoint of an encoder on another machine without https
# WEB_CONCURRENCY: processes that answer requests, default 1; with more, MARKETPLACE_LIMITS may not be memory://
@dataclass(frozen=True)
class Settings:
    """All settings of one process; the comment beside each names its variable. docs/settings.md is made of these comments."""

    data: Path  # MARKETPLACE_DATA: folder for database, index, files; default ./var
    database: str  # DATABASE_URL: sqlite:///… or postgresql://… (15 or newer); default SQLite in the data folder
    secret: str = field(repr=False)  # SECRET_KEY: at least 32 random characters; in development made once and kept in the data folder
    production: bool  # MARKETPLACE_ENV: "production" or "development" (default)
    site: str  # MARKETPLACE_SITE: address used in mails and files, default http://127.0.0.1:5000
    smtp: str | None  # MARKETPLACE_SMTP: smtp://user:password@host:port or smtps://; without it mail stays in the outbox
    sender: str  # MARKETPLACE_SENDER: From address of mails
    encoders: tuple[EncoderSpec | None, EncoderSpec | None]  # MARKETPLACE_ENCODERS: full (default, use,e5), fast, none or FAST,SLOW; decision 0006
    encoder_key: str = field(repr=False)  # MARKETPLACE_ENCODER_KEY: for the server of an encoder, sent to no other
    encoder_tokens: int  # MARKETPLACE_ENCODER_TOKENS: window of a server's model, default 512
    upload_limit: int  # MARKETPLACE_UPLOAD_MB: largest upload, in bytes here; default 64 MB
    checks: Path | None  # MARKETPLACE_CHECKS: file or folder of checks of offers beside those of the product; docs/checks.md
    limits: str  # MARKETPLACE_LIMITS: store of the rate limits, default the database (with SQLite a file beside it); redis://… or memory:// for one process
    inbox: str | None = field(default=None, repr=False)  # MARKETPLACE_INBOX: maildir:/path or imaps://user:password@host/INBOX; bounces and answers
    replies: str | None = None  # MARKETPLACE_REPLIES: address that answers to messages go to, such as reply@example.org; its mail must reach the inbox
    income_rules: Path | None = None  # MARKETPLACE_INCOME_RULES: file of rules for splitting income, beside those of the product
    duty_rules: Path | None = None  # MARKETPLACE_DUTY_RULES: file of rules for notices and recordals, beside those of the product
    sealing_key: Path = Path()  # MARKETPLACE_SEALING_KEY: file that wraps the keys of calls, outside the data; in development made beside the data folder
    recovery_key: str | None = None  # MARKETPLACE_RECOVERY_KEY: public half of the offline key that can open calls when the sealing key is lost
    upload_minutes: int = 15  # MARKETPLACE_UPLOAD_MINUTES: longest time from first to last byte of a proposal, 1 to 120; they are opened after it
    proxies: tuple[str, ...] = ()  # MARKETPLACE_PROXIES: proxies believed about X-Forwarded-For, X-Request-Start, X-Request-ID; "unix" for a socket
    funnel_least: int = 5  # MARKETPLACE_FUNNEL_LEAST: how many deals a public number of the funnel must rest on, at least 3; default 5
    providers: tuple[Provider, ...] = ()  # MARKETPLACE_OIDC: codes of providers, such as campus,group; for each the four variables of `_provider`
    second_factor: str = "nobody"  # MARKETPLACE_SECOND_FACTOR: who must: nobody | operators | staff | everybody; default staff in production, else nobody
    monitor_token: str | None = field(default=None, repr=False)  # MARKETPLACE_MONITOR_TOKEN: lets a watcher from elsewhere read /metrics and all of /readyz
    least_room: int = 500  # MARKETPLACE_ROOM_MB: megabytes that must be free on the disk of the data folder; with fewer /readyz answers 503; default 500
    stop_seconds: int = 60  # MARKETPLACE_STOP_SECONDS: how long a server that is told to stop waits for requests in flight, uploads too; default 60
    log_lines: bool = False  # MARKETPLACE_LOGS: "json" (default in production) or "words" (default in development, warnings and errors alone)
    scanner: str | None = None  # MARKETPLACE_SCANNER: clamd://host:3310 or clamd:///run/clamav/clamd.ctl; without one uploads count as not scanned

    @property
    def index_folder(self) -> Path:
        """Where the matching index lives."""
        return self.data / "index"

    @property
    def files_folder(self) -> Path:
        """Where attachments and uploads live, outside anything the web server serves."""
        return self.data / "files"


def is_guessable(secret: str) -> bool:
    """Whether a secret of this length was typed or copied from an example, rather than drawn: few different characters, one part again and again, or words."""
    plain = secret.lower()
    repeated = any(plain.startswith(plain[:size] * 3) for size in range(1, len(plain) // 3 + 1))
    words = re.search(r"secret|change|password|example|techbridge|default|insecure|your[-_ ]|123456|abcdef|qwerty", plain)
    spelled = secret.isalpha() and plain == secret and zxcvbn(plain[:72])["guesses_log10"] < 26
    return len(set(secret)) < FEWEST_DIFFERENT or repeated or words is not None or spelled


def _kept_secret(data: Path) -> str:
    """The development secret, made at the first start and kept readable by its owner only."""
    path = data / "secret"
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()


def database_address(value: str) -> str:
    """The address with the driver we ship: psycopg 3 for PostgreSQL."""
    for prefix in ("postgres://", "postgresql://"):
        if value.startswith(prefix):
            return "postgresql+psycopg://" + value.removeprefix(prefix)
    return value


def _shared_limits(data: Path, database: str) -> str:
    """Where all workers count tries; see `people.tries`."""
    return f"tries+sqlite:///{data / 'tries.db'}" if database.startswith("sqlite:") else f"tries+{database}"


def _encoders(environ: Mapping[str, str], faults: list[str]) -> tuple[EncoderSpec | None, EncoderSpec | None]:
    """The two slots, fast and slow. Each is `none`, `use`, `e5`, `sentence-transformers:MODEL` or `endpoint:MODEL@URL`."""
    typed = environ.get("MARKETPLACE_ENCODERS") or "full"
    parts = [part.strip() for part in ENCODERS.get(typed, typed).split(",")]
    plain = environ.get("MARKETPLACE_ENCODER_HTTP") == "yes"
    fast, slow, *more = [*(_encoder(part, plain, faults) for part in parts), None]
    if any(more) or len(parts) > 2:
        faults.append("MARKETPLACE_ENCODERS has two slots at most: FAST,SLOW")
    if slow and fast is None and parts[0] == "none":
        faults.append("MARKETPLACE_ENCODERS: the slow encoder only looks again at what a fast one found; name it alone to have it as the fast one")
    hosts = {urlsplit(each.url)[:2] for each in (fast, slow) if each and each.url}
    if len(hosts) > 1 and environ.get("MARKETPLACE_ENCODER_KEY"):
        faults.append("MARKETPLACE_ENCODER_KEY cannot be for two servers: put one gateway before them")
    return fast, slow


def _encoder(part: str, plain: bool, faults: list[str]) -> EncoderSpec | None:
    """One slot; what is wrong with it is added to the faults."""
    if part in ("use", "e5"):
        return EncoderSpec(part)
    if found := _MODEL.fullmatch(part):
        if find_spec("sentence_transformers") is None:
            faults.append("MARKETPLACE_ENCODERS names sentence-transformers, which is not installed: pip install 'techbridge[sentence-transformers]'")
        return EncoderSpec("sentence-transformers", found["model"])
    if found := _ENDPOINT.fullmatch(part):
        faults.extend(_url_faults(found["url"], plain))
        return EncoderSpec("endpoint", found["model"], found["url"].rstrip("/"))
    if part != "none":
        faults.append(
            f"MARKETPLACE_ENCODERS must be one of {', '.join(ENCODERS)}, or FAST,SLOW of which each is none, use, e5, "
            "sentence-transformers:MODEL or endpoint:MODEL@https://HOST/v1"
        )
    return None


def _url_faults(url: str, plain: bool) -> list[str]:
    """What is wrong with a server's address; the address is not quoted, for it may hold a password."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or any(character.isspace() for character in url):
        return ["MARKETPLACE_ENCODERS: the address of the endpoint must look like https://HOST/v1"]
    if "@" in parts.netloc or parts.query or parts.fragment:
        return ["MARKETPLACE_ENCODERS: no password, query or fragment in the address of the endpoint; the key goes into MARKETPLACE_ENCODER_KEY"]
    if parts.scheme == "http" and not plain and not _here(host):
        return ["MARKETPLACE_ENCODERS: what firms ask would cross the network unencrypted; use https://, or set MARKETPLACE_ENCODER_HTTP=yes"]
    return []


def _here(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _smtp(environ: Mapping[str, str], faults: list[str]) -> str | None:
    """The mail server's address."""
    smtp = environ.get("MARKETPLACE_SMTP") or None
    if smtp and (urlsplit(smtp).scheme not in ("smtp", "smtps") or not urlsplit(smtp).hostname):
        faults.append("MARKETPLACE_SMTP must look like smtp://user:password@host:587")
    return smtp


def _inbox(environ: Mapping[str, str], faults: list[str]) -> str | None:
    """Where mail comes in; it may hold a password and is not quoted."""
    inbox = environ.get("MARKETPLACE_INBOX") or None
    if inbox:
        parts = urlsplit(inbox)
        if not (parts.path.startswith("/") if parts.scheme == "maildir" else parts.scheme in ("imap", "imaps") and parts.hostname and parts.username):
            faults.append("MARKETPLACE_INBOX must look like maildir:/path or imaps://user:password@host/INBOX")
    return inbox


def _replies(environ: Mapping[str, str], faults: list[str]) -> str | None:
    """The address that answers go to; each reader's own is made of it by a plus sign and a token."""
    replies = environ.get("MARKETPLACE_REPLIES", "").strip() or None
    if replies and not _ADDRESS.fullmatch(replies):
        faults.append("MARKETPLACE_REPLIES must look like reply@example.org: 30 characters at most before the @, and no plus sign")
    return replies


def _scanner(environ: Mapping[str, str], faults: list[str]) -> str | None:
    """The virus scanner's address."""
    scanner = environ.get("MARKETPLACE_SCANNER") or None
    faults.extend(address_faults(scanner) if scanner else [])
    return scanner


def _sealing_key(environ: Mapping[str, str], data: Path, production: bool, faults: list[str]) -> Path:
    """The file of the site's sealing key: never beside what it protects, in production there already and readable by its owner alone."""
    typed = environ.get("MARKETPLACE_SEALING_KEY")
    path = Path(typed).resolve() if typed else data.parent / f"{data.name}.sealing-key"
    make = "make one with `marketplace calls new-sealing-key FILE`"
    if path.is_relative_to(data):
        faults.append("MARKETPLACE_SEALING_KEY lies in the data folder: whoever copies that could open sealed proposals; keep it elsewhere")
    elif production and not typed:
        faults.append(f"MARKETPLACE_SEALING_KEY must name a file outside the data folder in production; {make}")
    elif production and not path.is_file():
        faults.append(f"MARKETPLACE_SEALING_KEY: there is no file {path}; {make}. Calls that were published with another key need that one")
    elif path.is_file() and path.stat().st_mode & 0o077:
        faults.append(f"MARKETPLACE_SEALING_KEY: others may read {path}; run chmod 600 on it")
    elif path.is_file() and not os.access(path, os.R_OK):
        faults.append(f"MARKETPLACE_SEALING_KEY: this program may not read {path}")
    elif path.is_file() and not re.fullmatch(r"(techbridge-site-key:[A-Za-z0-9_-]{43}=\s*)+", path.read_text(encoding="ascii", errors="replace"), re.ASCII):
        faults.append(f"MARKETPLACE_SEALING_KEY: {path} holds no sealing key; {make}")
    return path


def _recovery_key(environ: Mapping[str, str], faults: list[str]) -> str | None:
    """The text of the offline key's public half."""
    typed = environ.get("MARKETPLACE_RECOVERY_KEY", "").strip() or None
    if typed and not re.fullmatch(r"techbridge-public-key:[A-Za-z0-9_-]{43}=", typed, re.ASCII):
        faults.append("MARKETPLACE_RECOVERY_KEY must look like techbridge-public-key:…, as `marketplace calls new-recovery-key FILE` prints it")
    return typed


def _proxies(environ: Mapping[str, str], faults: list[str]) -> tuple[str, ...]:
    """The addresses that are believed when they say when a request began."""
    named = tuple(part.strip() for part in environ.get("MARKETPLACE_PROXIES", "").split(",") if part.strip())
    try:
        return tuple(one if one == "unix" else str(ip_address(one)) for one in named)
    except ValueError:
        faults.append("MARKETPLACE_PROXIES must be addresses such as 127.0.0.1,10.0.0.2, or unix for a socket")
        return ()


def _running(environ: Mapping[str, str], production: bool, faults: list[str]) -> dict[str, Any]:
    """What only whoever runs and watches the site notices."""
    return {
        "least_room": _whole(environ, "MARKETPLACE_ROOM_MB", 500, 1_000_000, faults),
        "stop_seconds": _whole(environ, "MARKETPLACE_STOP_SECONDS", 60, 7200, faults),
        "monitor_token": _monitor_token(environ, faults),
        "log_lines": _log_lines(environ, production, faults),
    }


def _monitor_token(environ: Mapping[str, str], faults: list[str]) -> str | None:
    """What a watcher on another machine shows."""
    token = environ.get("MARKETPLACE_MONITOR_TOKEN", "").strip() or None
    if token and not re.fullmatch(r"[A-Za-z0-9._~+/=-]{24,200}", token, re.ASCII):
        faults.append("MARKETPLACE_MONITOR_TOKEN must be at least 24 letters, digits or any of ._~+/=-")
    return token


def _log_lines(environ: Mapping[str, str], production: bool, faults: list[str]) -> bool:
    """Whether the log is lines of JSON."""
    kind = environ.get("MARKETPLACE_LOGS") or ("json" if production else "words")
    if kind not in ("json", "words"):
        faults.append("MARKETPLACE_LOGS must be json or words")
    return kind == "json"


def with_credentials(environ: Mapping[str, str]) -> Mapping[str, str]:
    """The environment, and beside it the files that systemd hands over by LoadCredential, each named as its variable: so no secret stands in a unit."""
    folder = Path(environ.get("CREDENTIALS_DIRECTORY") or "/nonexistent")
    files = folder.iterdir() if folder.is_dir() else ()
    return {**{one.name: one.read_text(encoding="utf-8").strip() for one in files if re.fullmatch(r"[A-Z_]+", one.name)}, **environ}


def _encoder_key(environ: Mapping[str, str], faults: list[str]) -> str:
    """The key for the server of an encoder."""
    key = environ.get("MARKETPLACE_ENCODER_KEY", "").strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        faults.append("MARKETPLACE_ENCODER_KEY must be printable ASCII without spaces")
    return key


def _own_data(environ: Mapping[str, str], name: str, faults: list[str]) -> Path | None:
    """A file or folder with data of the operator's own; what is in it is judged where it is read."""
    path = Path(environ[name]).resolve() if environ.get(name) else None
    if path and not path.exists():
        faults.append(f"{name}: there is no file or folder {path}")
    return path


def _whole(environ: Mapping[str, str], name: str, default: int, most: int, faults: list[str], least: int = 1) -> int:
    """A setting that is a whole number, from 1 on if nothing else is said."""
    typed = environ.get(name) or str(default)
    if typed.isascii() and typed.isdigit() and least <= int(typed) <= most:
        return int(typed)
    faults.append(f"{name} must be a whole number from {least} to {most}")
    return default


def _is_production(environ: Mapping[str, str], faults: list[str]) -> bool:
    """Whether this is the real site, where weak settings are refused."""
    kind = environ.get("MARKETPLACE_ENV") or "development"
    if kind not in ("development", "production"):
        faults.append("MARKETPLACE_ENV must be development or production")
    return kind == "production"


def _secret(environ: Mapping[str, str], production: bool, faults: list[str]) -> str:
    """The secret that signs cookies and links; the real site does not start with one that is short or can be guessed."""
    secret = environ.get("SECRET_KEY", "")
    if production and (len(secret) < WEAK_SECRET or is_guessable(secret)):
        faults.append(f"SECRET_KEY must be set to at least {WEAK_SECRET} random characters in production; make one with "
                      "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'")
    return secret


def _providers(environ: Mapping[str, str], production: bool, faults: list[str]) -> tuple[Provider, ...]:
    """Through whom people sign in."""
    codes = [code.strip() for code in environ.get("MARKETPLACE_OIDC", "").split(",") if code.strip()]
    return tuple(one for code in codes if (one := _provider(environ, code, production, faults)))


def _provider(environ: Mapping[str, str], code: str, production: bool, faults: list[str]) -> Provider | None:
    """One provider, of MARKETPLACE_OIDC_CODE_ISSUER, _CLIENT, _SECRET and _NAME. What is wrong is told without its secret."""
    start = f"MARKETPLACE_OIDC_{code.upper()}_"
    if not re.fullmatch(r"[a-z][a-z0-9]{0,29}", code):
        faults.append("MARKETPLACE_OIDC must be codes of small letters and figures, such as campus,group")
        return None
    issuer, client, secret = (environ.get(start + part, "").strip() for part in ("ISSUER", "CLIENT", "SECRET"))
    parts = urlsplit(issuer)
    if not parts.hostname or parts.scheme != "https" and (production or not _here(parts.hostname)) or parts.query or parts.fragment:
        faults.append(f"{start}ISSUER must look like https://sign-in.example.org")
    if not client:
        faults.append(f"{start}CLIENT is missing: the provider gives it to you")
    if len(secret) < WEAK_SECRET // 2 or production and is_guessable(secret):
        faults.append(f"{start}SECRET must be the secret that the provider has drawn, of at least {WEAK_SECRET // 2} characters")
    return Provider(code, environ.get(start + "NAME") or code, issuer.rstrip("/"), client, secret)


def _second_factor(environ: Mapping[str, str], production: bool, faults: list[str]) -> str:
    """Who must have a second factor."""
    asked = environ.get("MARKETPLACE_SECOND_FACTOR") or ("staff" if production else "nobody")
    if asked not in ("nobody", "operators", "staff", "everybody"):
        faults.append("MARKETPLACE_SECOND_FACTOR must be nobody, operators, staff or everybody")
    return asked


def read(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read and check every setting. Raises `SettingsError` with all faults."""
    environ, faults = with_credentials(environ), list[str]()
    data = Path(environ.get("MARKETPLACE_DATA") or "var").resolve()
    production = _is_production(environ, faults)
    secret = _secret(environ, production, faults)
    database = database_address(environ.get("DATABASE_URL") or f"sqlite:///{data / 'marketplace.db'}")
    if not database.startswith(("sqlite:", "postgresql+psycopg:")):
        faults.append("DATABASE_URL must begin with sqlite:/// or postgresql://")
    smtp, inbox, replies, scanner, encoders, key, recovery, proxies = (
        setting(environ, faults) for setting in (_smtp, _inbox, _replies, _scanner, _encoders, _encoder_key, _recovery_key, _proxies)
    )
    sealing = _sealing_key(environ, data, production, faults)
    megabytes, minutes = _whole(environ, "MARKETPLACE_UPLOAD_MB", 64, 4096, faults), _whole(environ, "MARKETPLACE_UPLOAD_MINUTES", 15, 120, faults)
    tokens, least = _whole(environ, "MARKETPLACE_ENCODER_TOKENS", 512, 100_000, faults), _whole(environ, "MARKETPLACE_FUNNEL_LEAST", 5, 1000, faults, least=3)
    checks, rules, duties = (_own_data(environ, f"MARKETPLACE_{name}", faults) for name in ("CHECKS", "INCOME_RULES", "DUTY_RULES"))
    second, providers = _second_factor(environ, production, faults), _providers(environ, production, faults)
    running = _running(environ, production, faults)
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
        encoder_key=key,
        encoder_tokens=tokens,
        upload_limit=megabytes * 1024 * 1024,
        checks=checks,
        limits=environ.get("MARKETPLACE_LIMITS") or _shared_limits(data, database),
        income_rules=rules,
        duty_rules=duties,
        funnel_least=least, inbox=inbox, replies=replies, scanner=scanner, sealing_key=sealing, recovery_key=recovery, upload_minutes=minutes,
        proxies=proxies, second_factor=second, providers=providers, **running,
    )
