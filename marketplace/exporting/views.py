"""What goes out as files: feeds, sitemaps, open lists, citations; and what the pages of listings and searches show of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, Flask, Response, current_app, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal
from flask_babel import gettext as _
from flask_login import login_required
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from marketplace.access import VISITOR
from marketplace.calls import listing as calls
from marketplace.calls.boards.operations import boards
from marketplace.calls.pools import listing as pools
from marketplace.calls.pools.models import Pool
from marketplace.calls.pools.views import filter_lines as pool_filter_lines
from marketplace.calls.views import filter_lines
from marketplace.catalogue.operations import in_full
from marketplace.db import now
from marketplace.deals.funnel.operations import newest as newest_counts
from marketplace.deals.supply import listing as cells
from marketplace.deals.supply.views import cells_of
from marketplace.errors import NotFound
from marketplace.exporting import citations, entries, feed, operations, sitemap, spreadsheet, structured
from marketplace.exporting.lists import LISTS, MAP_COLUMNS, Column, OpenList
from marketplace.exporting.portfolio import portfolio
from marketplace.exporting.tables import FILTERS, MOST, TABLES, Table
from marketplace.exporting.words import ABOUT, TABLE_WORDS
from marketplace.matching.views import asked, asked_order, facet_names, facet_value_name
from marketplace.people import organisations
from marketplace.people.grants.log import opened
from marketplace.printing import on_paper
from marketplace.web import TAGS, actor, language, limiter, spoken, streamed, tongues

blueprint = Blueprint("exporting", __name__)
for_robots = Blueprint("for_robots", __name__)

FEED = 50  # entries of a feed
IN_SPREADSHEET, ON_PAPER = 20_000, 300  # listings of a file
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
RESOURCE_SEARCHES = ("resource_search.facilities", "resource_search.experts", "resource_search.scenarios")
PAGES = (
    "matching.front", "matching.technologies", "matching.needs", "calls.index", "boards.index", "pools.index", "matching.how", "supply.show",
    *RESOURCE_SEARCHES,
)
"""Static pages for search engines."""
LISTING_PAGES = {
    "technology": "catalogue.show", "need": "needs.show", "open_call": "calls.show", "pool": "pools.show", "facility": "resources.facility",
    "expert": "resources.expert", "scenario": "resources.scenario",
}
SITEMAPS = {
    "technologies": "technology", "needs": "need", "open-calls": "open_call", "pools": "pool", "facilities": "facility", "experts": "expert",
    "scenarios": "scenario",
}


def prepare(app: Flask) -> None:
    """What the pages of other packages show of exporting, so that no package imports upward."""
    app.jinja_env.globals.update(exports_of=exports_of, structured_data=structured_data, structured_pool=structured_pool, patent_numbers=citations.numbers)


def _site() -> str:
    return current_app.config["SETTINGS"].site


def _address(endpoint: str, **values: Any) -> str:
    """An address as the world knows it: behind the configured address of the site, not behind what a request claims."""
    return _site() + url_for(endpoint, **values)


@dataclass(frozen=True)
class Search:
    """A list with the words and filters asked for, and the filters in words: the name of each and its values."""

    listed: OpenList
    typed: str
    where: dict[str, Any]
    filters: tuple[tuple[str, str], ...]
    order: str = ""

    @property
    def arguments(self) -> dict[str, Any]:
        """What an address of the search carries."""
        return {**({"q": self.typed} if self.typed else {}), **self.where, **({"sort": self.order} if self.order else {})}

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The same, one by one."""
        return list(MultiDict(self.arguments).items(multi=True))

    @property
    def page(self) -> str:
        """The address of the search on the site."""
        return _address(self.listed.search, **self.arguments)

    @property
    def sentence(self) -> str:
        """Words and filters as one line; empty for everything."""
        said = [f"“{self.typed}”"] if self.typed else []
        return " · ".join([*said, *(f"{name}{_(': ')}{values}" for name, values in self.filters)])


def _search_of(name: str) -> Search:
    listed = LISTS.get(name)
    if listed is None:
        raise NotFound()
    if listed.kind == "open_call":
        wanted = calls.asked(request.args)
        return Search(listed, wanted.text, {name: value for name, value in wanted.arguments.items() if name != "q"}, tuple(filter_lines(wanted)))
    if listed.kind == "pool":
        said = pools.asked(request.args)
        return Search(listed, said.text, {name: value for name, value in said.arguments.items() if name != "q"}, tuple(pool_filter_lines(said)))
    typed, where = asked(listed.kind)
    names, separator = facet_names(), _(", ")
    told = ((names[name], separator.join(facet_value_name(name, value, language()) for value in values)) for name, values in where.items())
    return Search(listed, typed, where, tuple(told), asked_order(listed.kind, typed))


def _addresses(listing: Any) -> tuple[str, str]:
    """The address and the name that stays of a listing."""
    kind = listing.__tablename__
    return _address(LISTING_PAGES[kind], public_id=listing.public_id), feed.tag(_site(), f"{language()}/{kind}/{listing.public_id}")


def _entry(listing: Any) -> entries.Entry:
    return entries.entry(listing, language(), _addresses)


def structured_data(listing: Any) -> Markup:
    """What machines read on a listing's page, in a script element; nothing on a page that is not open to visitors."""
    if not structured.is_public(listing):
        return Markup("")
    organisation = _address("people.organisation", public_id=listing.organisation.public_id)
    facts = structured.described(listing, language(), _addresses(listing)[0], organisation)
    return Markup('<script type="application/ld+json">{}</script>').format(structured.script(facts))


def structured_pool(pool: Pool) -> Markup:
    """What machines read on a pool's page; nothing on a page that is not open to visitors."""
    facts = structured.pooled(pool, language(), _address("pools.show", public_id=pool.public_id)) if structured.is_public(pool) else None
    return Markup('<script type="application/ld+json">{}</script>').format(structured.script(facts)) if facts else Markup("")


CITED = {"bib": (citations.bibtex, "application/x-bibtex"), "ris": (citations.ris, "application/x-research-info-systems")}


@blueprint.route("/technologies/<public_id>.<any(bib, ris):form>")
def citation(public_id: str, form: str) -> ResponseReturnValue:
    """A technology for a reference manager, for whoever may read it."""
    technology = in_full(actor(), public_id)
    opened(actor(), technology, "export", form)
    cite, media_type = CITED[form]
    response = Response(cite(technology, language(), _addresses(technology)[0]), mimetype=media_type)
    response.headers["Content-Type"] = f"{media_type}; charset=utf-8"
    response.headers.set("Content-Disposition", "attachment", filename=f"techbridge-{public_id}.{form}")
    return response


@blueprint.route("/<name>.atom")
@limiter.limit("600 per hour")
def newest(name: str) -> ResponseReturnValue:
    """The newest listings of a search as a feed: what a visitor may read, whoever asks."""
    search = replace(_search_of(name), order="")
    found = [_entry(listing) for listing in operations.newest(search.listed.kind, search.typed, search.where, FEED)]
    said = feed.Feed(
        title=f"{search.listed.title} · {_('TechBridge')}", subtitle=search.sentence or _("everything"), language=TAGS[spoken()],
        address=_address("exporting.newest", name=name, **search.arguments), page=search.page,
    )
    response = Response(feed.atom(said, feed.search_tag(_site(), language(), name, search.pairs), found), mimetype="application/atom+xml")
    response.last_modified = feed.changed(found)
    response.cache_control.public, response.cache_control.max_age = True, 300
    response.add_etag()
    return response.make_conditional(request)


def _more(total: int, most: int) -> str:
    """What a file says where there are more listings than it holds."""
    if total <= most:
        return ""
    return _("These are the first %(held)s of %(found)s. Add words or filters to the search on the site to get a list of the others.",
             held=format_decimal(most), found=format_decimal(total))


def _file_name(search: Search, ending: str) -> str:
    return f"{search.listed.title} {now().date()}.{ending}"


@blueprint.route("/<name>.xlsx")
@limiter.limit("30 per hour")
def table(name: str) -> ResponseReturnValue:
    """The listings of a search as an Excel file: what the one who asks may read."""
    search = _search_of(name)
    listed = search.listed
    total, listings = operations.found(actor(), listed.kind, search.typed, search.where, IN_SPREADSHEET, search.order)
    columns = (*listed.columns, Column("address", 48, lambda listing, _language: _addresses(listing)[0]))
    note = _more(total, IN_SPREADSHEET)
    about = [
        (ABOUT["made"], now().date()), *([(ABOUT["search"], search.typed)] if search.typed else []), *search.filters, (ABOUT["found"], total),
        (ABOUT["held"], min(total, IN_SPREADSHEET)), (ABOUT["page"], search.page), *([("", note)] if note else []),
    ]
    told = [(str(label), value) for label, value in about]
    file = spreadsheet.written(listed.title, str(ABOUT["sheet"]), columns, language(), listings, note, told)
    return send_file(file, mimetype=XLSX, as_attachment=True, download_name=_file_name(search, "xlsx"), max_age=0)


@blueprint.route("/map.xlsx")
@limiter.limit("30 per hour")
def map_table() -> ResponseReturnValue:
    """The cells of the map of demand and supply by its filters as an Excel file; without any also those in which nothing is asked."""
    report = newest_counts()
    found = cells_of(report)
    if found is None:
        raise NotFound()
    wanted, by = cells.asked(request.args)
    rows, page = cells.chosen(found.all, wanted, by, offered=True), _address("supply.show", **wanted.arguments, **by.arguments)
    title = str(TABLE_WORDS["map"])
    about = [(str(ABOUT["made"]), report.computed.date()), (str(ABOUT["cells"]), len(rows)), (str(ABOUT["page"]), page)]
    file = spreadsheet.written(title, str(ABOUT["sheet"]), MAP_COLUMNS, language(), rows, "", about)
    return send_file(file, mimetype=XLSX, as_attachment=True, download_name=f"{title} {report.computed.date()}.xlsx", max_age=0)


@blueprint.route("/tables/<name>.xlsx")
@login_required
@limiter.limit("30 per hour")
def own_table(name: str) -> ResponseReturnValue:
    """A table of the reader's own work as an Excel file, by the filters and in the order of its page."""
    listed = TABLES.get(name)
    if listed is None:
        raise NotFound()
    total, rows = listed.rows(actor(), request.args)
    note, title = _more(total, MOST), str(TABLE_WORDS[name])
    own = (*listed.columns, *listed.columns_of(actor(), request.args))
    columns = (*own, Column("address", 48, lambda one, _language: _row_address(listed, one)))
    page = _address(listed.search, **{key: value for key, value in request.args.items() if key in FILTERS})
    about = [
        (ABOUT["made"], now().date()), (ABOUT["rows"], total), (ABOUT["cells"], len(rows)), (ABOUT["page"], page), *([("", note)] if note else []),
    ]
    file = spreadsheet.written(title, str(ABOUT["sheet"]), columns, language(), rows, note, [(str(label), value) for label, value in about])
    return send_file(file, mimetype=XLSX, as_attachment=True, download_name=f"{title} {now().date()}.xlsx", max_age=0)


def _row_address(listed: Table, one: Any) -> str | None:
    """The page of a row; None where it has none."""
    page = listed.place(one) if listed.place else listed.page
    return _address(page, public_id=listed.key(one), **listed.further(one)) if page and listed.key(one) else None


@blueprint.route("/<name>.pdf")
@limiter.limit("30 per hour")
def paper(name: str) -> ResponseReturnValue:
    """The listings of a search to be printed: what the one who asks may read."""
    search = _search_of(name)
    total, listings = operations.found(actor(), search.listed.kind, search.typed, search.where, ON_PAPER, search.order)
    printed = on_paper("pdf/list.html", search=search, entries=[_entry(listing) for listing in listings], total=total, made=now().date(),
                       note=_more(total, ON_PAPER), page=search.page)
    response = Response(printed, mimetype="application/pdf")
    response.headers.set("Content-Disposition", "inline", filename=f"techbridge-{name}.pdf")
    return response


@for_robots.route("/robots.txt")
def robots() -> ResponseReturnValue:
    """What search engines should leave alone, and where the sitemap is."""
    return Response(sitemap.robots(_site()), mimetype="text/plain")


@for_robots.route("/sitemap.xml")
def sitemaps() -> ResponseReturnValue:
    """The index of sitemaps: the static pages, then each range of ids that holds something public."""
    files = [_address("for_robots.sitemap_of_pages")]
    for name, kind in SITEMAPS.items():
        files += [_address("for_robots.sitemap_of_listings", name=name, number=number) for number in operations.ranges(kind)]
    return Response(sitemap.index(files), mimetype="application/xml")


@for_robots.route("/sitemap-pages.xml")
def sitemap_of_pages() -> ResponseReturnValue:
    """The static pages that everybody may read, and the boards."""
    of_boards = [("boards.show", {"public_id": board.public_id}) for board in boards(VISITOR)]
    places = [*((endpoint, {}) for endpoint in PAGES), *of_boards]
    pages = [({TAGS[code]: _address(endpoint, lang=code, **values) for code in tongues()}, None) for endpoint, values in places]
    return Response("".join(sitemap.urls(pages)), mimetype="application/xml")


@for_robots.route("/sitemap-<any(technologies, needs, 'open-calls', pools, facilities, experts, scenarios):name>-<int(max=1000000):number>.xml")
def sitemap_of_listings(name: str, number: int) -> ResponseReturnValue:
    """The public listings of one range of ids."""
    kind = SITEMAPS[name]
    rows = operations.public_in_range(kind, number) if number > 0 else []
    if not rows:
        raise NotFound()
    mark = "PUBLIC-ID"
    patterns = {TAGS[code]: _address(LISTING_PAGES[kind], public_id=mark, lang=code) for code in tongues()}
    pages = (({tag: pattern.replace(mark, public_id) for tag, pattern in patterns.items()}, updated) for public_id, updated in rows)
    return Response(sitemap.urls(pages), mimetype="application/xml")


@dataclass(frozen=True)
class Export:
    """What a list gives as files: its name and the addresses."""

    title: str
    feed: str
    table: str
    paper: str


def exports_of(endpoint: str, arguments: dict[str, Any]) -> list[Export]:
    """What the search at hand gives as files."""
    found = []
    for name, listed in LISTS.items():
        if listed.search == endpoint:
            unordered = {key: value for key, value in arguments.items() if key != "sort"}  # a feed has an order of its own
            files = (url_for(f"exporting.{kind}", name=name, **arguments) for kind in ("table", "paper"))
            found.append(Export(listed.title, url_for("exporting.newest", name=name, **unordered), *files))
    owned = [one for one in TABLES.values() if one.search == endpoint] if actor().is_authenticated else []
    return [*found, *(Export(str(TABLE_WORDS[one.name]), "", url_for("exporting.own_table", name=one.name, **arguments), "") for one in owned)]


@blueprint.route("/organisations/<public_id>/export", methods=["POST"])
@login_required
@limiter.limit("10 per hour")
def everything(public_id: str) -> ResponseReturnValue:
    """All that an organisation has here, as one zip, for its owners."""
    found = organisations.by_public_id(public_id)
    response = streamed(portfolio(actor(), found, language()), "application/zip")
    response.headers.set("Content-Disposition", "attachment", filename=f"techbridge-{public_id}.zip")
    return response
