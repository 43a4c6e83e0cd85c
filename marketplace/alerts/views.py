"""The outbox: what was mailed, and on a development site what it said."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Flask, flash
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import login_required

from marketplace.alerts import access as _access  # noqa: F401 - registers its mails
from marketplace.alerts import agreements as _agreements  # noqa: F401 - registers its jobs
from marketplace.alerts import calls as _calls  # noqa: F401 - registers its mails
from marketplace.alerts import deals as _deals  # noqa: F401 - registers its mails
from marketplace.alerts import delivery, operations
from marketplace.alerts import duties as _duties  # noqa: F401 - registers its mails
from marketplace.alerts import files as _files  # noqa: F401 - registers its mails
from marketplace.alerts import income as _income  # noqa: F401 - registers its jobs
from marketplace.alerts import learning as _learning  # noqa: F401 - registers its mail
from marketplace.alerts import money as _money  # noqa: F401 - registers its jobs
from marketplace.alerts import needs as _needs  # noqa: F401 - registers its mails
from marketplace.alerts import pools as _pools  # noqa: F401 - registers its mails
from marketplace.alerts import proposals as _proposals  # noqa: F401 - registers its mails
from marketplace.alerts import resources as _resources  # noqa: F401 - registers its mails
from marketplace.alerts import reviews as _reviews  # noqa: F401 - registers its mails
from marketplace.alerts import risk as _risk  # noqa: F401 - registers its mails
from marketplace.alerts import statements as _statements  # noqa: F401 - the import registers who writes about them
from marketplace.alerts import talk as _talk  # noqa: F401 - registers its mails
from marketplace.alerts import teams as _teams  # noqa: F401 - registers its mails
from marketplace.alerts.inbox import operations as inbox
from marketplace.alerts.subscriptions import noticing as _noticing  # noqa: F401 - registers its jobs
from marketplace.db import now
from marketplace.web import PAGE, actor, answer, page_number, see

blueprint = Blueprint("alerts", __name__)

STATE_WORDS = {
    "queued": _l("waits to be sent"), "kept": _l("kept here, no mail server is set"), "sent": _l("sent"),
    "refused": _l("refused by the mail server, or given up"), "bounced": _l("came back"),
}


def prepare(app: Flask) -> None:
    """What mail needs to be written and sent: settings, templates, catalogues."""
    inbox.configure(app.config["SETTINGS"])
    operations.configure(app.config["SETTINGS"], Path(app.root_path, str(app.template_folder)), Path(app.config["TRANSLATIONS"]))


@blueprint.get("/dev/outbox")
def outbox() -> tuple[str, int]:
    """The mails, newest first."""
    page = page_number()
    mails = operations.outbox(actor(), page, PAGE)
    return answer("alerts/outbox.html", mails=mails[:PAGE], page=page, more=len(mails) > PAGE, state_words=STATE_WORDS, subject_of=operations.readable_subject)


@blueprint.get("/dev/outbox/<public_id>")
def mail(public_id: str) -> tuple[str, int]:
    """One mail."""
    found = operations.mail_of(actor(), public_id)
    return answer("alerts/mail.html", mail=found, subject=operations.readable_subject(found), body=operations.readable_body(found), state_words=STATE_WORDS)


@blueprint.get("/mail")
@login_required
def mails() -> ResponseReturnValue:
    """How mail gets through: counts by state, what fails and why, and what came in that nobody could read."""
    page = page_number()
    rows = delivery.failing(actor(), page, PAGE)
    return answer(
        "alerts/mails.html", counts=delivery.counts(actor()), mails=rows[:PAGE], page=page, more=len(rows) > PAGE, state_words=STATE_WORDS,
        masked=delivery.masked, incoming=inbox.refused_lately(actor(), PAGE),
    )


@blueprint.post("/mail/<public_id>/<any(try_again, give_up):verb>")
@login_required
def step(public_id: str, verb: str) -> ResponseReturnValue:
    """Send a mail that failed once more, or stop trying."""
    {"try_again": delivery.try_again, "give_up": delivery.give_up}[verb](actor(), public_id, now())
    flash(_("It is tried again now.") if verb == "try_again" else _("It is not tried any more."))
    return see("alerts.mails")
