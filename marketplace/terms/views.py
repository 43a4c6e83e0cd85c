"""The words of terms while they are typed, and what templates need to show terms in words and findings beside their fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from flask import Blueprint, Flask, jsonify, request
from flask_babel import get_locale, gettext
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import Form

from marketplace.db import session, to_read
from marketplace.errors import N_
from marketplace.languages import texts_for
from marketplace.people.models import Organisation
from marketplace.terms import checklist
from marketplace.terms.checks import TEXTS, Finding, OfferFacts, standing_facts
from marketplace.terms.figures import typed_day, typed_whole
from marketplace.terms.forms import ZONE, TermsForm
from marketplace.terms.payment import Terms, parse
from marketplace.terms.words import form_name, glance, sentence

LANGUAGES = ("zh", "en")
NOTHING_AGREED = {"zh": "还没有约定付款条件。", "en": "No payment terms are agreed yet."}

SEVERITY_WORDS = {"refuse": N_("Must be changed"), "warn": N_("Warning"), "inform": N_("Note")}
SEVERITY_ICONS = {"refuse": "×", "warn": "!", "inform": "i"}

blueprint = Blueprint("terms", __name__)


def prepare(app: Flask) -> None:
    """The checks in force, and the words of their severities for templates."""
    checklist.configure(app.config["SETTINGS"])
    app.jinja_env.globals.update(severity_words=SEVERITY_WORDS, severity_icons=SEVERITY_ICONS)


@blueprint.post("/terms/words")
def words() -> Response:
    """What the typed terms say in both languages, or what is wrong with them and what the checks say, beside which field.

    Open to everybody and kept nowhere, so the forgery check of the application's header is the only one.
    """
    form = TermsForm(meta={"csrf": False}, agreement="terms-effective" in request.form)
    lang = texts_for(get_locale().language)
    read = form.validate()
    found = [_said(finding, form, lang) for finding in typed_findings(form.terms)]
    return jsonify(
        **(in_words(form.terms) if read else {"zh": "", "en": "", "glance": None}),
        errors=dict(form.problems()),
        findings=found,
        notes=_by_field(form, found),
    )


def in_words(terms: Terms | None) -> dict[str, Any]:
    """Full sentences in both languages, and the card's label and short sentence in both; of no terms, that there are none."""
    if terms is None:
        return {**NOTHING_AGREED, "glance": None}
    said: dict[str, Any] = {lang: sentence(terms, lang) for lang in LANGUAGES}
    said["glance"] = {lang: dict(zip(("label", "text"), glance(terms, lang), strict=True)) for lang in LANGUAGES}
    return said


def typed_findings(terms: Terms | None, organisation: str | None = None) -> list[Finding]:
    """What the checks say of the offer as it is typed in the form around the terms, made by this organisation or the one
    that the form names."""
    return checklist.check(_facts(request.form, organisation or request.values.get("organisation")), terms)


def note(findings: Iterable[Finding], terms: TermsForm, around: Form, lang: str) -> list[dict[str, Any]]:
    """Put each finding, and what may be a slip, beside the fields that it concerns, as `notes` of the field; and give the
    findings in the words of a language for the summary."""
    found = [_said(finding, terms, lang) for finding in findings]
    notes = _by_field(terms, found)
    rows = (entry.form for name in terms.data for entry in getattr(terms[name], "entries", ()))
    for form in (terms, around, *rows):
        for field in form:
            field.notes = notes.get(field.name, [])
    return found


def _by_field(form: TermsForm, found: Iterable[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    notes: dict[str, list[dict[str, Any]]] = {}
    for name, text in form.hints():
        notes.setdefault(name, []).append({"severity": "inform", "message": text, "source": "", "unverified": False})
    for said in found:
        for name in said["fields"]:
            notes.setdefault(name, []).append({key: said[key] for key in ("severity", "message", "source", "unverified")})
    return notes


def _facts(typed: Mapping[str, str], organisation: str | None) -> OfferFacts:
    """What the form around the terms tells of the offer; what is not asked there is not known."""
    months = typed_whole(typed.get("term_months", ""))
    names = (f"{name}_{lang}" for name in TEXTS for lang in LANGUAGES)
    return OfferFacts(
        starts_on=datetime.now(UTC).astimezone(ZONE).date(),
        region=_region(organisation),
        mode=typed.get("mode", "licence"),
        exclusivity=typed.get("exclusivity"),
        technology_kind=typed.get("kind"),
        patent_kind=typed.get("patent_kind"),
        legal_status=typed.get("legal_status"),
        expires_on=_day(typed.get("expires_on", "")),
        term_months=months if isinstance(months, int) else None,
        texts={name: typed[name] for name in names if typed.get(name)},
        **standing_facts(typed),
    )


def _region(organisation: str | None) -> str | None:
    """The region of the organisation that offers; read without the write lock that a POST takes."""
    if not organisation:
        return None
    with to_read():
        return session.scalar(select(Organisation.region).where(Organisation.public_id == organisation))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(typed_day(text))
    except ValueError:
        return None


def _said(finding: Finding, form: TermsForm, lang: str) -> dict[str, Any]:
    return {
        "code": finding.code, "severity": finding.severity, "unverified": finding.unverified,
        "message": finding.message[lang], "source": finding.source[lang],
        "severity_words": gettext(SEVERITY_WORDS[finding.severity]),
        "fields": list(dict.fromkeys(_fields(finding.places, form, lang))),
    }


def _fields(places: Iterable[str], form: TermsForm, lang: str) -> Iterator[str]:
    """The names of the fields in which a finding stands; a text of both languages is where the reader reads."""
    for place in places:
        try:
            yield form.field_at(place).name
        except (KeyError, IndexError):
            yield f"{place}_{lang}" if place in TEXTS else place


def _read(terms: Terms | dict[str, Any]) -> Terms:
    """Terms as templates have them: read already, or as an offer or an agreement keeps them."""
    return terms if isinstance(terms, Terms) else parse(terms, template="effective" not in terms)


@blueprint.app_template_global()
def terms_glance(terms: Terms | dict[str, Any], lang: str) -> tuple[str, str]:
    """The label and the short sentence of a result card."""
    return glance(_read(terms), lang)


@blueprint.app_template_global()
def terms_sentence(terms: Terms | dict[str, Any], lang: str) -> str:
    """The terms in full sentences."""
    return sentence(_read(terms), lang)


@blueprint.app_template_global()
def payment_form_name(code: str, lang: str) -> str:
    """The name of a form of payment."""
    return form_name(code, lang)
