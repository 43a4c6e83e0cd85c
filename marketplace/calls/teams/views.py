"""Pages of teams: all of a call side by side for its owners, one for the team itself, and the steps of each gate."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Flask, flash
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from marketplace.access import may, require
from marketplace.calls import operations as calls
from marketplace.calls.teams import evidence, operations, words
from marketplace.calls.teams import following as _following  # noqa: F401 - registers its jobs
from marketplace.calls.teams.forms import EvidenceForm, ReasonForm, judge_form, take_form
from marketplace.calls.teams.models import Gate, Team
from marketplace.catalogue.views import send as send_attachment
from marketplace.errors import NotFound, Problem
from marketplace.licensing.models import Obligation
from marketplace.licensing.performing.operations import obligations_of
from marketplace.web import actor, answer, see

blueprint = Blueprint("teams", __name__)


def prepare(app: Flask) -> None:
    """Words and lookups for the templates."""
    app.jinja_env.globals.update(team_words=words, stage_fees=_fees, team_of=operations.team_of)


def _fees(team: Team) -> dict[str, Obligation]:
    """Key of a gate → what the agreement's schedule says of its fee, once it is signed."""
    if team.agreement is None or team.agreement.state != "countersigned":
        return {}
    return {one.key.partition(":")[2]: one for one in obligations_of(team.agreement) if one.kind == "conditional"}


def _page(teams: Sequence[Team]) -> ResponseReturnValue:
    call = teams[0].call
    user, heads = may(actor(), "gate.reject", teams[0].gates[0]), may(actor(), "team.stop", teams[0])
    return answer("calls/teams/show.html", call=call, teams=teams, user=user, heads=heads)


@blueprint.route("/open-calls/<public_id>/teams")
@login_required
def index(public_id: str) -> ResponseReturnValue:
    """All teams of the call side by side, for its owners."""
    call = calls.by_public_id(actor(), public_id)
    require(actor(), "open_call.review", call)
    teams = operations.teams_of(call)
    if not teams:
        raise NotFound()
    return _page(teams)


@blueprint.route("/teams/<public_id>")
@login_required
def show(public_id: str) -> ResponseReturnValue:
    """One team, for itself and for the owners; never another's."""
    return _page([operations.by_public_id(actor(), public_id)])


@blueprint.route("/teams/<public_id>/take", methods=["GET", "POST"])
@login_required
def take(public_id: str) -> ResponseReturnValue:
    """Take the award with the team's own milestones; the agreement is drafted and proposed."""
    team = operations.by_public_id(actor(), public_id)
    require(actor(), "team.take", team)
    form = take_form(team.gates, team.version_id)
    if form.ready():
        form.check_version(team)
        try:
            agreement = operations.take(actor(), team, form.plans(team.gates))
            flash(_("The agreement is drafted from the call and lies before the other side. Both sign it here."))
            return see("licensing.show", public_id=agreement.public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("calls/teams/take.html", form, team=team, call=team.call)


@blueprint.route("/teams/<public_id>/<any(decline, stop):verb>", methods=["GET", "POST"])
@login_required
def leave(public_id: str, verb: str) -> ResponseReturnValue:
    """Decline the award, or stop the team, with the reason."""
    team = operations.by_public_id(actor(), public_id)
    require(actor(), f"team.{verb}", team)
    form = ReasonForm(version=str(team.version_id))
    if form.ready():
        form.check_version(team)
        try:
            {"decline": operations.decline, "stop": operations.stop}[verb](actor(), team, form.reason.data or "")
            return see("teams.show", public_id=public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("calls/teams/leave.html", form, team=team, call=team.call, verb=verb)


def _gate(public_id: str) -> Gate:
    return operations.gate_of(actor(), public_id)


@blueprint.route("/gates/<public_id>/submit", methods=["GET", "POST"])
@login_required
def submit(public_id: str) -> ResponseReturnValue:
    """Hand in what the stage asks for."""
    gate = _gate(public_id)
    require(actor(), "gate.submit", gate)
    form = EvidenceForm(version=str(gate.version_id))
    if form.ready():
        form.check_version(gate)
        try:
            operations.submit(actor(), gate, form.evidence.data or "", files=form.brought())
            return see("teams.show", public_id=gate.team.public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("calls/teams/submit.html", form, gate=gate, team=gate.team, call=gate.team.call)


@blueprint.route("/gates/<public_id>/files/<file_id>")
@login_required
def file(public_id: str, file_id: str) -> ResponseReturnValue:
    """One file of a gate, as a download, for the two sides of its team."""
    return send_attachment(evidence.file_of(_gate(public_id), file_id))


@blueprint.route("/gates/<public_id>/judge", methods=["GET", "POST"])
@login_required
def judge(public_id: str) -> ResponseReturnValue:
    """Accept or reject what was handed in, by the user's own measurement."""
    gate = _gate(public_id)
    require(actor(), "gate.accept", gate)
    targets = gate.team.call.targets
    form = judge_form(len(targets), gate.version_id)
    if form.ready():
        form.check_version(gate)
        try:
            accepts, values = form.verdict.data == "accepted", form.values(len(targets))
            operations.judge(actor(), gate, accepts, values, form.finding.data or "", files=form.brought())
            return see("teams.index", public_id=gate.team.call.public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("calls/teams/judge.html", form, gate=gate, team=gate.team, call=gate.team.call, targets=targets)


@blueprint.route("/gates/<public_id>/go", methods=["GET", "POST"])
@login_required
def go(public_id: str) -> ResponseReturnValue:
    """Decide that the team goes on."""
    gate = _gate(public_id)
    require(actor(), "gate.go", gate)
    form = ReasonForm(version=str(gate.version_id))
    if form.ready():
        form.check_version(gate)
        try:
            operations.go_on(actor(), gate, form.reason.data or "")
            return see("teams.index", public_id=gate.team.call.public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("calls/teams/go.html", form, gate=gate, team=gate.team, call=gate.team.call)
