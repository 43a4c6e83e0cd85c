"""Forms of the broker's fee: the fee itself, and the day on which money came."""

from __future__ import annotations

import re
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from wtforms import DateField, SelectField, StringField
from wtforms.validators import DataRequired, Length

from marketplace.deals.fees.models import BrokerFee
from marketplace.deals.fees.operations import Wanted
from marketplace.deals.words import FEE_BASE_WORDS, FEE_KIND_WORDS, FEE_MOMENT_WORDS, FEE_PAYER_WORDS
from marketplace.errors import N_, Refused
from marketplace.terms.figures import shown_amount, shown_percent, typed_minor, typed_percent, typed_whole
from marketplace.terms.payment import MINOR_UNITS, from_minor
from marketplace.web import Form

MILLION = 1_000_000


class FeeForm(Form):
    """A fee as the broker types it."""

    kind = SelectField(_l("The fee is"), choices=list(FEE_KIND_WORDS.items()))
    rate = StringField(_l("Per cent"), [Length(max=12)])
    of = SelectField(_l("Taken"), choices=list(FEE_BASE_WORDS.items()))
    amount = StringField(_l("Fixed amount"), [Length(max=40)])
    currency = SelectField(_l("Currency"), choices=[(code, code) for code in MINOR_UNITS])
    payer = SelectField(_l("Borne by"), choices=list(FEE_PAYER_WORDS.items()))
    firm_share = StringField(_l("The firm's part, in per cent, where both bear it"), [Length(max=12)])
    moment = SelectField(_l("Owed"), choices=list(FEE_MOMENT_WORDS.items()))
    due_days = StringField(_l("Payable within days"), [Length(max=6)])
    cap = StringField(_l("At most, in all"), [Length(max=40)])

    @classmethod
    def of_fee(cls, fee: BrokerFee | None) -> FeeForm:
        """The form filled with what is on the table."""
        if fee is None:
            return cls(data={"kind": "percent", "of": "received", "moment": "each_payment", "payer": "both", "firm_share": "50", "due_days": "30"})
        amounts = {name: shown_amount(f"{from_minor(value, fee.currency):f}") for name in ("amount", "cap") if (value := getattr(fee, name)) is not None}
        agreed = fee.agreed
        return cls(data={
            "kind": fee.kind, "rate": shown_percent(f"{agreed.rate:f}") if fee.rate else "", "of": fee.of or "received", "currency": fee.currency,
            "payer": fee.payer or "both", "firm_share": shown_percent(f"{agreed.firm_share:f}") if fee.payer == "both" else "50",
            "moment": fee.moment or "signing", "due_days": str(fee.due_days), **amounts,
        })

    def wanted(self) -> Wanted:
        """What was typed. Raises `Refused` beside the field that cannot be read."""
        kind = self.kind.data
        if kind == "none":
            return Wanted("none")
        both = self.payer.data == "both"
        return Wanted(
            kind, of=self.of.data if kind == "percent" else None, rate=_share(self.rate.data, "rate") if kind == "percent" else None,
            amount=typed_minor(self.amount.data, self.currency.data, "amount") if kind == "fixed" else None, currency=self.currency.data,
            payer=self.payer.data, firm_share=(_share(self.firm_share.data, "firm_share") or 0) if both else 0, moment=self.moment.data,
            due_days=_whole(self.due_days.data), cap=typed_minor(self.cap.data, self.currency.data, "cap"),
        )


def _share(text: str | None, field: str) -> int:
    """A percentage as typed, in millionths. Refused when it is none, or finer than that."""
    written = typed_percent(text or "")
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]+)?", written):
        raise Refused(N_("Give a percentage, such as 5."), field=field)
    found = Decimal(written) * MILLION
    if found != found.to_integral_value():
        raise Refused(N_("Give a percentage with at most four places."), field=field)
    return int(found)


def _whole(text: str | None) -> int:
    found = typed_whole(text or "")
    if not isinstance(found, int):
        raise Refused(N_("Give a whole number of days."), field="due_days")
    return found


class ReceivedForm(Form):
    """The day on which money came."""

    day = DateField(_l("Received on"), [DataRequired(_l("Please fill this in."))])
