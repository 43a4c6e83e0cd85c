"""The words of terms while they are typed, and what templates need to show terms in words."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, jsonify, request
from flask_babel import get_locale
from werkzeug.wrappers import Response

from marketplace.terms.checks import Finding, OfferFacts, check
from marketplace.terms.forms import TermsForm, typed_whole
from marketplace.terms.payment import Terms, parse
from marketplace.terms.words import form_name, glance, sentence

LANGUAGES = ("zh", "en")

blueprint = Blueprint("terms", __name__)


@blueprint.post("/terms/words")
def words() -> Response:
    """What the typed terms say in both languages, or what is wrong with them beside which field.

    Open to everybody and kept nowhere, so the forgery check of the application's header is the only one.
    """
    form = TermsForm(meta={"csrf": False})
    read = form.validate()
    lang = get_locale().language
    findings = check(_facts(), form.terms) if read else []
    return jsonify(
        **(in_words(form.terms) if read else {"zh": "", "en": "", "glance": None}),
        errors=dict(form.problems()),
        findings=[_said(finding, lang) for finding in findings],
    )


def in_words(terms: Terms) -> dict[str, Any]:
    """Full sentences in both languages, and the card's label and short sentence in both."""
    said: dict[str, Any] = {lang: sentence(terms, lang) for lang in LANGUAGES}
    said["glance"] = {lang: dict(zip(("label", "text"), glance(terms, lang), strict=True)) for lang in LANGUAGES}
    return said


def _facts() -> OfferFacts:
    """What the form around the terms tells of the offer while it is typed; the rest is checked when it is saved."""
    months = typed_whole(request.form.get("term_months", ""))
    return OfferFacts(
        starts_on=datetime.now(UTC).astimezone(ZoneInfo("Asia/Shanghai")).date(),
        mode=request.form.get("mode", "licence"),
        exclusivity=request.form.get("exclusivity"),
        term_months=months if isinstance(months, int) else None,
    )


def _said(finding: Finding, lang: str) -> dict[str, Any]:
    return {**asdict(finding), "message": finding.message[lang], "source": finding.source[lang]}


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
