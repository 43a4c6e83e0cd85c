"""Pages of keys: who holds shares of a draft's key, the page of one holder, and the public key that receipts are signed with."""

from __future__ import annotations

from flask import Blueprint, Flask, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required
from markupsafe import Markup

from marketplace.access import require
from marketplace.calls import operations as calls
from marketplace.calls.sealing import operations, watching, words
from marketplace.calls.sealing.forms import HoldersForm, ShareForm
from marketplace.db import now
from marketplace.errors import Problem
from marketplace.web import actor, answer, limiter, see

blueprint = Blueprint("sealing", __name__)


def prepare(app: Flask) -> None:
    """Settings for the keys, and moments for the templates."""
    operations.configure(app.config["SETTINGS"])
    app.jinja_env.globals.update(moment_in=words.moment_in, exact_moment=words.exact, keys_part=keys_part)


def keys_part() -> Markup:
    """The calls with whose keys something is wrong, as a part of the operators' desk; nothing when all is well."""
    return Markup(render_template("calls/sealing/part_keys.html", keys=watching.troubled(actor()), trouble_words=words.TROUBLE_WORDS))


@blueprint.route("/open-calls/<public_id>/key-holders", methods=["GET", "POST"])
@login_required
def holders(public_id: str) -> ResponseReturnValue:
    """Say who holds shares of the key, while the call is a draft; afterwards look at who they are."""
    call = calls.by_public_id(actor(), public_id)
    require(actor(), "open_call.name_holders", call)
    named = operations.holders_of(call)
    shown = [{"name": one.name, "address": one.address, "public": operations.shown_public(one)} for one in named]
    form = HoldersForm(data={"holders": shown, "needed": call.key_holders}) if shown else HoldersForm()
    for _row in range(2 if request.method != "POST" and shown else 0):
        form.holders.append_entry()
    if form.ready():
        try:
            operations.name_holders(actor(), call, form.named(), form.needed.data or 0)
            flash(_("Saved."))
            return see("sealing.holders", public_id=public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("calls/sealing/holders.html", form, call=call, holders=named, lacking=operations.lacking(call))


@blueprint.route("/key-holders/<holder_id>", methods=["GET", "POST"])
@limiter.limit("60 per hour", methods=["POST"])
def share(holder_id: str) -> ResponseReturnValue:
    """The page of one holder, known by its link alone: the sealed share to open at home, and the place for what comes of it."""
    holder = operations.by_public_id(holder_id)
    form = ShareForm()
    if form.ready():
        try:
            operations.bring_share(actor(), holder, form.share.data or "")
            flash(_("Thank you: your share is here."))
            return see("sealing.share", holder_id=holder_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("calls/sealing/share.html", form, holder=holder, call=holder.call, over=now() > holder.call.deadline, lacking=operations.lacking(holder.call))


@blueprint.route("/receipts/key")
def receipt_key() -> ResponseReturnValue:
    """The public keys with which this site signs receipts and has signed them, for whoever holds one."""
    try:
        key = operations.site_key().public
    except operations.Shut:
        key = None
    return answer("calls/sealing/receipt_key.html", key=key, earlier=[one for one in operations.receipt_keys() if one.public != key])
