"""Forms of money: a payment, its answer, how an organisation bills, a bank statement, why an invoice is cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import available_timezones

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, DateField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional, Regexp, ValidationError

from marketplace.db import new_public_id
from marketplace.licensing.billing.models import BillingProfile
from marketplace.terms.figures import typed_minor
from marketplace.terms.payment import MINOR_UNITS
from marketplace.web import Form, VersionedForm

NEEDED = DataRequired(_l("Please fill this in."))


class PaymentForm(Form):
    """Money that has moved."""

    key = HiddenField()
    amount = StringField(_l("Amount paid"), [NEEDED, Length(max=40)])
    day = DateField(_l("Day of payment"), [NEEDED])
    reference = StringField(_l("Reference given to the bank"), [Length(max=300)])
    obligation = SelectField(_l("Paid for"), [Optional()])
    interest = StringField(_l("Of it for late interest"), [Length(max=40)])
    transaction = StringField(_l("The bank's number of the transfer"), [Length(max=80)])
    again = BooleanField(_l("This is another payment of the same amount on the same day"))
    file = FileField(_l("Proof of payment"))

    @classmethod
    def blank(cls, **data: Any) -> PaymentForm:
        """An empty form under a key of its own."""
        return cls(data={"key": new_public_id(), **data})

    def values(self, currency: str) -> dict[str, Any]:
        """The fields as `report_payment` takes them; amounts in minor units."""
        return {
            "amount": typed_minor(self.amount.data, currency, "amount") or 0, "interest": typed_minor(self.interest.data, currency, "interest") or 0,
            "day": self.day.data, "reference": self.reference.data, "transaction": (self.transaction.data or "").strip() or None,
            "obligation_key": self.obligation.data or None, "again": self.again.data,
        }

    def offer_obligations(self, choices: Sequence[tuple[str, Any]], none: Any) -> PaymentForm:
        """Fill the list of what may be paid for; without a choice the oldest is paid first."""
        self.obligation.choices = [("", none), *choices]
        return self


class ReasonForm(Form):
    """Why something is cancelled, rejected or taken back."""

    reason = TextAreaField(_l("Reason"), [NEEDED, Length(max=1000)])


class TaxNumberForm(Form):
    """The number of a tax invoice."""

    number = StringField(
        _l("Number of the tax invoice"), [NEEDED, Length(max=40), Regexp(r"^[0-9A-Za-z \-]+$", message=_l("Digits, letters and hyphens only."))]
    )


class BankForm(Form):
    """A bank statement."""

    file = FileField(_l("Bank statement"), [FileRequired(_l("Choose a file first."))])
    currency = SelectField(_l("Currency where the file names none"), choices=list(MINOR_UNITS))


class ProfileForm(VersionedForm):
    """How an organisation bills and is billed."""

    address_zh = StringField(_l("Address on invoices, in Chinese"), [Length(max=200)])
    address_en = StringField(_l("Address on invoices, in English"), [Length(max=200)])
    account_name = StringField(_l("Account holder"), [Length(max=120)])
    bank = StringField(_l("Bank and branch"), [Length(max=120)])
    account = StringField(_l("Account number"), [Length(max=40)])
    tax_note_zh = StringField(_l("What invoices say of tax, in Chinese"), [Length(max=300)])
    tax_note_en = StringField(_l("What invoices say of tax, in English"), [Length(max=300)])
    zone = StringField(_l("Time zone of the numbering"), [NEEDED, Length(max=40)])
    automatic = BooleanField(_l("Issue invoices by themselves when something becomes owed"))

    @classmethod
    def of(cls, profile: BillingProfile) -> ProfileForm:
        """The form filled with what is kept."""
        data = {name: getattr(profile, name) for name in ("account_name", "bank", "account", "zone", "automatic")}
        texts = {f"{name}_{code}": getattr(profile, name).get(code) for name in ("address", "tax_note") for code in ("zh", "en")}
        return cls(data={**data, **texts, "version": str(profile.version_id or "")})

    def validate_zone(self, field: Any) -> None:
        """A zone of the database of time zones."""
        if field.data not in available_timezones():
            raise ValidationError(_l("Type a time zone such as Asia/Shanghai."))

    def values(self) -> dict[str, Any]:
        """The fields as `edit_profile` takes them."""
        texts = {
            name: {code: text for code in ("zh", "en") if (text := (self[f"{name}_{code}"].data or "").strip())} for name in ("address", "tax_note")
        }
        plain = {name: (self[name].data or "").strip() or None for name in ("account_name", "bank", "account")}
        return {**texts, **plain, "zone": self.zone.data, "automatic": self.automatic.data}
