"""Invented content for the specimens: listings, calls, money, an answer of the matching, a simulation.

The records are made here and never added to a session: what a page shows of them is what it would show of real ones. All names are invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from marketplace import ordering
from marketplace.calls.models import Call
from marketplace.calls.pools.models import Pool
from marketplace.calls.pools.shares import Progress
from marketplace.catalogue.experts.models import Expert
from marketplace.catalogue.facilities.models import Facility
from marketplace.catalogue.models import Attachment, Offer, Technology
from marketplace.catalogue.scenarios.models import Scenario
from marketplace.licensing.billing.models import Invoice
from marketplace.licensing.billing.totals import Arrears
from marketplace.licensing.models import Agreement
from marketplace.matching.explain import Evidence, Mark, SentencePair, WordPair
from marketplace.matching.operations import Answer
from marketplace.matching.ranking import Hit
from marketplace.matching.rules import Figure, Remark
from marketplace.needs.models import Need
from marketplace.ordering import Order
from marketplace.people.models import Organisation
from marketplace.record import Change
from marketplace.terms.checks import Finding
from marketplace.terms.presets import PRESETS

TODAY = date(2027, 3, 1)
NOW = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)
PRESET = "milestones_and_royalty"
BASE = -3.2
PARTS = (("words", 1.1), ("meaning_body", 1.4), ("meaning_title", 0.6), ("quantity", 0.9), ("terms", 0.5), ("maturity", -0.3))
ASKED = {"zh": "一把要铣四十多分钟，刀具损耗大", "en": "Milling one takes over forty minutes and wears out the cutters"}
FOUND = {"zh": "把粗铣与修边合为一道工序，单件节拍 9 分钟", "en": "Roughing and trimming become one step of 9 minutes a piece"}
SHARED = {"zh": "毛刺", "en": "burr"}

FIRM = Organisation(
    public_id="specimen", kind="enterprise", name={"zh": "样例手术器械厂", "en": "Specimen Forceps Works"}, region="330000", size="small", state="verified",
)
INSTITUTE = Organisation(
    public_id="specimen", kind="institute", name={"zh": "样例精密制造研究所", "en": "Specimen Institute of Precision"}, region="310000", state="verified",
)


def template() -> dict[str, Any]:
    """The terms of an offer."""
    return PRESETS[PRESET].template("CNY", TODAY)


def technology(**values: Any) -> Technology:
    """A published patent with an offer on pay-after-use terms."""
    offer = Offer(mode="licence", terms=template(), field_of_use={})
    return Technology(**{
        "public_id": "specimen", "organisation": INSTITUTE, "kind": "patent", "state": "published", "visibility": "public", "industries": ["C3581"],
        "title": {"zh": "微细电解与精密磨削复合的钳类器械成形方法", "en": "Forming surgical forceps by fine electrolysis and grinding"},
        "trl": 7, "expires_on": date(2041, 5, 1), "offer": offer, **values,
    })


def blind() -> Technology:
    """A patent of which strangers see the teaser alone."""
    return technology(visibility="blind", offer=None, teaser={"zh": "使钳类器械的去毛刺快一倍的工艺", "en": "A process that deburrs forceps twice as fast"})


def need(grade: str, **values: Any) -> Need:
    """A published need of a grade, with a budget."""
    return Need(**{
        "public_id": "specimen", "organisation": FIRM, "state": "published", "visibility": "public", "grade": grade, "industry": "C358",
        "title": {"zh": "医用钳铣削太慢，毛刺不超过 0.02 mm", "en": "Milling forceps is too slow; burr must stay below 0.02 mm"},
        "deadline": date(2027, 9, 30), "budget_max": 50_000_000, "currency": "CNY", "cash": "committed", "modes": ["licence"], "targets": [], **values,
    })


def call(state: str = "published", days: int = 30) -> Call:
    """An open call with a budget, its deadline so many days away."""
    return Call(
        public_id="specimen", organisation=FIRM, state=state, visibility="public",
        title={"zh": "微细刀具寿命提高三倍", "en": "Make micro tools last three times longer"},
        money="budget", amount=80_000_000, currency="CNY", industry="C358", region="330000", deadline=NOW + timedelta(days=days), zone="Asia/Shanghai", teams=2,
    )


def pool(state: str) -> Pool:
    """A pool of a million yuan in a state."""
    return Pool(
        public_id="specimen", organisation=FIRM, state=state, visibility="public",
        title={"zh": "无氰电镀共同攻关", "en": "Plating without cyanide, researched together"}, brief={}, threshold=100_000_000, least=1_000_000,
        currency="CNY", deadline=NOW + timedelta(days=10), zone="Asia/Shanghai", industry="C336", region="330000",
    )


def resources() -> tuple[Facility, Expert, Scenario]:
    """A pilot line, an expert and a place for first trials."""
    shared = {"public_id": "specimen", "organisation": INSTITUTE, "state": "published", "visibility": "public"}
    return (
        Facility(**shared, title={"zh": "镀膜中试线", "en": "Coating pilot line"}, kind="pilot_line", region="330000", trl_from=4, trl_to=7, price=120000,
                 currency="CNY", basis="day"),
        Expert(**shared, title={"zh": "涂层脱落诊断", "en": "Why coatings peel"}, kind="consultant", name={"zh": "甲专家", "en": "Expert A"}, days=3),
        Scenario(**shared, title={"zh": "矿井首试场", "en": "A mine for first trials"}, region="610000", trials=2, closes_on=date(2027, 8, 31)),
    )


def files() -> list[Attachment]:
    """Two files beside a listing."""
    return [
        Attachment(public_id=f"specimen-{size}", name=name, size=size, sha256=f"{size:064}", media_type="application/pdf")
        for name, size in (("drawing.pdf", 182_400), ("measurements.xlsx", 24_000))
    ]


def changes() -> list[Change]:
    """A second revision and the first."""
    return [Change(2, NOW, 1, (("deadline", "2027-06-30", "2027-09-30"), ("region", None, "330000"))), Change(1, NOW - timedelta(days=9), None, ())]


def agreements() -> list[Agreement]:
    """A draft, a proposal, and one withdrawn in dispute."""
    values = {"public_id": "specimen", "title": {"zh": "钳类器械许可合同", "en": "Licence for forceps"}, "licensor": INSTITUTE, "licensee": FIRM}
    return [Agreement(**values, state=state, disputed=state == "withdrawn") for state in ("draft", "proposed", "withdrawn")]


def invoices() -> list[Invoice]:
    """A valid invoice and the mirror that cancels one."""
    return [Invoice(public_id="specimen", reference=f"2027-000{number}", kind=kind) for number, kind in enumerate(("invoice", "mirror"), 1)]


def arrears() -> Arrears:
    """Unpaid amounts of each age."""
    return Arrears(None, "CNY", {"not_due": 1_250_000, "1_30": 400_000, "31_60": 0, "61_90": 0, "over_90": 90_050})


def evidence(language: str) -> Evidence:
    """A pair of sentences and a shared word."""
    asked, found, word = ASKED[language], FOUND[language], SHARED[language]
    pair = SentencePair(Mark(0, len(asked), asked), Mark(0, len(found), found), 0.8)
    words = WordPair((Mark(0, len(word), word),), (Mark(0, len(word), word),), False)
    bridged = WordPair((Mark(0, 2, SHARED["zh"]),), (Mark(0, 4, SHARED["en"]),), True)
    return Evidence(language, found, (pair,), (words, bridged))


def remarks(language: str) -> tuple[Remark, ...]:
    """One remark of each kind."""
    wanted = Figure(SHARED[language], 0.02, 0.02, "mm", "at_most", written="0.02 mm")
    return (
        Remark("target", {"wanted": wanted, "names": (SHARED[language],), "offered": wanted._replace(low=0.05, high=0.05, written="0.05 mm")}),
        Remark("maturity", {"level": 4, "wanted": 7, "deadline": date(2027, 9, 30)}),
        Remark("price", {"price": 60_000_000, "budget": 50_000_000, "currency": "CNY"}), Remark("first", {"amount": 20_000_000, "currency": "CNY"}),
        Remark("mode", {"offered": "assignment", "wanted": ("licence", "joint_development")}), Remark("territory", {"territory": "CN"}),
    )


def answers(language: str) -> list[Answer]:
    """An answer that the reader may read in full, and one of which the teaser alone is shown."""
    score = BASE + sum(value for _name, value in PARTS)
    hit = Hit(1, "technology", score, 0.73, PARTS, BASE, 1)
    return [Answer(technology(), hit, evidence(language), remarks(language)), Answer(blind(), hit, None, (), in_full=False)]


@dataclass(frozen=True, slots=True)
class Stand:
    """How a deal stands, as its line of stages needs it."""

    state: str
    nda_required: bool = True


def findings() -> list[Finding]:
    """What the checks say of an offer, one of each severity, at the fee at signing."""
    words = {
        "refuse": ("不能这样约定。", "This cannot be agreed."), "warn": ("这样约定不常见。", "This is unusual."),
        "inform": ("系统这样理解。", "This is how it is read."),
    }
    return [
        Finding(f"specimen_{severity}", severity, {"zh": zh, "en": en}, {"zh": "样例", "en": "specimen"}, False, ("entry_fee",))
        for severity, (zh, en) in words.items()
    ]


def progresses() -> list[tuple[Pool, Progress]]:
    """Pools as far as they have come: nothing told, a part, reached."""
    return [
        (pool("open"), Progress(None, None, None)), (pool("open"), Progress(4, 60, 60_000_000)), (pool("reached"), Progress(7, 100, 100_000_000)),
    ]


def order() -> Order:
    """A table that stands by what is due, the earliest first."""
    return ordering.order("due", {"due": False, "amount": True})
