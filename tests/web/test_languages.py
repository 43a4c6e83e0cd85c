"""What is written differently in each language: which languages there are, days, amounts, shares, plurals, names."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import wtforms
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask import Flask
from flask_babel import force_locale
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict

from marketplace.errors import Refused, several
from marketplace.languages import best, found, lacking, texts_for
from marketplace.needs.forms import TargetForm
from marketplace.people.operations import usable_name
from marketplace.web import PlainForm, in_words
from tests import factories, speaking


def test_a_folder_with_a_catalogue_is_a_language(tmp_path: Path) -> None:
    whole = {"Sign in": "x", ("%(num)s day", "%(num)s days"): ("x", "x")}
    said = {"ja": whole, "pt_BR": whole, "zh_Hans_CN": whole, "no-language": whole, "de": {"Sign in": "x"}, "it": {**whole, "Sign in": ""}}
    for name, messages in said.items():
        (tmp_path / name / "LC_MESSAGES").mkdir(parents=True)
        made = Catalog(locale="ja")
        for message, words in messages.items():
            made.add(message, string=words)
        with (tmp_path / name / "LC_MESSAGES" / "messages.mo").open("wb") as file:
            write_mo(file, made)
    (tmp_path / "fr" / "LC_MESSAGES").mkdir(parents=True)
    known = found(tmp_path)
    assert lacking(tmp_path) == {"de": ["%(num)s day"], "it": ["Sign in"]}, "a catalogue that lacks a message is not spoken"
    assert [(one.code, one.tag, one.name) for one in known.values()] == [
        ("zh", "zh-Hans", "中文"), ("en", "en", "English"), ("ja", "ja", "日本語"), ("pt", "pt-BR", "português"),
    ]
    assert best(["fr", "pt-PT", "en"], known) == "pt" and best(["fr"], known) is None
    assert [texts_for(code) for code in ("zh", "en", "ja")] == ["zh", "en", "en"]


SHOWN = {
    "zh_Hans_CN": ("2026年11月5日", "¥1,234,567.50", "12%", "<1%"),
    "en": ("November 5, 2026", "¥1,234,567.50", "12%", "<1%"),
    "de": ("5. November 2026", "1.234.567,50\N{NO-BREAK SPACE}¥", "12\N{NO-BREAK SPACE}%", "<1\N{NO-BREAK SPACE}%"),
}


@pytest.mark.parametrize("locale", SHOWN)
def test_days_amounts_and_shares_are_written_as_the_language_does(app: Flask, locale: str) -> None:
    day, amount, share, little = SHOWN[locale]
    filters = app.jinja_env.filters
    with app.test_request_context("/en/"), force_locale(locale):
        assert filters["day"](date(2026, 11, 5)) == day
        assert (filters["percent"](0.12), filters["percent"](0.001)) == (share, little)
        assert filters["money"](Decimal("1234567.50"), "CNY") == amount
        assert in_words("<%(day)s>", {"day": date(2026, 11, 5)}) == f"<{day}>"


def test_a_refusal_has_a_form_for_one(app: Flask) -> None:
    message = several("The table has only %(quarters)s quarter.", "The table has only %(quarters)s quarters.", "quarters")
    with app.test_request_context("/en/"):
        for locale, words in (("en", ("only 1 quarter.", "only 3 quarters.")), ("zh_Hans_CN", ("只有 1 个季度", "只有 3 个季度"))):
            with force_locale(locale):
                assert all(said in in_words(message, {"quarters": number}) for number, said in zip((1, 3), words, strict=True))
    assert [str(Refused(message, quarters=number))[-9:] for number in (1, 3)] == [" quarter.", "quarters."]


@pytest.mark.parametrize(("typed", "kept"), [
    ("张 伟", "张伟"), ("欧阳  志 远", "欧阳志远"), ("Elin Brovik", "Elin Brovik"), ("Nguyễn Văn An", "Nguyễn Văn An"), ("厂长 Wang", "厂长 Wang"),
])
def test_a_name_stands_in_the_order_of_its_bearer(typed: str, kept: str) -> None:
    assert usable_name(typed) == kept


def test_a_chinese_name_says_so_on_an_english_page(client) -> None:
    owner = factories.person(name="欧阳志远", language="en")
    house = factories.organisation(owner, name={"zh": "宁波启明阀门厂"})
    client.login(owner)
    page = client.get(f"/en/organisations/{house.public_id}/members").get_data(as_text=True)
    assert '<span lang="zh-Hans">欧阳志远</span>' in page and '<span lang="zh-Hans">宁波启明阀门厂</span>' in page
    assert '<span lang="zh-Hans">欧阳志远</span>' not in client.get(f"/zh/organisations/{house.public_id}/members").get_data(as_text=True)


TEMPLATES = Path(__file__).parents[2] / "templates"


def test_no_template_of_page_mail_or_paper_holds_words_of_its_own() -> None:
    """Read off the source, so in every branch; the design page shows what it shows in both languages."""
    read = [path for path in TEMPLATES.rglob("*.*") if path.suffix in (".html", ".txt") and path.parent.name != "design"]
    found = {path: speaking.spelled_out(path.read_text()) for path in read}
    assert not any(found.values()), "\n".join(f"{path.relative_to(TEMPLATES)}: {words}" for path, words in found.items() if words)
    assert len(found) > 300 and {path.parent.name for path in found} >= {"mail", "pdf"}


def test_words_outside_of_a_catalogue_are_heard() -> None:
    assert speaking.spelled_out('<p title="Sign in">{{ _("Sign in") }}</p>') == ["Sign in"]
    assert speaking.spelled_out('{{ "late" if day else _("soon") }}') == ["late"] and speaking.spelled_out("{% if a %}<b>已发布</b>{% endif %}") == ["已发布"]
    assert not speaking.spelled_out('<a class="late" href="/x">{{ badge(_("late"), "red") }} PDF</a>')
    page = '<html lang="{}"><body><p>{}</p></body></html>'
    for tag, text in (("zh-Hans", "Nothing is owed on this day"), ("en", "铜管")):
        assert speaking.misspoken(page.format(tag, text))
    for tag, text in (("zh-Hans", "共 3 项：Nothing is owed on this day"), ("en", "<b lang=zh-Hans>铜管</b>")):
        assert not speaking.misspoken(page.format(tag, text))


def test_every_form_refuses_in_the_language_of_the_page(app: Flask) -> None:
    """Those that stand in others as rows too, which know nothing of the language but through their base."""

    def beneath(base: type) -> set[type]:
        found = set(base.__subclasses__())
        return found.union(*map(beneath, found)) if found else found

    ours = {one for one in beneath(wtforms.Form) if one.__module__.startswith("marketplace.")}
    assert len(ours) > 50 and not {one for one in ours if not issubclass(one, (FlaskForm, PlainForm))}
    with app.test_request_context("/zh/"):
        row = TargetForm(MultiDict({"wanted": "x"}))
        assert not row.validate() and row.wanted.errors == ["不是有效的小数。"]
