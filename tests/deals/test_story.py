"""The story as a whole, by the pages that people use: from a posted need to the broker's fee, with the jobs that run between the steps."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from marketplace.alerts.models import Mail
from marketplace.db import now, session
from marketplace.deals.fees.models import FeeDue
from marketplace.deals.models import Deal, Entry
from marketplace.jobs import enqueue
from marketplace.licensing.billing.models import Payment
from marketplace.licensing.duties.models import Notice
from marketplace.licensing.models import Agreement
from marketplace.matching import operations as matching
from marketplace.matching.models import Match
from marketplace.needs.models import Need
from marketplace.people import one_time
from marketplace.people.grants import signing
from marketplace.people.grants.models import NdaSignature
from marketplace.people.models import AccessGrant
from tests import factories
from tests.deals.test_pages import FEE
from tests.inspection import playing, work
from tests.licensing.agreement.test_views import filled, press_signed
from tests.needs.distilling.test_pages import FORM

OFFER = {"mode": "licence", "exclusivity": "exclusive", "term_months": 36,
         "terms": {"currency": "CNY", "trial": {"months": 3}, "conversion": {"price": "200000"}}}
SECRET = "超磁致伸缩蜂鸟刃口"
HIDDEN_PROBLEM = "三号线手术钳铣完毛刺太多"
TEASER = {"technology": {"zh": "一种给小零件修边的新办法", "en": "A new way to trim small parts"}, "need": "一家工厂想把小零件的边修得更快"}
PURPOSE = "评估能否用于我们的手术钳生产线"
NEED = {"title_zh": "手术钳毛刺去不干净", "problem_zh": f"{HIDDEN_PROBLEM}，去毛刺太慢，毛刺要小于 0.02 mm。",
        "tried_zh": "换过刀片，没有改善。", "industry": "C358", "modes": "licence",
        "deadline": "2027-06-30", "post": "1"}


@pytest.fixture
def index(app, tmp_path, monkeypatch) -> Iterator[None]:
    """An index of this test alone."""
    matching.index.cache_clear()
    found = matching.index()
    for name, value in (("folder", tmp_path), ("_view", None), ("_generation", None), ("_seen", None)):
        monkeypatch.setattr(found, name, value)
    yield
    matching.index.cache_clear()


class Story:
    """Everybody in the story, and their browser: `by(person)` signs in, `send` posts what a form of a page would send."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.firm, self.holder, self.broker, self.rival = factories.person(), factories.person(), factories.broker(), factories.broker()
        self.works = factories.organisation(self.firm)
        self.institute = factories.organisation(self.holder, kind="institute")
        self.agency = factories.organisation(self.broker, kind="agency")
        factories.organisation(self.rival, kind="agency")
        self.technology = factories.technology(
            self.institute, visibility="blind", nda_required=True, teaser=TEASER["technology"], title={"zh": f"{SECRET}去毛刺方法"},
            abstract={"zh": f"手术钳毛刺由{SECRET}去除，毛刺高度 0.0137 毫米，去毛刺快。"}, offer=OFFER,
        )

    def by(self, person: Any) -> Story:
        """Sign in."""
        self.client.login(person)
        return self

    def read(self, path: str) -> str:
        """A page that must be there."""
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.get_data(as_text=True)

    def post(self, path: str, **values: Any) -> str:
        """Press a button; where it leads to."""
        answer = self.client.post(path, data=values)
        assert answer.status_code == 303, (path, answer.status_code, said(answer.get_data(as_text=True)))
        return answer.location

    def send(self, path: str, **changes: Any) -> str:
        """Fill in the form of a page and send it; where it leads to."""
        return self.post(path, **filled(self.read(path), **changes))


def said(page: str) -> str:
    """What a page complains of, for a failing test."""
    found = BeautifulSoup(page, "lxml")
    wrong = found.select(".field-error, .alert-box, .error-page") or found.select("main")
    return " / ".join(part.get_text(" ", strip=True)[:300] for part in wrong)


def one(model: Any, *which: Any) -> Any:
    """The one row."""
    return session.scalars(select(model).where(*which)).one()


@pytest.fixture
def story(client, index) -> Story:
    made = Story(client)
    for n in range(12):
        factories.technology(title={"zh": f"第{n}号物流分拣装置"}, abstract={"zh": f"用于包裹分拣的输送带与控制方法之{n}。"})
    session.commit()
    with playing():
        matching.reindex()
    return made


def posted(story: Story, visibility: str) -> Need:
    """The firm posts its need."""
    blind = {"visibility": "blind", "teaser_zh": TEASER["need"]} if visibility == "blind" else {"visibility": visibility}
    story.by(story.firm).send("/zh/needs/new", organisation=story.works.public_id, **NEED, **blind)
    work()
    return one(Need)


def opened_to(story: Story, noun: str, listing: Any, reader: Any, owner: Any, nda: bool) -> AccessGrant:
    """Access asked for, the NDA signed by both where one stands before it, and granted; each by the pages."""
    story.by(reader).send(f"/zh/access/{noun}/{listing.public_id}", purpose=PURPOSE)
    work()
    grant = session.scalars(select(AccessGrant).order_by(AccessGrant.id.desc())).first()
    address = f"/zh/access/{grant.public_id}"
    assert address in story.by(owner).read("/zh/access")
    if nda:
        story.send(f"{address}/nda")
        for person in (reader, owner):
            enter = story.by(person).send(f"{address}/sign")
            signature = one(NdaSignature, NdaSignature.person_id == person.id)
            story.send(enter, code=one_time.code_of(signature.public_id, signature.counter, signing.PURPOSE))
    page = story.by(owner).read(address)
    story.post(address, **filled(page, verb="grant"))
    work()
    session.refresh(grant)
    assert grant.state == "granted"
    return grant


def distilled(story: Story, need: Need) -> None:
    """The broker distils, the firm signs off, the broker verifies."""
    sheet = f"/zh/needs/{need.public_id}/distillation"
    story.by(story.broker).read(sheet)
    reading = story.post(sheet, **FORM, send="1")
    work()
    page = BeautifulSoup(story.by(story.firm).read(reading), "lxml")
    form = page.find("form", action=re.compile("sign_off"))
    story.post(form["action"], **{field["name"]: field["value"] for field in form.find_all("input")})
    work()
    checked = dict.fromkeys(("alone", "pays"), "yes") | {f"{name}_evidence": "看过三个月的试验记录和预算批件" for name in ("alone", "pays")}
    story.by(story.broker).send(f"/zh/needs/{need.public_id}/verification", **checked)
    work()
    session.refresh(need)
    assert need.grade == "verified"


def brought_together(story: Story, need: Need) -> Deal:
    """The match is found, the firm asks for an introduction, and the broker finds that on the worklist and opens the deal there."""
    enqueue("matching.match_need", thing_id=need.id)
    work()
    match = one(Match, Match.need_id == need.id, Match.technology_id == story.technology.id)
    page = story.by(story.firm).read(f"/zh/matches/{match.public_id}")
    assert SECRET not in page and TEASER["technology"]["zh"] in page
    story.post(f"/zh/matches/{match.public_id}", version=str(match.version_id), side="firm", answer="introduced", code="")
    work()
    worklist = BeautifulSoup(story.by(story.broker).read("/zh/worklist"), "lxml")
    row = worklist.find(id=f"row-asked-{match.public_id}")
    assert row is not None and SECRET not in str(worklist), said(str(worklist))
    assert worklist.find(id=f"row-pair-{match.public_id}") is None, "what is asked for stands there once"
    deal = story.post(row.find("form")["action"])
    assert story.client.post(row.find("form")["action"]).status_code == 422, "one deal of a pair"
    assert deal.endswith(one(Deal).public_id) and SECRET not in story.read(deal)
    return one(Deal)


def introduced(story: Story, address: str) -> None:
    """The fee is set, both sides read it and agree, the two are introduced."""
    story.by(story.broker).post(f"{address}/step", verb="qualify")
    story.send(f"{address}/fee", **FEE)
    story.post(f"{address}/introduction/ask")
    work()
    for side, person in (("firm", story.firm), ("holder", story.holder)):
        page = story.by(person).read(f"{address}/introduction")
        assert "5%" in page.replace(" ", "") and (side == "holder" or SECRET not in page)
        story.post(f"{address}/introduction", side=side, revision="1", agreed="yes", code="")
        work()
    story.by(story.broker).post(f"{address}/step", verb="introduce")
    work()


def talked(story: Story, deal: Deal, address: str) -> None:
    """A message, a task, a meeting and a document."""
    party = {one_.side: one_.public_id for one_ in deal.parties}
    story.by(story.firm).post(f"{address}/messages", **{"talk-key": "one", "talk-audience": "all", "talk-text": "周五前请寄样品。"})
    due = (now() + timedelta(days=5)).date().isoformat()
    story.by(story.broker).post(f"{address}/tasks", key="one", audience="all", text="寄两件样品", due=due, party=party["holder"])
    story.post(f"{address}/meetings/new", key="one", audience="all", title="对接会", day=due, begin="15:00", end="16:00", zone="Asia/Shanghai", place="杭州",
               parties=[party["firm"], party["holder"]])
    story.by(story.holder).post(f"{address}/documents", name="试验大纲", side="", file=(io.BytesIO("大纲".encode()), "大纲.txt"))
    work()
    page = story.by(story.firm).read(address)
    assert all(word in page for word in ("周五前请寄样品。", "寄两件样品", "对接会", "试验大纲"))


def agreed(story: Story, deal: Deal, address: str) -> Agreement:
    """Drafted from the deal, its price published, refused before the notice ends, then signed by both."""
    edit = story.by(story.firm).post(f"{address}/agreement")
    story.post(edit, **filled(story.read(edit), **{"terms-effective": now().date().isoformat()}))
    agreement = one(Agreement)
    show = f"/zh/agreements/{agreement.public_id}"
    assert "5%" in story.read(show).replace(" ", ""), "the broker's fee stands in the clauses"
    story.post(f"{show}/propose")
    work()
    session.refresh(deal)
    assert deal.state == "negotiating"
    story.by(story.holder).send(f"{show}/pricing", decided_by="院务会", minutes=(io.BytesIO(b"agreed"), "minutes.txt"))
    story.send(f"{show}/notice", related="no")
    work()
    session.refresh(deal)
    assert deal.state == "notice"
    sign = f"{show}/sign"
    assert story.client.post(sign, data=filled(story.read(sign))).status_code == 422, "not before the notice has ended"
    notice = one(Notice)
    notice.published_on -= timedelta(days=20)
    notice.runs_until -= timedelta(days=20)
    enqueue("duties.end_notices")
    work()
    for person in (story.firm, story.holder):
        assert press_signed(story.client, session, agreement, person).status_code == 303
    work()
    session.refresh(deal)
    assert deal.state == "signed"
    return agreement


def performed(story: Story, deal: Deal, agreement: Agreement) -> None:
    """The trial begins, the firm converts, pays, and the payment is confirmed."""
    show = f"/zh/agreements/{agreement.public_id}"
    story.by(story.firm).send(f"{show}/events/trial_started")
    work()
    session.refresh(deal)
    assert deal.state == "performing"
    story.send(f"{show}/events/converted")
    work()
    story.send(f"{show}/payments/new", amount="200000")
    work()
    story.by(story.holder).post(f"/zh/payments/{one(Payment).public_id}/confirm")
    work()


def won(story: Story, deal: Deal, address: str) -> None:
    """The fee is due with its amount, the broker says that the deal is won, and the funnel counts it in every step."""
    assert {(due.payer, due.amount) for due in session.scalars(select(FeeDue))} == {("firm", 400_000), ("holder", 600_000)}
    assert "4,000" in story.by(story.firm).read(address)
    story.by(story.broker).post(f"{address}/step", verb="win")
    work()
    session.refresh(deal)
    assert deal.state == "won"
    page = BeautifulSoup(story.read("/zh/funnel/mine"), "lxml")
    counts = [row.find("td").get_text(strip=True) for row in page.select("table")[0].select("tbody tr")]
    assert len(counts) >= 5 and set(counts) == {"1"}, counts


TOLD = ("opened", "stage", "fee_set", "introduction_asked", "consent", "message", "task", "meeting", "document_added", "agreement_drafted", "fee_due")
STAGES = ["qualified", "introduced", "nda", "evaluation", "negotiating", "notice", "signed", "performing", "won"]


@pytest.mark.parametrize("visibility", [pytest.param("public", marks=pytest.mark.slow), "blind"])
def test_from_a_posted_need_to_the_fee(story, visibility):
    need = posted(story, visibility)
    if visibility == "blind":
        assert story.by(story.broker).client.get(f"/zh/needs/{need.public_id}/distillation").status_code in (403, 404)
        opened_to(story, "need", need, story.broker, story.firm, nda=False)
    distilled(story, need)
    deal = brought_together(story, need)
    address = f"/zh/deals/{deal.public_id}"
    introduced(story, address)
    story.by(story.broker).post(f"{address}/step", verb="protect")
    assert story.client.post(f"{address}/step", data={"verb": "evaluate"}).status_code == 422, "nothing is granted yet"
    opened_to(story, "technology", story.technology, story.firm, story.holder, nda=True)
    if visibility == "blind":
        opened_to(story, "need", need, story.holder, story.firm, nda=False)
    story.by(story.broker).post(f"{address}/step", verb="evaluate")
    assert SECRET in story.by(story.firm).read(address)
    talked(story, deal, address)
    agreement = agreed(story, deal, address)
    performed(story, deal, agreement)
    won(story, deal, address)
    entries = session.scalars(select(Entry).where(Entry.deal_id == deal.id).order_by(Entry.id)).all()
    assert set(TOLD) <= {entry.kind for entry in entries}
    assert [entry.facts["target"] for entry in entries if entry.kind == "stage"] == STAGES
    outside(story, deal, address)


def outside(story: Story, deal: Deal, address: str) -> None:
    """Nobody else has read or been told anything."""
    pages = ("", "/fee", "/introduction", "/parties/invite", "/messages", "/documents", "/tasks", "/meetings/new", "/lose")
    for person in (story.rival, factories.operator(), factories.person()):
        story.by(person)
        for page in pages:
            assert story.client.get(address + page).status_code == 404, page
        assert deal.public_id not in story.read("/zh/deals") and SECRET not in story.read("/zh/notices")
        assert story.client.get(f"/zh/agreements/{deal.agreement.public_id}").status_code == 404
    inside = {story.firm.id, story.holder.id, story.broker.id}
    for mail in session.scalars(select(Mail)):
        assert mail.person_id in inside, mail.template
        assert SECRET not in mail.subject + mail.body or mail.person_id != story.broker.id, mail.template
