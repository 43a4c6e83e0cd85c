"""Static files with addresses of their content, ETags, answers for scripts, and tokens that stay secret in a compressed page."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_wtf import CSRFProtect, FlaskForm
from flask_wtf.csrf import generate_csrf

from marketplace.delivery import sheet

SHEET = "site.css"
OWN = "techbridge.css"
YEAR = 365 * 24 * 3600
MASK = "~"


def send_sheet(app: Flask) -> Response:
    """`/static/site.css`."""
    return Response(_sheet(*_places(app)), mimetype="text/css")


def whole(response: Response) -> Response:
    """A static file read at once, for they are small: what packs an answer piece by piece leaves its file open."""
    response.direct_passthrough = False
    with response:
        response.set_data(response.get_data())
    return response


def _places(app: Flask) -> tuple[Path, Path, int]:
    """Where templates and static files lie, and when our own sheet was changed last: who works on it need not start the site again."""
    static = Path(str(app.static_folder))
    return Path(app.root_path, str(app.template_folder)), static, (static / OWN).stat().st_mtime_ns


@cache
def _sheet(templates: Path, static: Path, _changed: int) -> str:
    own = (static / OWN).read_text(encoding="utf-8")
    texts = (path.read_text(encoding="utf-8") for path in chain(templates.rglob("*.html"), static.glob("*.js")))
    bootstrap = files("flask_bootstrap").joinpath("static/bootstrap5/css/bootstrap.min.css").read_text(encoding="utf-8")
    return sheet.licence(bootstrap) + sheet.subset(bootstrap, sheet.used(texts), own) + sheet.without_comments(own)


@cache
def _sheet_digest(templates: Path, static: Path, changed: int) -> str:
    return sha256(_sheet(templates, static, changed).encode()).hexdigest()[:12]


@cache
def _digest(path: Path, _changed: int) -> str:
    return sha256(path.read_bytes()).hexdigest()[:12]


def version(app: Flask, name: str) -> str | None:
    """A part of the hash of what a static file holds; None when there is no such file."""
    if name == SHEET:
        return _sheet_digest(*_places(app))
    path = Path(str(app.static_folder), name)
    return _digest(path, path.stat().st_mtime_ns) if path.is_file() else None


def keeping(app: Flask, found: bool) -> str:
    """How long a static file that was found may be kept: a year where its address names the version that it has, else for as long as it has not changed."""
    named = found and "v" in request.args and request.args["v"] == version(app, (request.view_args or {})["filename"])
    return f"public, max-age={YEAR}, immutable" if named else "no-cache"


def tell_unchanged(response: Response) -> None:
    """Give a page its ETag, so that who has it already is told so instead of being sent it again; the compression asks for it."""
    if request.method == "GET" and response.status_code == 200 and not response.is_streamed:
        response.add_etag()


def for_script(response: Response) -> Response:
    """Tell a script that asked for a part where it is sent, instead of sending it there: another page is opened as a page, not put into this one."""
    if "X-Part" in request.headers and response.status_code in (301, 302, 303, 307, 308):
        response.headers["X-Go"] = response.headers.pop("Location")
        response.status_code = 204
        response.set_data(b"")
        response.headers.pop("Content-Type")
    return response


def masked(token: str) -> str:
    """A token mixed with as many random bytes, so that nothing of it comes twice in the pages of a session, and they may be compressed."""
    pad = secrets.token_bytes(len(token))
    return MASK + urlsafe_b64encode(pad + bytes(a ^ b for a, b in zip(pad, token.encode(), strict=True))).decode().rstrip("=")


def unmasked(text: str | None) -> str | None:
    """The token of a masked one; what is no masked token comes back as it is, to be refused."""
    if not text or not text.startswith(MASK):
        return text
    try:
        mixed = urlsafe_b64decode(text[1:] + "=" * (-len(text[1:]) % 4))
        half = len(mixed) // 2
        return bytes(a ^ b for a, b in zip(mixed[:half], mixed[half:], strict=True)).decode("ascii")
    except ValueError:
        return text


def token() -> str:
    """The token of this request's forms, masked once: the forms of a page share it, and compress well."""
    if "masked_token" not in g:
        g.masked_token = masked(generate_csrf())
    return g.masked_token


class Protect(CSRFProtect):
    """Forgery protection whose tokens are masked."""

    def init_app(self, app: Flask) -> None:
        """Give templates the masked token under its old name."""
        super().init_app(app)
        app.jinja_env.globals["csrf_token"] = token
        app.context_processor(lambda: {"csrf_token": token})

    def _get_csrf_token(self) -> str | None:
        return unmasked(super()._get_csrf_token())


class FormToken(FlaskForm.Meta.csrf_class):  # type: ignore[misc, name-defined]
    """The hidden field of a form, with the masked token. What comes back `Protect` has looked at before any form does."""

    def generate_csrf_token(self, csrf_token_field: Any) -> str:
        """What stands in the field."""
        return token()


class Sessions(SecureCookieSessionInterface):
    """Sessions that static files have no part in: with `Vary: Cookie` a browser would fetch them anew after signing in."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the cookie, and say that the page hangs on it."""
        if request.endpoint != "static":
            super().save_session(app, session, response)


def prepare(app: Flask) -> None:
    """Static addresses name their version; scripts are told where to go on."""
    app.session_interface = Sessions()

    def versioned(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and "v" not in values and (found := version(app, values.get("filename", ""))):
            values["v"] = found

    app.url_defaults(versioned)
    app.after_request(for_script)
