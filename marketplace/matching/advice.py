"""What a decline tells the other side: one table of codes with words that help to do better, and what a listing's readers have said so far.

The advice to the holder is for a technology that a firm declined, the advice to the firm for a need that a holder declined. Who declined is never
named, the side alone; a broker's declines are his own judgement of a pair and tell neither side anything.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, select

from marketplace.access import Actor, require
from marketplace.catalogue.models import Technology
from marketplace.db import session
from marketplace.errors import N_
from marketplace.matching.models import Match, MatchAnswer
from marketplace.needs.models import Need
from marketplace.record import noun

ADVICE: dict[str, dict[str, str]] = {
    "too_early": {
        "holder": N_("Say what has been shown so far and where: sample, batch, hours run. Name the next test, what it costs and what the "
                     "firm gets if it shares "
                     "it; a free trial moves the risk away from the firm."),
        "firm": N_("If you can wait or share a pilot, say so: a later deadline or joint development among the wanted ways opens the need to "
                   "younger results."),
    },
    "benefit_unclear": {
        "holder": N_("Put a figure on the benefit against what is usual today: minutes a piece, scrap rate, energy, cost a year. One "
                     "measured case says more than "
                     "a list of advantages."),
        "firm": N_("Say what the problem costs you today: hours, scrap, complaints, orders lost. A laboratory judges by that whether it is worth its time."),
    },
    "market_route_unclear": {
        "holder": N_("Say who makes the equipment or material, which certificates it needs, and who has used it. If nobody makes it yet, "
                     "name a maker or a pilot line."),
        "firm": N_("Say what happens after the trial: how many lines or plants would use it, and who decides."),
    },
    "description_unclear": {
        "holder": N_("Write what it does, on what, under which conditions, and what was measured: quantity, unit, method. Take out words of "
                     "praise, and add the "
                     "range in which it was tried."),
        "firm": N_("Write what goes wrong, on which part and material, how often, and the figure you need with its unit. Say what was tried; "
                   "a technology manager can "
                   "turn it into technical questions."),
    },
    "wrong_field": {
        "holder": N_("Check industry, field and applications of the technology, and say plainly what it is not meant for."),
        "firm": N_("Check the industry of the need and name material, process and part: the words decide whom it reaches."),
    },
    "already_have_it": {
        "holder": N_("Say in one sentence what differs from what is on the market, with the figure in which it is better."),
        "firm": N_("Say which solutions you know and why they do not do, so that nobody offers them again."),
    },
    "price": {
        "holder": N_("Offer to be paid after use: no entry fee, milestones, a royalty with a cap. Or name a range and what moves it."),
        "firm": N_("Name a budget range and what the solution is worth a year. If cash is short, say that you would pay from savings or sales."),
    },
    "terms": {
        "holder": N_("See which clause stands in the way: exclusivity, territory, field of use, minimum payment. A trial with a locked price "
                     "often answers it."),
        "firm": N_("Say which ways of working together you accept, and which you cannot: exclusivity, joint rights, publication."),
    },
    "ip_position": {
        "holder": N_("Keep the patent's state, term and owners up to date, and say whether it is licensed, pledged or only applied for."),
        "firm": N_("Say who shall own what comes out of it, and whether the part is covered by somebody else's patent."),
    },
    "capacity": {
        "holder": N_("The firm has no hands free now. Say what it would have to provide, and how much you or a service provider can take over."),
        "firm": N_("The laboratory has no hands free now. Say when you must begin at the latest; samples and data made ready beforehand make "
                   "the start smaller."),
    },
    "timing": {
        "holder": N_("Say from when it can be had, and how long the trial takes. Ask when the firm decides on its next budget."),
        "firm": N_("Say what the deadline hangs on, and whether a first step in time would do."),
    },
    "other": {
        "holder": N_("Read the words beside it, and change the technology's text where they show that something was missing."),
        "firm": N_("Read the words beside it, and change the need's text where they show that something was missing."),
    },
}

WORDS_SHOWN = 5


@dataclass(frozen=True)
class Reason:
    """How often a code was given by the readers of a listing, the advice (a message id), and their newest words."""

    code: str
    count: int
    advice: str
    words: tuple[str, ...]


def side_of(listing: Technology | Need) -> str:
    """On which side of a match the listing's owner stands."""
    return "firm" if isinstance(listing, Need) else "holder"


def advice_for(actor: Actor, listing: Technology | Need) -> list[Reason]:
    """What the other side's declines of a listing say, the most frequent code first; a decline that was taken back does not count."""
    require(actor, f"{noun(listing)}.advice", listing)
    own = side_of(listing)
    other, key = ("holder", Match.need_id) if own == "firm" else ("firm", Match.technology_id)
    newest = select(func.max(MatchAnswer.id)).join(Match, Match.id == MatchAnswer.match_id).where(
        key == listing.id, getattr(Match, other) == "declined", MatchAnswer.side == other).group_by(MatchAnswer.match_id)
    answers = list(session.scalars(select(MatchAnswer).where(MatchAnswer.id.in_(newest), MatchAnswer.code.is_not(None)).order_by(MatchAnswer.id.desc())))
    words: dict[str, list[str]] = {}
    for answer in answers:
        words.setdefault(answer.code or "", []).extend([answer.text] if answer.text else [])
    counts = Counter(answer.code or "" for answer in answers)
    return [Reason(code, count, ADVICE[code][own], tuple(words[code][:WORDS_SHOWN])) for code, count in counts.most_common()]


def advice_on(match: Match, side: str) -> Reason | None:
    """What the other side's decline of this very match tells a side; None where it has not declined."""
    other = "holder" if side == "firm" else "firm"
    if getattr(match, other) != "declined":
        return None
    newest = select(MatchAnswer).where(MatchAnswer.match_id == match.id, MatchAnswer.side == other).order_by(MatchAnswer.id.desc()).limit(1)
    answer = session.scalar(newest)
    if answer is None or answer.code is None:
        return None
    return Reason(answer.code, 1, ADVICE[answer.code][side], (answer.text,) if answer.text else ())
