"""The pages of teams: side by side for the owners, one's own for a team, and each step of a gate."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from marketplace.alerts.models import Mail
from marketplace.calls.teams import operations
from marketplace.db import now, session
from tests.calls.reviewing import scene as make
from tests.inspection import work
from tests.licensing.agreement.parties import give


@pytest.fixture
def racing(app):
    found, _award = make.awarded(chosen=(0, 1), amounts=50_000_000, kind="enterprise")
    return found, operations.teams_of(found.call)


def test_a_team_from_the_award_to_its_first_payment_owed(client, racing, monkeypatch):
    found, (team, other) = racing
    page = f"/zh/teams/{team.public_id}"
    client.login(found.solvers[0])
    assert client.get(page).status_code == 200 and client.get(f"{page}/take").status_code == 200
    late = {f"due_{place}": (now() + timedelta(days=100 - place)).date().isoformat() for place in (1, 2)}
    assert client.post(f"{page}/take", data=late).status_code == 422
    assert client.post(f"{page}/take", data={"plan_1": "一台样机", "plan_2": "试用报告"}).status_code == 303
    session.refresh(team)
    for side in (found.solvers[0], found.owner):
        give(side, team.agreement, now())
    later = now() + timedelta(days=20)
    monkeypatch.setattr(operations, "now", lambda: later)
    gate = team.gates[0]
    assert client.post(f"/zh/gates/{gate.public_id}/submit", data={"evidence": "样机在三号车间"}).status_code == 303
    work()
    client.login(found.member)
    assert client.get(f"/zh/gates/{gate.public_id}/judge").status_code == 200
    assert client.post(f"/zh/gates/{gate.public_id}/judge", data={"value_0": "", "verdict": "accepted", "finding": "合格"}).status_code == 422
    stale = {"value_0": "0.015", "verdict": "accepted", "finding": "合格", "version": "1"}
    assert client.post(f"/zh/gates/{gate.public_id}/judge", data=stale).status_code == 409
    assert client.post(f"/zh/gates/{gate.public_id}/judge", data={**stale, "version": ""}).status_code == 303
    work()
    for language in ("zh", "en"):
        side_by_side = client.get(f"/{language}/open-calls/{found.call.public_id}/teams").get_data(as_text=True)
        assert "0.015" in side_by_side and other.organisation.called(language) in side_by_side
    assert client.get(f"/zh/gates/{gate.public_id}/go").status_code == 403
    client.login(found.owner)
    assert client.get(f"/zh/gates/{gate.public_id}/go").status_code == 200
    assert client.post(f"/zh/gates/{gate.public_id}/go", data={"reason": "继续"}).status_code == 303
    assert client.get(f"/zh/teams/{other.public_id}/stop").status_code == 200
    assert client.post(f"/zh/teams/{other.public_id}/stop", data={"reason": "另一队已达标"}).status_code == 303
    work()
    subjects = {mail.subject.split(":")[0].split("：")[0] for mail in session.scalars(select(Mail).where(Mail.template == "team"))}
    assert len(subjects) == 4, subjects


def test_a_team_sees_no_other_and_strangers_see_none(client, racing):
    found, (team, other) = racing
    client.login(found.solvers[1])
    assert client.get(f"/en/teams/{team.public_id}").status_code == 404
    assert client.get(f"/en/gates/{team.gates[0].public_id}/submit").status_code == 404
    assert client.get(f"/en/open-calls/{found.call.public_id}/teams").status_code == 403
    assert team.organisation.called("en") not in client.get(f"/en/teams/{other.public_id}").get_data(as_text=True)
    assert client.get(f"/en/teams/{other.public_id}/stop").status_code == 403
    assert client.post(f"/en/teams/{other.public_id}/decline", data={"reason": "no people"}).status_code == 303
    session.refresh(other)
    assert other.state == "declined"
    client.logout()
    assert client.get(f"/en/teams/{team.public_id}").status_code == 303
