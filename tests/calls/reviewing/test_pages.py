"""The pages of reviews: the whole walk in a call that hides its solvers, what mails say, who gets in where, and two who press at once."""

from __future__ import annotations

import io
import json

import pytest
from sqlalchemy import select

from marketplace.alerts.models import Mail
from marketplace.calls.proposals import operations as proposals
from marketplace.calls.reviewing import awarding, declaring, operations
from marketplace.calls.reviewing.models import Award, AwardNote
from marketplace.catalogue.attachments import store
from marketplace.catalogue.models import Attachment
from marketplace.db import session
from tests import factories
from tests.calls.reviewing import scene as make
from tests.calls.reviewing.test_bare import NAME, docx, everything
from tests.exporting.test_lists import table
from tests.factories import NOW
from tests.inspection import work

HIDDEN = ("藏名研究院", "Hidden Institute", "藏名人", "secret-file")


def hidden_scene():
    """An anonymous call; the first solver's house, person and file have names to look for."""
    found = make.scene(anonymous=True)
    house = found.proposals[0].organisation
    house.name = {"zh": HIDDEN[0], "en": HIDDEN[1]}
    found.solvers[0].name = HIDDEN[2]
    found.proposals[0].content = json.dumps({**make.CONTENT, "files": [{"name": "secret-file.docx"}]}, ensure_ascii=False)
    kept = store().keep(io.BytesIO(docx()), 10_000_000, lambda _path: None)
    session.add(Attachment(thing="proposal", thing_id=found.proposals[0].id, name="secret-file.docx", size=kept.size, sha256=kept.sha256, created=NOW,
                           media_type="application/vnd.openxmlformats-officedocument.wordprocessingml.document"))
    found.review = operations.open_review(found.owner, found.call, 2, at=NOW)
    session.flush()
    return found


def test_a_reviewer_meets_the_solver_nowhere(client):
    found = hidden_scene()
    reviewer, seen = found.reviewers[0], []

    def look(path, **data):
        answer = client.post(path, data=data) if data else client.get(path)
        seen.append(answer.get_data(as_text=True) + str(answer.headers))
        return answer

    client.login(reviewer.person)
    for language in ("zh", "en"):
        own, call = f"/{language}/reviews/{reviewer.public_id}", f"/{language}/open-calls/{found.call.public_id}"
        if language == "zh":
            look(own)
            look(f"{own}/declare")
            assert look(f"{own}/declare", complete="y", ties_money="一家别的公司").status_code == 303
        rows = {row.proposal_id: row for row in declaring.readable(reviewer)}
        first = rows[found.proposals[0].id]
        for path in (f"/{language}/reviews", own, f"{own}/proposals/{first.public_id}", f"{own}/proposals/{first.public_id}/conflict", call):
            assert look(path).status_code == 200
        file = client.get(f"{own}/proposals/{first.public_id}/files/1")
        assert file.status_code == 200 and first.letter in file.headers["Content-Disposition"] and NAME.encode() not in everything(file.data)
        seen.append(str(file.headers))
        for path in (f"{call}/review", f"{call}/proposals", f"/{language}/proposals/{found.proposals[0].public_id}",
                     f"/{language}/proposals/{found.proposals[0].public_id}/proposal.json", f"{call}/teams",
                     *(f"/{language}/tables/{name}.xlsx?public_id={found.call.public_id}" for name in ("proposals", "ranking"))):
            assert client.get(path).status_code in (403, 404), path
    work()
    seen += [f"{mail.subject}\n{mail.body}" for mail in session.scalars(select(Mail).where(Mail.person_id == reviewer.person_id))]
    assert len(seen) > 15
    for word in (*HIDDEN, found.proposals[0].public_id, found.proposals[0].organisation.public_id, found.solvers[0].public_id, found.solvers[0].address):
        assert not [page for page in seen if word in page], word


def test_the_whole_walk_through_the_pages(client):
    found = make.scene()
    call = f"/zh/open-calls/{found.call.public_id}"
    client.login(found.owner)
    assert "开始评审" in client.get(f"{call}/review").get_data(as_text=True)
    assert client.post(f"{call}/review", data={"least": "5"}).status_code == 422
    assert client.post(f"{call}/review", data={"least": "2"}).status_code == 303
    for reviewer in found.reviewers:
        client.login(reviewer.person)
        own = f"/zh/reviews/{reviewer.public_id}"
        said = {f"kind_{one.public_id}": "none" for one in found.proposals}
        assert client.get(f"{own}/declare").status_code == 200
        assert client.post(f"{own}/declare", data={**said, f"kind_{found.proposals[0].public_id}": "", "complete": "y"}).status_code == 422
        assert client.post(f"{own}/declare", data={**said, "complete": "y"}).status_code == 303
        for row in declaring.readable(reviewer):
            page, given = f"{own}/proposals/{row.public_id}", {}
            for criterion in found.call.criteria:
                given |= {f"value_{criterion.id}": "7", f"reason_{criterion.id}": "有依据"}
            assert client.post(page, data={**given, f"reason_{found.call.criteria[0].id}": ""}).status_code == 422
            assert client.post(page, data={**given, "base": "0"}).status_code == 303
            assert client.post(page, data={**given, f"value_{found.call.criteria[0].id}": "8", "base": "0"}).status_code == 409
        assert client.get(own).status_code == 200
    client.login(found.owner)
    assert "7.00" not in client.get(f"{call}/review").get_data(as_text=True)
    ranking = f"/zh/tables/ranking.xlsx?public_id={found.call.public_id}"
    assert client.get(ranking).status_code == 403, "no scores before the closing"
    assert client.post(f"{call}/review/close").status_code == 303
    assert ranking in client.get(f"{call}/review").get_data(as_text=True)
    rows = table(client.get(ranking))
    assert len(rows) == 3 and rows[0]["新颖"] == 7 == rows[0]["可行"] and rows[0]["名次"] == 1
    named = table(client.get(f"/zh/tables/proposals.xlsx?public_id={found.call.public_id}"))
    assert {row["网址"].split("/")[-1] for row in named} == {one.public_id for one in found.proposals}
    assert client.get(f"{call}/review").get_data(as_text=True).count("并列") >= 3
    choice = {f"{name}_{one.public_id}": text for one in found.proposals for name, text in (("advice", "多做试验"), ("reason", ""))}
    first = found.proposals[0].public_id
    assert client.get(f"{call}/review/decide").status_code == 200
    assert client.post(f"{call}/review/decide", data={**choice, f"chosen_{first}": "y", "base": "0"}).status_code == 422
    chosen = {**choice, f"chosen_{first}": "y", f"amount_{first}": "50万", f"reason_{first}": "最可行", "reasons": "并列者中设备现成", "base": "0"}
    assert client.post(f"{call}/review/decide", data=chosen).status_code == 303
    assert client.post(f"{call}/review/decide", data=chosen).status_code == 409
    assert client.post(f"{call}/review/publish", data={"number": "1"}).status_code == 303
    assert client.post(f"{call}/review/publish", data={"number": "1"}).status_code in (409, 422)
    assert session.scalars(select(Award)).one().content["winners"][0]["amount"] == 50_000_000
    client.logout()
    award = session.scalars(select(Award)).one()
    assert "最可行" in client.get(f"/zh/awards/{award.public_id}").get_data(as_text=True) and client.get(call).status_code == 200
    client.login(found.solvers[1])
    page = client.get(f"/zh/proposals/{found.proposals[1].public_id}/result").get_data(as_text=True)
    assert "多做试验" in page and "有依据" in page and not [one for one in found.people if one.name in page]
    assert client.get(f"/zh/proposals/{first}/result").status_code == 404


def test_each_solver_is_told_his_own_scores_rank_and_advice(client):
    found = make.decided()
    awarding.publish(found.owner, found.review, 1, NOW)
    work()
    for place, (who, wanted) in enumerate(zip(found.solvers, ("8, 9", "7, 7", "2, 3"), strict=True)):
        mail = session.scalars(select(Mail).where(Mail.person_id == who.id, Mail.template == "review")).one()
        assert wanted in mail.body and f"{place + 1}" in mail.body and f"/proposals/{found.proposals[place].public_id}/result" in mail.body
        assert ("先做小试" in mail.body) == (place > 0) and not [one for one in found.people if one.name in mail.body]
        assert not [other for other in found.proposals if other is not found.proposals[place] and other.organisation.name["zh"] in mail.body]


def test_reviewers_are_told_of_a_withdrawal_by_the_letter(client):
    found = make.opened()
    make.declare(found, 0)
    letter = next(row.letter for row in declaring.readable(found.reviewers[0]) if row.proposal_id == found.proposals[2].id)
    session.commit()
    proposals.withdraw(found.solvers[2], found.proposals[2], NOW)
    work()
    told = [mail for mail in session.scalars(select(Mail).where(Mail.person_id == found.people[0].id)) if "撤回" in mail.subject]
    assert len(told) == 1 and letter in told[0].body and found.proposals[2].organisation.name["zh"] not in told[0].body
    assert not [mail for mail in session.scalars(select(Mail).where(Mail.person_id == found.people[1].id)) if "撤回" in mail.subject], "has read nothing"
    client.login(found.people[0])
    assert letter in client.get(f"/en/reviews/{found.reviewers[0].public_id}").get_data(as_text=True)


def test_an_owner_enters_a_conflict_after_the_award_and_the_note_is_published(client):
    found, award = make.awarded(least=1)
    late = next(row for row in declaring.own_assignments(found.reviewers[0]) if row.proposal_id == found.proposals[0].id)
    page = f"/en/open-calls/{found.call.public_id}/review"
    client.login(found.owner)
    assert client.get(f"{page}/conflicts/{late.public_id}").status_code == 200
    assert client.post(f"{page}/conflicts/{late.public_id}", data={"kind": "money", "text": "shares"}).status_code == 422
    said = {"kind": "money", "text": "He holds shares.", "note": "One reviewer held shares; his scores were set aside."}
    assert client.post(f"{page}/conflicts/{late.public_id}", data=said).status_code == 303
    text = client.get(page).get_data(as_text=True)
    assert 'class="voided"' in text and "80.00" in text
    client.logout()
    assert said["note"] in client.get(f"/en/awards/{award.public_id}").get_data(as_text=True)
    client.login(found.owner)
    assert client.post(f"/en/awards/{award.public_id}/notes", data={"text": "And one more."}).status_code == 303
    assert len(list(session.scalars(select(AwardNote)))) == 2


@pytest.mark.parametrize("who", ["visitor", "stranger", "operator", "solver", "other_owner"])
def test_nobody_else_gets_in(client, who):
    found = make.decided()
    stranger = factories.person()
    people = {"stranger": stranger, "operator": factories.operator(), "solver": found.solvers[0], "other_owner": factories.organisation(stranger) and stranger}
    if who != "visitor":
        client.login(people[who])
    reviewer, call = found.reviewers[0], f"/en/open-calls/{found.call.public_id}"
    row = declaring.own_assignments(reviewer)[0]
    own = f"/en/reviews/{reviewer.public_id}"
    for path in (own, f"{own}/declare", f"{own}/proposals/{row.public_id}", f"{own}/proposals/{row.public_id}/files/1", f"{call}/review",
                 f"{call}/review/decide", f"{call}/review/conflicts/{row.public_id}", f"{call}/review/reopen", f"{call}/teams",
                 f"/en/proposals/{found.proposals[1].public_id}/result"):
        assert client.get(path).status_code in (303, 403, 404), path
    for path in (f"{call}/review/close", f"{call}/review/publish"):
        assert client.post(path, data={"number": "1"}).status_code in (303, 403, 404), path
    assert session.scalar(select(Award)) is None and operations.review_of(found.call).state == "closed"
