"""Forms of the catalogue: the technology, its offer beside the payment terms, and files."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    DateField,
    Field,
    FieldList,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Length, Optional, ValidationError

from marketplace.catalogue.classification import field_choices, industry_choices, industry_code, industry_name
from marketplace.catalogue.models import (
    ANNUAL_FEES,
    EVALUATION_REPORTS,
    EXCLUSIVITIES,
    KINDS,
    LEGAL_STATUSES,
    MODES,
    PATENT_KINDS,
    PLEDGES,
    VISIBILITIES,
    Technology,
)
from marketplace.catalogue.numbers import LONGEST
from marketplace.catalogue.operations import TEXTS
from marketplace.catalogue.teasers import LONGEST as LONGEST_TEASER
from marketplace.catalogue.words import (
    ANNUAL_FEE_WORDS,
    EVALUATION_REPORT_WORDS,
    EXCLUSIVITY_WORDS,
    KIND_WORDS,
    LEGAL_STATUS_WORDS,
    MODE_WORDS,
    PATENT_KIND_WORDS,
    PLEDGE_WORDS,
    TERRITORY_WORDS,
    TRL_WORDS,
    VISIBILITY_WORDS,
)
from marketplace.db import LANGUAGES
from marketplace.fields import number_in
from marketplace.web import Form, VersionedForm

LONG = 20_000
LINE = 300
MOST_MONTHS = 600
SEPARATORS = re.compile(r"[\n;；、]+|,\s|，")


def _line(label: Any, longest: int = LINE) -> StringField:
    return StringField(label, [Length(max=longest)])


def _area(label: Any, longest: int = LONG) -> TextAreaField:
    return TextAreaField(label, [Length(max=longest)])


def _choice(label: Any, codes: tuple[str, ...], words: dict[str, Any], none: Any = None) -> SelectField:
    known = [(code, words[code]) for code in codes]
    return SelectField(label, [Optional()], choices=[("", none), *known]) if none else SelectField(label, choices=known)


def listed(text: str | None) -> list[str]:
    """The entries of a list as people type it: one a line, or set apart by ; 、 or a comma and a space."""
    return [part for part in (piece.strip() for piece in SEPARATORS.split(text or "")) if part]


def _whole(form: Form, field: Field) -> None:
    if field.data and not 1 <= (number_in(field.data.strip()) or 0) <= MOST_MONTHS:
        raise ValidationError(gettext("Write a whole number of months from 1 to 600."))


class TechnologyForm(VersionedForm):
    """A technology in both languages, one of which is enough, and the offer around its payment terms."""

    organisation = SelectField(_l("Offered by"), [Optional()])
    kind = SelectField(_l("Kind of technology"), choices=[(code, KIND_WORDS[code]) for code in KINDS], default=KINDS[0])
    title_zh = _line(_l("Title in Chinese"))
    title_en = _line(_l("Title in English"))
    abstract_zh = _area(_l("What it is and how it works, in Chinese"))
    abstract_en = _area(_l("What it is and how it works, in English"))
    advantages_zh = _area(_l("What it does better, measured how, in Chinese"))
    advantages_en = _area(_l("What it does better, measured how, in English"))
    applications_zh = _area(_l("Where it can be used, in Chinese"))
    applications_en = _area(_l("Where it can be used, in English"))
    keywords_zh = _line(_l("Keywords in Chinese"), 1000)
    keywords_en = _line(_l("Keywords in English"), 1000)
    trl = SelectField(_l("Maturity"), [Optional()])
    field = SelectField(_l("Technology field"), [Optional()])
    industries = FieldList(
        SelectField(_l("Industry in which it can be used"), [Optional()]), min_entries=3, max_entries=10
    )
    application_number = _line(_l("Application number"), 2 * LONGEST)
    publication_number = _line(_l("Publication or patent number"), 2 * LONGEST)
    patent_kind = _choice(_l("Kind of patent"), PATENT_KINDS, PATENT_KIND_WORDS, _l("as the number says"))
    legal_status = _choice(_l("Legal status"), LEGAL_STATUSES, LEGAL_STATUS_WORDS, _l("not stated"))
    filed_on = DateField(_l("Filed on"), [Optional()])
    granted_on = DateField(_l("Granted on"), [Optional()])
    expires_on = DateField(_l("Valid until"), [Optional()])
    ipc = _area(_l("Patent classes (IPC)"), 2000)
    owners = _area(_l("Owners of the right"), 2000)
    inventors = _area(_l("Inventors"), 4000)
    visibility = _choice(_l("Who may read it"), VISIBILITIES, VISIBILITY_WORDS)
    teaser_zh = _area(_l("Teaser in Chinese"), LONGEST_TEASER)
    teaser_en = _area(_l("Teaser in English"), LONGEST_TEASER)
    nda_required = BooleanField(_l("A non-disclosure agreement is signed before access"))
    listed_until = DateField(_l("Listed until"), [Optional()])
    mode = _choice(_l("How it can be had"), MODES, MODE_WORDS, _l("no offer yet"))
    exclusivity = _choice(_l("Exclusivity"), EXCLUSIVITIES, EXCLUSIVITY_WORDS, _l("not stated: ordinary"))
    field_of_use_zh = _line(_l("Field of use, in Chinese"))
    field_of_use_en = _line(_l("Field of use, in English"))
    territory = _choice(_l("Territory"), tuple(TERRITORY_WORDS), TERRITORY_WORDS, _l("not stated"))
    term_months = StringField(_l("Term in months"), [Length(max=6), _whole])
    sublicensing = BooleanField(_l("The licensee may grant sub-licences"))
    annual_fee = _choice(_l("Annual fee"), ANNUAL_FEES, ANNUAL_FEE_WORDS, _l("not stated"))
    pledge = _choice(_l("Pledge on the patent"), PLEDGES, PLEDGE_WORDS, _l("not stated"))
    evaluation_report = _choice(_l("Evaluation report"), EVALUATION_REPORTS, EVALUATION_REPORT_WORDS, _l("not stated"))
    exclusive_in_force = BooleanField(_l("An exclusive or sole licence on the patent is in force"))

    @property
    def standing_said(self) -> bool:
        """Whether anything is said of the patent's standing, or found about it."""
        asked = (self.annual_fee, self.pledge, self.evaluation_report, self.exclusive_in_force)
        return any(field.data or getattr(field, "notes", None) for field in asked)

    def list_choices(self, organisations: list[Any], none: str, language: str) -> None:
        """Fill the lists that depend on who writes and in which language."""
        self.organisation.choices = [(one.public_id, one.called(language)) for one in organisations]
        self.field.choices = {none: [("", none)], **field_choices(language)}
        known = industry_choices(language)
        for entry in self.industries:
            own = (
                [(entry.data, f"{entry.data} {industry_name(entry.data, language)}")]
                if industry_code(entry.data or "")
                else []
            )
            entry.choices = [("", none), *(own if own and own[0] not in known else []), *known]
        self.trl.choices = [("", none), *((str(level), f"{level} · {words}") for level, words in TRL_WORDS.items())]

    def values(self, terms: dict[str, Any] | None) -> dict[str, Any]:
        """The fields as `create_technology` and `edit_technology` take them; the terms come from their own form."""
        plain = ("kind", "visibility", "nda_required", "filed_on", "granted_on", "expires_on", "listed_until")
        codes = ("patent_kind", "legal_status", "field", "application_number", "publication_number")
        return {
            **{name: self._both(name) for name in TEXTS},
            **{name: getattr(self, name).data for name in plain},
            **{name: (getattr(self, name).data or "").strip() or None for name in codes},
            **{name: listed(getattr(self, name).data) for name in ("ipc", "owners", "inventors")},
            "keywords": {
                code: words for code in LANGUAGES if (words := listed(getattr(self, f"keywords_{code}").data))
            },
            "industries": [code for code in self.industries.data if code],
            "trl": int(self.trl.data) if self.trl.data else None,
            "offer": self._offer(terms) if self.mode.data else None,
        }

    def _offer(self, terms: dict[str, Any] | None) -> dict[str, Any]:
        return {
            "mode": self.mode.data,
            "exclusivity": self.exclusivity.data or None,
            "field_of_use": self._both("field_of_use"),
            "territory": self.territory.data or None,
            "sublicensing": self.sublicensing.data,
            "terms": terms,
            "annual_fee": self.annual_fee.data or None,
            "pledge": self.pledge.data or None,
            "evaluation_report": self.evaluation_report.data or None,
            "exclusive_in_force": self.exclusive_in_force.data,
            "term_months": int(self.term_months.data) if (self.term_months.data or "").strip() else None,
        }

    def _both(self, name: str) -> dict[str, str]:
        texts = {code: (getattr(self, f"{name}_{code}").data or "").replace("\x00", "").strip() for code in LANGUAGES}
        return {code: text for code, text in texts.items() if text}

    @classmethod
    def of(cls, technology: Technology) -> TechnologyForm:
        """The form filled with a technology and its offer; a computed expiry stays blank, so that it goes on being
        computed."""
        same = (
            "kind",
            "industries",
            "application_number",
            "publication_number",
            "patent_kind",
            "legal_status",
            "filed_on",
            "granted_on",
            "visibility",
            "nda_required",
            "listed_until",
            "field",
        )
        data: dict[str, Any] = {name: getattr(technology, name) for name in same}
        for name in TEXTS:
            data |= {f"{name}_{code}": getattr(technology, name).get(code, "") for code in LANGUAGES}
        data |= {f"keywords_{code}": "; ".join(technology.keywords.get(code, [])) for code in LANGUAGES}
        data |= {name: "\n".join(getattr(technology, name)) for name in ("ipc", "owners", "inventors")}
        data |= {
            "trl": str(technology.trl or ""),
            "version": str(technology.version_id),
            "expires_on": None if technology.expiry_computed else technology.expires_on,
        }
        return cls(data=data | _offer_data(technology))


def _offer_data(technology: Technology) -> dict[str, Any]:
    offer = technology.offer
    if offer is None:
        return {}
    return {
        "mode": offer.mode,
        "exclusivity": offer.exclusivity or "",
        "territory": offer.territory or "",
        "term_months": str(offer.term_months or ""),
        "sublicensing": offer.sublicensing,
        "annual_fee": offer.annual_fee or "",
        "pledge": offer.pledge or "",
        "evaluation_report": offer.evaluation_report or "",
        "exclusive_in_force": offer.exclusive_in_force,
        **{f"field_of_use_{code}": offer.field_of_use.get(code, "") for code in LANGUAGES},
    }


class AttachmentForm(Form):
    """One file to put beside something."""

    file = FileField(_l("File"), [FileRequired(_l("Choose a file first."))])


class ListingFileForm(AttachmentForm):
    """One file to put beside a listing, whose pictures stand on its page."""

    shows_zh = StringField(_l("What the picture shows, in Chinese"), [Length(max=200)])
    shows_en = StringField(_l("What the picture shows, in English"), [Length(max=200)])

    @property
    def shows(self) -> dict[str, str]:
        """What is to be seen, by language."""
        return {"zh": self.shows_zh.data or "", "en": self.shows_en.data or ""}
