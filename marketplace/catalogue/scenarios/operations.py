"""The verbs of scenarios: what one must hold, applying for a first trial, accepting an application."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, select

from marketplace.access import Actor, require
from marketplace.catalogue.models import Technology
from marketplace.catalogue.resources import operations as resources
from marketplace.catalogue.resources.operations import Kind
from marketplace.catalogue.scenarios.models import MOST_TRIALS, Scenario, TrialApplication
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused

PLAIN = ("region", "trials", "trl_from", "opens_on", "closes_on")


def _check(scenario: Scenario) -> None:
    if not 1 <= scenario.trials <= MOST_TRIALS:
        raise Refused(N_("Give a number of trials from 1 to 1000."), field="trials")
    if not 1 <= scenario.trl_from <= 9:
        raise Refused(N_("Maturity goes from 1 to 9."), field="trl_from")
    if scenario.opens_on and scenario.closes_on and scenario.closes_on < scenario.opens_on:
        raise Refused(N_("The last day lies before the first."), field="closes_on")


def _ready(scenario: Scenario, today: date) -> None:
    if scenario.closes_on and scenario.closes_on < today:
        raise Refused(N_("The last day on which the scenario is open lies in the past."), field="closes_on")
    if not any(scenario.judge.values()):
        raise Refused(N_("Say who judges a trial: whoever tries it first wants to know by whom and by what."), field="judge_zh")


KIND = Kind(Scenario, ("place", "conditions", "measurements", "judge"), PLAIN, _check, _ready)


def accepted_of(scenario: Scenario) -> int:
    """How many trials are given away."""
    own = select(func.count()).select_from(TrialApplication).where(TrialApplication.scenario_id == scenario.id, TrialApplication.state == "accepted")
    return session.scalar(own) or 0


def technologies_of(actor: Actor, limit: int = 200) -> list[Technology]:
    """What the actor can offer for a trial: the open technologies of his organisations, newest first."""
    own = select(Technology).where(Technology.organisation_id.in_(list(actor.seats)), Technology.state == "published", Technology.kind != "negative_result")
    return list(session.scalars(own.order_by(Technology.id.desc()).limit(limit))) if actor.seats else []


def ask(actor: Actor, scenario: Scenario, technology: Technology, text: str, key: str, at: datetime | None = None) -> TrialApplication:
    """Offer a technology of one's own for a first trial. Refused where it is not open, no trial is left, or one application is running.

    The host is shown the technology's title, so that a blind one cannot be offered so.
    """
    moment = at or now()
    require(actor, "scenario.ask", scenario)
    if technology.organisation_id not in actor.seats:
        raise NotFound()
    found = resources.asking(actor, TrialApplication, scenario, technology.organisation, text, key, moment)
    if found.id is None:
        _refuse_unfit(scenario, technology, moment.date())
        found.technology, found.technology_id = technology, technology.id
    return resources.begin(actor, found, moment)


def _refuse_unfit(scenario: Scenario, technology: Technology, today: date) -> None:
    if technology.visibility == "blind" or technology.state != "published":
        raise Refused(N_("Only a technology that is open to its readers can be offered for a first trial."), field="technology")
    if scenario.opens_on and today < scenario.opens_on:
        raise Refused(N_("The scenario is not open for applications yet."))
    if accepted_of(scenario) >= scenario.trials:
        raise Refused(N_("All trials of this scenario are given away."))
    if technology.trl is not None and technology.trl < scenario.trl_from:
        raise Refused(N_("This scenario lets technologies in from TRL %(level)s on."), field="technology", level=scenario.trl_from)
    running = select(TrialApplication.id).where(
        TrialApplication.scenario_id == scenario.id, TrialApplication.technology_id == technology.id, TrialApplication.state.in_(("asked", "accepted")))
    if session.scalar(running.limit(1)) is not None:
        raise Refused(N_("This technology has been offered to this scenario already."), field="technology")


def accept(actor: Actor, application: TrialApplication, at: datetime | None = None) -> TrialApplication:
    """Give a trial away; the scenario's row is held, so that no more are given than there are. Refused when none is left."""
    require(actor, "trial_application.accept", application)
    scenario = session.execute(
        select(Scenario).where(Scenario.id == application.scenario_id).with_for_update(of=Scenario).execution_options(populate_existing=True)
    ).scalar_one()
    if accepted_of(scenario) >= scenario.trials:
        raise Refused(N_("All trials of this scenario are given away."))
    resources.answer(actor, application, "accept", at=at)
    return application
