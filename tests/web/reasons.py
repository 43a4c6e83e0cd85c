"""What the table of who may what takes for right without asking the permission table, each with its reason; a line too many fails as one too few does."""

from __future__ import annotations

AT_MOST = {
    "visitor": {"anyone", "visitor", "reader", "teaser_reader"},
    "stranger": {"anyone", "user", "verified", "reader", "teaser_reader"},
    "other_broker": {"anyone", "user", "verified", "reader", "teaser_reader", "broker", "broker_reader"},
    "operator": {"anyone", "user", "verified", "reader", "teaser_reader", "operator", "moderator"},
}
"""The relations by which somebody from outside may be allowed anything with other people's things: said here apart from the rules themselves."""

AMONG_ONES_OWN = {"exporting.own_table", "factors.remove_passkey", "outside.part", "recovery.stop", "sessions.end"}
"""Forms that ask whether the reader may change his own account and then look for the id among what is his: another's is not there for him. And the mailed link
that stops a recovery: whoever brings it acts as the person whose mail it was; and one's own history as a file."""

WRITTEN_BY_READING: set[str] = {"access_entry", "deal_document_opening"}
"""Tables in which a GET may write: who opened what of a blind listing, and which document of a deal."""

_HERE = "public: the same for everybody, or filtered by the search itself, which test_blind looks through"
_OWN = "lists what is the reader's own: its query begins at the reader's id or seats"
_FORM = "an empty form for something new of one's own; sent, the operation asks"
_LINK = "opened by a token that was mailed, or an id that is random and told to its maker alone"
_WATCHED = "programs that watch the site; figures for who brings the token or asks from the machine itself, as the walk does"
_SELF = "the reader's own account"

UNASKED: dict[str, str] = {
    **dict.fromkeys(
        ("boards.index", "boards.show", "calls.index", "duties.notices", "exporting.newest", "exporting.paper", "exporting.table", "finder.show",
         "for_robots.robots", "for_robots.sitemap_of_listings", "for_robots.sitemap_of_pages", "for_robots.sitemaps", "funnel.show", "importing.template",
         "matching.front", "matching.how", "matching.needs", "matching.technologies", "people.organisation", "pools.index", "privacy.show",
         "resource_search.experts", "resource_search.facilities", "resource_search.scenarios", "root", "sealing.receipt_key", "signing.verified",
         "signing.verify", "simulator.simulator", "static", "supply.show", "terms.words", "design.show"), _HERE),
    **dict.fromkeys(("vitals.figures", "vitals.healthz", "vitals.readyz"), _WATCHED),
    **dict.fromkeys(
        ("billing.index", "calls.mine", "deals.board", "deals.index", "desk.show", "exporting.own_table", "funnel.mine", "grants.index", "income.mine",
         "licensing.index", "people.home", "pools.mine", "pools.proposals", "resources.requests", "reviewing.index", "risk.mine", "statements.index",
         "subscriptions.index", "examples.spreadsheet"), _OWN),
    **dict.fromkeys(("asking.begin", "calls.new", "catalogue.new", "importing.new", "need_file.draft", "need_file.new", "needs.new", "pools.new",
                     "resources.new_expert", "resources.new_facility", "resources.new_scenario"), _FORM),
    **dict.fromkeys(("matching.problem", "needs.adopt", "parties.invitation", "people.confirm", "people.invitation", "people.reset", "resources.feed",
                     "recovery.stop", "subscriptions.unsubscribe"), _LINK),
    **dict.fromkeys(("factors.passkey", "factors.show", "outside.land", "privacy.erase", "privacy.own", "sessions.prove"), _SELF),
    **dict.fromkeys(("people.ask_reset", "people.change_address", "people.change_password", "people.choose_language", "people.settings", "people.sign_in",
                     "people.sign_out", "people.sign_up"), _SELF),
    **dict.fromkeys(("reviewing.declare", "reviewing.desk", "subscriptions.edit", "subscriptions.sample"), _OWN),
}
"""Pages and forms that let somebody through without a question to the permission table, and why that is right."""

PUBLIC = (
    "boards.index", "boards.show", "calls.index", "calls.show", "catalogue.download", "catalogue.show", "design.show", "duties.notices", "factors.passkey",
    "exporting.citation", "exporting.newest", "exporting.paper", "exporting.table", "for_robots.robots", "for_robots.sitemap_of_listings",
    "for_robots.sitemap_of_pages", "for_robots.sitemaps", "funnel.show", "matching.front", "matching.how", "matching.needs", "matching.problem",
    "matching.technologies", "needs.download", "needs.show", "outside.land", "parties.invitation", "people.ask_reset", "people.confirm", "people.invitation",
    "people.organisation", "people.reset", "people.sign_in", "people.sign_out", "people.sign_up", "pools.index", "pools.show", "privacy.show", "recovery.stop",
    "resource_search.experts", "resource_search.facilities", "resource_search.scenarios", "resources.expert", "resources.facility", "resources.feed",
    "resources.scenario", "reviewing.award", "root", "sealing.receipt_key", "signing.verified", "signing.verify", "simulator.simulator", "static",
    "subscriptions.unsubscribe", "supply.show", "terms.words", "vitals.figures", "vitals.healthz", "vitals.readyz",
)
"""Where a visitor without an account is let through."""

OF_OPERATORS = (
    "alerts.find", "alerts.find_in_outbox", "alerts.mail", "alerts.mails", "alerts.outbox", "alerts.step", "grants.look", "people.brokers",
    "people.dismiss_broker", "people.queue", "people.review", "recovery.index", "recovery.show", "scanning.index", "scanning.show", "sessions.end_for",
)
"""The operator's rooms: nobody else is let through to them."""

OF_BOTH = {"grants.show": "the owner's members answer a request here; that signing is asked about is for the button on the same page"}
"""Forms that heads and members share, where an action of heads alone is asked about."""
