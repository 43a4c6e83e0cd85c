"""The outbox: what was mailed, and on a development site what it said."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Flask, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import login_required

from marketplace.access import require
from marketplace.alerts import access as _access  # noqa: F401 - registers its mails
from marketplace.alerts import account as _account  # noqa: F401 - registers its mails
from marketplace.alerts import agreements as _agreements  # noqa: F401 - registers its jobs
from marketplace.alerts import calls as _calls  # noqa: F401 - registers its mails
from marketplace.alerts import deals as _deals  # noqa: F401 - registers its mails
from marketplace.alerts import delivery, listing, operations
from marketplace.alerts import duties as _duties  # noqa: F401 - registers its mails
from marketplace.alerts import files as _files  # noqa: F401 - registers its mails
from marketplace.alerts import income as _income  # noqa: F401 - registers its jobs
from marketplace.alerts import learning as _learning  # noqa: F401 - registers its mail
from marketplace.alerts import money as _money  # noqa: F401 - registers its jobs
from marketplace.alerts import needs as _needs  # noqa: F401 - registers its mails
from marketplace.alerts import pools as _pools  # noqa: F401 - registers its mails
from marketplace.alerts import proposals as _proposals  # noqa: F401 - registers its mails
from marketplace.alerts import recovery as _recovery  # noqa: F401 - registers its mails
from marketplace.alerts import resources as _resources  # noqa: F401 - registers its mails
from marketplace.alerts import reviews as _reviews  # noqa: F401 - registers its mails
from marketplace.alerts import risk as _risk  # noqa: F401 - registers its mails
from marketplace.alerts import statements as _statements  # noqa: F401 - the import registers who writes about them
from marketplace.alerts import talk as _talk  # noqa: F401 - registers its mails
from marketplace.alerts import teams as _teams  # noqa: F401 - registers its mails
from marketplace.alerts import trail as _trail  # noqa: F401 - registers its mail
from marketplace.alerts.inbox import operations as inbox
from marketplace.alerts.subscriptions import noticing as _noticing  # noqa: F401 - registers its jobs
from marketplace.db import now
from marketplace.web import PAGE, actor, answer, limiter, page_number, see

blueprint = Blueprint("alerts", __name__)

STATE_WORDS = {
    "queued": _l("waits to be sent"), "kept": _l("kept here, no mail server is set"), "sent": _l("sent"),
    "refused": _l("refused by the mail server, or given up"), "bounced": _l("came back"),
}
TROUBLE_WORDS = _l("does not get through")


def prepare(app: Flask) -> None:
    """What mail needs to be written and sent: settings, templates, catalogues."""
    inbox.configure(app.config["SETTINGS"])
    operations.configure(app.config["SETTINGS"], Path(app.root_path, str(app.template_folder)), Path(app.config["TRANSLATIONS"]))


def _list(template: str, usual: str, **values: object) -> tuple[str, int]:
    """A page of mails by the filters of its address."""
    page, kinds = page_number(), operations.kinds()
    wanted = listing.asked(request.args, kinds, usual)
    rows = listing.listed(wanted, page, PAGE)
    return answer(
        template, mails=rows[:PAGE], page=page, more=len(rows) > PAGE, total=listing.count(wanted), wanted=wanted, args=wanted.arguments, usual=usual,
        kinds=kinds, states=(*STATE_WORDS, listing.TROUBLE), state_words={**STATE_WORDS, listing.TROUBLE: TROUBLE_WORDS, "all": _("all")}, **values,
    )


@blueprint.get("/dev/outbox")
def outbox() -> tuple[str, int]:
    """The mails, newest first."""
    operations.require_outbox(actor())
    return _list("alerts/outbox.html", "all", subject_of=operations.readable_subject)


@blueprint.post("/dev/outbox/find")
@limiter.limit("60 per hour")
def find_in_outbox() -> ResponseReturnValue:
    """The mails of the outbox to one address."""
    operations.require_outbox(actor())
    return _to_address("alerts.outbox")


@blueprint.post("/mail/find")
@login_required
@limiter.limit("60 per hour")
def find() -> ResponseReturnValue:
    """All mails to one address."""
    require(actor(), "mail.see")
    return _to_address("alerts.mails")


def _to_address(endpoint: str) -> ResponseReturnValue:
    """The list of mails to the address that was sent; it stands in no address of a page, for those are written into logs."""
    found = listing.mail_to(request.form.get("address", "")[:254])
    if not found:
        flash(_("No mail went to this address."))
        return see(endpoint)
    return see(endpoint, to=found, state="all")


@blueprint.get("/dev/outbox/<public_id>")
def mail(public_id: str) -> tuple[str, int]:
    """One mail."""
    found = operations.mail_of(actor(), public_id)
    return answer("alerts/mail.html", mail=found, subject=operations.readable_subject(found), body=operations.readable_body(found), state_words=STATE_WORDS)


@blueprint.get("/mail")
@login_required
def mails() -> ResponseReturnValue:
    """How mail gets through: counts by state, what fails and why, and what came in that nobody could read."""
    return _list(
        "alerts/mails.html", listing.TROUBLE, counts=delivery.counts(actor()), masked=delivery.masked, incoming=inbox.refused_lately(actor(), PAGE),
    )


@blueprint.post("/mail/<public_id>/<any(try_again, give_up):verb>")
@login_required
def step(public_id: str, verb: str) -> ResponseReturnValue:
    """Send a mail that failed once more, or stop trying."""
    {"try_again": delivery.try_again, "give_up": delivery.give_up}[verb](actor(), public_id, now())
    flash(_("It is tried again now.") if verb == "try_again" else _("It is not tried any more."))
    return see("alerts.mails")
