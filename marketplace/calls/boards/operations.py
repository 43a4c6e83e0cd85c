"""The verbs of boards: make, edit, publish and close one, ask to be on it, decide, take a call off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select

from marketplace.access import Actor, may, require
from marketplace.calls.models import Board, Call
from marketplace.db import LANGUAGES, now, session
from marketplace.errors import N_, NotAllowed, NotFound, Refused
from marketplace.people.models import Organisation
from marketplace.record import move, record

FIELDS = ("title", "about", "region")
MOST = 200
NOT_KEPT = N_("Boards are kept by verified agencies and by the operator of the site.")


def may_keep(actor: Actor, organisation: Organisation) -> bool:
    """Whether the actor may keep boards for the organisation: a verified agency's members, and the operator for his own organisations."""
    return may(actor, "board.create", organisation) and (actor.is_operator or (organisation.kind == "agency" and organisation.state == "verified"))


def create_board(actor: Actor, organisation: Organisation, at: datetime | None = None, **values: Any) -> Board:
    """A draft board."""
    require(actor, "board.create", organisation)
    if not may_keep(actor, organisation):
        raise NotAllowed(NOT_KEPT)
    board = Board(organisation=organisation, organisation_id=organisation.id, state="draft", title={}, about={}, created=at or now())
    _fill(board, values)
    session.add(board)
    record(board, "create", actor, at)
    return board


def _fill(board: Board, values: dict[str, Any]) -> None:
    if unknown := values.keys() - set(FIELDS):
        raise ValueError(f"not fields of a board: {sorted(unknown)}")
    for name, value in values.items():
        setattr(board, name, value)
    if not any(board.title.get(code) for code in LANGUAGES):
        raise Refused(N_("Give the board a name in at least one language."), field="title_zh")


def edit_board(actor: Actor, board: Board, at: datetime | None = None, **values: Any) -> Board:
    """Change what is said of the board."""
    require(actor, "board.edit", board)
    _fill(board, values)
    record(board, "edit", actor, at)
    return board


def step(actor: Actor, board: Board, verb: str, at: datetime | None = None) -> Board:
    """Publish or close it. A closed board stays readable with its calls and takes no further ones."""
    move(board, verb, actor, at)
    return board


def by_public_id(actor: Actor, public_id: str) -> Board:
    """The board under this id; a draft for its own organisation alone. Raises `NotFound`."""
    board = session.scalar(select(Board).where(Board.public_id == public_id))
    if board is None or (board.state not in Board.SHOWN_STATES and not may(actor, "board.edit", board)):
        raise NotFound()
    return board


def ask_board(actor: Actor, call: Call, board: Board, at: datetime | None = None) -> Call:
    """Ask for a published call to be put on a board; on a board of the call's own organisation it is at once."""
    require(actor, "open_call.ask_board", call)
    if call.state not in Call.OPEN_STATES:
        raise Refused(N_("Publish the call first."))
    if board.state != "published":
        raise Refused(N_("This board takes no further calls."), field="board")
    if call.board_id is not None:
        raise Refused(N_("The call is on a board already."), field="board")
    call.asked_board, call.asked_board_id = board, board.id
    record(call, "board_asked", actor, at, board=board.id)
    return decide(actor, board, call, True, at) if may(actor, "board.decide", board) else call


def decide(actor: Actor, board: Board, call: Call, accepted: bool, at: datetime | None = None) -> Call:
    """The board's organisation takes a call that asks for it, or does not."""
    require(actor, "board.decide", board)
    if call.asked_board_id != board.id or call.state not in Call.OPEN_STATES:
        raise Refused(N_("This call does not ask for the board any more."))
    call.asked_board, call.asked_board_id = None, None
    if accepted:
        call.board, call.board_id = board, board.id
    record(call, "board_answered", actor, at, board=board.id, accepted=accepted)
    return call


def take_off(actor: Actor, call: Call, at: datetime | None = None) -> Call:
    """Take a call off its board, or its asking back: the call's owner or the board's organisation."""
    board = call.board or call.asked_board
    if board is None:
        raise Refused(N_("The call is on no board."))
    if not may(actor, "board.decide", board):
        require(actor, "open_call.ask_board", call)
    call.board, call.board_id, call.asked_board, call.asked_board_id = None, None, None, None
    record(call, "board_left", actor, at, board=board.id)
    return call


def on_board(board: Board, call: Call) -> Call:
    """The call, if it is on this board. Raises `NotFound`."""
    if call.board_id != board.id:
        raise NotFound()
    return call


def waiting_for(actor: Actor, board: Board) -> Sequence[Call]:
    """The calls that ask for the board and that its organisation may read, longest waiting first."""
    require(actor, "board.decide", board)
    rows = session.scalars(select(Call).where(Call.asked_board_id == board.id, Call.state.in_(Call.OPEN_STATES)).order_by(Call.updated, Call.id).limit(50))
    return [call for call in rows if may(actor, "listing.read", call)]


def boards(actor: Actor, region: str = "") -> Sequence[Board]:
    """The boards that the actor may see: those that take calls first, then the latest."""
    shown = Board.state.in_(Board.SHOWN_STATES)
    query = select(Board).where(or_(shown, Board.organisation_id.in_(list(actor.seats))) if actor.seats else shown)
    query = query.where(Board.region == region) if region else query
    return session.scalars(query.order_by((Board.state == "closed"), Board.id.desc()).limit(MOST)).all()


def asked_boards() -> Sequence[Board]:
    """The boards that take calls now."""
    return session.scalars(select(Board).where(Board.state == "published").order_by(Board.id.desc()).limit(MOST)).all()


def counts(boards: Sequence[Board]) -> dict[int, int]:
    """Board id → how many public calls are on it."""
    counted = select(Call.board_id, func.count()).where(Call.board_id.in_([board.id for board in boards]), Call.state.in_(Call.OPEN_STATES))
    return {key: number for key, number in session.execute(counted.group_by(Call.board_id)) if key is not None}
