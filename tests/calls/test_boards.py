"""Boards: kept by agencies and the operator, asked for by a call's owner, decided by the board's organisation."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from marketplace.access import VISITOR
from marketplace.alerts.models import Mail
from marketplace.calls.boards import operations as boards
from marketplace.calls.models import Board
from marketplace.db import session
from marketplace.errors import NotAllowed, NotFound, Refused
from tests import factories
from tests.inspection import work

pytestmark = pytest.mark.usefixtures("app")

NAMED = {"title": {"en": "Precision board"}}


def owner_of(thing):
    return thing.organisation.memberships[0].person


@pytest.mark.parametrize(("kind", "state", "operator", "may"), [
    ("agency", "verified", False, True), ("agency", "unverified", False, False), ("enterprise", "verified", False, False),
    ("institute", "verified", False, False), ("enterprise", "verified", True, True),
])
def test_who_keeps_boards(kind, state, operator, may):
    person = factories.person(is_operator=operator)
    house = factories.organisation(person, kind=kind, state=state)
    if may:
        assert boards.create_board(person, house, **NAMED).state == "draft"
    else:
        with pytest.raises(NotAllowed):
            boards.create_board(person, house, **NAMED)
    with pytest.raises(NotAllowed):
        boards.create_board(factories.operator(), house, **NAMED)


def test_a_board_is_a_draft_for_its_own_until_it_is_published():
    keeper = factories.person()
    board = boards.create_board(keeper, factories.organisation(keeper, kind="agency"), **NAMED)
    session.flush()
    for who in (VISITOR, factories.person(), factories.operator()):
        with pytest.raises(NotFound):
            boards.by_public_id(who, board.public_id)
        assert board not in boards.boards(who)
    with pytest.raises(NotAllowed):
        boards.step(factories.person(), board, "publish")
    boards.step(keeper, board, "publish")
    session.flush()
    assert boards.by_public_id(VISITOR, board.public_id) is board and board in boards.boards(VISITOR)
    with pytest.raises(NotAllowed):
        boards.edit_board(factories.person(), board, title={"en": "Mine"})
    with pytest.raises(Refused) as refused:
        boards.edit_board(keeper, board, title={})
    assert refused.value.field == "title_zh"


def test_the_boards_organisation_decides():
    board, call = factories.board(), factories.open_call()
    firm, keeper = owner_of(call), owner_of(board)
    with pytest.raises(NotAllowed):
        boards.ask_board(factories.person(), call, board)
    boards.ask_board(firm, call, board)
    session.flush()
    assert call.board is None and list(boards.waiting_for(keeper, board)) == [call]
    for who in (firm, factories.operator(), owner_of(factories.board())):
        with pytest.raises(NotAllowed):
            boards.decide(who, board, call, True)
    work()
    assert [mail.person_id for mail in session.scalars(select(Mail).where(Mail.template == "call_news"))] == [keeper.id]
    boards.decide(keeper, board, call, True)
    session.flush()
    assert call.board is board and boards.counts([board]) == {board.id: 1}
    with pytest.raises(Refused, match="already"):
        boards.ask_board(firm, call, factories.board())
    with pytest.raises(Refused):
        boards.decide(keeper, board, call, True)
    work()
    assert firm.id in {mail.person_id for mail in session.scalars(select(Mail).where(Mail.template == "call_news"))}
    for who in (firm, keeper):
        boards.take_off(who, call)
        assert call.board is None
        call.board = board
    with pytest.raises(NotAllowed):
        boards.take_off(factories.person(), call)


def test_a_refused_call_and_a_closed_board():
    board, call = factories.board(), factories.open_call()
    boards.ask_board(owner_of(call), call, board)
    boards.decide(owner_of(board), board, call, False)
    assert call.board is None and call.asked_board is None
    boards.step(owner_of(board), board, "close")
    with pytest.raises(Refused, match="no further"):
        boards.ask_board(owner_of(call), call, board)
    with pytest.raises(Refused, match="Publish"):
        boards.ask_board(owner_of(call), factories.open_call(call.organisation, state="draft"), factories.board())


def test_an_agencys_own_call_is_on_its_board_at_once():
    keeper = factories.person()
    agency = factories.organisation(keeper, kind="agency")
    board, call = factories.board(agency), factories.open_call(agency)
    assert boards.ask_board(keeper, call, board).board is board
    assert session.scalar(select(Board.id).where(Board.id == board.id)) == board.id
