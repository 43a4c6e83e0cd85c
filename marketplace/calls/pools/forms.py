"""Forms of pools: the pool and its text, a pledge, taking one back, motions, votes, an owner's confirmation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from marketplace.calls.pools.models import BASES, REASONS, Pledge, Pool
from marketplace.calls.pools.operations import TEXTS
from marketplace.calls.pools.rights import DATA
from marketplace.calls.pools.steering import DAYS, USUAL_DAYS
from marketplace.calls.pools.words import BASIS_WORDS, REASON_WORDS, VISIBILITY_WORDS
from marketplace.catalogue.classification import industry_choices
from marketplace.db import LANGUAGES
from marketplace.errors import N_, Refused
from marketplace.fields import ticks_of
from marketplace.people import regions
from marketplace.people.models import Organisation
from marketplace.people.words import ZONE_WORDS
from marketplace.people.zones import ZONES, moment_in
from marketplace.terms.figures import typed_minor
from marketplace.terms.payment import MINOR_UNITS, from_minor
from marketplace.web import Form, VersionedForm

NEEDED = DataRequired(_l("Please fill this in."))
LONG = 10_000
CURRENCIES = ("CNY", "USD", "EUR", "JPY", "KRW")


class TextForm(VersionedForm):
    """The common text: what all pledgers agree to."""

    title_zh = StringField(_l("Title in Chinese"), [Length(max=120)])
    title_en = StringField(_l("Title in English"), [Length(max=200)])
    brief_zh = TextAreaField(_l("The common need, in Chinese"), [Length(max=LONG)])
    brief_en = TextAreaField(_l("The common need, in English"), [Length(max=LONG)])
    acceptance_zh = TextAreaField(_l("How you will measure that it is solved, in Chinese"), [Length(max=LONG)])
    acceptance_en = TextAreaField(_l("How you will measure that it is solved, in English"), [Length(max=LONG)])
    rights = ticks_of(_l("Rights that the pledgers are to have"))

    def offer_rights(self, language: str) -> None:
        """Fill the list of rights in the reader's language."""
        self.rights.choices = [(row["code"], f"{row['name'][language]} – {row['says'][language]}") for row in DATA]

    def text(self) -> dict[str, Any]:
        """What was typed, as the operations take it."""
        found: dict[str, Any] = {
            name: {code: said for code in LANGUAGES if (said := (self[f"{name}_{code}"].data or "").strip())} for name in TEXTS
        }
        return {**found, "rights": [row["code"] for row in DATA if row["code"] in (self.rights.data or ())]}

    @staticmethod
    def of_text(pool: Pool) -> dict[str, Any]:
        """The fields with the text as it stands."""
        texts = {f"{name}_{code}": getattr(pool, name).get(code) for name in TEXTS for code in LANGUAGES}
        return {**texts, "rights": pool.rights, "version": str(pool.version_id)}


class PoolForm(TextForm):
    """A whole pool, while it is a draft."""

    organisation = SelectField(_l("Led by"))
    industry = SelectField(_l("Industry"), [Optional()])
    region = SelectField(_l("Region"), [Optional()])
    threshold = StringField(_l("Threshold"), [NEEDED, Length(max=40)])
    least = StringField(_l("Smallest pledge"), [NEEDED, Length(max=40)])
    currency = SelectField(_l("Currency"), choices=list(CURRENCIES))
    day = DateField(_l("Last day"), [DataRequired(_l("Choose a day."))])
    clock = TimeField(_l("Closes at"), [DataRequired(_l("Choose a time."))])
    zone = SelectField(_l("Time zone"), choices=[*((code, ZONE_WORDS[code]) for code in ZONES), ("", _l("another"))], default=ZONES[0])
    other_zone = StringField(_l("Another time zone"), [Length(max=40)])
    basis = RadioField(_l("Shares of the rights"), choices=[(code, BASIS_WORDS[code]) for code in BASES], default=BASES[0])
    visibility = SelectField(_l("Who may read it"), choices=list(VISIBILITY_WORDS.items()))

    def offer(self, organisations: Iterable[Organisation], language: str) -> None:
        """Fill the lists that depend on who writes and in which language."""
        self.organisation.choices = [(one.public_id, one.called(language)) for one in organisations]
        self.industry.choices = [("", _l("Choose")), *industry_choices(language)]
        self.region.choices = [("", _l("Choose")), *regions.choices(language)]
        self.offer_rights(language)

    def values(self, language: str) -> dict[str, Any]:
        """What was typed, as the operations take it. Raises `Refused`."""
        zone = (self.other_zone.data or "").strip() or self.zone.data or ""
        if zone not in available_timezones():
            raise Refused(N_("This time zone is not known. It should look like Europe/Berlin."), field="zone")
        amounts = {name: (typed_minor(self[name].data, self.currency.data, name) or 0) for name in ("threshold", "least")}
        return {
            **self.text(), **amounts, "currency": self.currency.data, "deadline": moment_in(zone, self.day.data, self.clock.data, "clock"), "zone": zone,
            "basis": self.basis.data, "visibility": self.visibility.data, "language": language, "industry": self.industry.data or None,
            "region": self.region.data or None,
        }

    @classmethod
    def of(cls, pool: Pool) -> PoolForm:
        """The form with what the pool is."""
        local, known = pool.deadline.astimezone(ZoneInfo(pool.zone)), pool.zone in ZONES
        amounts = {name: f"{from_minor(getattr(pool, name), pool.currency):f}" for name in ("threshold", "least")}
        return cls(data={
            **cls.of_text(pool), **amounts, "organisation": pool.organisation.public_id, "currency": pool.currency, "day": local.date(),
            "clock": local.time(), "zone": pool.zone if known else "", "other_zone": "" if known else pool.zone, "basis": pool.basis,
            "visibility": pool.visibility, "industry": pool.industry, "region": pool.region,
        })


class PledgeForm(Form):
    """An organisation's promise, to the text of `revision`."""

    revision = HiddenField()
    organisation = SelectField(_l("Pledged by"), validate_choice=False)
    amount = StringField(_l("Amount you pledge"), [NEEDED, Length(max=40)])
    currency = SelectField(_l("Currency"), choices=list(MINOR_UNITS))
    share = DecimalField(_l("Your share of the rights, in per cent"), [Optional(), NumberRange(0, 100)], places=None)
    named = BooleanField(_l("Everybody may read that we take part (never the amount)"))

    def millionths(self) -> int | None:
        """The stated share in millionths; a finer one is refused."""
        if self.share.data is None:
            return None
        share = Decimal(self.share.data) * 10_000
        if share != share.to_integral_value():
            raise Refused(N_("Type the share with four decimals at most."), field="share")
        return int(share)

    @classmethod
    def of(cls, pool: Pool, held: Pledge | None) -> PledgeForm:
        """The form with the pledge as it stands, for the text as it is now."""
        known: dict[str, Any] = {} if held is None else {
            "amount": f"{from_minor(held.amount, held.currency):f}", "share": Decimal(held.share) / 10_000 if held.share else None, "named": held.named,
            "organisation": held.organisation.public_id,
        }
        return cls(data={"revision": str(pool.revision), "currency": pool.currency, **known})


class LeaveForm(Form):
    """Taking a pledge back after the threshold: with the others' consent, or for a reason."""

    how = RadioField(
        _l("How"), [InputRequired(_l("Choose one of the two."))],
        choices=[("consent", _l("Ask the others: they vote on it")), ("reason", _l("For one of these reasons, at once"))],
    )
    reason = SelectField(_l("Reason"), default="", choices=[("", _l("Choose")), *((code, REASON_WORDS[code]) for code in REASONS)])
    text = TextAreaField(_l("In your words; the other pledgers read it"), [Length(max=2000)])


class _Put(Form):
    days = IntegerField(_l("Days to vote"), [InputRequired(_l("Please fill this in.")), NumberRange(*DAYS)], default=USUAL_DAYS)


class MotionForm(_Put):
    """A question to the pledgers."""

    text = TextAreaField(_l("What is to be decided"), [NEEDED, Length(max=2000)])
    options = TextAreaField(_l("Options, one a line"), [Length(max=3000)])

    def names(self) -> Sequence[str]:
        """The options as they were typed."""
        return (self.options.data or "").splitlines()


class TextMotionForm(TextForm, _Put):
    """A new common text, put to the vote."""

    text_why = TextAreaField(_l("Why"), [Length(max=2000)])


class VoteForm(Form):
    """One organisation's vote."""

    organisation = SelectField(_l("Vote of"), validate_choice=False)
    choice = RadioField(_l("Your vote"), [InputRequired(_l("Choose one of the options."))], choices=[])


class ConfirmForm(Form):
    """An owner's yes to the draft that was read; `digest` is that of what was shown."""

    digest = HiddenField()
    organisation = SelectField(_l("Confirmed by"), validate_choice=False)


def told_in(moment: datetime, zone: str) -> str:
    """A moment as its zone's clock shows it, the same in every language: 2026-12-01 18:00 (Asia/Shanghai, UTC+08:00)."""
    local = moment.astimezone(ZoneInfo(zone))
    offset = f"{local:%z}"
    return f"{local:%Y-%m-%d %H:%M} ({zone}, UTC{offset[:3]}:{offset[3:]})"
