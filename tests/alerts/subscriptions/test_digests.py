"""Digests: what is told to whom, once, in which language, and what is left out at the moment of sending."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select, update

from marketplace.access import SYSTEM, open_visibilities
from marketplace.alerts import delivery
from marketplace.alerts.models import Mail
from marketplace.alerts.subscriptions import digests, noticing
from marketplace.alerts.subscriptions import operations as subscriptions
from marketplace.alerts.subscriptions.models import Arrival, Noticed, Subscription
from marketplace.db import now
from marketplace.errors import Refused
from marketplace.jobs import Job, enqueue
from marketplace.matching import operations as matching
from marketplace.people.models import Person
from marketplace.record import move, record
from tests import factories, inspection

pytestmark = pytest.mark.usefixtures("app")


def follow(person, words="", listing="technology", at=factories.NOW, name="我的搜索", **filters) -> Subscription:
    """Follow a search."""
    return subscriptions.follow_search(person, listing, words, filters, name, at)


def body(mail: Mail) -> str:
    return f"{mail.subject}\n{mail.body}"


def test_one_mail_for_many_things_each_counted_once(session, arrive, tell):
    person = factories.person(language="en")
    follow(person, "vibration", name="Vibration")
    follow(person, field=["optics"], name="Optics")
    both = factories.technology(title={"en": "Vibration damper for optics"}, field="optics")
    one = factories.technology(title={"en": "Vibration damper"}, field="polymers")
    other = factories.technology(title={"zh": "一种衍射光栅"}, field="optics")
    neither = factories.technology(title={"en": "Deburring tool"}, field="polymers")
    arrive(both, one, other, neither)
    [mail] = tell()
    assert mail.subject == "3 new things in what you follow" and mail.person_id == person.id
    assert mail.body.count("Vibration damper for optics") == 1 and "一种衍射光栅 (in Chinese)" in mail.body
    assert "Deburring" not in mail.body and "== Vibration ==" in mail.body and "== Optics ==" in mail.body
    session.execute(update(Subscription).values(due=now()))
    assert tell() == [], "nothing is told twice"
    arrive(both, one)
    assert tell() == [], "nor when it comes in again"


def test_nothing_new_no_mail(session, tell):
    follow(factories.person())
    session.commit()
    assert tell() == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_reader_s_language_and_the_ends(session, arrive, tell, language):
    person = factories.person(language=language, name="Kim")
    row = follow(person, "granulation", name="造粒" if language == "zh" else "Granules")
    arrive(factories.technology(title={"zh": "一种造粒机 granulation", "en": "Granulation machine"}))
    [mail] = tell()
    assert mail.language == language and mail.unsubscribe.startswith("/unsubscribe/")
    assert f"/{language}{mail.unsubscribe}" in mail.body and f"/{language}/subscriptions\n" in mail.body
    assert ("一种造粒机 granulation" if language == "zh" else "Granulation machine") in mail.body
    assert (inspection.ENGLISH_RUN.search(mail.body.replace(mail.unsubscribe, "")) is None) == (language == "zh")
    assert subscriptions.stopped_by(mail.unsubscribe.removeprefix("/unsubscribe/")) == (session.merge(row), False)


def test_a_saved_search_notices_what_its_page_would_show(session, arrive):
    """The same words and filters, asked of the whole index and of what has just come in."""
    asked = [
        ("去毛刺", {}), ("毛刺", {"field": ["machine_tools"]}), ("deburing", {}), ("burr milling", {}), ("", {"industry": ["C34"]}), ("", {}),
        ("CN101234567A", {}), ("激光 焊接", {}), ("titanium powder", {"region": ["330000"]}), ("neverwritten", {}), ("", {"terms": ["royalty"]}),
    ]
    listings = [
        factories.technology(title={"zh": "一种去毛刺机", "en": "Deburring machine"}),
        factories.technology(title={"en": "Milling without burr"}, field="optics"),
        factories.technology(title={"zh": "激光焊接头"}, publication_number="CN101234567A"), factories.technology(title={"zh": "钛粉 titanium powder"}),
        factories.need(title={"zh": "去毛刺"}),
    ]
    rows = {follow(factories.person(), words, **filters).id: (words, filters) for words, filters in asked}
    arrive(*listings)
    ids = {listing.id for listing in listings[:4]}
    for key, (words, filters) in rows.items():
        page = matching.found(SYSTEM, "technology", words, filters, 1000)
        noticed = set(session.scalars(select(Noticed.thing_id).where(Noticed.subscription_id == key, Noticed.thing == "technology")))
        assert noticed == set(page.keys) & ids, (words, filters)
    assert session.scalar(select(func.count()).select_from(Arrival)) == 0
    assert session.scalar(select(func.count()).select_from(Noticed)) > 8


def test_what_is_closed_at_the_moment_of_sending_is_left_out(session, arrive, tell):
    stranger, verified = factories.person(), factories.person()
    factories.organisation(verified)
    for person in (stranger, verified):
        follow(person, "granulation")
    gone, kept = (factories.technology(title={"en": f"Granulation {word}"}) for word in ("Aaa", "Bbb"))
    inside = factories.technology(title={"en": "Granulation Ccc"}, visibility="members")
    blind = factories.technology(title={"en": "Granulation Ddd"}, teaser={"zh": "一台神秘的机器"}, visibility="blind")
    later = factories.technology(title={"en": "Granulation Eee"})
    arrive(gone, kept, inside, blind, later)
    move(session.merge(gone), "withdraw", SYSTEM)
    session.merge(later).visibility = "members"
    mails = {mail.person_id: mail for mail in tell()}
    assert [word for word in ("Aaa", "Bbb", "Ccc", "Ddd", "Eee") if word in mails[stranger.id].body] == ["Bbb"]
    assert [word for word in ("Aaa", "Bbb", "Ccc", "Ddd", "Eee") if word in mails[verified.id].body] == ["Bbb", "Ccc", "Eee"]
    assert mails[stranger.id].subject == "您订阅的内容有 1 项更新"


def test_a_blind_listing_is_found_and_told_by_its_teaser_alone(session, arrive, tell):
    by_teaser, by_text, by_owner = (factories.person(language="en") for _ in range(3))
    secret = factories.technology(
        title={"en": "Zirconia granulation"}, abstract={"en": "Zirconia at 4711 degrees"}, teaser={"en": "A better mill"}, visibility="blind", field="optics",
    )
    follow(by_teaser, "mill")
    follow(by_text, "zirconia")
    follow(by_owner, organisation=[secret.organisation.public_id])
    follow(by_owner, field=["optics"])
    arrive(secret)
    [mail] = tell()
    assert mail.person_id == by_teaser.id and "A better mill" in mail.body
    assert not any(word in body(mail) for word in ("Zirconia", "4711", "granulation"))


def test_members_only_readers_are_those_of_the_permission_table(session):
    people = [factories.person(), factories.broker(), factories.operator(), factories.person(), factories.person()]
    factories.organisation(people[3])
    factories.organisation(people[4], state="pending")
    session.flush()
    found = noticing.reading_members_only([person.id for person in people])
    assert found == {person.id for person in people if "members" in open_visibilities(person)} and len(found) == 3


def test_matches_come_with_the_need_to_whoever_follows_either_side(session, tell):
    author, officer, boss = (factories.person(language="en") for _ in range(3))
    firm, institute = factories.organisation(author), factories.organisation(officer, boss, kind="institute")
    need, technology = factories.need(firm, author_id=author.id), factories.technology(institute)
    record(need, "publish", SYSTEM, factories.NOW)
    subscriptions.follow(officer, technology, "T", factories.NOW)
    subscriptions.follow(boss, institute, "I", factories.NOW)
    subscriptions.follow_need(need.id)
    session.execute(delete(Job))  # the engine stays out of it: its index may hold listings of other tests under the same keys
    found = factories.match(session.merge(need), session.merge(technology))
    factories.match(session.merge(need), factories.technology())
    record(session.merge(need), "matches_found", SYSTEM, count=2)
    inspection.work()
    mails = {mail.person_id: mail for mail in tell()}
    assert mails[author.id].subject == "2 new things in what you follow"
    assert mails[officer.id].subject == mails[boss.id].subject == "1 new thing in what you follow"
    assert need.titled("en")[0] in mails[officer.id].body and f"/en/matches/{found.public_id}" in mails[officer.id].body
    assert f"{technology.titled('en')[0]} ↔ {need.titled('en')[0]}" in mails[boss.id].body
    record(session.merge(need), "matches_found", SYSTEM, count=2)
    inspection.work()
    assert tell() == []


def test_an_author_who_stopped_everything_is_not_written_to_again_by_publishing(session):
    author = factories.person()
    firm = factories.organisation(author)
    row = follow(author)
    subscriptions.pause(author, row)
    need = factories.need(firm, author_id=author.id)
    for _ in range(2):
        record(need, "publish", SYSTEM)
        inspection.work()
    own = subscriptions.subscriptions_of(session.merge(author))
    assert [each.kind for each in own] == ["search", "need"] and all(each.paused for each in own)
    subscriptions.remove(author, own[1])
    record(session.merge(need), "publish", SYSTEM)
    inspection.work()
    assert len(subscriptions.subscriptions_of(session.merge(author))) == 1, "what was deleted does not come back"


def test_more_than_a_screenful_is_counted_and_no_more_than_that_waits(session, arrive, tell, monkeypatch):
    for module in (noticing, digests):
        monkeypatch.setattr(module, "KEPT", 5)
    monkeypatch.setattr(digests, "SHOWN", 2)
    person = factories.person(language="en")
    follow(person, "granulation", name="Granules")
    house = factories.organisation(kind="institute")
    arrive(*(factories.technology(house, title={"en": f"Granulation {number}"}) for number in range(6)))
    [mail] = tell()
    assert mail.subject.startswith("5 ") and mail.body.count("* Granulation") == 2
    assert "… and more than 3 more:" in mail.body and "/en/technologies?q=granulation\n" in mail.body


@pytest.mark.parametrize("reason", ["unconfirmed", "undeliverable", "closed"])
def test_addresses_that_do_not_work_get_no_digest(session, arrive, tell, reason):
    person = factories.person()
    follow(person, "granulation")
    if reason == "unconfirmed":
        person.confirmed = None
    elif reason == "undeliverable":
        delivery.close_address(person.address, "5.1.1", now())
    else:
        person.closed = now()
    arrive(factories.technology(title={"en": "Granulation"}))
    assert tell() == []
    person = session.merge(person)
    person.confirmed, person.closed = now(), None
    delivery.open_address(person, person)
    session.flush()
    assert len(tell()) == (0 if reason == "closed" else 1), "what waited is told when the address works"


def test_what_is_revised_is_told_as_changed_and_paused_ones_are_not_told(session, arrive, tell):
    person, away = factories.person(language="en"), factories.person()
    for each in (person, away):
        follow(each, "granulation", at=factories.NOW + timedelta(days=1))
    subscriptions.pause(away, subscriptions.subscriptions_of(away)[0])
    arrive(factories.technology(title={"en": "Granulation"}), verb="revised")
    [mail] = tell()
    assert mail.person_id == person.id and "* Granulation – changed" in mail.body


def test_a_run_that_was_killed_tells_neither_less_nor_twice(session, arrive, tell, monkeypatch):
    """The digest dies after its mail was written and before the commit; then another worker takes the job."""
    person = factories.person()
    follow(person, "granulation")
    arrive(factories.technology(title={"en": "Granulation"}))
    told = digests._mail

    def dying(*args):
        told(*args)
        session.flush()
        raise SystemError("killed on purpose")

    monkeypatch.setattr(digests, "_mail", dying)
    assert tell() == [] and session.scalars(select(Noticed.told)).all() == [None]
    monkeypatch.setattr(digests, "_mail", told)
    session.execute(update(Job).values(due=now()))
    inspection.work()
    assert session.scalar(select(func.count()).select_from(Mail).where(Mail.template == "digest")) == 1
    for _ in range(2):
        enqueue("alerts.digest", person_id=person.id)
        inspection.work()
    assert session.scalar(select(func.count()).select_from(Mail).where(Mail.template == "digest")) == 1


def test_a_pass_that_was_killed_half_way_begins_anew(session, arrive, monkeypatch):
    rows = [follow(factories.person(), "granulation") for _ in range(5)]
    monkeypatch.setattr(noticing, "AT_ONCE", 2)
    session.add(Arrival(thing="technology", thing_id=factories.technology(title={"en": "Granulation"}).id, at=now()))
    session.flush()
    work = noticing.notice()
    next(work), next(work)
    assert session.scalar(select(func.count()).select_from(Noticed)) == 2
    work.close()
    assert session.scalar(select(func.count()).select_from(Arrival)) == 1, "crossed off only at the end"
    list(noticing.notice())
    assert session.scalar(select(func.count()).select_from(Noticed)) == len(rows)
    assert session.scalar(select(func.count()).select_from(Arrival)) == 0


MONDAY_NIGHT = datetime(2026, 11, 2, 20, 30, tzinfo=UTC)  # Tuesday 04:30 in Shanghai


@pytest.mark.parametrize(("values", "due"), [
    ({"pace": "at_once"}, MONDAY_NIGHT),
    ({"pace": "at_once", "told": MONDAY_NIGHT - timedelta(minutes=4)}, MONDAY_NIGHT + timedelta(minutes=6)),
    ({"pace": "daily"}, datetime(2026, 11, 3, 1, tzinfo=UTC)),
    ({"pace": "daily", "hour": 4}, datetime(2026, 11, 3, 20, tzinfo=UTC)),
    ({"pace": "weekly"}, datetime(2026, 11, 9, 1, tzinfo=UTC)),
    ({"pace": "weekly", "weekday": 1}, datetime(2026, 11, 3, 1, tzinfo=UTC)),
    ({"pace": "daily", "zone": "Europe/Berlin"}, datetime(2026, 11, 3, 8, tzinfo=UTC)),
])
def test_when_it_is_told(values, due):
    row = Subscription(**{"weekday": 0, "hour": 9, "zone": "Asia/Shanghai", **values})
    assert row.next_due(MONDAY_NIGHT) == due


def test_the_hour_follows_the_clocks_of_its_zone():
    row = Subscription(pace="daily", weekday=0, hour=9, zone="Europe/Berlin")
    assert row.next_due(datetime(2026, 10, 24, 12, tzinfo=UTC)) == datetime(2026, 10, 25, 8, tzinfo=UTC), "winter time began that night"
    assert row.next_due(datetime(2026, 10, 24, 5, tzinfo=UTC)) == datetime(2026, 10, 24, 7, tzinfo=UTC)


def test_the_same_search_is_followed_once_and_fifty_are_enough(session):
    person = factories.person()
    first = follow(person, " laser  welding ", field=["optics", "polymers"])
    assert follow(person, "laser welding", field=["polymers", "optics"]) is first
    for number in range(subscriptions.MOST - 1):
        follow(person, f"w{number}")
    with pytest.raises(Refused, match="50"):
        follow(person, "one more")
    assert session.scalar(select(func.count()).select_from(Subscription).where(Subscription.person_id == person.id)) == 50
    assert session.get_one(Person, person.id)
