"""What others wait for on the worklist: replies, promises, notices that end."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import Engine, event

from marketplace.deals.talk.operations import post_message
from marketplace.deals.talk.tasks import close_task, set_task
from marketplace.deals.worklist import operations
from marketplace.licensing.duties.models import Notice, Pricing
from tests import factories

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def led(stage="introduced", leading=None, **values):
    deal = factories.deal(None, leading, stage, **values)
    people = {party.side: party for party in deal.parties}
    return deal, people["broker"].person, people


def test_a_reply_waits_until_the_broker_has_answered(session):
    deal, broker, people = led()
    post_message(people["firm"].person, deal, "all", "Can we see it run?", "1", NOW)
    session.flush()
    row, = operations.worklist(broker, NOW)["reply"]
    assert (row.quote, row.values["name"]) == ("Can we see it run?", people["firm"].person.name) and not row.step.post
    post_message(broker, deal, "all", "On Friday.", "2", NOW)
    session.flush()
    assert "reply" not in operations.worklist(broker, NOW)


def test_promises_that_are_due_stand_until_they_are_done(session):
    deal, broker, people = led()
    own = set_task(people["firm"].person, deal, "all", "Send the drawing", date(2026, 11, 2), people["broker"].public_id, "1", NOW)
    set_task(broker, deal, "all", "Their own", date(2026, 11, 2), people["firm"].public_id, "2", NOW)
    set_task(broker, deal, "all", "Later", date(2026, 11, 3), people["broker"].public_id, "3", NOW)
    session.flush()
    assert [row.thing for row in operations.worklist(broker, NOW)["task"]] == [own.public_id]
    later = operations.worklist(broker, NOW.replace(day=3))["task"]
    assert [(row.quote, row.why.endswith("today.")) for row in later] == [("Send the drawing", False), ("Later", True)]
    close_task(broker, own, "do", NOW)
    session.flush()
    assert "task" not in operations.worklist(broker, NOW)


def test_a_promise_done_leads_on_to_the_next_row(client):
    deal, broker, people = led()
    task = set_task(broker, deal, "all", "Send the drawing", date(2026, 11, 2), people["broker"].public_id, "1", NOW)
    client.login(broker)
    page = client.get("/en/worklist").get_data(as_text=True)
    assert 'action="/en/deals/' in page and "Send the drawing" in page
    answer = client.post(f"/en/deals/{deal.public_id}/tasks/{task.public_id}/do", data={"next": "/en/worklist#row-pair-x"})
    assert answer.location == "/en/worklist#row-pair-x"


def test_a_notice_that_ends_soon_is_told_by_its_day_to_who_leads_the_deal(session):
    pair = factories.match()
    agreement = factories.agreement(pair.technology.organisation, pair.need.organisation, technology=pair.technology, state="proposed")
    deal = factories.deal(pair, None, "notice", agreement=agreement)
    who = deal.broker
    pricing = Pricing(agreement=agreement, mode="agreement", decided_by="校务会", decided_on=NOW.date(), key="1", person=who, at=NOW)
    session.add(pricing)
    session.flush()
    notice = Notice(
        agreement_id=agreement.id, pricing_id=pricing.id, number=1, price_sha256="0" * 64, name={}, abstract={}, price={}, shown_to="blind", related=False,
        published_on=date(2026, 10, 25), days=15, runs_until=date(2026, 11, 9), key="1", person_id=who.id, created=NOW,
    )
    session.add(notice)
    session.flush()
    row, = operations.worklist(who, NOW)["notice"]
    assert (row.thing, row.day, set(row.values)) == (notice.public_id, date(2026, 11, 9), {"day"})
    assert "notice" not in operations.worklist(factories.broker(), NOW)
    notice.runs_until = date(2026, 11, 10)
    session.flush()
    assert "notice" not in operations.worklist(who, NOW)


def statements(client) -> int:
    """How many statements the worklist sends to the database; what the test has made is written before."""
    client.get("/en/worklist")
    sent: list[str] = []

    def noted(_connection, _cursor, statement, *_rest):
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", noted)
    try:
        assert client.get("/en/worklist").status_code == 200
    finally:
        event.remove(Engine, "before_cursor_execute", noted)
    return len(sent)


def test_more_rows_need_no_more_statements(client):
    broker = factories.broker()

    def more():
        deal, _broker, people = led(leading=broker, since=NOW.replace(year=2025))
        post_message(people["firm"].person, deal, "all", "Can we see it run?", "1", NOW)
        set_task(people["firm"].person, deal, "all", "Send the drawing", date(2026, 11, 2), people["broker"].public_id, "1", NOW)

    client.login(broker)
    more()
    few = statements(client)
    for _ in range(3):
        more()
    assert statements(client) == few
