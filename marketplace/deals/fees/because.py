"""Why a part of the broker's fee is owed, as one sentence in Chinese or English; the phrases are in `because.toml`. Pure."""

from __future__ import annotations

import tomllib
from importlib.resources import files

from marketplace.deals.fees.schedule import Due, Fee
from marketplace.terms.words import Tongue

PHRASES = tomllib.loads(files("marketplace.deals.fees").joinpath("because.toml").read_text("utf-8"))


def reason(due: Due, fee: Fee, lang: str) -> str:
    """The sentence for a due; `lang` is "zh" or "en"."""
    tongue, says = Tongue(lang, fee.currency), PHRASES[lang]
    text = says[due.why].format(on=tongue.day(due.on))
    if due.rate is not None and due.base is not None:
        which = "percent_fixed" if fee.of == "fixed_fees" else "percent_received"
        text += says[which].format(rate=tongue.rate(due.rate), base=tongue.money(due.base))
    else:
        text += says["fixed"]
    if due.share is not None:
        text += says["share"].format(share=tongue.rate(due.share))
    if due.capped and fee.cap is not None:
        text += says["capped"].format(cap=tongue.money(fee.cap))
    return text + says["stop"]
