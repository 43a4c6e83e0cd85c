"""The words of the codes a technology and its offer use, lazily translated: one place for forms, pages and lists."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from marketplace.catalogue.models import DECLINE_REASONS

KIND_WORDS = {
    "patent": _l("patent"),
    "patent_application": _l("patent application"),
    "know_how": _l("know-how"),
    "software": _l("software"),
    "prototype": _l("prototype"),
    "data_set": _l("data set"),
    "open_source": _l("open-source release"),
    "negative_result": _l("negative result"),
}
MODE_WORDS = {
    "licence": _l("licence"),
    "open_licence": _l("open licence"),
    "assignment": _l("assignment"),
    "equity": _l("equity"),
    "joint_development": _l("joint development"),
    "open_source": _l("open source"),
}
EXCLUSIVITY_WORDS = {
    "ordinary": _l("ordinary: others may be licensed too"),
    "sole": _l("sole: only the holder beside you"),
    "exclusive": _l("exclusive: nobody but you"),
}
ANNUAL_FEE_WORDS = {"paid": _l("paid"), "unpaid": _l("unpaid")}
PLEDGE_WORDS = {
    "none": _l("not pledged"),
    "consent": _l("pledged, the pledgee consents"),
    "no_consent": _l("pledged, without consent yet"),
}
EVALUATION_REPORT_WORDS = {"yes": _l("there is one"), "no": _l("there is none")}
PATENT_KIND_WORDS = {"invention": _l("invention"), "utility_model": _l("utility model"), "design": _l("design")}
LEGAL_STATUS_WORDS = {
    "applied": _l("applied for"),
    "in_force": _l("in force"),
    "lapsed": _l("lapsed"),
    "expired": _l("expired"),
    "revoked": _l("revoked"),
    "unknown": _l("not known"),
}
VISIBILITY_WORDS = {
    "public": _l("everybody"), "members": _l("verified organisations and technology managers"),
    "blind": _l("blind: a teaser for all, the rest for those you give access"),
}
STATE_WORDS = {
    "draft": _l("draft"),
    "published": _l("published"),
    "withdrawn": _l("withdrawn"),
    "expired": _l("expired"),
}
DECLINE_WORDS = {code: _l(words) for code, words in DECLINE_REASONS.items()}
TERRITORY_WORDS = {"CN": _l("China"), "WORLD": _l("worldwide")}
TRL_WORDS = {
    1: _l("basic principle observed"),
    2: _l("concept formulated"),
    3: _l("proven in principle"),
    4: _l("works in the laboratory"),
    5: _l("works in a relevant environment"),
    6: _l("prototype in a relevant environment"),
    7: _l("prototype in real operation"),
    8: _l("complete and qualified"),
    9: _l("proven in real operation"),
}
FIELD_WORDS = {
    "kind": _l("Kind"),
    "visibility": _l("Who may read it"),
    "teaser": _l("Teaser"),
    "nda_required": _l("NDA before access"),
    "title": _l("Title"),
    "abstract": _l("What it is"),
    "advantages": _l("What it does better"),
    "applications": _l("Where it can be used"),
    "keywords": _l("Keywords"),
    "application_number": _l("Application number"),
    "publication_number": _l("Publication or patent number"),
    "family": _l("Patent family"),
    "patent_kind": _l("Kind of patent"),
    "legal_status": _l("Legal status"),
    "filed_on": _l("Filed on"),
    "granted_on": _l("Granted on"),
    "expires_on": _l("Valid until"),
    "expiry_computed": _l("Validity computed by us"),
    "owners": _l("Owners of the right"),
    "inventors": _l("Inventors"),
    "ipc": _l("Patent classes (IPC)"),
    "field": _l("Technology field"),
    "industries": _l("Industries"),
    "trl": _l("Maturity (TRL)"),
    "trl_scheme": _l("Scale of maturity"),
    "listed_until": _l("Listed until"),
    "offer": _l("Offer"),
    "mode": _l("How it can be had"),
    "exclusivity": _l("Exclusivity"),
    "field_of_use": _l("Field of use"),
    "territory": _l("Territory"),
    "term_months": _l("Term in months"),
    "sublicensing": _l("Sublicensing allowed"),
    "annual_fee": _l("Annual fee"),
    "pledge": _l("Pledge on the patent"),
    "evaluation_report": _l("Evaluation report"),
    "exclusive_in_force": _l("An exclusive or sole licence on the patent is in force"),
    "terms": _l("Payment terms"),
    "source_key": _l("Your own reference number"),
    "title_zh": _l("Title in Chinese"),
    "title_en": _l("Title in English"),
    "abstract_zh": _l("What it is, in Chinese"),
    "abstract_en": _l("What it is, in English"),
    "category": _l("Category (field and keyword)"),
    "public_id": _l("Number on this site"),
    "applicants": _l("Applicants, where no owner is given"),
    "advantages_zh": _l("What it does better, in Chinese"),
    "advantages_en": _l("What it does better, in English"),
    "applications_zh": _l("Where it can be used, in Chinese"),
    "applications_en": _l("Where it can be used, in English"),
    "keywords_zh": _l("Keywords in Chinese"),
    "keywords_en": _l("Keywords in English"),
    "teaser_zh": _l("Teaser in Chinese"),
    "teaser_en": _l("Teaser in English"),
    "field_of_use_zh": _l("Field of use, in Chinese"),
    "field_of_use_en": _l("Field of use, in English"),
}
YES_NO = {True: _l("yes"), False: _l("no")}
