"""Pages of personal data: what is kept and why, for everybody; one's own copy; erasure by oneself and by an operator."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Flask, flash, render_template, send_file, session
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_login import login_required, logout_user

from marketplace.access import require
from marketplace.db import LANGUAGES, now
from marketplace.errors import Refused
from marketplace.languages import LOCALES
from marketplace.people.operations import acting_person
from marketplace.privacy import operations
from marketplace.privacy.forms import EraseForForm, EraseForm
from marketplace.privacy.kinds import KINDS
from marketplace.privacy.words import GROUND_WORDS, KEPT_WORDS, KIND_WORDS, LEFT_WORDS
from marketplace.web import actor, answer, limiter, see, site_address

blueprint = Blueprint("privacy", __name__)

WORDS = {"kind_words": KIND_WORDS, "ground_words": GROUND_WORDS, "kept_words": KEPT_WORDS, "left_words": LEFT_WORDS}


def prepare(_app: Flask) -> None:
    """Nothing to be prepared: the foot of every page has the link."""


@blueprint.get("/privacy")
def show() -> ResponseReturnValue:
    """What is kept about people, on what ground, for how long, and what they can ask for."""
    return render_template("privacy/show.html", kinds=KINDS, **WORDS)


@blueprint.get("/settings/data")
@login_required
def own() -> ResponseReturnValue:
    """My data: load the copy down, erase the account."""
    return render_template("privacy/own.html", kinds=KINDS, **WORDS)


@blueprint.get("/settings/data.zip")
@login_required
@limiter.limit("10 per hour")
def copy() -> ResponseReturnValue:
    """The person's copy: data.json for programmes, data.txt for people, labels in both languages."""
    person = acting_person(actor())
    found = list(operations.copy_of(actor(), person))
    whole = {kind.code: {"label": _in_both(KIND_WORDS[kind.code]), "ground": kind.ground, "tables": tables} for kind, tables in found}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", json.dumps({"site": site_address(), "made": now().isoformat(), "kinds": whole}, ensure_ascii=False, indent=1))
        archive.writestr("data.txt", "\ufeff" + "\n".join(_lines(found)))
    made.seek(0)
    return send_file(made, mimetype="application/zip", as_attachment=True, download_name=f"techbridge-{person.public_id}.zip", max_age=0)


def _in_both(words: Any) -> dict[str, str]:
    """A label in both languages of texts."""
    found = {}
    for language in LANGUAGES:
        with force_locale(LOCALES[language]):
            found[language] = str(words)
    return found


def _lines(found: list[Any]) -> Iterator[str]:
    for kind, tables in found:
        for words in (KIND_WORDS[kind.code], GROUND_WORDS[kind.ground], KEPT_WORDS[kind.code]):
            yield " / ".join(_in_both(words).values())
        for table, rows in tables.items():
            for row in rows:
                yield f"  [{table}]"
                yield from (f"    {name}: {json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value}" for name, value in row.items())
        yield ""


@blueprint.route("/settings/erase", methods=["GET", "POST"])
@login_required
@limiter.limit("10 per hour", methods=["POST"])
def erase() -> ResponseReturnValue:
    """Erase one's own account, and be signed out."""
    form = EraseForm()
    if form.ready():
        try:
            operations.erase_own(actor(), acting_person(actor()), form.password.data)
            logout_user()
            session.clear()
            flash(_("Your account is erased."))
            return see("privacy.show")
        except Refused as problem:
            form.refuse(problem)
    return answer("privacy/erase.html", form, kinds=KINDS, **WORDS)


@blueprint.route("/operations/erasures", methods=["GET", "POST"])
def erase_for() -> ResponseReturnValue:
    """An operator erases the account of somebody who asked for it."""
    require(actor(), "operations.see")
    form = EraseForForm()
    if form.ready():
        try:
            operations.erase_for(actor(), form.address.data)
            flash(_("The account is erased."))
            return see("privacy.erase_for")
        except Refused as problem:
            form.refuse(problem)
    return answer("privacy/erase_for.html", form)
