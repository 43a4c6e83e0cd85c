"""Mail: written as a row with the change that caused it, in the reader's language, and handed to the server after the commit.

One job a happening (`reactions` says which) composes; one job a mail sends. Flask is not needed: the templates of
templates/mail are rendered by an environment of our own with the same catalogues, and links are built from the site's
address. A mail may leave twice when the worker dies between the server's answer and the commit; both carry one Message-ID.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from babel.support import Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from sqlalchemy import select

from marketplace.access import SYSTEM, Actor, require
from marketplace.alerts import delivery, letters, wording
from marketplace.alerts.models import Mail
from marketplace.config import Settings
from marketplace.db import LANGUAGES, new_public_id, now, session
from marketplace.errors import NotFound
from marketplace.jobs import handler
from marketplace.languages import LOCALES, TAGS, found, texts_for
from marketplace.people import operations as people
from marketplace.people import organisations
from marketplace.people.models import Invitation, JoinRequest, Organisation, Person
from marketplace.record import record

TIMEOUT = 20  # seconds for each answer of the mail server
SUBJECT = 200


@dataclass(frozen=True)
class Post:
    """What mail needs of the site: its settings, and the templates in each language."""

    settings: Settings
    templates: dict[str, Environment]


_post: list[Post] = []
_fillers: list[Callable[[str], str]] = []


def configure(settings: Settings, templates: Path, translations: Path) -> None:
    """Set the site's address and mail server, and where templates and catalogues lie; `create_app` does this by way of the pages."""
    _post[:] = [Post(settings, {language: _environment(templates, translations, language) for language in found(translations)})]


def fill_when_sent(filler: Callable[[str], str]) -> None:
    """Have a function put into the text of each mail, when it leaves, what may be kept in no row."""
    if filler not in _fillers:
        _fillers.append(filler)


def _filled(body: str) -> str:
    for filler in _fillers:
        body = filler(body)
    return body


def _environment(templates: Path, translations: Path, language: str) -> Environment:
    """An environment whose `_()` speaks the language; a value that a template misses is an error, not a gap in a mail."""
    environment = Environment(
        loader=FileSystemLoader(templates / "mail"), extensions=["jinja2.ext.i18n"], undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, autoescape=select_autoescape(default=False),
    )
    environment.install_gettext_translations(Translations.load(translations, [LOCALES[language]]), newstyle=True)  # type: ignore[attr-defined]
    environment.globals["language"] = language
    return environment


def _known(language: str) -> str:
    """A language that mail speaks: another's catalogue may have gone since it was kept."""
    return language if language in _post[0].templates else texts_for(language)


def tongue_of(person: Person) -> str:
    """The language of a person's mail."""
    return person.tongue if person.tongue in _post[0].templates else person.language


def _link(language: str, path: str) -> str:
    return f"{_post[0].settings.site}/{language}{path}"


@dataclass(frozen=True)
class Envelope:
    """What a mail carries besides its text; see `Mail`."""

    reply_to: str | None = None
    answers: str | None = None
    unsubscribe: str | None = None
    calendar: str | None = None


PLAIN = Envelope()


def _compose(
    template: str, address: str, language: str, person: Person | None = None, at: datetime | None = None, envelope: Envelope = PLAIN, **values: Any
) -> Mail:
    """Write a mail from templates/mail/<template>.txt, whose first line is the subject, and queue it."""
    post = _post[0]
    greeted, said = person.name if person else "", {name: wording.written(value, language) for name, value in values.items()}
    text = post.templates[language].get_template(f"{template}.txt").render(said, name=greeted, site=post.settings.site)
    subject, _, body = text.strip().partition("\n")
    public_id = new_public_id()
    mail = Mail(
        public_id=public_id, person_id=person.id if person else None, address=address, template=template, language=language,
        subject=" ".join(subject.split())[:SUBJECT], body=body.strip() + "\n",
        message_id=f"<{public_id}.{new_public_id()}@{urlsplit(post.settings.site).hostname}>", created=at or now(), **asdict(envelope),
    )
    session.add(mail)
    record(mail, "queued", SYSTEM, at)
    return mail


def to_person(template: str, person: Person, path: str, **values: Any) -> Mail:
    """Write to somebody who has an account, with a link to the page; days and `Sum`s among the values are written as his language does."""
    tongue = tongue_of(person)
    return _compose(template, person.address, tongue, person, link=_link(tongue, path), **values)


def to_address(template: str, address: str, path: str, language: str | None = None, **values: Any) -> Mail:
    """Write to an address that may have an account or not, with a link; organisations are named in the language of the mail.

    That is the one given, else the account's, else the site's first.
    """
    person = people.by_address(address)
    language = _known(language) if language else tongue_of(person) if person else LANGUAGES[0]
    said = {name: value.called(texts_for(language)) if isinstance(value, Organisation) else value for name, value in values.items()}
    return _compose(template, address, language, person, link=_link(language, path), **said)


def _to_owners(template: str, organisation: Organisation, path: str, **values: Any) -> None:
    for owner in organisations.owners(organisation):
        to_person(template, owner, path, organisation=organisation.called(owner.language), **values)


@handler("alerts.confirm_address")
def confirm_address(thing_id: int) -> None:
    """Ask a person to prove the address of the account; where the address has another account, its owner is told of both instead."""
    person = session.get_one(Person, thing_id)
    if people.is_beside(person):
        to_address("account_known", person.address, "/sign-in")
    elif person.is_active and person.confirmed is None:
        to_person("confirm_address", person, f"/confirm/{people.confirmation_token(person, person.address)}")


@handler("alerts.reset_password")
def reset_password(thing_id: int) -> None:
    """Send the link that sets a new password."""
    person = session.get_one(Person, thing_id)
    if person.is_active:
        to_person("reset_password", person, f"/reset/{people.reset_token(person)}")


@handler("alerts.change_address")
def change_address(thing_id: int) -> None:
    """Send the link to the new address, and a note to the old one."""
    person = session.get_one(Person, thing_id)
    if person.is_active and person.new_address is not None:
        tongue = tongue_of(person)
        if people.by_address(person.new_address) is not None:
            to_address("account_known", person.new_address, "/sign-in")
        else:
            link = _link(tongue, f"/confirm/{people.confirmation_token(person, person.new_address)}")
            _compose("change_address", person.new_address, tongue, person, link=link)
        to_person("change_address_notice", person, "/settings/password")


@handler("alerts.invite")
def invite(thing_id: int) -> None:
    """Send an invitation to its address."""
    invitation = session.get_one(Invitation, thing_id)
    if invitation.state == "open":
        language = _known(invitation.language)
        link = _link(language, f"/invitations/{organisations.invitation_token(invitation)}")
        _compose(
            "invite", invitation.address_key, language, people.by_address(invitation.address_key), link=link,
            organisation=invitation.organisation.called(texts_for(language)),
        )


@handler("alerts.join_request")
def join_request(thing_id: int) -> None:
    """Tell the owners that somebody asks to join."""
    asked = session.get_one(JoinRequest, thing_id)
    if asked.state == "asked":
        _to_owners("join_request", asked.organisation, f"/organisations/{asked.organisation.public_id}/members", asking=asked.person.name)


@handler("alerts.join_answered")
def join_answered(thing_id: int) -> None:
    """Tell whoever asked to join what the owners answered."""
    asked = session.get_one(JoinRequest, thing_id)
    person = asked.person
    if person.is_active:
        to_person(
            "join_answered", person, f"/organisations/{asked.organisation.public_id}", accepted=asked.state == "accepted",
            organisation=asked.organisation.called(person.language),
        )


@handler("alerts.organisation_verified")
def organisation_verified(thing_id: int) -> None:
    """Tell the owners that their organisation has its badge."""
    organisation = session.get_one(Organisation, thing_id)
    _to_owners("organisation_verified", organisation, f"/organisations/{organisation.public_id}")


@handler("alerts.organisation_refused")
def organisation_refused(thing_id: int) -> None:
    """Tell the owners why their organisation has no badge."""
    organisation = session.get_one(Organisation, thing_id)
    _to_owners(
        "organisation_refused", organisation, f"/organisations/{organisation.public_id}/verification", reason=organisation.answer or ""
    )


@handler("alerts.send")
def send(thing_id: int) -> Iterator[None]:
    """Hand a mail to the server; without one it is kept, to be read in the outbox. Its text is emptied once it has left.

    A failure is kept with the mail and ends no job: its traceback would carry the address into the log.
    """
    mail = session.get_one(Mail, thing_id)
    settings = _post[0].settings
    if mail.state != "queued":
        return
    if settings.smtp is None:
        mail.state = "kept"
        return
    message = _message(mail, settings.sender)
    mail.attempts, mail.tried = mail.attempts + 1, now()
    yield  # the runner commits here, so that no lock of the database is held while the mail server answers
    try:
        _deliver(message, settings.smtp)
    except (smtplib.SMTPException, OSError) as failure:
        delivery.failed(mail, failure, now())
    else:
        mail.state, mail.body, mail.sent, mail.error = "sent", "", now(), None


def _message(mail: Mail, sender: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = sender, mail.address, mail.subject
    message["Date"], message["Message-ID"] = mail.created, mail.message_id
    message["Content-Language"], message["Auto-Submitted"] = TAGS[_known(mail.language)], "auto-generated"
    body = _filled(mail.body)
    message.set_content(letters.flowed(body), cte="base64", params={"format": "flowed", "delsp": "yes"})
    message.add_alternative(_page(mail, body), subtype="html", cte="base64")
    for name, value in (("Reply-To", mail.reply_to), ("In-Reply-To", mail.answers), ("References", mail.answers)):
        if value:
            message[name] = value
    if mail.unsubscribe:
        message["List-Unsubscribe"] = f"<{_link(_known(mail.language), mail.unsubscribe)}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if mail.calendar:
        method = mail.calendar.partition("METHOD:")[2].split("\r\n", 1)[0].strip() or "PUBLISH"
        message.add_alternative(mail.calendar, subtype="calendar", params={"method": method}, cte="base64")
    return message


def _page(mail: Mail, body: str) -> str:
    """The text as a page, to be read by day and by night."""
    post, tongue = _post[0], _known(mail.language)
    parts = letters.blocks(body, tongue, post.settings.site)
    return post.templates[tongue].get_template("page.html").render(
        subject=mail.subject, blocks=parts, tag=TAGS[tongue], tags=TAGS, line_break=Markup("<br>\n"),
    )


def _deliver(message: EmailMessage, address: str) -> None:
    """Speak to the server of `smtp://user:password@host:port` or `smtps://…`: TLS whenever it offers it, and never a password
    without; `?starttls=required` refuses a server that does not offer it."""
    parts, context = urlsplit(address), ssl.create_default_context()
    host, asked = parts.hostname or "", parse_qs(parts.query).get("starttls") == ["required"]
    secure = parts.scheme == "smtps"
    server = smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT, context=context) if secure else smtplib.SMTP(
        host, parts.port or 587, timeout=TIMEOUT)
    with server:
        server.ehlo()
        if not secure and (asked or parts.username or server.has_extn("starttls")):
            server.starttls(context=context)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)


def require_outbox(actor: Actor) -> None:
    """The outbox is open to everybody on a development site, where it stands for the mailboxes, else to operators."""
    if _post[0].settings.production:
        require(actor, "operations.see")


def kinds() -> list[str]:
    """The kinds of mail there are: the names of their templates."""
    named = _post[0].templates["en"].list_templates(extensions=["txt"])
    return sorted(name.removesuffix(".txt") for name in named)


def mail_of(actor: Actor, public_id: str) -> Mail:
    """One mail of the outbox."""
    require_outbox(actor)
    mail = session.scalar(select(Mail).where(Mail.public_id == public_id))
    if mail is None:
        raise NotFound()
    return mail


def readable_subject(mail: Mail) -> str:
    """The subject of a mail for the outbox; on a production site only what kind of mail it is, because a subject may name what is its reader's alone."""
    return mail.template if _post[0].settings.production else mail.subject


def readable_body(mail: Mail) -> str | None:
    """The text of a mail for the outbox; None on a production site, because its links open other people's accounts."""
    return None if _post[0].settings.production else _filled(mail.body)
