"""The words of the codes that people and organisations use, lazily translated: one place for forms and pages."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

KIND_WORDS = {
    "enterprise": _l("enterprise"), "institute": _l("university or research institute"),
    "service_provider": _l("service provider (pilot base, test laboratory, IP agency, insurer, bank)"),
    "agency": _l("technology-transfer agency"),
}
SIZE_WORDS = {"micro": _l("micro"), "small": _l("small"), "medium": _l("medium"), "large": _l("large")}
ROLE_WORDS = {
    "owner": _l("owner: manages the organisation and its members"), "member": _l("member: works on needs and technologies"),
    "signatory": _l("signatory: may sign for the organisation"),
}
ROLE_NAMES = {"owner": _l("owner"), "member": _l("member"), "signatory": _l("signatory")}
STATE_WORDS = {
    "unverified": _l("not verified"), "pending": _l("verification asked for"), "verified": _l("verified"), "refused": _l("not accepted"),
}
LANGUAGE_WORDS = {"zh": "中文", "en": "English"}
ZONE_WORDS = {
    "Asia/Shanghai": _l("Beijing"), "Asia/Tokyo": _l("Tokyo"), "Asia/Singapore": _l("Singapore"), "Europe/Berlin": _l("Berlin"),
    "Europe/London": _l("London"), "America/New_York": _l("New York"), "America/Los_Angeles": _l("Los Angeles"), "UTC": "UTC",
}
