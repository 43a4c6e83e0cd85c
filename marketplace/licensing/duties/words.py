"""What the codes of duties and of the register are called on pages."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

PRICING_WORDS = {"agreement": _l("by agreement"), "listing": _l("by market listing"), "auction": _l("by auction")}
NOTICE_WORDS = {
    "published": _l("being published"), "ended": _l("ended"), "upheld": _l("ended: an objection was right"), "void": _l("void: the price has changed"),
    "withdrawn": _l("withdrawn"),
}
OBJECTION_WORDS = {
    "open": _l("not answered yet"), "upheld": _l("upheld"), "rejected": _l("rejected"), "moot": _l("settled: the notice is over"),
}
RECORDAL_WORDS = {"open": _l("to be recorded"), "filed": _l("filed"), "recorded": _l("recorded")}
REGISTRATION_WORDS = {"prepared": _l("prepared"), "registered": _l("registered")}
HINT_WORDS = {
    "same_person": _l("acts for both sides"), "inventor": _l("of the buyer has the name of an inventor"), "same_code": _l("is the code of both"),
    "same_domain": _l("is the address of both"),
}
SHOWN_WORDS = {
    "public": _l("inside the institute and on this site, for everybody"), "members": _l("inside the institute and on this site, for signed-in members"),
    "blind": _l("inside the institute alone, because the technology is blind or not published"),
}
ASSET_WORDS = {
    "in_hand": _l("in hand"), "on_offer": _l("on offer"), "in_trial": _l("in trial"), "licensed": _l("licensed"), "assigned": _l("assigned"),
    "lapsed": _l("lapsed"), "written_off": _l("written off"),
}
ACQUISITION_WORDS = {
    "own_research": _l("own research"), "state_project": _l("publicly funded project"), "commissioned": _l("commissioned research"),
    "joint": _l("joint research"), "purchased": _l("purchased"), "donated": _l("donated"), "other": _l("other"),
}
DECISION_WORDS = {
    "pricing": _l("how a price was found"), "notice": _l("outcome of a notice"), "licence": _l("licence"), "assignment": _l("assignment"),
    "write_off": _l("write-off"), "income_policy": _l("income policy"), "income_split": _l("income split"), "recordal": _l("recordal"),
    "registration": _l("registration of the contract"), "publication": _l("publication"), "withdrawal": _l("withdrawal"), "valuation": _l("valuation"),
    "other": _l("other"),
}
EXPORT_WORDS = {"asked": _l("being made"), "done": _l("ready"), "failed": _l("could not be made: this site cannot make PDFs yet")}
TONES = {
    "published": "amber", "ended": "pine", "upheld": "red", "open": "amber", "filed": "blue", "recorded": "pine", "registered": "pine", "prepared": "blue",
    "on_offer": "blue", "in_trial": "amber", "licensed": "pine", "assigned": "pine", "lapsed": "red", "done": "pine", "failed": "red", "asked": "amber",
}
