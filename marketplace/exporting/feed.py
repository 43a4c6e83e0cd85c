"""A feed in Atom (RFC 4287): the newest listings of a search, for news readers and for other sites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree

from marketplace.exporting.entries import Entry
from marketplace.exporting.text import printable

ATOM = "http://www.w3.org/2005/Atom"
BEGUN = 2026  # the year since which the site's names hold; part of every tag, for a name may change hands later
EMPTY = datetime(BEGUN, 1, 1, tzinfo=UTC)  # when a feed without entries was last changed


@dataclass(frozen=True)
class Feed:
    """What a feed says of itself: its title, its own address, the search page's, and the tag of BCP 47 of its language."""

    title: str
    subtitle: str
    address: str
    page: str
    language: str


def tag(site: str, path: str) -> str:
    """A name (RFC 4151) that stays when an address changes."""
    return f"tag:{urlsplit(site).hostname},{BEGUN}:{path}"


def search_tag(site: str, language: str, name: str, asked: Sequence[tuple[str, str]]) -> str:
    """The name of a search's feed: the same for the same words and filters in any order."""
    query = urlencode(sorted(asked))
    return tag(site, f"{language}/{name}.atom" + (f"?{query}" if query else ""))


def changed(entries: Sequence[Entry]) -> datetime:
    """When a feed of these entries changed last."""
    return max((entry.updated for entry in entries), default=EMPTY)


def atom(feed: Feed, name: str, entries: Sequence[Entry]) -> bytes:
    """The feed as XML; `name` is the feed's tag."""
    root = ElementTree.Element("feed", {"xmlns": ATOM, "xml:lang": feed.language})
    _add(root, "title", feed.title)
    _add(root, "subtitle", feed.subtitle)
    _add(root, "id", name)
    _add(root, "updated", _moment(changed(entries)))
    _add(root, "link", rel="self", type="application/atom+xml", href=feed.address)
    _add(root, "link", rel="alternate", type="text/html", href=feed.page)
    for entry in entries:
        _add_entry(root, entry)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def _add_entry(root: ElementTree.Element, entry: Entry) -> None:
    one = _add(root, "entry")
    _add(one, "title", entry.title, entry.language)
    _add(one, "id", entry.tag)
    _add(one, "published", _moment(entry.published))
    _add(one, "updated", _moment(entry.updated))
    _add(_add(one, "author"), "name", entry.organisation)
    _add(one, "link", rel="alternate", type="text/html", href=entry.address)
    for code, label in entry.categories:
        _add(one, "category", term=code, label=label)
    _add(one, "summary", "\n".join(part for part in (entry.line, *entry.terms, entry.summary) if part))


def _add(
    parent: ElementTree.Element, element: str, text: str | None = None, language: str | None = None, **attributes: str
) -> ElementTree.Element:
    made = ElementTree.SubElement(parent, element, {name: printable(value) for name, value in attributes.items()})
    if text is not None:
        made.text = printable(text)
    if language is not None:
        made.set("xml:lang", language)
    return made


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
