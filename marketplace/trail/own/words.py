"""Words of the history: what happened, to what kind of thing, and the states before and after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from marketplace.catalogue import words as technology_words
from marketplace.catalogue.resources import words as resource_words
from marketplace.deals import words as deal_words
from marketplace.licensing import words as agreement_words
from marketplace.needs import words as need_words
from marketplace.people import words as people_words
from marketplace.people.recovery import words as recovery_words

NOUN_WORDS = {
    "technology": _l("Technology"), "need": _l("Need"), "facility": _l("Facility"), "expert": _l("Expert"), "scenario": _l("Application scenario"),
    "deal": _l("Deal"), "agreement": _l("Agreement"), "organisation": _l("Organisation"), "membership": _l("Membership"), "invitation": _l("Invitation"),
    "join_request": _l("Request to join"), "person": _l("Account"), "recovery": _l("Lost second factors"),
}
KIND_WORDS = {
    "": _l("everything"), "technology": _l("technologies"), "need": _l("needs"), "resource": _l("facilities, experts, scenarios"), "deal": _l("deals"),
    "agreement": _l("agreements"), "organisation": _l("the organisation and its members"),
}
_ASKED = {"asked": _l("asked"), "accepted": _l("accepted"), "refused": _l("refused"), "open": _l("open"), "withdrawn": _l("withdrawn")}
STATE_WORDS: dict[str, Mapping[str, Any]] = {
    "technology": technology_words.STATE_WORDS, "need": need_words.STATE_WORDS, "deal": deal_words.STAGE_WORDS, "agreement": agreement_words.STATE_WORDS,
    "organisation": people_words.STATE_WORDS, "membership": people_words.ROLE_NAMES, "invitation": _ASKED, "join_request": _ASKED,
    "recovery": recovery_words.STATE_WORDS, **dict.fromkeys(("facility", "expert", "scenario"), resource_words.STATE_WORDS),
}
FIELD_WORDS: dict[str, Mapping[str, Any]] = {
    "technology": technology_words.FIELD_WORDS, "need": need_words.FIELD_WORDS,
    **dict.fromkeys(("facility", "expert", "scenario"), resource_words.FIELD_WORDS),
}
VERB_WORDS = {
    "create": _l("entered"), "create_again": _l("entered again"), "publish": _l("published"), "publish_with_run": _l("published with an import"),
    "undo_with_run": _l("taken back with its import"), "submit": _l("handed in"), "revised": _l("changed"), "edit": _l("changed"),
    "update": _l("changed by an import"), "withdraw": _l("withdrawn"), "expire": _l("expired"), "attached": _l("file added"), "detached": _l("file taken off"),
    "distilled": _l("technical questions signed off"), "verified": _l("checked as a real need"), "badge_ends": _l("the badge ends soon"),
    "badge_expired": _l("the badge has ended"), "match": _l("matches found"), "matches_found": _l("matches found"), "take_into_deal": _l("taken into a deal"),
    "release": _l("free again after a deal"), "solve": _l("solved"), "open": _l("opened"), "introduction_asked": _l("introduction asked for"),
    "taken": _l("taken by a technology manager"), "handed_over": _l("handed over"), "introduce": _l("both sides introduced"), "win": _l("deal won"),
    "lose": _l("deal lost"), "propose": _l("proposed"), "countersign": _l("signed by both sides"), "certificate_signed": _l("certificate signed"),
    "stands": _l("reckoned anew"), "statement_overdue": _l("sales statement overdue"), "ask_verification": _l("verification asked for"),
    "verify": _l("verified"), "refuse": _l("refused"), "revoke": _l("badge taken back"), "export": _l("fetched as one zip"),
    "billing_changed": _l("billing details changed"), "member_removed": _l("a member left or was removed"), "sent": _l("sent"), "accept": _l("accepted"),
    "asked": _l("asked"), "ask": _l("asked"), "allow": _l("allowed"), "cancel": _l("stopped"), "use": _l("used"),
    "registered": _l("account opened"), "confirmed": _l("mail address confirmed"), "confirmation_asked": _l("confirming link asked for"),
    "reset_asked": _l("link for a new password asked for"), "address_asked": _l("another mail address asked for"), "password_changed": _l("password changed"),
    "signed_in": _l("signed in"), "signed_out": _l("signed out"), "signed_out_elsewhere": _l("signed out elsewhere"),
    "authenticator_added": _l("app set up"), "authenticator_removed": _l("app taken off"), "passkey_added": _l("passkey added"),
    "passkey_removed": _l("passkey taken off"), "codes_made": _l("new recovery codes"), "code_used": _l("recovery code used"),
    "identity_joined": _l("other sign-in joined"), "identity_parted": _l("other sign-in parted"), "appointed": _l("made technology manager"),
    "dismissed": _l("no technology manager any more"), "made_operator": _l("made operator"), "dismissed_operator": _l("no operator any more"),
    "hide_first_steps": _l("first steps hidden"), "ended_by_operator": _l("all sessions ended by an operator"),
}
MOVED = _l("moved on")
"""What is said of a step that has no words of its own; the states beside it say more."""


def happened(noun: str, verb: str) -> str:
    """What happened to what, in the language of the moment."""
    return f"{NOUN_WORDS[noun]}{gettext(': ')}{VERB_WORDS.get(verb, MOVED)}"
