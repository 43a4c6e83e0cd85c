"""Pages of the income split: what each person sees, what a form refuses, files of the income statement."""

from __future__ import annotations

import csv
import io
from datetime import date
from io import BytesIO

import pytest
from sqlalchemy import func, select

from marketplace.alerts.models import Mail
from marketplace.db import session as db
from marketplace.licensing import ledger
from marketplace.licensing.income import costs, inventors, operations
from marketplace.licensing.income.models import IncomeCost, IncomePolicy, Inventorship, Split
from tests import factories
from tests.factories import NOW
from tests.inspection import work

NOT_DEDUCTED = {f"{name}-formula": "" for name in ("appraisal", "broker_fee", "direct_costs", "other")}
POLICY = {
    **NOT_DEDUCTED,
    "key": "k1", "in_force": "2026-01-01", "state_founded": "y", "inventors": "70%", "school": "20", "transfer_office": "10", "currency": "CNY",
    "tax-formula": "percent", "tax-value": "6", "patent_fees-formula": "costs", "agency-formula": "fixed", "agency-value": "1,000", "self_rate": "5",
}


def path(institute, rest="", lang="zh"):
    return f"/{lang}/organisations/{institute.organisation.public_id}/income{rest}"


def approved(institute, amount="10000.01"):
    split = institute.split(institute.pay(amount))
    operations.approve_split(institute.second, split, NOW)
    db.flush()
    return split


def test_a_policy_is_proposed_by_one_and_approved_by_another(institute, client):
    client.login(institute.owner)
    assert "70%" not in client.get(path(institute, "/policy")).get_data(as_text=True)
    for _twice in range(2):
        assert client.post(path(institute, "/policy"), data=POLICY).status_code == 303
    policy = db.execute(select(IncomePolicy)).scalar_one()
    assert policy.deductions == [
        {"code": "patent_fees", "formula": "costs"}, {"code": "agency", "formula": "fixed", "amount": 100_000, "currency": "CNY"},
        {"code": "tax", "formula": "percent", "rate": "0.06"}]
    answer = f"/zh/income/policies/{policy.public_id}/approve"
    assert client.post(answer).status_code == 422
    client.login(institute.second)
    assert "70%" in client.get(path(institute, "/policy")).get_data(as_text=True)
    assert client.post(answer).status_code == 303
    db.expire_all()
    assert policy.state == "approved"


@pytest.mark.parametrize(("changed", "said"), [
    ({"school": "10"}, "100"), ({"inventors": "40", "school": "50"}, "50%"), ({"inventors": "x"}, "100"), ({"inventors": "", "school": "90"}, "完成人"),
    ({"tax-value": "多"}, "100"), ({"agency-value": "-5"}, "数字"), ({"self_rate": "3"}, "5%"), ({"in_force": ""}, "日期"),
    ({"tax-value": "100", "other-formula": "percent", "other-value": "1"}, "百分比"), ({"currency": "XXX"}, "请选择币种"),
])
def test_a_policy_that_cannot_be_is_refused_beside_the_field(institute, client, changed, said):
    client.login(institute.owner)
    page = client.post(path(institute, "/policy"), data={**POLICY, **changed})
    assert page.status_code == 422 and said in page.get_data(as_text=True)
    assert db.scalar(select(func.count()).select_from(IncomePolicy)) == 0


def test_an_institute_not_founded_by_the_state_is_warned_only(institute, client):
    client.login(institute.owner)
    data = {name: value for name, value in POLICY.items() if name != "state_founded"}
    assert client.post(path(institute, "/policy"), data={**data, "inventors": "40", "school": "50"}).status_code == 303
    page = client.get(path(institute, "/policy", "en")).get_data(as_text=True)
    assert "finding-warn" in page and "at least 50%" in page and "article 45" in page


def test_a_region_says_more_than_the_nation_and_says_that_it_is_unverified(institute, client):
    institute.organisation.region = "330000"
    client.login(institute.owner)
    assert client.post(path(institute, "/policy"), data={**POLICY, "inventors": "50", "school": "46", "transfer_office": "4"}).status_code == 303
    page = client.get(path(institute, "/policy")).get_data(as_text=True)
    assert page.count('<li class="finding-warn">') == 2 and "浙江省" in page and "未经原文核对" in page


def test_weights_are_typed_with_the_listings_names_ready(institute, client):
    technology = institute.agreement.technology
    technology.inventors = ["甲某", "乙某"]
    where = f"/zh/technologies/{technology.public_id}/inventors"
    client.login(institute.owner)
    assert 'value="乙某"' in client.get(where).get_data(as_text=True)
    data = {"key": "w", "rows-0-name": "甲某", "rows-0-weight": "3", "rows-0-address": "jia@example.com", "rows-1-name": "乙某", "rows-1-weight": "1",
            "rows-1-employer": "外校"}
    assert client.post(where, data={**data, "more": "1"}).status_code == 200
    assert client.post(where, data={**data, "rows-0-weight": "0"}).status_code == 422
    for _twice in range(2):
        assert client.post(where, data=data).status_code == 303
    made = db.execute(select(Inventorship)).scalar_one()
    client.login(institute.second)
    assert client.post(f"/zh/income/weights/{made.public_id}/refuse", data={"reason": "次序不对"}).status_code == 303
    assert "次序不对" in client.get(where).get_data(as_text=True)
    work()
    assert [mail.template for mail in db.scalars(select(Mail))] == ["inventor_invited"]


def test_the_split_shows_the_formula_line_by_line_and_is_approved_paid_and_told(institute, client):
    institute.policy(deductions=[{"code": "tax", "formula": "percent", "rate": "0.06"}, {"code": "patent_fees", "formula": "costs"}])
    institute.weights()
    third = factories.person()
    factories.membership(third, institute.organisation, "signatory")
    costs.record_cost(institute.owner, institute.agreement.technology, "c", "patent_fees", date(2026, 3, 1), "CNY", 123_456, at=NOW)
    factories.event(institute.agreement, "statement", "2026-04-10", period="2026-01-01", gross="500000")
    split = institute.split(institute.pay("10000.01"))
    where = f"/en/income/splits/{split.public_id}"
    client.login(institute.owner)
    page = client.get(where).get_data(as_text=True)
    for said in ("¥10,000.01", "6% × ¥10,000.01", "-¥600", "-¥1,234.56", "¥8,165.45", "2 / 3", "statement of April 10, 2026", "second person"):
        assert said in page, said
    assert client.get(where.replace("/en/", "/zh/")).status_code == 200
    assert client.post(f"{where}/approve").status_code == 422
    client.login(third)
    assert client.post(f"{where}/approve").status_code == 303
    assert client.post(f"{where}/refuse", data={"reason": "x"}).status_code == 422
    db.expire_all()
    day = split.counted.isoformat()
    assert client.post(where, data={"places": ["3", "4"], "day": "2020-01-01"}).status_code == 422
    assert client.post(where, data={"places": ["3", "4"], "day": day, "note": "工资卡"}).status_code == 303
    assert "paid on" in client.get(where).get_data(as_text=True)
    assert client.post(where, data={"places": ["5", "6"], "day": day}).status_code == 303
    db.expire_all()
    assert split.state == "paid"


def test_refused_computed_anew_and_taken_back_on_the_pages(institute, client):
    institute.policy()
    institute.weights()
    split = institute.split(institute.pay())
    client.login(institute.second)
    where = f"/zh/income/splits/{split.public_id}"
    assert client.post(f"{where}/refuse", data={"reason": ""}).status_code == 422
    assert client.post(f"{where}/refuse", data={"reason": "不对"}).status_code == 303
    assert "不对" in client.get(where).get_data(as_text=True)
    anew = client.post(f"{where}/anew")
    assert anew.status_code == 303
    assert client.post(f"{where}/anew").status_code == 422
    made = db.execute(select(Split).where(Split.replaces_id == split.id)).scalar_one()
    operations.approve_split(institute.owner, made, NOW)
    ledger.void(institute.owner, made.event, "退票", NOW)
    work()
    mirror = db.execute(select(Split).where(Split.mirrors_id == made.id)).scalar_one()
    page = client.get(f"/zh/income/splits/{mirror.public_id}").get_data(as_text=True)
    assert "-¥10,000.01" in page and f"{mirror.public_id}/refuse" not in page


def test_waiting_splits_say_what_is_missing_and_stand_on_the_desk(institute, client):
    split = institute.split(institute.pay())
    client.login(institute.owner)
    assert "没有" in client.get(f"/zh/income/splits/{split.public_id}").get_data(as_text=True)
    assert client.get(path(institute)).status_code == 200
    assert path(institute) in client.get("/zh/desk").get_data(as_text=True)


def test_costs_with_proofs(institute, client):
    client.login(institute.owner)
    data = {"key": "c", "technology": institute.agreement.technology.public_id, "agreement": "", "code": "patent_fees", "day": "2026-03-01", "amount": "1.2万",
            "currency": "CNY", "note": "年费"}
    for wrong in ({"amount": "0"}, {"amount": "x"}, {"technology": "nothing"}, {"day": "2999-01-01"}, {"currency": "XXX"}):
        assert client.post(path(institute, "/costs"), data={**data, **wrong}).status_code == 422
    for _twice in range(2):
        assert client.post(path(institute, "/costs"), data=data).status_code == 303
    cost = db.execute(select(IncomeCost)).scalar_one()
    assert cost.amount == 1_200_000
    where = f"/zh/income/costs/{cost.public_id}"
    assert client.post(where, data={"file": (BytesIO("收据".encode()), "收据.txt")}, content_type="multipart/form-data").status_code == 303
    page = client.get(where).get_data(as_text=True)
    file = page.split(f'href="{where}/files/')[1].split('"')[0]
    with client.get(f"{where}/files/{file}") as answer:
        assert answer.data == "收据".encode()
    assert client.post(f"{where}/files/{file}/remove").status_code == 303 and "收据.txt" not in client.get(where).get_data(as_text=True)
    assert client.post(f"{where}/withdraw").status_code == 303
    assert "¥12,000" in client.get(path(institute, "/costs")).get_data(as_text=True)


def test_own_use_of_a_year(institute, client):
    institute.policy(day="2024-01-01")
    institute.weights()
    client.login(institute.owner)
    data = {"technology": institute.agreement.technology.public_id, "year": "2025", "amount": "200000", "currency": "CNY"}
    assert client.post(path(institute, "/own-use"), data={**data, "year": "2999"}).status_code == 422
    assert client.get(path(institute, "/own-use", "en")).status_code == 200
    to = client.post(path(institute, "/own-use", "en"), data=data).headers["Location"]
    assert "5% × ¥200,000 × 2 / 3" in client.get(to).get_data(as_text=True)


def test_the_income_statement_as_page_table_and_paper(institute, client):
    institute.policy()
    institute.weights()
    split = approved(institute)
    year, inventor = split.counted.year, institute.inventor("甲某")
    institute.agreement.technology.title = {"zh": "=1+1"}
    where = f"/zh/income/inventors/{inventor.public_id}/{year}"
    client.login(institute.owner)
    assert "¥4,666.68" in client.get(where).get_data(as_text=True)
    assert str(year) in client.get(path(institute)).get_data(as_text=True)
    rows = list(csv.reader(io.StringIO(client.get(f"{where}.csv").get_data(as_text=True).lstrip("\ufeff"))))
    assert rows[1][6:8] == ["4666.68", "CNY"] and rows[1][3:6] == ["'=1+1", "0.7", "2 / 3"]
    assert client.get(f"{where}.pdf").data.startswith(b"%PDF")
    assert client.get(f"/zh/income/inventors/{inventor.public_id}/99999").status_code == 404


def test_an_inventor_links_its_account_and_sees_its_own_statement_alone(institute, client):
    institute.policy()
    institute.weights()
    split = approved(institute)
    person = factories.person(address="jia@example.com")
    own, other = institute.inventor("甲某"), institute.inventor("乙某")
    client.login(person)
    assert "/zh/income" in client.get("/zh/desk").get_data(as_text=True)
    assert client.get(f"/zh/income/inventors/{own.public_id}/{split.counted.year}").status_code == 404
    assert client.post(f"/zh/income/inventors/{other.public_id}/claim").status_code == 404
    assert client.post(f"/zh/income/inventors/{own.public_id}/claim").status_code == 303
    assert str(split.counted.year) in client.get("/zh/income").get_data(as_text=True)
    page = client.get(f"/zh/income/inventors/{own.public_id}/{split.counted.year}").get_data(as_text=True)
    assert "¥4,666.68" in page and "¥10,000.01" not in page and institute.agreement.titled("zh")[0] not in page
    for hidden in (f"/zh/income/inventors/{other.public_id}/{split.counted.year}", f"/zh/income/splits/{split.public_id}"):
        assert client.get(hidden).status_code == 404
    assert client.get(path(institute)).status_code == 403
    later = approved(institute, "1.00")
    work()
    mails = [mail.template for mail in db.scalars(select(Mail).where(Mail.person_id == person.id).order_by(Mail.id))]
    assert "income_awarded" in mails and later.state == "approved"


def test_pages_are_closed_to_everybody_but_the_institutes_heads(institute, client):
    institute.policy()
    institute.weights()
    split = approved(institute)
    cost = costs.record_cost(institute.owner, institute.agreement.technology, "c", "tax", date(2026, 3, 1), "CNY", 5, at=NOW)
    weights, policy = inventors.in_force(institute.agreement.technology_id), split.policy
    inventor, technology = institute.inventor("甲某"), institute.agreement.technology
    member = factories.person()
    factories.membership(member, institute.organisation, "member")
    gets = [path(institute), path(institute, "/policy"), path(institute, "/costs"), path(institute, "/own-use"), f"/zh/income/splits/{split.public_id}",
            f"/zh/technologies/{technology.public_id}/inventors", f"/zh/income/costs/{cost.public_id}"]
    gets += [f"/zh/income/inventors/{inventor.public_id}/2026{ending}" for ending in ("", ".csv", ".pdf")]
    posts = [f"/zh/income/splits/{split.public_id}/{verb}" for verb in ("approve", "refuse", "anew")]
    posts += [f"/zh/income/{kind}/{one.public_id}/{verb}" for kind, one in (("policies", policy), ("weights", weights)) for verb in ("approve", "refuse")]
    posts += [f"/zh/income/costs/{cost.public_id}/withdraw", f"/zh/income/inventors/{inventor.public_id}/erase", path(institute, "/policy"),
              path(institute, "/costs"), path(institute, "/own-use"), f"/zh/income/splits/{split.public_id}"]
    licensee = institute.licensee.memberships[0].person
    for who in (None, factories.person(), member, licensee, factories.operator(), factories.broker()):
        client.logout()
        if who:
            client.login(who)
        wanted = (403, 404) if who else (303,)
        assert {client.get(url).status_code for url in gets} <= set(wanted), who
        assert {client.post(url, data={"reason": "x"}).status_code for url in posts} <= set(wanted), who
    client.login(licensee)
    assert "/income" not in client.get(f"/zh/agreements/{institute.agreement.public_id}").get_data(as_text=True)
    client.login(institute.owner)
    assert split.public_id in client.get(f"/zh/agreements/{institute.agreement.public_id}").get_data(as_text=True)
    assert "inventors" in client.get(f"/zh/technologies/{technology.public_id}").get_data(as_text=True)
    assert "income" in client.get(f"/zh/organisations/{institute.organisation.public_id}").get_data(as_text=True)
    assert {client.get(url).status_code for url in gets} == {200}


def test_an_inventor_is_erased_by_an_owner(institute, client):
    institute.policy()
    institute.weights()
    split = approved(institute)
    inventor = institute.inventor("甲某")
    client.login(institute.owner)
    assert client.post(f"/zh/income/inventors/{inventor.public_id}/erase").status_code == 303
    page = client.get(f"/zh/income/splits/{split.public_id}").get_data(as_text=True)
    assert "甲某" not in page and "¥4,666.68" in page
