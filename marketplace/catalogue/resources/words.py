"""The words of the codes that resources and their requests use, lazily translated: one place for forms, pages, lists and mail."""

from __future__ import annotations

from babel import Locale
from flask_babel import lazy_gettext as _l

from marketplace.web import LOCALES

NOUN_WORDS = {"facility": _l("facility"), "expert": _l("expert"), "scenario": _l("application scenario")}
ROOM_WORDS = {"facilities": _l("Facilities"), "experts": _l("Experts"), "scenarios": _l("Scenarios for first trials")}
FACILITY_KIND_WORDS = {"pilot_line": _l("pilot line"), "test_lab": _l("test laboratory"), "instrument": _l("instrument")}
BASIS_WORDS = {"hour": _l("an hour"), "day": _l("a day"), "batch": _l("a batch"), "test": _l("a test"), "request": _l("on request")}
EXPERT_KIND_WORDS = {
    "consultant": _l("consultant"), "special_commissioner": _l("science and technology commissioner"),
    "vice_president": _l("technology vice president on loan"),
}
VISIBILITY_WORDS = {"public": _l("everybody"), "members": _l("verified organisations and technology managers")}
STATE_WORDS = {"draft": _l("draft"), "published": _l("published"), "withdrawn": _l("withdrawn"), "expired": _l("expired")}
REQUEST_STATE_WORDS = {
    "requested": _l("asked for"), "asked": _l("asked for"), "accepted": _l("accepted"), "declined": _l("declined"), "cancelled": _l("called off"),
    "withdrawn": _l("withdrawn"), "done": _l("done"),
}
TONES = {
    "requested": "amber", "asked": "amber", "accepted": "pine", "declined": "plain", "cancelled": "plain", "withdrawn": "plain", "done": "blue",
    "draft": "amber", "expired": "plain",
}
REQUEST_WORDS = {
    "booking": _l("Booking"), "expert_request": _l("Request for an expert"), "trial_application": _l("Application for a first trial"),
}
STEP_WORDS = {
    "accept": _l("Accept"), "decline": _l("Decline"), "cancel": _l("Cancel"), "withdraw": _l("Take the request back"), "finish": _l("It is done"),
}
WEEKDAY_WORDS = (_l("Monday"), _l("Tuesday"), _l("Wednesday"), _l("Thursday"), _l("Friday"), _l("Saturday"), _l("Sunday"))
SPEAKS = ("zh", "en", "de", "fr", "ja", "ko", "ru", "es", "pt", "ar", "it")
FIELD_WORDS = {
    "title": _l("Title"), "description": _l("Description"), "visibility": _l("Who may read it"), "fields": _l("Technology fields"),
    "industries": _l("Industries"), "listed_until": _l("Listed until"), "kind": _l("Kind"), "capacity": _l("Capacity"), "place": _l("Where it is"),
    "region": _l("Region"), "trl_from": _l("Takes technologies in from TRL"), "trl_to": _l("Can bring them to TRL"),
    "accreditations": _l("Accreditations"), "price": _l("Price"), "currency": _l("Currency"), "basis": _l("Charged by"), "zone": _l("Time zone"),
    "hours": _l("Opening hours"), "closed": _l("Days off"), "name": _l("Name of the expert"), "person_id": _l("Account"),
    "consent_held": _l("Consent held by the institute"), "speaks": _l("Languages"), "regions": _l("Regions served"), "days": _l("Days a month"),
    "available_from": _l("Available from"), "available_until": _l("Available until"), "conditions": _l("Conditions"),
    "measurements": _l("Data and measurements offered"), "judge": _l("Who judges a trial"), "trials": _l("Number of trials"),
    "opens_on": _l("Open from"), "closes_on": _l("Open until"),
}


def tongue(code: str, language: str) -> str:
    """A language by its name in the reader's language."""
    name = Locale.parse(LOCALES[language]).languages.get(code, code)
    return name[:1].upper() + name[1:]
