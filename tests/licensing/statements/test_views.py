"""The pages of statements, audits and credit records: for the two sides alone, working without script, inspected in both languages."""

from __future__ import annotations

from io import BytesIO

import pytest
from bs4 import BeautifulSoup
from openpyxl import Workbook, load_workbook
from sqlalchemy import select

from marketplace.licensing.audits import operations as audits
from marketplace.licensing.credit import entries
from marketplace.licensing.credit.models import CreditEntry
from marketplace.licensing.statements import operations
from marketplace.licensing.statements.models import Audit, Statement
from tests import factories
from tests.licensing.reporting import FIRST, SECOND, noon, stated, two_sides

pytestmark = pytest.mark.usefixtures("app")


def hidden(page, name, action=None):
    """The value of a hidden field, in the form with this action if one is given."""
    soup = BeautifulSoup(page.get_data(as_text=True), "lxml")
    forms = [form for form in soup.find_all("form") if action is None or (form.get("action") or "").endswith(action)]
    return next(field["value"] for form in forms for field in form.find_all("input", attrs={"name": name}))


@pytest.fixture
def two(session):
    return two_sides()


def begin(client, two):
    client.login(two.licensee)
    return f"/zh/agreements/{two.agreement.public_id}/statements"


def test_reported_by_the_form_seen_and_sent(client, session, two):
    base = begin(client, two)
    assert "逾期" in client.get(base).get_data(as_text=True)
    url = f"{base}/new?period=2026-01-01"
    page = client.get(url)
    form = {"key": hidden(page, "key"), "gross": "20万", "deductions-0-name": "运费", "deductions-0-amount": "5,000", "note": "含两个型号"}
    answer = client.post(url, data=form)
    assert answer.status_code == 303
    assert client.post(url, data=form).location == answer.location  # pressed twice: one draft
    shown = client.get(answer.location)
    assert "¥5,850" in shown.get_data(as_text=True) and client.get(answer.location.replace("/zh/", "/en/")).status_code == 200
    sent = client.post(f"{answer.location}/send", data={"digest": hidden(shown, "digest", "/send")})
    assert sent.status_code == 303
    session.expire_all()
    made = session.scalars(select(Statement)).one()
    assert (made.state, made.values) == ("sent", {"gross": "200000", "deductions": {"运费": "5000"}})
    assert "¥5,850" in client.get(sent.location).get_data(as_text=True)


def test_an_old_preview_is_shown_again_and_nothing_is_sent(client, session, two):
    draft = operations.draft_statement(two.licensee, two.agreement, FIRST, {"gross": "1000"}, "k")
    client.login(two.licensee)
    session.flush()
    url = f"/zh/statements/{draft.public_id}"
    answer = client.post(f"{url}/send", data={"digest": "of yesterday"})
    assert answer.status_code == 422 and "尚未发送" in answer.get_data(as_text=True)
    session.expire_all()
    assert session.scalars(select(Statement.state)).all() == ["draft"]
    assert client.post(f"{url}/send", data={"digest": hidden(answer, "digest", "/send")}).status_code == 303


@pytest.mark.parametrize("figures", [{"gross": "9" * 28}, {"gross": "1", "deductions-0-name": "运费", "deductions-0-amount": "9" * 28}])
def test_figures_that_no_column_holds_are_refused_beside_their_field(client, session, two, figures):
    url = f"{begin(client, two)}/new?period=2026-01-01"
    answer = client.post(url, data={"key": "k", **figures})
    assert answer.status_code == 422 and "不能超过" in answer.get_data(as_text=True)
    assert session.scalars(select(Statement)).all() == []


def test_wrong_figures_stand_beside_their_fields_and_nothing_is_kept(client, session, two):
    url = f"{begin(client, two)}/new?period=2026-01-01"
    row = {"deductions-0-name": "a", "deductions-0-amount": "x"}
    for wrong in ({"gross": "viel"}, {"gross": ""}, {"gross": "1", "deductions-0-amount": "5"}, {"gross": "1", **row}):
        answer = client.post(url, data={"key": "k", **wrong})
        assert answer.status_code == 422 and "field-error" in answer.get_data(as_text=True), wrong
    assert session.scalars(select(Statement)).all() == []


def test_one_more_deduction_keeps_what_was_typed(client, two):
    url = f"{begin(client, two)}/new?period=2026-01-01"
    page = client.post(url, data={"key": "k", "gross": "7", "deductions-0-name": "运费", "deductions-0-amount": "1", "more": "1"}).get_data(as_text=True)
    assert 'value="运费"' in page and 'name="deductions-1-name"' in page


def test_nothing_sold_in_one_click(client, session, two):
    url = f"{begin(client, two)}/new?period=2026-01-01"
    page = client.get(url)
    form = {name: hidden(page, name, "/zero") for name in ("period", "digest", "key")}
    first = client.post(f"{begin(client, two)}/zero", data=form)
    assert first.status_code == 303 and client.post(f"{begin(client, two)}/zero", data=form).location == first.location
    session.expire_all()
    assert session.scalars(select(Statement.values)).one() == {"gross": "0"}


def test_an_old_preview_of_nothing_is_shown_again(client, session, two):
    base = begin(client, two)
    answer = client.post(f"{base}/zero", data={"period": "2026-01-01", "digest": "of yesterday", "key": "k"})
    assert answer.status_code == 422 and "尚未发送" in answer.get_data(as_text=True)
    session.expire_all()
    assert session.scalars(select(Statement)).all() == []
    form = {name: hidden(answer, name, "/zero") for name in ("period", "digest", "key")}
    assert client.post(f"{base}/zero", data=form).status_code == 303


def test_both_records_stand_on_the_page_of_a_proposal(client, session):
    proposal = two_sides(state="proposed")
    client.login(proposal.licensor)
    page = client.get(f"/zh/agreements/{proposal.agreement.public_id}").get_data(as_text=True)
    assert f"/zh/organisations/{proposal.agreement.licensee.public_id}/credit" in page


def test_a_table_is_fetched_filled_in_and_read(client, session, two):
    base = begin(client, two)
    with client.get(f"{base}/template.xlsx?period=2026-01-01") as fetched:
        book = load_workbook(BytesIO(fetched.data))
    book.active["C2"] = 1000
    file = BytesIO()
    book.save(file)
    page = client.get(f"{base}/file?period=2026-01-01")
    data = {"key": hidden(page, "key"), "file": (BytesIO(file.getvalue()), "sales.xlsx")}
    answer = client.post(f"{base}/file?period=2026-01-01", data=data, content_type="multipart/form-data")
    assert answer.status_code == 303 and "sales.xlsx" in client.get(answer.location).get_data(as_text=True)
    session.expire_all()
    made = session.scalars(select(Statement)).one()
    url = f"/zh/statements/{made.public_id}/files"
    assert made.values == {"gross": "1000"} and "/remove" in client.get(url).get_data(as_text=True)
    client.post(f"/zh/statements/{made.public_id}/send", data={"digest": operations.foreseen(made).digest})
    assert "/remove" not in client.get(url).get_data(as_text=True)


def test_bad_cells_are_shown_by_row_and_column(client, session, two):
    base = begin(client, two)
    book = Workbook()
    book.active.append(["产品 Product", "月份 Month", "销售额 Gross sales"])
    book.active.append(["A", "2026-01", "很多"])
    file = BytesIO()
    book.save(file)
    answer = client.post(f"{base}/file?period=2026-01-01", data={"key": "k", "file": (BytesIO(file.getvalue()), "sales.xlsx")},
                         content_type="multipart/form-data")
    assert answer.status_code == 422 and "第 2 行" in answer.get_data(as_text=True)
    assert session.scalars(select(Statement)).all() == []


def test_two_people_change_one_draft(client, session, two):
    draft = operations.draft_statement(two.licensee, two.agreement, FIRST, {"gross": "1"}, "k")
    session.flush()
    client.login(two.licensee)
    url = f"/zh/statements/{draft.public_id}/edit"
    opened = hidden(client.get(url), "version")
    assert client.post(url, data={"version": opened, "gross": "2"}).status_code == 303
    assert client.post(url, data={"version": opened, "gross": "3"}).status_code == 409
    session.expire_all()
    assert session.scalars(select(Statement.values)).one() == {"gross": "2"}


def test_queried_answered_and_accepted_through_pages(client, session, two):
    made = stated(two)
    session.flush()
    url = f"/zh/statements/{made.public_id}"
    client.login(two.licensor)
    client.get(f"{url}/query")
    assert client.post(f"{url}/query", data={"text": " "}).status_code == 422
    assert client.post(f"{url}/query", data={"text": "运费依据？"}).status_code == 303
    client.login(two.licensee)
    assert "运费依据？" in client.get(url).get_data(as_text=True) and "许可方有疑问" in client.get("/zh/desk").get_data(as_text=True)
    client.get(f"{url}/reply")
    assert client.post(f"{url}/reply", data={"text": "见附件"}).status_code == 303
    client.login(two.licensor)
    assert "等待您的答复" in client.get("/zh/desk").get_data(as_text=True)
    assert client.post(f"{url}/accept").status_code == 303
    assert client.post(f"{url}/accept").status_code == 422
    session.expire_all()
    assert session.get_one(Statement, made.id).state == "accepted"


def test_estimated_and_corrected_through_pages(client, session, two):
    stated(two)
    session.flush()
    client.login(two.licensor)
    base = f"/zh/agreements/{two.agreement.public_id}/statements"
    assert "估算" in client.get(base).get_data(as_text=True)
    answer = client.post(f"{base}/estimate", data={"period": "2026-04-01"})
    assert answer.status_code == 303 and "¥200,000" in client.get(answer.location).get_data(as_text=True)
    client.login(two.licensee)
    page = client.get(f"{base}/new?period=2026-01-01")
    made = client.post(f"{base}/new?period=2026-01-01", data={"key": hidden(page, "key"), "gross": "250000"})
    shown = client.get(made.location)
    client.post(f"{made.location}/send", data={"digest": hidden(shown, "digest", "/send")})
    text = client.get(made.location).get_data(as_text=True)
    assert "替换" in text and "¥6,000" in text and "¥7,500" in text


def test_an_audit_through_pages(client, session, two):
    stated(two)
    session.flush()
    client.login(two.licensor)
    url = f"/zh/agreements/{two.agreement.public_id}/audits/new"
    page = client.get(f"{url}?first=2026-01-01&until=2026-01-01")
    form = {"key": hidden(page, "key"), "first": "2026-01-01", "until": "2026-01-01", "reason": "与海关数据不符"}
    assert client.post(url, data={**form, "reason": ""}).status_code == 422
    asked = client.post(url, data=form)
    assert asked.status_code == 303 and client.post(url, data=form).location == asked.location
    assert client.post(f"{asked.location}/start").status_code == 422  # the notice runs
    session.expire_all()
    audit = session.scalars(select(Audit)).one()
    audit.begins = audit.day
    session.commit()
    assert client.post(f"{asked.location}/start").status_code == 303
    close = f"{asked.location}/close"
    opened = hidden(client.get(close), "version")
    form = {"version": opened, "findings-0-period": "2026-01-01", "findings-0-gross": "x", "conclusion": "漏报", "cost": "5000"}
    assert "field-error" in client.post(close, data=form).get_data(as_text=True)
    assert client.post(close, data={**form, "findings-0-gross": "250000"}).status_code == 303
    client.get(f"{asked.location}/files")
    report = {"file": (BytesIO("审计报告".encode()), "report.txt")}
    assert client.post(f"{asked.location}/files", data=report, content_type="multipart/form-data").status_code == 303
    client.login(two.licensee)
    shown = client.get(asked.location).get_data(as_text=True)
    assert "¥1,500" in shown and "20%" in shown and "report.txt" in shown
    client.get(f"{asked.location}/dispute")
    assert client.post(f"{asked.location}/dispute", data={"text": "那是另一份协议"}).status_code == 303
    assert client.post(f"{asked.location}/agree").status_code == 303
    assert client.get(asked.location.replace("/zh/", "/en/")).status_code == 200


def test_a_credit_record_through_pages(client, session, two):
    stated(two)
    entries.refresh_credit(two.agreement, noon(2026, 11, 1))
    session.flush()
    client.login(two.licensor)
    url = f"/zh/organisations/{two.agreement.licensee.public_id}/credit"
    page = client.get(url).get_data(as_text=True)
    assert "履约信用记录" in page and "¥" not in page
    entry = session.scalars(select(CreditEntry).where(CreditEntry.kind == "statement").order_by(CreditEntry.due)).first()
    comment = f"/zh/credit/{entry.public_id}/comment"
    client.get(comment)
    assert client.post(comment, data={"text": ""}).status_code == 422
    assert client.post(comment, data={"text": "此前一直准时"}).status_code == 303
    assert "此前一直准时" in client.get(url).get_data(as_text=True)
    assert client.get(url.replace("/zh/", "/en/")).status_code == 200


def test_the_other_partys_name_is_not_shown(client, session, two):
    third = factories.person()
    other = factories.agreement(factories.organisation(third, kind="institute"), two.agreement.licensee)
    entries.refresh_credit(other, noon(2026, 11, 1))
    session.flush()
    client.login(two.licensor)
    page = client.get(f"/zh/organisations/{two.agreement.licensee.public_id}/credit").get_data(as_text=True)
    assert other.titled("zh")[0] not in page and other.licensor.called("zh") not in page
    client.login(two.licensee)
    assert other.titled("zh")[0] in client.get(f"/zh/organisations/{two.agreement.licensee.public_id}/credit").get_data(as_text=True)


def test_lists_are_paged_and_filtered(client, session, two):
    stated(two)
    client.login(two.licensor)
    for url in ("/zh/statements", "/en/statements?show=sent", "/zh/statements?show=nonsense&page=x", "/zh/statements?show=accepted"):
        assert client.get(url).status_code == 200
    assert "2026年1月1日" in client.get("/zh/statements?show=sent").get_data(as_text=True)
    assert "2026年1月1日" not in client.get("/zh/statements?show=accepted").get_data(as_text=True)


BOTH, LICENSEE, LICENSOR = {"licensor", "licensee"}, {"licensee"}, {"licensor"}
PAGES = [
    ("/agreements/{agreement}/statements", BOTH), ("/agreements/{agreement}/statements/new?period=2026-07-01", LICENSEE),
    ("/agreements/{agreement}/statements/file?period=2026-07-01", LICENSEE),
    ("/agreements/{agreement}/statements/template.xlsx?period=2026-07-01", LICENSEE), ("/statements/{sent}", BOTH), ("/statements/{draft}", LICENSEE),
    ("/statements/{draft}/edit", LICENSEE), ("/statements/{draft}/files", LICENSEE), ("/statements/{sent}/query", LICENSOR),
    ("/statements/{sent}/reply", LICENSEE), ("/agreements/{agreement}/audits/new", LICENSOR), ("/audits/{audit}", BOTH),
    ("/audits/{audit}/files", LICENSOR), ("/audits/{audit}/dispute", LICENSEE), ("/organisations/{organisation}/credit", BOTH),
    ("/credit/{entry}/comment", BOTH),
]
POSTS = [
    ("/agreements/{agreement}/statements/zero", {"period": "2026-07-01"}), ("/agreements/{agreement}/statements/estimate", {"period": "2026-07-01"}),
    ("/agreements/{agreement}/statements/new?period=2026-07-01", {"gross": "1"}),
    ("/statements/{draft}/send", {}), ("/statements/{draft}/discard", {}), ("/statements/{sent}/accept", {}), ("/statements/{sent}/query", {"text": "?"}),
    ("/audits/{audit}/start", {}), ("/audits/{audit}/withdraw", {}), ("/audits/{audit}/agree", {}), ("/credit/{entry}/comment", {"text": "x"}),
]


def test_every_page_is_closed_to_everybody_else(client, session, two):
    made = stated(two)
    draft = operations.draft_statement(two.licensee, two.agreement, SECOND, {"gross": "1"}, "k")
    audit = audits.ask_audit(two.licensor, two.agreement, FIRST, FIRST, "why", "k", noon(2026, 8, 1))
    entries.refresh_credit(two.agreement, noon(2026, 11, 1))
    session.flush()
    entry = session.scalars(select(CreditEntry)).first()
    names = {"agreement": two.agreement.public_id, "sent": made.public_id, "draft": draft.public_id, "audit": audit.public_id,
             "organisation": two.agreement.licensee.public_id, "entry": entry.public_id}
    stranger = factories.person()
    factories.organisation(stranger)
    others = {"stranger": stranger, "broker": factories.broker(), "operator": factories.operator()}
    everybody = {**others, "licensor": two.licensor, "licensee": two.licensee}
    for name, who in everybody.items():
        client.login(who)
        for path, allowed in PAGES:
            with client.get("/zh" + path.format(**names)) as fetched:
                status = fetched.status_code
            assert (status == 200) is (name in allowed) and status in (200, 403, 404), (name, path, status)
    for who in others.values():
        client.login(who)
        for path, data in POSTS:
            assert client.post("/zh" + path.format(**names), data=data).status_code == 404, path
    client.logout()
    for path in [path for path, _ in PAGES] + [path for path, _ in POSTS]:
        answer = client.get("/zh" + path.format(**names))
        assert answer.status_code in (303, 404, 405), path
