"""The PDFs of what was signed: printed by a job after the commit, in both languages, kept in the store of files.

A PDF shows the signed text line by line, who signed when, and the hash. A job that died half-way is run again: what is
there already stays, what is missing is printed; a sweep looks for texts whose job was lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.dates import format_datetime
from babel.support import Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import func, select

from marketplace.catalogue.attachments import store
from marketplace.config import Settings
from marketplace.db import LANGUAGES, now, session
from marketplace.jobs import handler
from marketplace.languages import LOCALES, TAGS
from marketplace.licensing import text
from marketplace.licensing.models import Signature
from marketplace.licensing.signing.models import Paper, SignedText
from marketplace.licensing.signing.operations import signatures_of

LARGEST = 20 * 1024 * 1024
BATCH = 50


@dataclass(frozen=True)
class Press:
    """What printing needs of the site: its address, our static folder, and the template in each language."""

    site: str
    static: Path
    templates: dict[str, Environment]


_press: list[Press] = []


def configure(settings: Settings, templates: Path, static: Path, translations: Path) -> None:
    """Set where templates, style sheets and catalogues lie; the pages of signing do this when they are mounted."""
    _press[:] = [Press(settings.site, static, {lang: _environment(templates, translations, lang) for lang in LANGUAGES})]


def _environment(templates: Path, translations: Path, lang: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(templates / "pdf"), extensions=["jinja2.ext.i18n"], undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        autoescape=True,
    )
    environment.install_gettext_translations(Translations.load(translations, [LOCALES[lang]]), newstyle=True)  # type: ignore[attr-defined]
    environment.filters["moment"] = lambda value: format_datetime(value, "medium", locale=LOCALES[lang]) + " UTC"
    return environment


def page(kept: SignedText, given: dict[str, Signature], lang: str) -> str:
    """The page to be printed: the signed text in one language, word for word, and the signatures under it."""
    press = _press[0]
    words = kept.zh if lang == "zh" else kept.en
    return press.templates[lang].get_template("agreement.html").render(
        kept=kept, parts=text.parts(words), title=words.split("\n", 1)[0], given=[given[side] for side in ("licensor", "licensee") if side in given],
        tag=TAGS[lang], lang=lang, verify=f"{press.site}/{lang}/verify/{kept.sha256}",
    )


def printed(template: str, lang: str, **values: Any) -> bytes:
    """Another of the templates of templates/pdf in a language, as a PDF. Raises `OSError` where Debian's Pango is missing."""
    html = _press[0].templates[lang].get_template(template).render(values, tag=TAGS[lang], lang=lang)
    return import_module("marketplace.paper").pdf(html, _press[0].static)


def print_text(kept: SignedText) -> Iterator[Paper]:
    """Print what is missing of a text in either language. Raises `OSError` where Debian's Pango is missing."""
    given = signatures_of(kept.agreement, kept.of, kept.number)
    for lang in LANGUAGES:
        if session.scalar(select(Paper.id).where(Paper.text_id == kept.id, Paper.language == lang)) is None:
            made = import_module("marketplace.paper").pdf(page(kept, given, lang), _press[0].static)
            stored = store().keep(BytesIO(made), LARGEST, lambda _path: None)
            paper = Paper(text_id=kept.id, language=lang, sha256=stored.sha256, size=stored.size, created=now())
            session.add(paper)
            session.flush()  # the next run finds it
            yield paper


def _complete(kept: SignedText) -> bool:
    return len(signatures_of(kept.agreement, kept.of, kept.number)) == (2 if kept.of == "agreement" else 1)


@handler("licensing.print")
def print_agreement(thing_id: int) -> Iterator[None]:
    """Print everything that was signed under an agreement and is not printed yet."""
    for kept in session.scalars(select(SignedText).where(SignedText.agreement_id == thing_id).order_by(SignedText.id)).all():
        if _complete(kept):
            for _paper in print_text(kept):
                yield


@handler("licensing.print_missing", every=timedelta(hours=1))
def print_missing() -> Iterator[None]:
    """Print what was signed and has not both its PDFs: a job may have failed for good while a package was missing."""
    printed = select(Paper.text_id).group_by(Paper.text_id).having(func.count() == len(LANGUAGES))
    left = select(SignedText).where(SignedText.id.not_in(printed), SignedText.created < now() - timedelta(minutes=30))
    for kept in session.scalars(left.order_by(SignedText.id.desc()).limit(BATCH)).all():
        if _complete(kept):
            for _paper in print_text(kept):
                yield
