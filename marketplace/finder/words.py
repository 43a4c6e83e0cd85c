"""What can be gone to by its name: pages and beginnings, each with its endpoint and for whom it is."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

PAGES = (
    (_l("My desk"), "people.home", "all"), (_l("Needs"), "matching.needs", "all"), (_l("Technologies"), "matching.technologies", "all"),
    (_l("Open calls"), "calls.index", "all"), (_l("Pooled research"), "pools.index", "all"), (_l("Facilities"), "resource_search.facilities", "all"),
    (_l("Experts"), "resource_search.experts", "all"), (_l("Scenarios"), "resource_search.scenarios", "all"), (_l("Boards of calls"), "boards.index", "all"),
    (_l("Matches"), "desk.show", "house"), (_l("Deals"), "deals.index", "all"), (_l("Board of deals"), "deals.board", "all"),
    (_l("Agreements"), "licensing.index", "all"), (_l("Money: invoices, payments, arrears"), "billing.index", "house"),
    (_l("Sales statements"), "statements.index", "all"), (_l("Notices of prices"), "duties.notices", "all"), (_l("Guarantees"), "risk.mine", "all"),
    (_l("Our calls"), "calls.mine", "house"), (_l("Our pools"), "pools.mine", "house"), (_l("Our proposals"), "proposals.index", "all"),
    (_l("Reviews"), "reviewing.index", "all"), (_l("Requests and bookings"), "resources.requests", "house"),
    (_l("Access to blind listings"), "grants.index", "all"), (_l("What I follow"), "subscriptions.index", "all"),
    (_l("Simulator of payment terms"), "simulator.simulator", "all"), (_l("Demand and supply"), "supply.show", "all"),
    (_l("From match to payment"), "funnel.show", "all"), (_l("How the matching works"), "matching.how", "all"), (_l("Settings"), "people.settings", "all"),
    (_l("Change the password"), "people.change_password", "all"), (_l("My data: copy and erasure"), "privacy.own", "all"),
    (_l("Worklist"), "worklist.show", "broker"), (_l("My specialty"), "worklist.specialty", "broker"), (_l("How far my deals come"), "funnel.mine", "broker"),
    (_l("Organisations to verify"), "people.queue", "operator"), (_l("Files held back"), "scanning.index", "operator"),
    (_l("Technology managers"), "people.brokers", "operator"), (_l("Mail that does not get through"), "alerts.mails", "operator"),
    (_l("Erase an account"), "privacy.erase_for", "operator"),
)
"""Name, endpoint, and who has such a page: everybody with an account, members of an organisation, technology managers, operators."""

VIEWS = (
    (_l("Deals with something due soon"), "deals.index", {"order": "due"}), (_l("Deals in evaluation"), "deals.index", {"stage": "evaluation"}),
    (_l("Deals in negotiation"), "deals.index", {"stage": "negotiating"}), (_l("Deals being performed"), "deals.index", {"stage": "performing"}),
    (_l("Deals that were lost"), "deals.index", {"stage": "lost"}), (_l("Agreements on trial"), "licensing.index", {"status": "on_trial"}),
    (_l("Agreements in dispute"), "licensing.index", {"status": "disputed"}),
    (_l("Agreements by what is outstanding"), "licensing.index", {"sort": "outstanding"}),
)
"""Lists of one's own work as they are often wanted: name, endpoint and what its address says besides."""

NEW = (
    (_l("New need"), "needs.new", "all"), (_l("New need from a file"), "need_file.new", "all"), (_l("New technology"), "catalogue.new", "house"),
    (_l("New technologies from a file"), "importing.new", "house"), (_l("New open call"), "calls.new", "house"), (_l("New pool"), "pools.new", "house"),
    (_l("New facility"), "resources.new_facility", "house"), (_l("New expert"), "resources.new_expert", "house"),
    (_l("New scenario"), "resources.new_scenario", "house"), (_l("New organisation"), "people.new_organisation", "all"),
)
"""What can be begun from anywhere."""

KINDS = {
    "deal": _l("Deals"), "agreement": _l("Agreements"), "invoice": _l("Invoices"), "need": _l("Our needs"), "technology": _l("Our technologies"),
    "call": _l("Our calls"),
}
