"""Pages of matching: the front page and its answers, the two searches, a match, and how it all works."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from flask import session as kept
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required
from markupsafe import Markup

from marketplace.access import actions_of, may
from marketplace.catalogue.classification import field_name, industry_name
from marketplace.catalogue.models import Technology
from marketplace.catalogue.resources.words import EXPERT_KIND_WORDS, FACILITY_KIND_WORDS, tongue
from marketplace.catalogue.words import KIND_WORDS
from marketplace.catalogue.words import MODE_WORDS as OFFER_MODES
from marketplace.errors import Problem
from marketplace.matching import advice, declines, distilled, fusion, grouping, mending, operations, orders, units, weekly, words
from marketplace.matching import pairing as _pairing  # noqa: F401 - registers its jobs
from marketplace.matching.asides import text_wishes, without_asides
from marketplace.matching.desk.brokers import own_answer
from marketplace.matching.documents import (
    UNTOLD,
    need_query,
    need_text,
    need_wishes,
    shown_title,
    teaser,
    technology_facts,
    technology_query,
    term_codes,
    told_industries,
)
from marketplace.matching.forms import AnswerForm
from marketplace.matching.improvement import Improvement
from marketplace.matching.index import Hit
from marketplace.matching.marking import both_sides
from marketplace.matching.models import SIDES, Match, Scoring
from marketplace.matching.quantities import quantities
from marketplace.matching.quantities import words as quantity_words
from marketplace.matching.waterfall import waterfall
from marketplace.needs.distilling.models import Distillation
from marketplace.needs.forms import PastedForm
from marketplace.needs.models import Need
from marketplace.needs.operations import keep_pasted, pasted
from marketplace.needs.words import GRADE_WORDS, MODE_WORDS
from marketplace.people import regions
from marketplace.people.grants.log import opened
from marketplace.people.models import Organisation
from marketplace.record import noun
from marketplace.terms.payment import FORMS
from marketplace.terms.words import form_name
from marketplace.web import PAGE, actor, answer, language, limiter, page_number, safe_next, see

blueprint = Blueprint("matching", __name__)

FACETS = {
    "technology": ("terms", "field", "industry", "maturity", "region", "technology_kind", "language"),
    "need": ("industry", "region", "grade", "mode", "language"),
    "facility": ("facility_kind", "field", "maturity", "region", "accreditation", "industry", "language"),
    "expert": ("expert_kind", "field", "region", "industry", "speaks", "language"),
    "scenario": ("field", "industry", "region", "language"),
}
PLAIN_WORDS = {**GRADE_WORDS, **MODE_WORDS, **FACILITY_KIND_WORDS, **EXPERT_KIND_WORDS}
SHOWN = 10
FOUND = 50
FEW = 5
LAST = 500  # pages of a search: each further one costs the engine all rows before it
FACET_VALUES = 12
SIMILAR = 5  # technologies beside one
TWINS = 3  # needs that may be the same
LEAST_SIMILAR, LEAST_TWIN = 0.2, 0.4  # two texts of one kind agree more easily than a need and its answer


def prepare(app: Flask) -> None:
    """What the pages of other packages show of matching, so that no package imports upward; and the settings of this process."""
    operations.configure(app.config["SETTINGS"])
    app.jinja_env.filters["unit"] = lambda unit, value: units.in_words(unit or "", value, language())
    app.jinja_env.globals["chance_means"] = lambda: fusion.weights(operations.index().folder).means
    app.jinja_env.globals.update(
        search_is_lost=mending.search_is_lost,
        needs_for=needs_for, technologies_for=technologies_for, listings_of=listings_of, match_words=words, waterfall=waterfall,
        also_filed=lambda technology: grouping.also_filed(actor(), technology),
        similar_technologies_to=similar_technologies_to, similar_needs_to=similar_needs_to, need_query=need_query, teaser_of=teaser,
        distillation_preview=distillation_preview, distillation_improvement=distillation_improvement, readers_said=readers_said, shown_title=shown_title,
        told_industries=told_industries, reads_in_full=reads_in_full, learning_part=learning_part,
    )


@blueprint.route("/", methods=["GET", "POST"])
@limiter.limit("60 per hour", methods=["POST"], key_func=lambda: request.remote_addr or "", error_message="")
def front() -> ResponseReturnValue:
    """The one question; a pasted problem is kept under a random id and answered there."""
    form = PastedForm()
    if form.ready():
        try:
            found = keep_pasted(form.problem.data or "")
            kept["pasted"] = found.public_id
            return see("matching.problem", public_id=found.public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("matching/front.html", form, counts={kind: operations.index().count(kind) for kind in ("technology", "need")})


@blueprint.route("/problems/<public_id>")
def problem(public_id: str) -> ResponseReturnValue:
    """Technologies for a pasted problem, each with its reasons and its terms."""
    started = perf_counter()
    found = pasted(public_id)
    chosen = request.args.getlist("terms")
    wishes, told = text_wishes(found.text, found.created.date()), without_asides(found.text)
    hits = operations.rank_technologies(found.text, actor(), limit=FOUND, wishes=wishes)
    good = [hit for hit in hits if hit.probability >= operations.LEAST]
    rows = operations.answers(
        actor(), told, good if len(good) > SHOWN else hits[:SHOWN], language(), 0 if chosen else SHOWN, wishes
    )
    counts = Counter(code for row in rows if row.in_full for code in term_codes(row.listing))
    total = len(rows)
    if chosen:
        keep = [row.hit for row in rows if row.in_full and set(chosen) & set(term_codes(row.listing))]
        rows = operations.answers(actor(), told, keep, language(), SHOWN, wishes)
    failures = operations.negative_results(found.text, actor())
    read = [quantity_words(one, language()) for one in quantities(found.text) if one.role != "present"]
    return answer(
        "matching/problem.html", PastedForm(data={"problem": found.text}), pasted=found, rows=rows[:SHOWN], total=total, read=read[:6],
        counts=[(code, facet_value_name("terms", code, language()), number) for code, number in counts.most_common()], chosen=chosen,
        warnings=failures, failures=operations.failures_near(actor(), failures, [row.hit for row in rows[:SHOWN]]),
        seconds=perf_counter() - started,
    )


@blueprint.route("/technologies")
def technologies() -> ResponseReturnValue:
    """Search technologies by words and filters that can be linked to."""
    return search_page("technology", Technology, "matching/technologies.html")


@blueprint.route("/needs")
def needs() -> ResponseReturnValue:
    """Search needs by words and filters that can be linked to."""
    return search_page("need", Need, "matching/needs.html")


@dataclass(frozen=True)
class FacetValue:
    """One value of a filter: its words, how many listings it would show, and the address that turns it on or off."""

    name: str
    count: int
    chosen: bool
    address: str


def asked(kind: str) -> tuple[str, dict[str, list[str]]]:
    """The words and the filters that the address at hand asks for."""
    where = {name: values for name in FACETS[kind] if (values := [value for value in request.args.getlist(name) if value][:20])}
    return request.args.get("q", "")[:500], where


def asked_order(kind: str, typed: str) -> str:
    """The order that the address at hand asks for."""
    return orders.order(kind, request.args.get("sort", ""), typed)


def search_page(kind: str, model: type, template: str, by_meaning: bool = False) -> ResponseReturnValue:
    """The page of a search by words and filters over listings of a kind; where no words fit, `by_meaning` shows what comes nearest in either language."""
    typed, where = asked(kind)
    page, order = min(page_number(), LAST), asked_order(kind, typed)
    found = operations.search(actor(), kind, typed, where, (page - 1) * PAGE, PAGE, order, FACETS[kind])
    rows = operations.load(actor(), model, found.keys, listed=True)
    near = operations.nearest(actor(), kind, model, typed, where) if by_meaning and typed and not found.total else []
    for row in rows:
        opened(actor(), row, "list")
    facets = [(name, _values(kind, name, found.counts.get(name, {}), where)) for name in FACETS[kind]]
    return answer(
        template, None, typed=typed, rows=rows or near, near=bool(near), total=found.total, corrected=found.corrected, facets=[(n, v) for n, v in facets if v],
        page=page, pages=min(-(-found.total // PAGE), LAST), arguments=_arguments(where, typed, order), facet_words=facet_names(),
        beyond=found.total > page * PAGE and page == LAST, shown=LAST * PAGE, filtered=bool(where),
        told=words.told(kind, found.total), order=order, orders=words.orders(orders.orders_of(kind), typed),
    )


def _arguments(where: dict[str, list[str]], typed: str, order: str) -> dict[str, Any]:
    return {**({"q": typed} if typed else {}), **where, **({"sort": [order]} if order else {})}


def _values(kind: str, name: str, counts: dict[str, int], where: dict[str, list[str]]) -> list[FacetValue]:
    chosen, here = where.get(name, []), url_for(request.endpoint or "matching.technologies", **(request.view_args or {}))
    others = [(key, value) for key, value in request.args.items(multi=True) if key not in (name, "page")]
    shown = sorted(counts.items(), key=lambda item: (item[0] not in chosen, -item[1], item[0]))
    if name == "maturity":
        shown = sorted(counts.items())
    found, lang, kept = [], language(), urlencode(others)
    for value, number in shown[:FACET_VALUES]:
        values = [one for one in chosen if one != value] if value in chosen else [*chosen, value]
        chosen_then = "&".join(part for part in (kept, urlencode([(name, one) for one in values])) if part)
        address = f"{here}?{chosen_then}" if chosen_then else here
        found.append(FacetValue(facet_value_name(name, value, lang), number, value in chosen, address))
    return found


def facet_names() -> dict[str, str]:
    """The names of the filters."""
    return {
        "terms": _("Payment"), "field": _("Field"), "industry": _("Industry"), "maturity": _("Maturity"), "region": _("Region"),
        "technology_kind": _("Kind"), "language": _("Language"), "grade": _("Grade"), "mode": _("Way of working together"),
        "facility_kind": _("Kind of facility"), "expert_kind": _("Lent as"), "accreditation": _("Accreditation"), "speaks": _("Languages spoken"),
    }


def facet_value_name(name: str, value: str, lang: str) -> str:
    """A filter's value in words."""
    if name == "terms":
        return str(OFFER_MODES[value]) if value in OFFER_MODES else form_name(value, lang) if value in FORMS else value
    if name == "field":
        return field_name(value, lang)
    if name == "industry":
        return industry_name(value, lang)
    if name == "region":
        return regions.name(value, lang)
    if name == "language":
        return {"zh": _("Chinese"), "en": _("English")}.get(value, value)
    if name == "maturity":
        return _("TRL %(level)s", level=value)
    if name == "technology_kind":
        return _("shown on request") if value == UNTOLD else str(KIND_WORDS.get(value, value))
    if name == "speaks":
        return tongue(value, lang)
    return str(PLAIN_WORDS.get(value, value))


def needs_for(technology: Technology) -> Markup:
    """The open needs that a technology might answer, as a part of its page."""
    if technology.state not in Technology.OPEN_STATES:
        return Markup("")
    away = declines.declined_by(actor(), technology)
    hits = [hit for hit in operations.rank_needs(technology, actor(), limit=8 + len(away)) if hit.probability >= operations.LEAST and hit.key not in away][:8]
    rows = operations.answers(actor(), technology_query(technology, language()), hits, language(), len(hits), technology_facts(technology))
    return Markup(render_template("matching/part_needs.html", rows=rows))


def technologies_for(need: Need) -> Markup:
    """The technologies that might solve a need, as a part of its page, with the match where one is kept."""
    if need.state not in Need.OPEN_STATES:
        return Markup("")
    text = need_query(need)
    away = declines.declined_by(actor(), need)
    hits = operations.rank_technologies(text, actor(), limit=SHOWN + len(away), wishes=need_wishes(need))
    hits = [hit for hit in hits if hit.key not in away][:SHOWN]
    good = [hit for hit in hits if hit.probability >= operations.LEAST]
    rows = operations.answers(actor(), need_query(need, language()), good if len(good) > FEW else hits[:FEW], language(), FEW, need_wishes(need))
    failures = operations.negative_results(text, actor())
    near = operations.failures_near(actor(), failures, [row.hit for row in rows])
    matches = {match.technology_id: match for match in operations.matches_of(need) if _may_see(match)}
    return Markup(render_template("matching/part_technologies.html", rows=rows, matches=matches, need=need, warnings=failures, failures=near))


def similar_technologies_to(technology: Technology) -> Markup:
    """Technologies near one, as a part of its page, each with what they have in common."""
    if technology.state not in Technology.OPEN_STATES:
        return Markup("")
    hits = [hit for hit in operations.similar_technologies(technology, actor(), SIMILAR) if hit.probability >= LEAST_SIMILAR]
    rows = operations.answers(actor(), technology_query(technology, language()), hits, language(), SIMILAR)
    return Markup(render_template("matching/part_similar_technologies.html", rows=rows))


def similar_needs_to(text: str, need: Need | None = None) -> Markup:
    """Open needs near a text, as a part of the pages where it is about to be posted: two firms with one problem may join forces."""
    hits = [hit for hit in operations.similar_needs(text, actor(), TWINS, need) if hit.probability >= LEAST_TWIN]
    rows = operations.answers(actor(), text, hits, language(), TWINS)
    return Markup(render_template("matching/part_similar_needs.html", rows=rows))


def learning_part() -> Markup:
    """How learning from answers stands, as a part of the operator's desk."""
    return Markup(render_template("matching/part_learning.html", learning=weekly.standing(actor())))


def readers_said(listing: Technology | Need) -> Markup:
    """What declined matches say of a listing, as a part of its page for its own people."""
    if not may(actor(), f"{noun(listing)}.advice", listing):
        return Markup("")
    return Markup(render_template("matching/part_advice.html", reasons=advice.advice_for(actor(), listing)))


def distillation_preview(need: Need, text: dict[str, str], targets: list[dict[str, Any]]) -> Markup:
    """What questions that are still being written do to the matches, as a part of their page."""
    return _improvement(need, distilled.measure(actor(), need, text, targets)) if text else Markup("")


def distillation_improvement(distillation: Distillation) -> Markup:
    """What a round did to the matches when it was signed off, and how the rounds of the whole site did."""
    found = distilled.kept(distillation)
    return _improvement(distillation.need, found, distilled.middle_gain()) if found else Markup("")


def _improvement(need: Need, found: Improvement, site: tuple[float | None, int] | None = None) -> Markup:
    moves = {"answered": found.of(distilled.answered_of(need)), "came": found.came, "left": found.left, "shifted": found.shifted}
    rows = operations.load(actor(), Technology, [move.key for each in moves.values() for move in each])
    open_ = {row.id: row for row in rows if may(actor(), "listing.read_in_full", row)}  # a place says something of a text
    shown = {name: [(move, open_[move.key]) for move in each if move.key in open_] for name, each in moves.items()}
    return Markup(render_template("matching/part_improvement.html", found=found, shown=shown, site=site))


def _may_see(match: Match) -> bool:
    return bool(actions_of(actor(), match, ["match.read"]))


def reads_in_full(listing: Technology | Need) -> bool:
    """Whether whoever asks may read the listing in full; else a page says its teaser and nothing more."""
    return may(actor(), "listing.read_in_full", listing)


def listings_of(organisation: Organisation) -> Markup:
    """An organisation's open listings, as a part of its page; its blind ones to its own people alone, for nobody else may know whose they are."""
    where = {"organisation": [organisation.public_id]}
    found = {}
    for kind, model in (("technology", Technology), ("need", Need)):
        rows = operations.load(actor(), model, operations.search(actor(), kind, "", where, 0, PAGE).keys)
        own = operations.blind_of(actor(), model, organisation, PAGE)
        found[kind] = own + [row for row in rows if row.visibility != "blind"]
    return Markup(render_template("matching/part_listings.html", found=found))


@blueprint.route("/matches/<public_id>", methods=["GET", "POST"])
@login_required
def match(public_id: str) -> ResponseReturnValue:
    """A match for those on its sides: both texts with what corresponds, the waterfall, and the answer."""
    found = operations.match_by_public_id(actor(), public_id)
    sides = [side for side in SIDES if actions_of(actor(), found, [f"match.answer_{side}"])]
    form = AnswerForm(data={"version": str(found.version_id)})
    if form.ready():
        try:
            form.check_version(found)
            operations.answer_match(actor(), found, form.side.data, form.answer.data, form.code.data or None, form.text.data)
            return redirect(safe_next(url_for("matching.match", public_id=public_id)), 303)
        except Problem as problem:
            form.refuse(problem)
    advised = [(side, reason) for side in sides if side != "broker" and (reason := advice.advice_on(found, side))]
    return answer("matching/match.html", form, match=found, sides=sides, mine=own_answer(actor(), found), advice=advised, **_as_read(found))


def _as_read(match: Match) -> dict[str, Any]:
    """What the page of a match says of it to whoever reads: evidence from both texts as far as they may be read.

    The figures rest on both texts in full, so that they stand there only for whoever may read both; a question is asked from a need only
    of those who may read it, for what comes back would tell what was asked.
    """
    need, scoring = match.need, match.scorings[0]
    for listing in (need, match.technology):
        opened(actor(), listing, "match")
    hit = _hit_of(match, scoring)
    if not reads_in_full(need):
        return {"scoring": scoring, "row": None, "failure": None, "need_body": "", "spoken": language(), "runs": None}
    spoken = language() if need.problem.get(language()) else need.language
    rows = operations.answers(actor(), need_query(need, language()), [hit], language(), 1, need_wishes(need))
    near = operations.failures_near(actor(), operations.negative_results(need_query(need), actor()), [hit]) if reads_in_full(match.technology) else {}
    row = rows[0] if rows else None
    runs = both_sides(need_query(need, language()), row.evidence) if row and row.evidence else None
    return {"scoring": scoring, "row": row, "failure": near.get(hit.key), "need_body": need_text(need, spoken), "spoken": spoken, "runs": runs}


def _hit_of(match: Match, scoring: Scoring) -> Hit:
    """A kept scoring as the engine's own answer."""
    parts = tuple((str(name), float(value)) for name, value in scoring.contributions)
    return Hit(
        key=match.technology_id, kind="technology", score=scoring.score, probability=match.probability, contributions=parts,
        base=scoring.base, revision=scoring.technology_revision,
    )


@blueprint.route("/how")
def how() -> ResponseReturnValue:
    """How the matching works and what the percentage means."""
    return answer("matching/how.html", version=operations.index().version)

