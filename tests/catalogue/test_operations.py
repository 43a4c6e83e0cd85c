"""Writing technologies: identity, offers, revisions, publishing, expiry, and who may do what."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from marketplace.access import SYSTEM, VISITOR
from marketplace.catalogue import operations
from marketplace.catalogue.models import Offer, Technology
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.jobs import Job
from marketplace.people.models import Organisation, Person
from marketplace.record import Event, history
from tests import factories as make

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
TERMS = {"currency": "CNY", "trial": {"months": 6}, "conversion": {"price": "200000"}}


@pytest.fixture
def owner(session: Any) -> Person:
    return make.person()


@pytest.fixture
def institute(owner: Person) -> Organisation:
    return make.organisation(owner, kind="institute")


def write(actor: Any, institute: Organisation, **values: Any) -> Technology:
    return operations.create_technology(actor, institute, AT, **{"title": {"zh": "一种装置"}, **values})


def happened(session: Any, name: str) -> list[Event]:
    session.flush()
    return list(session.scalars(select(Event).where(Event.name == name)))


def test_a_draft_has_its_numbers_codes_and_what_follows_from_them(owner: Person, institute: Organisation) -> None:
    made = write(
        owner,
        institute,
        kind="patent",
        application_number="ZL 2017 1 0601862.3",
        filed_on=date(2017, 7, 21),
        ipc=["b23c3/00"],
        industries=["3484", "C3484"],
    )
    assert (made.application_number, made.patent_kind, made.ipc, made.field) == (
        "201710601862.3",
        "invention",
        ["B23C 3/00"],
        "machine_tools",
    )
    assert (made.industries, made.expires_on, made.expiry_computed) == (["C3484"], date(2037, 7, 21), True)
    assert (made.state, made.revision, made.author_id) == ("draft", 1, owner.id)


def test_a_given_expiry_stands_and_a_computed_one_follows_the_filing(owner: Person, institute: Organisation) -> None:
    made = write(owner, institute, kind="patent", patent_kind="design", filed_on=date(2021, 6, 1))
    assert made.expires_on == date(2036, 6, 1)
    operations.edit_technology(owner, made, AT, filed_on=date(2021, 5, 31))
    assert (made.expires_on, made.expiry_computed) == (date(2031, 5, 31), True)
    operations.edit_technology(owner, made, AT, expires_on=date(2030, 1, 1))
    assert (made.expires_on, made.expiry_computed) == (date(2030, 1, 1), False)
    operations.edit_technology(owner, made, AT, filed_on=date(2020, 1, 1))
    assert made.expires_on == date(2030, 1, 1)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": {}}, "title_zh"),
        ({"application_number": "201710601862.4"}, "application_number"),
        ({"ipc": ["nonsense"]}, "ipc"),
        ({"industries": ["Z99"]}, "industries"),
        ({"field": "alchemy"}, "field"),
        ({"offer": {"mode": "gift"}}, "mode"),
        ({"offer": {"mode": "licence", "terms": {"currency": "CNY", "entry_fee": "-1"}}}, "terms"),
        ({"kind": "negative_result", "offer": {"mode": "licence"}}, "mode"),
        ({"publication_number": "???"}, "publication_number"),
    ],
)
def test_what_is_wrong_is_refused_beside_its_field(
    owner: Person, institute: Organisation, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        write(owner, institute, **values)
    assert refused.value.field == field


def test_the_same_number_or_title_in_one_organisation_is_refused_with_the_existing(
    owner: Person, institute: Organisation
) -> None:
    first = write(owner, institute, application_number="201710601862.3")
    titled = write(owner, institute, title={"zh": "另一种装置"})
    for values, field, existing in (
        ({"title": {"zh": "x"}, "application_number": "CN201710601862"}, "application_number", first),
        ({"title": {"zh": "另一种 装置。"}}, "title_zh", titled),
    ):
        with pytest.raises(Refused) as refused:
            write(owner, institute, **values)
        assert (refused.value.field, refused.value.values["existing"]) == (field, existing.public_id)
    with pytest.raises(Refused):
        operations.edit_technology(owner, titled, AT, application_number="201710601862.3")


def test_another_organisation_and_another_number_may_share_a_title(owner: Person, institute: Organisation) -> None:
    write(owner, institute)
    assert write(owner, institute, application_number="95115608.X")
    assert write(SYSTEM, make.organisation(kind="institute"))


def test_a_translation_added_later_changes_no_identity(owner: Person, institute: Organisation) -> None:
    made = write(owner, institute, title={"en": "A device"})
    known_by = made.title_hash
    operations.edit_technology(owner, made, AT, title={"en": "A device", "zh": "一种装置"})
    assert made.title_hash == known_by
    operations.edit_technology(owner, made, AT, title={"en": "A better device", "zh": "一种装置"})
    assert made.title_hash == operations.title_hash("A better device")


def test_finding_an_existing_one_walks_no_table(owner: Person, institute: Organisation, session: Any) -> None:
    write(owner, institute)
    plans: list[str] = []
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        pytest.skip("the plan is read from SQLite")

    def explain(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if statement.startswith("SELECT") and "FROM technology" in statement:
            cursor.execute("EXPLAIN QUERY PLAN " + statement, parameters)
            plans.extend(row[3] for row in cursor.fetchall())
            cursor.execute(statement, parameters)

    event.listen(connection.engine, "before_cursor_execute", explain)
    try:
        operations.find_existing(institute.id, application_number="1")
        operations.find_existing(institute.id, source="table:", source_key="1")
        operations.find_existing(institute.id, titled="1")
    finally:
        event.remove(connection.engine, "before_cursor_execute", explain)
    searched = [plan for plan in plans if "technology" in plan]
    assert len(searched) == 3
    assert all("(organisation_id=? AND " in plan for plan in searched), searched


def test_an_offer_is_kept_in_canonical_form_counted_and_can_be_taken_back(
    owner: Person, institute: Organisation, session: Any
) -> None:
    made = write(owner, institute, offer={"mode": "licence", "exclusivity": "sole", "terms": TERMS})
    assert made.offer.terms["conversion"] == {"price": "200000.00", "window_days": 30, "silence": "lapse"}
    assert made.offer.revision == 1
    operations.edit_technology(owner, made, AT, offer={"mode": "licence", "exclusivity": "sole", "terms": TERMS})
    assert (made.offer.revision, made.revision) == (1, 1)
    operations.edit_technology(owner, made, AT, offer={"mode": "assignment"})
    assert (made.offer.revision, made.offer.terms, made.revision) == (2, None, 2)
    operations.edit_technology(owner, made, AT, offer=None)
    session.flush()
    assert session.scalar(select(Offer).where(Offer.technology_id == made.id)) is None


def test_revisions_say_what_changed_when_and_by_whom(owner: Person, institute: Organisation) -> None:
    colleague = make.person()
    make.membership(colleague, institute)
    made = write(owner, institute, trl=4)
    operations.edit_technology(
        colleague, made, AT + timedelta(days=1), trl=5, offer={"mode": "licence", "terms": TERMS}
    )
    operations.edit_technology(colleague, made, AT + timedelta(days=2), trl=5)
    second, first = history(made)
    assert (first.number, first.person_id, first.fields) == (1, owner.id, ())
    assert (second.number, second.person_id, second.at) == (2, colleague.id, AT + timedelta(days=1))
    assert {name: (before, after) for name, before, after in second.fields if name == "trl"} == {"trl": (4, 5)}
    assert "offer" in [name for name, _before, _after in second.fields]


def test_publishing_and_changing_what_is_published_start_indexing_and_matching(
    owner: Person, institute: Organisation, session: Any
) -> None:
    made = write(owner, institute)
    operations.edit_technology(owner, made, AT, trl=3)
    assert not happened(session, "technology.revised")
    operations.publish_technology(owner, made, AT)
    assert (made.state, made.published) == ("published", AT)
    session.flush()
    kinds = {job.kind for job in session.scalars(select(Job).where(Job.values["thing_id"].as_integer() == made.id))}
    assert kinds == {
        "matching.index_technology", "matching.group_technology", "matching.match_technology", "alerts.technology_arrived", "duties.decided_technology",
        "calls.fit_technology",
    }
    operations.edit_technology(owner, made, AT, trl=6)
    assert len(happened(session, "technology.revised")) == 1


def test_an_offer_that_the_law_forbids_cannot_be_published(owner: Person, institute: Organisation) -> None:
    made = write(
        owner,
        institute,
        kind="patent_application",
        application_number="95115608.X",
        offer={"mode": "open_licence", "terms": {"currency": "CNY", "entry_fee": "100"}},
    )
    assert [finding.severity for finding in operations.findings(made, AT.date())][0] == "refuse"
    with pytest.raises(Refused, match="may not be published"):
        operations.publish_technology(owner, made, AT)
    assert made.state == "draft"


def test_published_until_a_day_and_then_expired(owner: Person, institute: Organisation, session: Any) -> None:
    made = write(owner, institute, listed_until=date(2026, 12, 1))
    stays = write(owner, institute, title={"zh": "长久"})
    for one in (made, stays):
        operations.publish_technology(owner, one, AT)
    session.flush()
    list(operations.expire_technologies(datetime(2026, 12, 1, 23, tzinfo=UTC)))
    assert made.state == "published"
    list(operations.expire_technologies(datetime(2026, 12, 2, 1, tzinfo=UTC)))
    assert (made.state, stays.state) == ("expired", "published")
    with pytest.raises(Refused, match="past"):
        operations.publish_technology(owner, made, datetime(2026, 12, 3, tzinfo=UTC))


def test_withdrawn_and_published_again(owner: Person, institute: Organisation) -> None:
    made = write(owner, institute)
    operations.publish_technology(owner, made, AT)
    operations.withdraw_technology(owner, made, AT)
    with pytest.raises(Refused):
        operations.withdraw_technology(owner, made, AT)
    assert operations.publish_technology(owner, made, AT).state == "published"


@pytest.mark.parametrize("who", ["visitor", "stranger", "broker", "operator"])
def test_only_members_write(owner: Person, institute: Organisation, who: str) -> None:
    actor = {"visitor": VISITOR, "stranger": make.person(), "broker": make.broker(), "operator": make.operator()}[who]
    made = write(owner, institute)
    with pytest.raises(NotAllowed):
        write(actor, institute, title={"zh": "y"})
    with pytest.raises((NotAllowed, NotFound)):
        operations.edit_technology(actor, made, AT, trl=2)
    with pytest.raises((NotAllowed, NotFound)):
        operations.publish_technology(actor, made, AT)


def test_who_may_read_drafts_and_members_only_listings(owner: Person, institute: Organisation) -> None:
    unverified = make.person()
    make.organisation(unverified, state="unverified")
    verified = make.person()
    make.organisation(verified)
    made = write(owner, institute, visibility="members")
    readers = {
        "owner": owner,
        "operator": make.operator(),
        "verified": verified,
        "broker": make.broker(),
        "unverified": unverified,
        "visitor": VISITOR,
    }

    def who_reads() -> set[str]:
        found = set()
        for name, actor in readers.items():
            try:
                operations.by_public_id(actor, made.public_id)
            except NotFound:
                continue
            found.add(name)
        return found

    assert who_reads() == {"owner"}
    operations.publish_technology(owner, made, AT)
    assert who_reads() == {"owner", "operator", "verified", "broker"}
    operations.edit_technology(owner, made, AT, visibility="public")
    assert who_reads() == set(readers)
