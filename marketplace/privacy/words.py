"""The words of the kinds of personal data: what each is, on which ground, for how long it is kept, and what an erasure leaves."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

KIND_WORDS = {
    "account": _l("Account: name, mail address, password (as a hash), language"),
    "seats": _l("Seats in organisations, invitations, requests to join"),
    "own": _l("What you follow, what you put off, your specialty, your examples"),
    "ways_in": _l("Your sessions, and the ways in that you have set up: authenticator app, recovery codes, passkeys, accounts elsewhere"),
    "mail": _l("Mails that this site sent you; the text is emptied when a mail has left"),
    "contact": _l("Your part in deals: mail address, telephone, duty"),
    "income": _l("Inventors who share in income: name, employer, mail address"),
    "listings": _l("Listings that you wrote for an organisation, with their history and files"),
    "deals": _l("Deals: messages, tasks, documents, bookings and requests"),
    "calls": _l("Open calls, proposals, reviews and pools"),
    "contracts": _l("Signed papers: agreements, signatures, guarantees, notices, decisions"),
    "money": _l("Invoices, payments, sales statements and splits of income"),
    "log": _l("The log of events, and of who opened confidential material"),
    "problems": _l("A problem pasted on the front page without an account"),
    "work": _l("Work of the server, with the numbers of what it is about"),
}
GROUND_WORDS = {
    "contract": _l("needed to serve you as agreed (PIPL art. 13(1)(2); GDPR art. 6(1)(b))"),
    "duty": _l("the law requires it (PIPL art. 13(1)(3); GDPR art. 6(1)(c))"),
    "consent": _l("you chose to send it (PIPL art. 13(1)(1); GDPR art. 6(1)(a))"),
    "evidence": _l("security, and proof towards those whose secrets are here (Cybersecurity Law art. 21; GDPR art. 6(1)(f))"),
}
KEPT_WORDS = {
    "account": _l("until you erase the account; one year if its address is never confirmed"),
    "seats": _l("until you leave; invitations 90 days beyond their end, refused requests one year"),
    "own": _l("until you delete it or erase the account; examples 30 days"),
    "ways_in": _l("sessions until they end; the rest until you remove it or erase the account"),
    "mail": _l("one year; addresses that send mail back, two years"),
    "contact": _l("as long as the deal; contact data until you erase the account"),
    "income": _l("as long as income is shared; the institute erases it on request"),
    "listings": _l("as long as the organisation keeps the listing"),
    "deals": _l("as long as the organisations keep the deal"),
    "calls": _l("as long as the organisation keeps the call"),
    "contracts": _l("the term of the agreement and as long as claims can be made, at least three years (E-commerce Law art. 31)"),
    "money": _l("30 years (Measures for the Administration of Accounting Archives)"),
    "log": _l("as long as what it is about"),
    "problems": _l("14 days"),
    "work": _l("30 days; one year if it failed"),
}
LEFT_WORDS = {
    "gone": _l("deleted"), "nameless": _l("stays without your name and address"), "kept": _l("stays, because the law or others' rights require it"),
}
