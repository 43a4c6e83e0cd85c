"""What each step is called, why it is worth doing, and what its button says; all that a reader of the path reads stands here."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

NAMES = {
    "confirm": _l("Confirm your mail address"), "organisation": _l("Enter your organisation"), "need": _l("Describe your problem"),
    "publish": _l("Publish your need"), "look": _l("Look at what was found for you"), "introduction": _l("Ask for an introduction"),
    "verification": _l("Have your organisation verified"), "technology": _l("Bring in your technologies"), "terms": _l("Say on what terms"),
    "show": _l("Publish a technology"), "reply": _l("Answer a firm that could use it"), "specialty": _l("Say what you work in"),
    "pair": _l("Look at a first pair"), "deal": _l("Open your first deal"), "mail": _l("Let the site send mail"), "scanner": _l("Have files scanned"),
    "verify": _l("Verify a first organisation"), "invite": _l("Name a technology manager"), "resource": _l("Offer what others can use"),
}
WHY = {
    "confirm": _l("We sent you a mail. Open it and follow its link: then we know that answers reach you."),
    "organisation": _l("The name, the place and the credit code from the licence are enough. If a colleague has entered it already, join it."),
    "need": _l("Write it as you would tell a colleague: what goes wrong, what you have tried, what you want to reach. Technical terms are not needed."),
    "publish": _l("A few questions, one at a time; at the end you read all your answers and publish. You can change it or take it back at any time."),
    "look": _l(
        "Each technology that may help stands there with the reason why. Keep the good ones and say why the others are not: the next will fit better."
    ),
    "introduction": _l(
        "Choose one that you would like to talk about. A technology manager speaks to the other side; it costs nothing and binds you to nothing."
    ),
    "verification": _l("Firms talk to institutes that have been checked. Tell us how we can see that you speak for it; an operator answers by mail."),
    "technology": _l("Hand in the spreadsheet that you have, from a patent database or your own: columns are recognised, and nothing is published unasked."),
    "terms": _l("A firm reads this first. “Free for six months, then 3 per cent of sales” says more than a long description."),
    "show": _l("Only published technologies are matched with needs. Drafts stay with you."),
    "reply": _l("Needs that fit stand on your page of matches. Say which are worth a talk; those that you decline do not come again."),
    "specialty": _l("Choose industries, fields and regions: your worklist then begins with pairs that you can judge."),
    "pair": _l("Your worklist has the best new pairs with the reasons beside them. Shortlist one or say why it does not fit."),
    "deal": _l("Open a deal from a pair that you believe in. From then on everything about it stands on one page."),
    "mail": _l("Without a mail server mails stay in the outbox and nobody gets them. Set MARKETPLACE_SMTP and start the site again."),
    "scanner": _l("Without a virus scanner uploaded files are marked as not scanned. Set MARKETPLACE_SCANNER and start the site again."),
    "verify": _l("Compare name and credit code with what the organisation says of itself. Verified organisations read more and are trusted more."),
    "invite": _l("Somebody has to bring the two sides together. Ask the person to sign up, then enter the address."),
    "resource": _l("A pilot line, a test laboratory, an expert or a place for first trials: with a calendar, so that others can ask for it."),
}
BUTTONS = {
    "confirm": _l("Send the link again"), "organisation": _l("Enter your organisation"), "need": _l("Describe the problem"),
    "publish": _l("Go on with the draft"), "look": _l("Look at the matches"), "introduction": _l("Choose a match"),
    "verification": _l("Ask for verification"), "technology": _l("Bring in a spreadsheet"), "terms": _l("Say on what terms"),
    "show": _l("Go to the draft"), "reply": _l("Look at the needs that fit"), "specialty": _l("Choose what you work in"),
    "pair": _l("To the worklist"), "deal": _l("To the worklist"), "mail": _l("Look into the outbox"), "scanner": _l("Files held back"),
    "verify": _l("Organisations to verify"), "invite": _l("Name a technology manager"), "resource": _l("Offer a facility"),
}
