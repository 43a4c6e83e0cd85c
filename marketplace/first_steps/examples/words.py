"""What the pages of an example say: its name, what it is good for, and what would come next on a real one."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

NAMES = {
    "need": _l("An example: a workshop's problem"), "technology": _l("An example: a technology"), "pair": _l("An example: a pair for a technology manager"),
}
FOUND = {"need": _l("Technologies found for it"), "technology": _l("Needs that it might answer"), "pair": _l("Pairs found for it")}
FIRST = {
    "need": _l("Look at the first below: under its name stands why it was found. Then say whether it would be worth a talk."),
    "technology": _l("Look at the first need below: under its name stands why it was found. Then say whether it would be worth a talk."),
    "pair": _l("Read both sides as you would on your worklist. Then shortlist one pair, or say that it does not fit."),
}
KEPT = {
    "need": _l(
        "On a real need the button “Ask for an introduction” stands here now. A technology manager would speak to the other side; you would hear by mail."
    ),
    "technology": _l("On a real technology the firm would read your answer now, and a technology manager would bring you together."),
    "pair": _l("Now a deal can be opened from the pair. Play it through: each press is what one side would do in weeks."),
}
DECLINED = _l("On a real one you would say why, and the next that is found would fit better.")
STAGES = {
    "qualified": _l("You have asked both sides whether it is worth while. Next you introduce them; until then neither is told who the other is."),
    "introduced": _l("Both sides have agreed to be named. Next they sign an NDA, if the holder asks for one."),
    "nda": _l("The NDA is signed by both. Next the firm reads the papers and tries the technology on its parts."),
    "evaluation": _l("The firm tries it. You write down what was measured. Next they negotiate terms."),
    "negotiating": _l(
        "The draft comes from the offer; both sides change it and see what differs. Next the price is published, where a public institute has to."
    ),
    "notice": _l("The price stands in public for fifteen days. Next both sides sign."),
    "signed": _l("The agreement is signed, its schedule is calculated. Next the work begins."),
    "performing": _l("Statements come in, payments fall due, each with its day. Next the last of it is paid."),
    "won": _l("The deal is won, and counts in the funnel. This one counted nowhere."),
}
"""What has happened at each stage of the played deal, and what comes next."""

TRY = {
    "firm": _l("Try it with an example first"), "institute": _l("Try it with an example first"), "broker": _l("Try it with an example pair first"),
}
KINDS = {"firm": "need", "institute": "technology", "broker": "pair"}
"""Which example each kind of user is offered."""
