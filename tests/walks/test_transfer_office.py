"""The walk of a transfer office: a spreadsheet comes in, a column is mended, what was read is published; terms said, a firm answered, money looked at."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from tests.walks import looking
from tests.walks.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

TABLE = {
    "zh": (
        "成果名称,说明,阶段,备用一", "钳齿毛刺的脉冲电解去除 {mark},用脉冲电解去除医用钳齿部毛刺，单件 8 分钟。,6,甲",
        "钳体冷锻成形 {mark},医用钳钳体一次冷锻成形，少一半铣削。,5,乙", ",没有名称的一行,4,丙",
    ),
    "en": (
        "Title,Description,Stage,Spare", "Pulsed electrolytic deburring {mark},Takes the burr off the jaws of surgical forceps in 8 minutes.,6,a",
        "Cold forging of forceps {mark},Forges the body of surgical forceps in one stroke and halves the milling.,5,b", ",A row without a title,4,c",
    ),
}


def test_transfer_office(visit: Visit, tmp_path: Path) -> None:
    visit.sign_in("officer")
    visit.look("desk")
    brings_in_a_spreadsheet(visit, tmp_path)
    mends_a_column(visit)
    publishes(visit)
    says_the_terms(visit)
    answers_a_firm(visit)
    looks_at_statement_and_invoice(visit)


def brings_in_a_spreadsheet(visit: Visit, folder: Path) -> None:
    """The table as it is, from the desk."""
    visit.mark = secrets.token_hex(3)
    table = folder / "table.csv"
    table.write_text("\n".join(TABLE[visit.language]).format(mark=visit.mark), encoding="utf-8")
    visit.follow("Bring in many technologies from a file")
    visit.look("import")
    visit.hand.attach(visit.page.locator("#file"), table)
    visit.follow("Send the file")


def mends_a_column(visit: Visit) -> None:
    """What was not understood is told by hand."""
    visit.look("columns")
    visit.fill(**{"column-2": "trl", "column-3": ""})
    visit.follow("Read the file")
    visit.wait_for("form[action$='/publish']")
    visit.look("what was read")


def publishes(visit: Visit) -> None:
    """The row without a title is refused with its reason; the others are published."""
    visit.follow(visit.page.locator("nav.tabs a[href*=rejected]"))
    visit.look("rejected rows")
    visit.follow(visit.page.locator("nav.tabs a[href*=created]"))
    visit.follow("Publish")
    visit.wait_for("[data-confirm]")
    visit.look("published")
    visit.press(visit.page.locator("[data-confirm] > summary").last)
    visit.look("take it back")
    visit.press("Leave it as it is")
    visit.follow(visit.page.locator("table a[href*='/technologies/']").first)
    assert visit.mark in visit.page.locator("h1").inner_text()


def says_the_terms(visit: Visit) -> None:
    """Typed in the editor, said in both languages; on the page in a sentence."""
    visit.follow("Edit")
    visit.fill(mode="licence", exclusivity="ordinary")
    visit.hand.choose(visit.page.locator("[name=terms-royalty_base]"), "net_sales")
    visit.hand.fill(visit.page.locator("[name='terms-tiers-0-rate']"), "3")
    visit.hand.fill(visit.page.locator("[name=terms-trial_months]"), "6")
    for language, words in (("en", "3 % of net sales"), ("zh", "3%")):
        visit.page.locator(f"[data-words={language}]").filter(has_text=words).wait_for()
    visit.look("terms")
    visit.follow("Save")
    visit.look("technology with terms")
    assert visit.page.locator("main .terms").count() >= 1


def answers_a_firm(visit: Visit) -> None:
    """The needs that fit; one is kept, another is declined with a reason."""
    visit.site.rest()
    visit.open("/matches?side=holder")
    visit.look("needs that fit")
    visit.follow(visit.page.locator("form:has(input[value=shortlisted]) button").first)
    visit.open("/matches?side=holder")
    answer = visit.page.locator("article.res").first
    visit.press(answer.locator("details summary"))
    visit.follow(answer.locator("details button"))
    visit.look("decline refused")
    assert not looking.unsaid(visit.page)
    field = visit.page.locator("details[open] select[name=code]").first
    visit.hand.choose(field, field.locator("option").nth(1).get_attribute("value"))
    visit.follow(visit.page.locator("details[open] button").first)
    visit.look("declined")


def looks_at_statement_and_invoice(visit: Visit) -> None:
    """What was stated, what is owed, the invoice."""
    for path, name in (("/statements", "statements"), ("/money", "money")):
        visit.open(path)
        visit.look(name)
    visit.follow(visit.page.locator("main a[href*='/money/']").first)
    visit.look("money of the office")
