"""The outbox: what was mailed, and on a development site what it said."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Flask
from flask_babel import lazy_gettext as _l

from marketplace.alerts import agreements as _agreements  # noqa: F401 - registers its jobs
from marketplace.alerts import duties as _duties  # noqa: F401 - registers its mails
from marketplace.alerts import income as _income  # noqa: F401 - registers its jobs
from marketplace.alerts import money as _money  # noqa: F401 - registers its jobs
from marketplace.alerts import operations
from marketplace.alerts import risk as _risk  # noqa: F401 - registers its mails
from marketplace.alerts import statements as _statements  # noqa: F401 - the import registers who writes about them
from marketplace.alerts import talk as _talk  # noqa: F401 - registers its mails
from marketplace.web import PAGE, actor, answer, page_number

blueprint = Blueprint("alerts", __name__)

STATE_WORDS = {"queued": _l("waits to be sent"), "kept": _l("kept here, no mail server is set"), "sent": _l("sent")}


def prepare(app: Flask) -> None:
    """What mail needs to be written and sent: settings, templates, catalogues."""
    operations.configure(app.config["SETTINGS"], Path(app.root_path, str(app.template_folder)), Path(app.config["TRANSLATIONS"]))


@blueprint.get("/dev/outbox")
def outbox() -> tuple[str, int]:
    """The mails, newest first."""
    page = page_number()
    mails = operations.outbox(actor(), page, PAGE)
    return answer("alerts/outbox.html", mails=mails[:PAGE], page=page, more=len(mails) > PAGE, state_words=STATE_WORDS)


@blueprint.get("/dev/outbox/<public_id>")
def mail(public_id: str) -> tuple[str, int]:
    """One mail."""
    found = operations.mail_of(actor(), public_id)
    return answer("alerts/mail.html", mail=found, body=operations.readable_body(found), state_words=STATE_WORDS)
