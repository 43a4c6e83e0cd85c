"""What goes out as files: feeds, sitemaps, open lists, citations; and what the pages of listings and searches show of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, Response, current_app, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from marketplace.access import require
from marketplace.catalogue.operations import by_public_id
from marketplace.db import LANGUAGES
from marketplace.errors import NotFound
from marketplace.exporting import citations, entries, feed, operations, sitemap, structured
from marketplace.exporting.lists import LISTS, OpenList
from marketplace.matching.views import asked, facet_names, facet_value_name
from marketplace.web import TAGS, actor, language, limiter

blueprint = Blueprint("exporting", __name__)
for_robots = Blueprint("for_robots", __name__)

FEED = 50  # entries of a feed
PAGES = ("matching.front", "matching.technologies", "matching.needs", "matching.how")  # static pages for search engines
LISTING_PAGES = {"technology": "catalogue.show", "need": "needs.show"}
SITEMAPS = {"technologies": "technology", "needs": "need"}


def prepare(app: Flask) -> None:
    """What the pages of other packages show of exporting, so that no package imports upward."""
    app.jinja_env.globals.update(exports_of=exports_of, structured_data=structured_data, patent_numbers=citations.numbers)


def _site() -> str:
    return current_app.config["SETTINGS"].site


def _address(endpoint: str, **values: Any) -> str:
    """An address as the world knows it: behind the configured address of the site, not behind what a request claims."""
    return _site() + url_for(endpoint, **values)


@dataclass(frozen=True)
class Search:
    """A list with the words and filters asked for."""

    listed: OpenList
    typed: str
    where: dict[str, Any]

    @property
    def arguments(self) -> dict[str, Any]:
        """What an address of the search carries."""
        return {**({"q": self.typed} if self.typed else {}), **self.where}

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The same, one by one."""
        return list(MultiDict(self.arguments).items(multi=True))

    @property
    def filters(self) -> list[tuple[str, str]]:
        """The filters in words: the name of each and its values."""
        names, separator = facet_names(), _(", ")
        return [(names[name], separator.join(facet_value_name(name, value, language()) for value in values)) for name, values in self.where.items()]

    @property
    def sentence(self) -> str:
        """Words and filters as one line; empty for everything."""
        said = [f"“{self.typed}”"] if self.typed else []
        return " · ".join([*said, *(f"{name}{_(': ')}{values}" for name, values in self.filters)])


def _search_of(name: str) -> Search:
    listed = LISTS.get(name)
    if listed is None:
        raise NotFound()
    typed, where = asked(listed.kind)
    return Search(listed, typed, {**where, **listed.where})


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


CITED = {"bib": (citations.bibtex, "application/x-bibtex"), "ris": (citations.ris, "application/x-research-info-systems")}


@blueprint.route("/technologies/<public_id>.<any(bib, ris):form>")
def citation(public_id: str, form: str) -> ResponseReturnValue:
    """A technology for a reference manager, for whoever may read it."""
    technology = by_public_id(actor(), public_id)
    require(actor(), "listing.read_in_full", technology)
    cite, media_type = CITED[form]
    response = Response(cite(technology, language(), _addresses(technology)[0]), mimetype=media_type)
    response.headers["Content-Type"] = f"{media_type}; charset=utf-8"
    response.headers.set("Content-Disposition", "attachment", filename=f"techbridge-{public_id}.{form}")
    return response


@blueprint.route("/<name>.atom")
@limiter.limit("600 per hour")
def newest(name: str) -> ResponseReturnValue:
    """The newest listings of a search as a feed: what a visitor may read, whoever asks."""
    search = _search_of(name)
    found = [_entry(listing) for listing in operations.newest(search.listed.kind, search.typed, search.where, FEED)]
    said = feed.Feed(
        title=f"{search.listed.title} · {_('TechBridge')}", subtitle=search.sentence or _("everything"), language=TAGS[language()],
        address=_address("exporting.newest", name=name, **search.arguments), page=_address(search.listed.search, **search.arguments),
    )
    response = Response(feed.atom(said, feed.search_tag(_site(), language(), name, search.pairs), found), mimetype="application/atom+xml")
    response.last_modified = feed.changed(found)
    response.cache_control.public, response.cache_control.max_age = True, 300
    response.add_etag()
    return response.make_conditional(request)


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
    """The static pages that everybody may read."""
    pages = [({TAGS[code]: _address(endpoint, lang=code) for code in LANGUAGES}, None) for endpoint in PAGES]
    return Response("".join(sitemap.urls(pages)), mimetype="application/xml")


@for_robots.route("/sitemap-<any(technologies, needs):name>-<int(max=1000000):number>.xml")
def sitemap_of_listings(name: str, number: int) -> ResponseReturnValue:
    """The public listings of one range of ids."""
    kind = SITEMAPS[name]
    rows = operations.public_in_range(kind, number) if number > 0 else []
    if not rows:
        raise NotFound()
    mark = "PUBLIC-ID"
    patterns = {TAGS[code]: _address(LISTING_PAGES[kind], public_id=mark, lang=code) for code in LANGUAGES}
    pages = (({tag: pattern.replace(mark, public_id) for tag, pattern in patterns.items()}, updated) for public_id, updated in rows)
    return Response(sitemap.urls(pages), mimetype="application/xml")


@dataclass(frozen=True)
class Export:
    """A link to what the search at hand gives as a file."""

    name: str
    address: str
    media_type: str
    full: str


def exports_of(endpoint: str, arguments: dict[str, Any]) -> list[Export]:
    """Links from a search page to what its search gives as files, the feed first."""
    found = []
    for name, listed in LISTS.items():
        if listed.search == endpoint and not listed.where:
            found.append(Export(_("Feed"), url_for("exporting.newest", name=name, **arguments), "application/atom+xml", _("Feed of this search")))
    return found
