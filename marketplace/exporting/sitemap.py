"""What search engines read: robots.txt, the index of sitemaps, and sitemaps with both languages of each page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

SITEMAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"
XHTML = "http://www.w3.org/1999/xhtml"
DECLARED = '<?xml version="1.0" encoding="UTF-8"?>\n'

NOT_FOR_ROBOTS = (
    "/*?*", "/*.xlsx$", "/*.pdf$", "/*.bib$", "/*.ris$", "/*/access", "/*/agreements", "/*/audits/", "/*/claims/", "/*/confirm/", "/*/credit/",
    "/*/deals", "/*/decisions", "/*/desk", "/*/dev/", "/*/distillations", "/*/evidence", "/*/funnel/", "/*/go", "/*/guarantee-entries/", "/*/guarantees",
    "/*/imports", "/*/income", "/*/invitations/", "/*/invoices/", "/*/mail", "/*/matches", "/*/money", "/*/needs/first", "/*/needs/from-file", "/*/notices/*/",
    "/*/key-holders", "/*/open-calls/*/proposal", "/*/operations/", "/*/payments/", "/*/problems/", "/*/proposals", "/*/receipts/", "/*/requests",
    "/*/prove", "/*/recovery/", "/*/reset", "/*/settings", "/*/sign-in", "/*/sign-up", "/*/statements", "/*/subscriptions", "/*/tables/", "/*/unsubscribe/",
    "/*/worklist",
    "/*/organisations/*/", "/*/technologies/*/inventors$", "/*/technologies/*/introduction$", "/*/new$", "/*/edit$", "/*/history$", "/*/files$",
    "/*/files/", "/*/needs/*/", "/*/adopted$", "/*/verify/", "/*/open-calls/mine$", "/*/open-calls/*/", "/*/boards/*/", "/*/reviews", "/*/teams/",
    "/*/gates/", "/*/awards/*/", "/*/pools/alike", "/*/pools/*/", "/*/ask$", "/*/resource-requests", "/*/facilities/*/", "/*/experts/*/",
    "/*/scenarios/*/", "/*/pools/mine$",
)
"""Endless combinations of filters, files made on demand, and pages that need an account or belong to one reader."""


def robots(site: str) -> str:
    """robots.txt (RFC 9309)."""
    rules = [f"Disallow: {path}" for path in NOT_FOR_ROBOTS]
    return "\n".join(["User-agent: *", *rules, "", f"Sitemap: {site}/sitemap.xml", ""])


def index(addresses: Iterable[str]) -> str:
    """The index of sitemaps."""
    entries = "".join(f"<sitemap><loc>{escape(address)}</loc></sitemap>\n" for address in addresses)
    return f'{DECLARED}<sitemapindex xmlns="{SITEMAPS}">\n{entries}</sitemapindex>\n'


def urls(pages: Iterable[tuple[Mapping[str, str], datetime | None]]) -> Iterator[str]:
    """A sitemap, piece by piece: for each page its address by language tag, and when it changed last, where that is known.

    Each language is a page of its own that names all of them, itself included.
    """
    yield f'{DECLARED}<urlset xmlns="{SITEMAPS}" xmlns:xhtml="{XHTML}">\n'
    for addresses, changed in pages:
        links = "".join(f'<xhtml:link rel="alternate" hreflang="{tag}" href={quoteattr(address)}/>' for tag, address in addresses.items())
        when = f"<lastmod>{changed.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}</lastmod>" if changed else ""
        yield "".join(f"<url><loc>{escape(address)}</loc>{when}{links}</url>\n" for address in addresses.values())
    yield "</urlset>\n"
