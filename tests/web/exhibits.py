"""The things that the walk of all routes asks for, each in several states, with who is who to them.

They stand in the house of the blind listings (`blind_cast`, `blind_rooms`): the institute and the firm get a member and a signatory each, and listings in
every state. What has people of its own (calls under review, agreements) comes from the scenes of its own tests.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from marketplace.access import SYSTEM
from marketplace.alerts import operations as alerts
from marketplace.alerts.models import Mail
from marketplace.alerts.subscriptions import operations as subscriptions
from marketplace.calls import questions
from marketplace.calls.pools import steering
from marketplace.calls.pools.models import Pool
from marketplace.calls.reviewing import operations as reviewing
from marketplace.calls.reviewing.declaring import own_assignments
from marketplace.calls.sealing import keys
from marketplace.calls.sealing import operations as sealing
from marketplace.calls.sealing.sealing import new_pair
from marketplace.calls.teams import operations as teams
from marketplace.catalogue.experts.models import ExpertRequest
from marketplace.catalogue.facilities import operations as facilities
from marketplace.catalogue.models import Attachment
from marketplace.catalogue.scenarios.models import TrialApplication
from marketplace.db import new_public_id, now, session
from marketplace.deals.parties import operations as parties
from marketplace.exporting.tables import TABLES
from marketplace.people import operations as people
from marketplace.people import organisations
from marketplace.people.factors.models import Passkey, Recovery
from marketplace.people.models import Organisation, Person
from marketplace.people.outside.models import Identity
from marketplace.people.recovery import operations as recovery
from marketplace.people.sessions.operations import begin
from tests import factories as make
from tests.calls.proposals import cast as proposing
from tests.calls.reviewing import scene as reviews
from tests.factories import NOW
from tests.web.blind_cast import LISTS, Cast
from tests.web.walking import NOT_THERE, Exhibit

People = dict[str, Person | None]
LISTED = {
    "draft": {"state": "draft", "published": None}, "published": {}, "members-only": {"visibility": "members"},
    "blind": {"visibility": "blind"}, "withdrawn": {"state": "withdrawn"},
}
"""The states of a listing, by the name that the table gives them."""
SHUT = ("draft", "withdrawn")
"""Those of which nobody outside is told that there is a listing; of a blind one there is a teaser."""


def staff(house: Organisation, owner: Person) -> People:
    """Who is who in a house: its owner, with a new member and a new signatory."""
    return {"owner": owner, **{role: make.membership(make.person(), house, role).person for role in ("member", "signatory")}}


def beside(thing: Any, like: Attachment) -> str:
    """A file beside something, whoever put it there, with the bytes of another one; its public id."""
    made = Attachment(
        thing=thing.__tablename__, thing_id=thing.id, name="plan.txt", media_type="text/plain", size=like.size, sha256=like.sha256, created=NOW,
    )
    session.add(made)
    session.flush()
    return made.public_id


def everybody(cast: Cast) -> People:
    """Who walks, where a thing does not say who is who to it: all of them have an account and most a firm."""
    return {
        "visitor": None, "stranger": cast.people["other_firm"], "operator": cast.people["operator"], "broker": cast.people["broker"],
        "other_broker": make.broker(), "reviewer": make.person(), "counterparty": cast.people["granted"],
        **staff(cast.things["institute"], cast.people["owner"]),
    }


def of_listings(cast: Cast, who: People, firm: People) -> list[Exhibit]:
    """Technologies and needs, requests for access, matches, distillations, imports."""
    things, found = cast.things, []
    like = things["technology_file"]
    for name, values in LISTED.items():
        for noun, house, made_by, roles in (("technologies", things["institute"], make.technology, who), ("needs", things["firm"], make.need, firm)):
            kind = {"technologies": "technology", "needs": "need"}[noun]
            thing = things[kind] if name == "blind" else made_by(house, **values)
            fill = {"public_id": thing.public_id, "file_id": beside(thing, like)}
            found += [Exhibit(noun, name, fill, roles, name in SHUT), Exhibit(f"access/{kind}", name, fill, roles, name in SHUT)]
            if name in ("published", "blind"):
                found.append(Exhibit(f"subscriptions/{kind}", name, fill, roles, name in SHUT))
    for state, grant, asker in (("granted", things["grants"][2], "granted"), ("asked", things["grants"][0], "asked"), ("nda", things["grants"][1], "nda")):
        fill = {"public_id": grant.public_id, "signature_id": things["signature"].public_id}
        found.append(Exhibit("access", state, fill, {**who, "counterparty": cast.people[asker]}, True))
    found.append(Exhibit("access/log", "of an institute", {"public_id": things["institute"].public_id}, who))
    for state, match, asker in (("of a blind technology", things["matches"][0], "party"), ("of a blind need", things["matches"][1], "granted")):
        for under in ("matches", "worklist/pairs"):
            found.append(Exhibit(under, state, {"public_id": match.public_id}, {**who, "counterparty": cast.people[asker]}, True))
    for thing in things["distillations"]:
        fill = {"public_id": thing.public_id, "file_id": things["distillation_files"][0].public_id}
        found.append(Exhibit("distillations", thing.state, fill, {**firm, "broker": things["knows"]}, True))
    runs = [things["run"], *(make.import_run(things["institute"], state=state) for state in ("published", "reading", "failed", "undone"))]
    found += [Exhibit("imports", run.state, {"public_id": run.public_id, "number": 1}, who, True) for run in runs]
    found += [Exhibit("problems", "pasted", {"public_id": one.public_id}) for one in things["pasted"][:1]]
    return found


def of_deals(cast: Cast, who: People, firm: People) -> list[Exhibit]:
    """A deal before the introduction and one after it, a lead, invitations into a deal."""
    things, found = cast.things, []
    later = make.deal(make.match(make.need(things["firm"]), make.technology(things["institute"])), cast.people["broker"], "lost", since=now())
    lead = make.deal(make.match(make.need(things["firm"]), make.technology(things["institute"])), None, "lead", since=now())
    of_firm = {**who, "counterparty": firm["owner"]}
    sides = (
        (things["deals"][0], {**who, "counterparty": cast.people["party"]}), (things["deals"][1], {**of_firm, "broker": things["deals"][1].broker}),
        (later, of_firm), (lead, {**of_firm, "broker": lead.broker}),
    )
    for deal, roles in sides:
        kept = {name: [one.public_id for one in things[name].get(deal.public_id, ())] for name in ("notes", "tasks", "meetings", "documents")}
        last = {f"{name[:-1]}_id": (rows or [things["missing"]])[-1] for name, rows in kept.items()}
        fill = {"public_id": deal.public_id, "number": 1, "key": "signing", "party_id": deal.parties[-1].public_id, **last}
        found.append(Exhibit("deals", deal.state, fill, {**roles, "broker": deal.broker}, True))
        if deal.state == "lead":
            found.append(Exhibit("deals/leads", "lead", fill, roles, True))
    tokens = [parties.token_of(one) for one in things["invitations"]]
    found.append(Exhibit("deals/invitations", "to a stranger", {"token": tokens[-1]}, who))
    return found


def _taking_proposals(missing: dict[str, str]) -> tuple[proposing.Cast, list[Exhibit]]:
    """A published call with a question, a sealed proposal, a holder of its key and a reviewer who has not answered."""
    public = proposing.cast()
    asked = questions.ask_question(public.other, public.call, "能否延期", "zh")
    session.flush()
    house = {**staff(public.house, public.owner), "reviewer": public.reviewer, "counterparty": public.solver}
    found = [Exhibit("open-calls", "published", {**missing, "public_id": public.call.public_id, "question_id": asked.public_id}, house)]
    version = proposing.handed_in(public.solver, public.institute, public.call, now(), at=now())
    solver = {**staff(public.institute, public.solver), "reviewer": public.reviewer, "counterparty": public.owner}
    sealed = {"public_id": version.proposal.public_id, "version_id": version.public_id, "file_id": new_public_id()}
    found.append(Exhibit("proposals", "sealed", sealed, solver, True))
    held = proposing.call(public.house, state="draft")
    sealing.name_holders(public.owner, held, [sealing.Named("公证人", "notary@example.com", keys.written(keys.PUBLIC, new_pair()[1]))], 1)
    session.flush()
    holder = sealing.holders_of(held)[0].public_id
    found.append(Exhibit("key-holders", "named", {"holder_id": holder}, house))
    invited = reviews.reviewer(public.call)
    found.append(Exhibit("open-calls/reviewing", "invited", {"public_id": invited.public_id}, {**house, "reviewer": invited.person}, True))
    return public, found


def of_calls(cast: Cast, firm: People) -> list[Exhibit]:
    """Calls as drafts, published, in review and awarded; what solvers, reviewers and teams have of them; boards and pools."""
    like, found = cast.things["technology_file"], [Exhibit("open-calls", "draft", {"public_id": cast.things["call"].public_id}, firm, True)]
    missing = {"question_id": new_public_id(), "assignment_id": new_public_id()}
    public, shown = _taking_proposals(missing)
    found += shown
    open_review, (done, award) = reviews.scored(), reviews.awarded(chosen=(0, 1), amounts=50_000_000, kind="enterprise")
    for state, scene in (("in review", open_review), ("awarded", done)):
        roles = {"owner": scene.owner, "member": scene.member, "signatory": make.membership(make.person(), scene.house, "signatory").person,
                 "reviewer": scene.people[0], "counterparty": scene.solvers[0]}
        assignment = next(one for one in own_assignments(scene.reviewers[0]) if one.proposal is scene.proposals[0])  # it has a file; their order is drawn
        fill = {**missing, "public_id": scene.call.public_id, "assignment_id": assignment.public_id}
        found.append(Exhibit("open-calls", state, fill, roles))
        desk = {"public_id": scene.reviewers[0].public_id, "assignment_id": assignment.public_id, "number": 1}
        found.append(Exhibit("reviews", state, desk, roles, True))
        of_solver = {**staff(scene.proposals[0].organisation, scene.solvers[0]), "reviewer": scene.people[0], "counterparty": scene.owner}
        opened = {"public_id": scene.proposals[0].public_id, "version_id": new_public_id(), "file_id": beside(scene.proposals[0], like)}
        found.append(Exhibit("proposals", f"opened, {state}", opened, of_solver, True))
    found.append(Exhibit("awards", "published", {"public_id": award.public_id}, roles))
    team = teams.teams_of(done.call)[0]
    found.append(Exhibit("teams", team.state, {"public_id": team.public_id}, {**of_solver, "counterparty": done.owner}, True))
    plans = tuple(teams.Plan(f"阶段{number}", (now().date().replace(year=now().year + number))) for number in (1, 2))
    teams.take(done.solvers[0], team, plans)
    session.flush()
    gate = {"public_id": team.gates[0].public_id, "file_id": beside(team.gates[0], like)}
    found.append(Exhibit("gates", team.gates[0].state, gate, {**of_solver, "counterparty": done.owner}, True))
    assert reviewing.award_of(done.call) is award
    return found + _boards_and_pools(cast, firm, public)


def _boards_and_pools(cast: Cast, firm: People, public: Any) -> list[Exhibit]:
    agent = make.person()
    agency = make.organisation(agent, kind="agency")
    roles, found = staff(agency, agent), []
    for state in ("draft", "published"):
        board = make.board(agency, state=state)
        found.append(Exhibit("boards", state, {"public_id": board.public_id, "call_id": public.call.public_id}, roles, state == "draft"))
    things, lead = cast.things, cast.people["granted"]
    reached: Pool = things["pools"][0]
    leading = {**staff(reached.organisation, lead), "counterparty": cast.people["owner"]}
    shown = {"pledge_id": things["pledges"][0].public_id, "motion_id": things["motions"][0].public_id}
    found.append(Exhibit("pools", "reached", {"public_id": reached.public_id, **shown}, leading))
    counted = steering.put_motion(lead, reached, "other", "年内开一次会", at=now() - timedelta(days=30))
    steering.close_motion(SYSTEM, counted)
    session.flush()
    found.append(Exhibit("pools", "reached with a motion closed", {"public_id": reached.public_id, "motion_id": counted.public_id}, leading))
    for state in ("draft", "open", "withdrawn"):
        pool = make.pool(reached.organisation, 40_000_000, at=now(), state=state)
        shown = {"pledge_id": pool.pledges[0].public_id, "motion_id": new_public_id()}
        found.append(Exhibit("pools", state, {"public_id": pool.public_id, **shown}, leading, state != "open"))
    found.append(Exhibit("pools/alike", "proposed", {"public_id": things["proposals"][0].public_id}, {**firm, "stranger": agent}, True))
    return found


def of_resources() -> list[Exhibit]:
    """Facilities, experts and scenarios, what is asked of them, and the calendar that is read by a token."""
    found, asker = [], make.person()
    firm = make.organisation(asker)
    owner = make.person()
    house = make.organisation(owner, kind="institute")
    roles = {**staff(house, owner), "counterparty": asker}
    for state, values in LISTED.items():
        if state == "blind":
            continue
        for room, made_by in (("facilities", make.facility), ("experts", make.expert), ("scenarios", make.scenario)):
            thing = made_by(house, **values)
            found.append(Exhibit(room, state, {"public_id": thing.public_id}, roles, state in SHUT))
            if state == "published":
                more = {"technology": make.technology(firm)} if room == "scenarios" else {}
                kind = {"facilities": "booking", "experts": "expert_request", "scenarios": "trial_application"}[room]
                asked = make.booking(thing, firm) if room == "facilities" else {"experts": ExpertRequest, "scenarios": TrialApplication}[room](
                    resource=thing, organisation=firm, person=asker, text="想试用", state="asked", key=kind, created=NOW, **more)
                session.add(asked)
                session.flush()
                found.append(Exhibit(f"resource-requests/{kind}", asked.state, {"public_id": asked.public_id}, roles, True))
                if room == "facilities":
                    found.append(Exhibit("facilities/calendar", "by its token", {"token": facilities.feed_token(owner, thing)}, roles))
    return found


def of_people(cast: Cast, who: People) -> list[Exhibit]:
    """Organisations, seats, invitations, requests, links that were mailed, what is followed, and the operator's rooms."""
    things, owner = cast.things, cast.people["owner"]
    institute = things["institute"]
    house = {"public_id": institute.public_id, "person_id": who["member"].public_id, "technology_id": things["technology"].public_id}
    invited = organisations.invite(owner, institute, who["stranger"].address, "member")
    session.flush()
    asked = organisations.ask_to_join(who["reviewer"], institute)
    session.flush()
    token = people.reset_token(who["stranger"])
    fresh = make.person(confirmed=None)
    bare = make.organisation(make.person(), state="pending")
    following = next(one for one in things["subscriptions"] if one.person_id != who["stranger"].id)
    found = [
        Exhibit("organisations", "verified", house, who), Exhibit("operations/organisations", "asks to be verified", {"public_id": bare.public_id}, who),
        Exhibit("operations/brokers", "a broker", {"person_id": who["broker"].public_id}, who), Exhibit("subscriptions/organisation", "verified", house, who),
        Exhibit("invitations", "open, to a stranger", {"public_id": invited.public_id, "token": organisations.invitation_token(invited)}, who),
        Exhibit("requests", "of a reviewer", {"public_id": asked.public_id}, who),
        Exhibit("reset", "of a stranger", {"token": token}, who),
        Exhibit("confirm", "of somebody new", {"token": people.confirmation_token(fresh, fresh.address)}),
        Exhibit("subscriptions", "of an owner", {"public_id": following.public_id}, {"owner": following.person}, True),
        Exhibit("unsubscribe", "of an owner's search", {"token": subscriptions.token_for(following)}),
        Exhibit("operations/files", "held back", {"public_id": things["uploads"][0].public_id}, who),
    ]
    return found


def of_ways_in(who: People) -> list[Exhibit]:
    """A session, a passkey and an account elsewhere of the owner; a provider that the settings do not name."""
    owner = who["owner"]
    assert owner is not None
    entry = begin(SYSTEM, owner, "password")
    key = Passkey(person_id=owner.id, credential="c" * 40, public_key=b"k" * 32, name="P", made=NOW)
    elsewhere = Identity(person_id=owner.id, issuer="https://sign-in.example.org", subject="1", made=NOW)
    session.add_all([key, elsewhere])
    session.flush()
    own = (("settings/sessions", entry), ("settings/second-factor/passkeys", key), ("settings/outside", elsewhere))
    return [
        *(Exhibit(under, "of the owner", {"public_id": one.public_id}, who, True) for under, one in own),
        Exhibit("sign-in/with", "of no provider", {"code": "campus"}, who), *_recoveries(who),
    ]


def _recoveries(who: People) -> list[Exhibit]:
    """What members who have lost their second factors have asked, in each state."""
    made = []
    for state in ("asked", "allowed", "refused", "cancelled", "used"):
        answered = {"decided_by": who["operator"], "checked": "C"} if state in ("allowed", "refused", "used") else {}
        made.append(Recovery(person=make.person(), reason="R", state=state, asked=now(), due=now() + recovery.WAIT, **answered))
    session.add_all(made)
    session.flush()
    return [*(Exhibit("operations/recoveries", one.state, {"public_id": one.public_id}, who) for one in made),
            Exhibit("recovery", "asked", {"token": recovery.token_of(made[0])}, who)]


def of_pages(cast: Cast) -> list[Exhibit]:
    """What is named by a word, a number or a hash instead of an id: lists and feeds, one's own tables, parts of the sitemap, mails, static files."""
    files = [Exhibit(f"exporting.{one}", name, {"name": name}) for one in ("newest", "table", "paper") for name in LISTS]
    mail = session.query(Mail).first() or _mail()
    signed = cast.things["technology_file"].sha256
    return [
        *files, *(Exhibit("exporting.own_table", name, {"name": name}) for name in TABLES),
        Exhibit("for_robots.sitemap_of_listings", "first part", {"number": 1}),
        *(Exhibit(under, mail.state, {"public_id": mail.public_id}) for under in ("dev/outbox", "mail")),
        Exhibit("verify", "of no agreement", {"sha256": signed}), Exhibit("static", "a style sheet", {"filename": "paper.css"}),
    ]


def _mail() -> Mail:
    mail = alerts.to_person("confirm_address", make.person(), "/confirm/x")
    session.flush()
    return mail


def missing(found: list[Exhibit]) -> list[Exhibit]:
    """For each place with things that are private to somebody, one that is not there at all: its pages must be answered as theirs."""
    rows = {}
    for one in found:
        if one.private:
            ids = {name: new_public_id() if name.endswith("_id") else value for name, value in one.fill.items()}
            rows.setdefault(one.under, Exhibit(one.under, NOT_THERE, ids, {}, True))
    return list(rows.values())
