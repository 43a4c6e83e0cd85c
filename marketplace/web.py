"""Everything between a request and an operation: the one commit point, languages, errors, forms, paging.

Return commits, raise rolls back: a POST that answers below 400 is committed, anything else leaves no trace, and a GET never writes, but for what is noted
in the log of what was opened. Every page lives under its language, `/zh/…` or `/en/…`. The errors of `errors` become pages here and nowhere else.
"""

from __future__ import annotations

import errno
import logging
import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import IO, Any, TypeVar
from urllib.parse import urlsplit

import flask
import wtforms
from flask import Flask, Request, Response, current_app, g, jsonify, redirect, render_template, request, stream_with_context, url_for
from flask_babel import Babel, format_date, format_decimal, get_locale, gettext, ngettext
from flask_compress import Compress
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import AnonymousUserMixin, current_user
from flask_wtf import FlaskForm
from sqlalchemy import Update
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, InternalError, OperationalError, SQLAlchemyError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import ClientDisconnected, HTTPException

from marketplace.access import VISITOR, Actor
from marketplace.arrival import FIRST_BYTE, Patient, Stamp
from marketplace.db import HOME, LANGUAGES, noting, session, to_write
from marketplace.delivery import headers
from marketplace.delivery import web as delivery
from marketplace.errors import N_, NotAllowed, NotFound, Problem, Refused, Several
from marketplace.fields import number_in
from marketplace.languages import LOCALES, TAGS, Tongue, best, texts_for
from marketplace.logs import ENDPOINT, ID, Logged
from marketplace.record import acting, kind_of

log = logging.getLogger(__name__)
Thing = TypeVar("Thing")

PAGE = 20
READING = ("GET", "HEAD", "OPTIONS")
SEALED_ENDPOINTS = {"proposals.hand_in"}
"""Where files come in that nobody may read, so that they never stand on the disk in the clear."""
SIGNING_OUT = {"people.sign_out"}
"""After which the browser is to forget what it saw."""
PATIENCE = 4  # times that are tried again; each waits as long as the database does
BROKE_OFF = N_("The upload broke off. Nothing of it was kept; please send it again.")

babel = Babel()
csrf = delivery.Protect()
compress = Compress()
limiter = Limiter(get_remote_address, default_limits=[])


class Arriving(Request):
    """A request whose files go where its view says, before anything of them is written anywhere.

    Werkzeug puts large files into a temporary one while it reads. Where `SEALED_ENDPOINTS` names the endpoint that must not happen: reading
    them before the view has set `into` is an error of ours, not a file on the disk.
    """

    into: Callable[[str], IO[bytes]] | None = None

    def _get_file_stream(
        self, total_content_length: int | None, content_type: str | None, filename: str | None = None, content_length: int | None = None
    ) -> IO[bytes]:
        if self.into is not None:
            return self.into(filename or "")
        if self.endpoint in SEALED_ENDPOINTS:
            raise RuntimeError("the files of this request were read before it was said where they go")
        return super()._get_file_stream(total_content_length, content_type, filename, content_length)


class Application(Flask):
    """Flask with the one commit point of the web."""

    request_class = Arriving
    guards: list[Callable[[], Response | None]]

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.guards = []  # asked before every view, in this order: where one answers, the view is not reached

    def send_static_file(self, filename: str) -> Response:
        """A file of the static folder, or the one style sheet of the pages, which is made of two."""
        return delivery.send_sheet(self) if filename == delivery.SHEET else delivery.whole(super().send_static_file(filename))

    def full_dispatch_request(self) -> Response:
        """Let a changing request take the write lock from its first statement on."""
        if request.method in READING:
            return super().full_dispatch_request()
        with to_write():
            return super().full_dispatch_request()

    def dispatch_request(self) -> Response:
        """Commit what a changing request did, before the answer leaves; roll back everything else.

        What was noted of the reading is written in any case; where that fails, nothing is handed out.
        """
        said = list(flask.session.get("_flashes", ())) if request.method == "POST" else []
        with noting() as notes:
            sent_elsewhere = next(filter(None, (guard() for guard in self.guards)), None)
            response = self.make_response(sent_elsewhere or super().dispatch_request())
        try:
            _end(request.method == "POST" and response.status_code < 400, notes)
        except Exception:
            response.close()
            if request.method == "POST":
                flask.session["_flashes"] = said  # what the view has said was done is not
            raise
        return response


def _end(changed: bool, notes: list[Any]) -> None:
    """End the transaction of a request, and write what is to be known of its reading."""
    if request.method in READING and not notes:
        return  # the session ends with the request, and what it read with it: rolled back here, all of it would be marked as stale first
    if not changed:
        session.rollback()
    if not changed and not notes:
        return
    with to_write():
        for one in notes:
            session.execute(one) if isinstance(one, Update) else session.add(one)
        who = actor()
        token = acting.set((kind_of(who), who.id))
        try:
            session.commit()
        finally:
            acting.reset(token)


def _in_figures(value: Any) -> Any:
    """A day or a figure as the language writes it; four figures may be a year."""
    if isinstance(value, date):
        return format_date(value, "long")
    return format_decimal(value) if isinstance(value, (int, Decimal)) and abs(value) >= 10_000 else value


def in_words(message: str, values: Mapping[str, Any]) -> str:
    """A message of an operation in the reader's language: days written out, large figures grouped, and for a message of `several` the form for its number."""
    told = {name: _in_figures(value) for name, value in values.items()}
    return ngettext(message, message.many, values[message.number], **told) if isinstance(message, Several) else gettext(message, **told)


class PlainForm(wtforms.Form):
    """A form without a token of its own: a row of another one, or what an address asks for. It refuses in the language of the page, too."""

    class Meta:
        """What is kept of the other forms."""

        get_translations = FlaskForm.Meta.get_translations


class Form(FlaskForm):
    """The base of our forms: one way to check and to show what an operation refused beside its field."""

    class Meta(FlaskForm.Meta):
        """How typed values come in, and which tokens go out."""

        csrf_class = delivery.FormToken

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """Without the character NUL, which no database keeps in a text."""
            found = super().wrap_formdata(form, formdata)
            if not isinstance(found, MultiDict) or not any("\x00" in value for _, value in found.items(multi=True) if isinstance(value, str)):
                return found
            return MultiDict((name, value.replace("\x00", "") if isinstance(value, str) else value) for name, value in found.items(multi=True))

    def ready(self) -> bool:
        """Whether this is a POST whose fields are all acceptable."""
        return self.validate_on_submit()

    def refuse(self, problem: Problem) -> None:
        """Put a refusal of an operation beside its field, or above the form; `also` in its values holds further ones."""
        values = dict(problem.values)
        for field, message in ((problem.field, problem.message), *values.pop("also", ())):
            text = in_words(message, values)
            target = self._fields.get(self._spoken(field or ""))
            if target is None:
                self.form_errors.append(text)
            else:
                target.errors = [*target.errors, text]

    def _spoken(self, name: str) -> str:
        """Where a refusal of a text in two languages stands: while both are empty, beside the field of the reader's language; the other is folded away."""
        own = f"{name.removesuffix('_zh')}_{language()}" if name.endswith("_zh") else name
        return own if own in self._fields and not self._fields[own].data and not self._fields[name].data else name


class VersionedForm(Form):
    """A form over something two people may edit: it carries the version it was opened with."""

    version = wtforms.HiddenField()

    def check_version(self, thing: Any) -> None:
        """Raise `StaleDataError` (409) when the thing was saved by somebody else since."""
        if self.version.data and self.version.data != str(thing.version_id):
            raise StaleDataError("opened with another version")


def arrived() -> datetime:
    """When the first byte of this request reached the server; see `arrival`."""
    return datetime.fromtimestamp(request.environ[FIRST_BYTE], UTC)


def receive(into: Callable[[str], IO[bytes]], longest: timedelta) -> None:
    """Read the whole of this request, each file into what `into` gives for its name, with no transaction open meanwhile; then ask for its forgery token.

    Raises `Refused` when it breaks off, or takes longer than `longest` from its first byte.
    """
    session.rollback()  # an upload may take minutes: it holds neither a lock nor a connection
    request.into = into
    body = request.environ["wsgi.input"] = Patient(request.environ["wsgi.input"], arrived() + longest, longest.total_seconds())
    try:
        request.form  # noqa: B018 - reading it is what is done here
    except (ClientDisconnected, OSError) as error:
        raise Refused(BROKE_OFF) from error
    if body.taken < (request.content_length or 0):
        raise Refused(BROKE_OFF)
    if current_app.config["WTF_CSRF_ENABLED"]:
        csrf.protect()


def patiently(work: Callable[[], Thing]) -> Thing:
    """Do what writes in a transaction that begins now, and again where the database was busy: for what has cost its sender minutes."""
    for _attempt in range(PATIENCE):
        session.rollback()  # what was read before is read anew, under the lock
        try:
            return work()
        except OperationalError:
            log.warning("the database is busy; trying again")
    session.rollback()
    return work()


def actor() -> Actor:
    """Whoever makes this request; the person himself, because a page of many rows asks thousands of times."""
    return current_user._get_current_object() if current_user.is_authenticated else VISITOR  # type: ignore[attr-defined]


def tongues() -> dict[str, Tongue]:
    """The languages that this site speaks, by their codes."""
    return current_app.extensions["tongues"]


def spoken() -> str:
    """The language that the pages of this request speak: the address decides, else the account, else the browser, else Chinese."""
    if getattr(g, "language", None):
        return g.language
    if current_user and current_user.is_authenticated:
        return tongue_of(current_user)
    return best(request.accept_languages.values(), tongues()) or "zh"


def language() -> str:
    """The language in which texts are shown on the pages of this request, Chinese or English: in a third language the account decides."""
    code = spoken()
    return current_user.language if code not in LANGUAGES and current_user and current_user.is_authenticated else texts_for(code)


def tongue_of(person: Any) -> str:
    """The language of pages that is kept with an account; that of its texts where the site no longer speaks it."""
    return person.tongue if person.tongue in tongues() else person.language


def _pull_language(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    g.language = values.pop("lang", None) if values else None


def _push_language(endpoint: str, values: dict[str, Any]) -> None:
    if "lang" not in values and current_app.url_map.is_endpoint_expecting(endpoint, "lang"):
        values["lang"] = spoken()


def site_address(path: str = "") -> str:
    """An address of this site as others know it, from its path."""
    return current_app.config["SETTINGS"].site + path


def here_in(other: str) -> str:
    """The address of the page at hand in another language."""
    if request.endpoint and current_app.url_map.is_endpoint_expecting(request.endpoint, "lang"):
        return url_for(request.endpoint, **{**(request.view_args or {}), **request.args.to_dict(flat=False), "lang": other})
    return url_for("matching.front", lang=other)


def safe_next(fallback: str) -> str:
    """Where to go on after signing in: only an address of this site, never another's."""
    target = request.values.get("next", "")
    parts = urlsplit(target)
    if target.startswith("/") and not target.startswith(("//", "/\\")) and not parts.netloc and "\\" not in target:
        return target
    return fallback


def answer(template: str, form: Form | None = None, **values: Any) -> tuple[str, int]:
    """Render a page; 422 when it shows a form that was refused, and its title says so first."""
    refused = form is not None and (form.errors or form.form_errors) and request.method == "POST"
    wrong = refused or (request.method == "POST" and any(value.errors for value in values.values() if isinstance(value, wtforms.form.BaseForm)))
    return render_template(template, form=form, is_refused=wrong, **values), 422 if refused else 200


def see(endpoint: str, **values: Any) -> Response:
    """303 to another page, after a change."""
    return redirect(url_for(endpoint, **values), 303)


def streamed(parts: Iterator[Any], media_type: str) -> Response:
    """An answer that is made while it is sent. The session, whose rows the parts read, is kept until the last of them has left."""
    g.streams = True
    response = Response(stream_with_context(parts), content_type=media_type)
    response.call_on_close(session.remove)
    return response


def page_number() -> int:
    """The page asked for, from 1; nonsense counts as 1."""
    return number_in(request.args.get("page"), 6) or 1


def error_page(status: int, title: str, message: str, **values: Any) -> tuple[str | Response, int]:
    """What failed, in words, with its status and the id of the request; for a programme as JSON. While the database is gone that is what failed."""
    try:
        return _error_page(status, title, message, **values)
    except DBAPIError as error:
        if status == 503:
            raise
        return _on_locked(error), 503


def _error_page(status: int, title: str, message: str, **values: Any) -> tuple[str | Response, int]:
    session.rollback()
    text, number = in_words(message, values), f"{status}-{request.environ.get(ID, '')}".strip("-")
    if request.accept_mimetypes.best == "application/json":
        return jsonify(error=text, id=number), status
    return render_template("error.html", status=status, number=number, title=gettext(title), message=text), status


def _stopped(title: str, message: str) -> Response:
    """503 with when to come again. It is shown as to a visitor: who is signed in stands in the database, which may be what is missing."""
    try:
        session.remove()
    except SQLAlchemyError:
        session.registry.clear()  # the connection broke, and cannot even be let go
    g._login_user = AnonymousUserMixin()
    response = current_app.make_response(error_page(503, title, message))
    response.headers["Retry-After"], response.headers["Cache-Control"] = str(COME_AGAIN), "no-store"
    return response


def _on_refused(error: Refused) -> tuple[str | Response, int]:
    return error_page(422, N_("This could not be done"), error.message, **error.values)


def _refused_to(what: str) -> None:
    """Note that somebody was turned away, for whoever looks for attempts: which page and whose account, nothing that was sent."""
    log.warning("turned away: %s on %s, person %s", what, request.endpoint, getattr(actor(), "public_id", "-"))


def _on_not_allowed(error: NotAllowed) -> tuple[str | Response, int]:
    _refused_to("not allowed")
    return error_page(403, N_("Not open to you"), error.message, **error.values)


def _on_not_found(error: NotFound) -> tuple[str | Response, int]:
    return error_page(404, N_("Page not found"), error.message, **error.values)


def _on_stale(_error: Exception) -> tuple[str | Response, int]:
    return error_page(
        409, N_("Somebody else saved this first"),
        N_("Another person changed this while you were editing. Nothing of yours was saved over theirs: go back, copy what you typed, "
           "reload the page and enter it again."),
    )


def _on_clash(error: IntegrityError) -> tuple[str | Response, int]:
    log.warning("a constraint refused: %s", type(error.orig).__name__)
    return error_page(
        409, N_("This is there already"),
        N_("What you sent clashes with something saved a moment ago, perhaps because the button was pressed twice. Nothing was saved: reload the "
           "page and look."),
    )


def _on_locked(error: DBAPIError) -> Response:
    said = str(error.orig).lower()
    if any(words in said for words in ("disk is full", "disk full", "no space left", "disk i/o error", "readonly", "read-only")):
        log.error("the database cannot write: its disk is full or read-only (%s)", type(error.orig).__name__)
        return _stopped(*NO_ROOM)
    log.error("database not available: %s", type(error.orig).__name__)
    return _stopped(N_("The database is busy"), N_("Nothing was saved. Please try again in a moment."))


def _on_disk(error: OSError) -> tuple[str | Response, int] | Response:
    """A file could not be written: for want of room the operator can do something, for everything else we."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO):
        return _on_bug(error)
    log.error("no file can be written: %s", error.strerror)
    return _stopped(*NO_ROOM)


NO_ROOM = (
    N_("Nothing can be saved at present"),
    N_("The site has no room to write. Nothing of what you sent was saved. You can go on reading; please send it later."),
)
COME_AGAIN = 30  # seconds
HTTP_WORDS = {
    400: (N_("This request was not understood"), N_("The form had expired or was incomplete. Reload the page and send it again.")),
    401: (N_("Not open to you"), N_("Sign in to do this.")),
    403: (N_("Not open to you"), N_("You may not do this.")),
    404: (N_("Page not found"), N_("There is no such page or it is not open to you.")),
    405: (N_("This request was not understood"), N_("This address does not take that kind of request.")),
    413: (
        N_("File too large"),
        N_("The file is larger than the %(limit)s MB that this site accepts. Nothing of it was kept. Send a smaller one, or parts of it."),
    ),
    429: (N_("Too many attempts"), N_("Please wait a few minutes and try again.")),
}


TURNED_AWAY = {400: "malformed or forged", 403: "not allowed", 413: "too large", 429: "too often"}
"""What is worth a line in the log beside pages that are not there."""


def _on_http(error: HTTPException) -> tuple[str | Response, int] | HTTPException:
    if error.code is None or error.code < 400:
        return error
    if error.code in TURNED_AWAY:
        _refused_to(TURNED_AWAY[error.code])
    title, message = HTTP_WORDS.get(error.code, (N_("This could not be done"), N_("Please go back and try again.")))
    return error_page(error.code, title, message, limit=current_app.config["MAX_CONTENT_LENGTH"] // (1024 * 1024))


def _on_bug(error: Exception) -> tuple[str | Response, int]:
    log.error("unhandled error on %s", request.endpoint, exc_info=error)
    return error_page(500, N_("Our mistake"), N_("Something went wrong here. Nothing was saved. We have logged it; please try again."))


def _headers(response: Response) -> Response:
    """Headers every answer carries, see `delivery.headers`, and how long it may be kept."""
    kept = response.headers.get("Content-Disposition", "").startswith("attachment")
    signed_out = request.endpoint in SIGNING_OUT and response.status_code < 400
    for name, value in headers.of(current_app.config["SETTINGS"].production, kept, signed_out).items():
        response.headers.setdefault(name, value)
    request.environ[ENDPOINT] = request.endpoint
    if request.endpoint == "static":
        response.headers["Cache-Control"] = delivery.keeping(current_app, response.status_code in (200, 206, 304))
    elif current_user and current_user.is_authenticated:
        response.headers["Cache-Control"] = "private, no-store"
    elif response.mimetype == "text/html":
        response.headers["Cache-Control"] = "private, no-cache"
        delivery.tell_unchanged(response)
    return response


def _context() -> Mapping[str, Any]:
    here = tongues()[spoken()]
    return {
        "actor": actor(), "tongue": here, "tongues": tongues(), "tag": here.tag, "here_in": here_in, "site_address": site_address,
        "locale": str(get_locale()), "language": language(), "other_language": "en" if language() == "zh" else "zh",
    }


def prepare(app: Flask) -> None:
    """Bind languages, forgery protection, limits, compression, errors and headers to the application."""
    proxies = app.config["SETTINGS"].proxies
    app.wsgi_app = Logged(Stamp(app.wsgi_app, proxies), proxies)  # type: ignore[method-assign]
    babel.init_app(
        app, locale_selector=lambda: LOCALES[spoken()], default_translation_directories=app.config["TRANSLATIONS"], default_timezone=HOME.key,
    )
    csrf.init_app(app)
    limiter.init_app(app)
    compress.init_app(app)
    delivery.prepare(app)
    app.url_value_preprocessor(_pull_language)
    app.url_defaults(_push_language)
    app.context_processor(_context)
    app.jinja_env.globals.update(TAGS=TAGS)
    app.after_request(_headers)
    app.teardown_appcontext(lambda _error: None if g.pop("streams", False) else session.remove())
    for kind, page in (
        (Refused, _on_refused), (NotAllowed, _on_not_allowed), (NotFound, _on_not_found), (StaleDataError, _on_stale),
        (IntegrityError, _on_clash), (OperationalError, _on_locked), (InterfaceError, _on_locked), (InternalError, _on_locked), (OSError, _on_disk),
        (HTTPException, _on_http), (Exception, _on_bug),
    ):
        app.register_error_handler(kind, page)


def new_token() -> str:
    """A random token for links in mail, 192 bits."""
    return secrets.token_urlsafe(24)
