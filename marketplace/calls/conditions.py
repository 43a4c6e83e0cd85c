"""What must be so: before a call is published, and before an organisation may answer it. Each refusal has a code and a sentence.

Large enterprises publish and small ones and institutes answer: that is no test of the site but data on each call. A call by a large
enterprise begins with small, medium and micro enterprises and institutes as those who may answer, and its owner can change that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from marketplace.access import Actor, may
from marketplace.calls.models import WHOLE, Call, Reviewer
from marketplace.db import now, session
from marketplace.errors import N_, Refused
from marketplace.people.models import Organisation

LATE = N_("The deadline has passed.")
NOT_AFTER = N_("Questions must end before the deadline.")


@dataclass(frozen=True)
class Lack:
    """One thing that is missing: the field of the form, the message id and the values in it."""

    field: str
    message: str
    values: Mapping[str, Any]


def _lack(field: str, message: str, **values: Any) -> Lack:
    return Lack(field, message, values)


Condition = Callable[[Call, datetime], list[Lack]]
FURTHER: list[Condition] = []
"""What rooms to the right ask of a call before it is published, such as the agreement of its other owners."""


def lacking(said: Mapping[str, Any], at: datetime) -> list[Lack]:
    """What the content of a call (`operations.content`) lacks before it can be published, in the order of the form."""
    language = said.get("language") or "zh"
    texts = (
        ("title", N_("Give the call a title.")), ("brief", N_("Say what is to be solved.")),
        ("acceptance", N_("Say how you will test the result: what you measure, how, and when it counts as reached.")),
    )
    found = [_lack(f"{name}_{language}", message) for name, message in texts if not any((said.get(name) or {}).values())]
    if not said.get("targets"):
        found.append(_lack("targets", N_("Give at least one measurable target.")))
    return [*found, *_money(said), *_criteria(said), *_times(said, at)]


def _money(said: Mapping[str, Any]) -> list[Lack]:
    found = []
    if not said.get("amount"):
        found.append(_lack("amount", N_("Say how much the prize or the budget is.")))
    stages = said.get("stages") or []
    if any(not any(row["title"].values()) or row["share"] <= 0 for row in stages):
        found.append(_lack("stages", N_("Each stage of payment needs a name and a share above 0.")))
    if (paid := sum(row["share"] for row in stages)) != WHOLE:
        found.append(_lack("stages", N_("The stages of payment come to %(stages_sum)s per cent. They must come to 100."), stages_sum=_percent(paid)))
    if not any((said.get("ip_terms") or {}).values()) and said.get("ip_position") == "shared":
        found.append(_lack(f"ip_terms_{said.get('language') or 'zh'}", N_("Say how the rights in the result are shared.")))
    return found


def _criteria(said: Mapping[str, Any]) -> list[Lack]:
    rows = said.get("criteria") or []
    if not rows:
        return [_lack("criteria", N_("Name at least one criterion by which proposals are scored."))]
    found = []
    if any(not any(row["title"].values()) for row in rows):
        found.append(_lack("criteria", N_("Each criterion needs a name.")))
    if (weighed := sum(row["weight"] for row in rows)) != WHOLE:
        found.append(_lack("criteria", N_("The weights come to %(weights_sum)s per cent. They must come to 100."), weights_sum=_percent(weighed)))
    return found


def _times(said: Mapping[str, Any], at: datetime) -> list[Lack]:
    found = []
    if not said.get("teams") or said["teams"] < 1:
        found.append(_lack("teams", N_("Say how many teams may work in parallel.")))
    deadline, until = said.get("deadline"), said.get("questions_until")
    if deadline is None or deadline <= at:
        found.append(_lack("deadline_day", N_("The deadline must lie in the future.")))
    if deadline is not None and until is not None and until >= deadline:
        found.append(_lack("questions_day", NOT_AFTER))
    return found


def _percent(millionths: int) -> str:
    return f"{millionths / 10_000:.4f}".rstrip("0").rstrip(".")


def of_the_publisher(call: Call, _at: datetime) -> list[Lack]:
    """A call is put out by a verified enterprise, or by the verified organisation whose need it is."""
    house = call.organisation
    if house.state != "verified":
        return [_lack("organisation", N_("Only verified organisations publish calls. Ask for verification on your organisation's page first."))]
    if house.kind != "enterprise" and (call.need is None or call.need.organisation_id != house.id):
        return [_lack("organisation", N_("Calls are published by enterprises, and by others for needs of their own."))]
    return []


def refused(lacks: list[Lack]) -> Refused:
    """All that is missing as one refusal, each beside its field."""
    values = {name: value for lack in lacks for name, value in lack.values.items()}
    return Refused(lacks[0].message, field=lacks[0].field, also=[(lack.field, lack.message) for lack in lacks[1:]], **values)


REASONS = {
    "not_open": N_("This call takes no proposals."),
    "late": LATE,
    "sign_in": N_("Sign in to answer this call."),
    "not_readable": N_("This call is open to verified organisations."),
    "unconfirmed": N_("Confirm your mail address first."),
    "no_organisation": N_("Proposals are handed in by organisations. Enter yours first."),
    "reviewer": N_("You are named as a reviewer of this call, so you cannot answer it."),
    "own_call": N_("Your organisation has put this call out itself."),
    "unverified": N_("Only verified organisations answer calls. Ask for verification on your organisation's page first."),
    "kind": N_("This call is not meant for organisations of your kind."),
    "size": N_("This call is meant for enterprises of another size."),
    "size_unknown": N_("This call is meant for enterprises of certain sizes. Say on your organisation's page how large yours is."),
    "region": N_("This call is meant for organisations in other regions."),
}
"""Why somebody may not answer a call: code → what is shown."""


@dataclass(frozen=True)
class Eligible:
    """For which of his organisations somebody may answer a call; and where there is none, the codes of `REASONS` why not."""

    organisations: tuple[Organisation, ...] = ()
    reasons: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether he may."""
        return bool(self.organisations)


def may_propose(actor: Actor, call: Call, at: datetime | None = None) -> Eligible:
    """Whether the actor may answer the call at this moment, for which organisations, and if not why. `at` is when the first byte came."""
    if reason := _of_the_call(call, at or now()) or _of_the_person(actor, call):
        return Eligible(reasons=(reason,))
    houses = list(getattr(actor, "organisations", []))
    refusals = {house.id: hindrance(call, house) for house in houses}
    fit = tuple(house for house in houses if refusals[house.id] is None)
    return Eligible(fit) if fit else Eligible(reasons=tuple(dict.fromkeys(code for code in refusals.values() if code)) or ("no_organisation",))


def require_may_propose(actor: Actor, call: Call, organisation: Organisation, at: datetime | None = None) -> None:
    """Raise `Refused` with the reason unless the actor may answer the call for this organisation."""
    found = may_propose(actor, call, at)
    if organisation not in found.organisations:
        code = found.reasons[0] if found.reasons else hindrance(call, organisation) or "no_organisation"
        raise Refused(REASONS[code], field="organisation")


def _of_the_call(call: Call, at: datetime) -> str | None:
    if call.state == "draft" or call.state == "withdrawn":
        return "not_open"
    if at > call.deadline:
        return "late"
    return None if call.state in ("published", "closed") else "not_open"  # closed: the first byte came in time, the last one after


def _of_the_person(actor: Actor, call: Call) -> str | None:
    if actor.id is None:
        return "sign_in"
    if not may(actor, "listing.read", call):
        return "not_readable"
    if getattr(actor, "confirmed", None) is None:
        return "unconfirmed"
    named = select(Reviewer.id).where(Reviewer.call_id == call.id, Reviewer.person_id == actor.id, Reviewer.state.in_(("invited", "active")))
    return "reviewer" if session.scalar(named.limit(1)) is not None else None


def hindrance(call: Call, organisation: Organisation) -> str | None:
    """Why the organisation may not answer the call whoever acts for it; None where it may. Sizes are asked of enterprises alone."""
    eligible = {name: call.eligible.get(name) or [] for name in ("kinds", "sizes", "regions")}
    if organisation.id in (call.organisation_id, *(owner.organisation_id for owner in call.owners)):
        return "own_call"
    if organisation.state != "verified":
        return "unverified"
    if eligible["kinds"] and organisation.kind not in eligible["kinds"]:
        return "kind"
    if eligible["sizes"] and organisation.kind == "enterprise" and organisation.size not in eligible["sizes"]:
        return "size" if organisation.size else "size_unknown"
    return "region" if eligible["regions"] and organisation.region not in eligible["regions"] else None
