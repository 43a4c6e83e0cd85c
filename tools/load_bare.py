"""The list of technologies as a bare Flask page: the same template with the same data, kept in memory, under the same gunicorn. `load.py` asks it in turns with
the real page.

    gunicorn -c python:marketplace.server tools.load_bare:app

The page is made once by the product; what its view handed to the template is kept. After that nothing of the product runs but the template and what it calls
for words and addresses: no database (the session is bound to none), no cookies, no accounts, no questions of permission, no index, no headers, no log, no
compression, no figures.
"""

from __future__ import annotations

import gc
import os
from types import SimpleNamespace
from typing import Any

from flask import Flask, render_template

from marketplace import create_app
from marketplace.access import VISITOR
from marketplace.db import LANGUAGES, in_language, session
from marketplace.languages import LOCALES
from marketplace.matching import views

LANGUAGE = "zh"
TEMPLATE = "matching/technologies.html"
PAGE = f"/{LANGUAGE}/technologies"


class Plain(SimpleNamespace):
    """A row of the list as plain values."""

    def titled(self, language: str) -> tuple[str, str]:
        """See `Technology.titled`."""
        return in_language(self.title, language)

    def called(self, language: str) -> str:
        """See `Organisation.called`."""
        return in_language(self.name, language)[0]


def plain(row: Any) -> Plain:
    """All columns of a row, and of its offer and organisation."""
    values = {column.key: getattr(row, column.key) for column in type(row).__mapper__.column_attrs}
    near = {name: plain(getattr(row, name)) for name in ("offer", "organisation") if getattr(row, name, None) is not None}
    return Plain(**{"offer": None, **values, **near})


def made(app: Flask) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the view hands to the template, and what every template gets, as they were made for one visitor."""
    caught: dict[str, Any] = {}
    real = views.answer
    views.answer = lambda template, form=None, **values: caught.update(values) or ("", 200)  # type: ignore[assignment, func-returns-value]
    context: dict[str, Any] = {}
    try:
        with app.test_request_context(PAGE):
            app.preprocess_request()
            views.technologies(**{})
            app.update_template_context(context)
            readable = {row.public_id: views.reads_in_full(row) for row in caught["rows"]}
            caught["rows"] = [plain(row) for row in caught["rows"]]
    finally:
        views.answer = real
    context["readable"] = readable
    return caught, context


def bare() -> Flask:
    """The product's application with everything taken away but templates, words and addresses."""
    app = create_app()
    values, context = made(app)
    readable = context.pop("readable")
    app.__class__ = Flask
    app.wsgi_app = Flask.wsgi_app.__get__(app)  # type: ignore[method-assign]
    app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs, app.teardown_appcontext_funcs = {}, {}, {}, []
    kept = {name: context[name] for name in ("tongue", "tongues", "tag", "here_in", "site_address", "locale", "language", "other_language")}
    app.template_context_processors = {None: [app.template_context_processors[None][0], lambda: {"actor": VISITOR, **kept}]}
    app.extensions["babel"].locale_selector = lambda: LOCALES[LANGUAGE]
    app.jinja_env.globals["reads_in_full"] = lambda row: readable[row.public_id]
    app.view_functions["matching.technologies"] = lambda: render_template(TEMPLATE, form=None, is_refused=False, **values)
    session.remove()
    session.configure(bind=None)
    assert LANGUAGE in LANGUAGES
    gc.collect()
    gc.freeze()
    return app


app = bare() if "LOAD_BARE" in os.environ else None
