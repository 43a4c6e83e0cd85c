"""Pages of templates/pdf as PDFs for a browser, and the one answer where a site cannot make any."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from flask import Flask, Response, current_app, render_template

from marketplace.errors import N_
from marketplace.web import error_page


class NoPaper(Exception):
    """This site cannot make PDFs: Debian's libraries for it are missing. Who asked is answered with a page that says so."""


@cache
def press() -> ModuleType | None:
    """What makes PDFs, read when the first one is asked for (it takes a second); None where Debian's libraries are missing."""
    try:
        return import_module("marketplace.paper")
    except OSError:
        return None


def on_paper(template: str, **values: Any) -> bytes:
    """A template of templates/pdf as a PDF, in the language of the request. Raises `NoPaper`."""
    if (writer := press()) is None:
        raise NoPaper()
    return writer.pdf(render_template(template, **values), Path(current_app.static_folder or ""))


def _on_no_paper(_error: NoPaper) -> tuple[str | Response, int]:
    return error_page(
        503, N_("No PDF for now"),
        N_("This site cannot make PDFs yet: Debian's packages libpango-1.0-0, libpangoft2-1.0-0 and libharfbuzz-subset0 are missing. Please tell whoever "
           "runs the site, and print the page or take another of its files meanwhile."),
    )


def prepare(app: Flask) -> None:
    """Bind the answer to the application."""
    app.register_error_handler(NoPaper, _on_no_paper)
