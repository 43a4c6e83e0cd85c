"""Who may what: every route, as everybody, against things in each state; the table is beside, and nothing is in the site that it does not name."""

from __future__ import annotations

from zlib import crc32

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.access import ACTIONS
from marketplace.db import Base, session
from tests.web import states, who_may
from tests.web.conftest import Site
from tests.web.reasons import AMONG_ONES_OWN, AT_MOST, OF_BOTH, OF_OPERATORS, PUBLIC, UNASKED, WRITTEN_BY_READING
from tests.web.walking import LET_THROUGH, NOT_THERE, OF_NOTHING, PAGE, ROLES, UNTOLD, Heard, Row, Walk, listening

HEADS = ("owner", "signatory")


def faults(row: Row, role: str, word: str, heard: Heard) -> list[str]:
    """What is wrong with an answer, whatever the table says."""
    through, found = word.startswith(LET_THROUGH), []
    if word[0].isdigit():
        found.append(f"answered {word}")
    if row.method == "GET" and set(heard.kept) - WRITTEN_BY_READING:
        found.append(f"reading has written {heard.kept}")
    if heard.kept and not through:
        found.append(f"answered {word}, and kept {heard.kept}")
    if through and not heard.allowed and row.endpoint not in UNASKED:
        found.append(f"answered {word}, and the permission table was not asked")
    if row.exhibit is not PAGE and role in AT_MOST:
        found += [f"{action} allowed as {sorted(relations)}" for action, relations, enforced in heard.asked
                  if enforced and relations and not relations & (AT_MOST[role] | ({"self"} if row.endpoint in AMONG_ONES_OWN else set()))]
    return [f"{' '.join(row.name)}, {role}: {fault}" for fault in found]


def differs(row: Row, role: str, word: str, kept: dict[str, str]) -> list[str]:
    """Where an answer is not the table's. Whoever is let through may be answered otherwise on another day; who is not, never."""
    wanted = kept[role]
    alike = word == wanted or word.startswith(LET_THROUGH) and wanted.startswith(LET_THROUGH)
    return [] if alike else [f"{' '.join(row.name)}, {role}: {word}, not {wanted}"]


def test_every_route_has_its_lines_in_the_table(every_row: list[Row]) -> None:
    there, wanted = set(who_may.kept()), {row.name for row in every_row}
    assert len(wanted) == len(every_row), "two exhibits have one name"
    assert there == wanted, f"{who_may.ANEW} Without a line: {sorted(wanted - there)[:9]}; without a route: {sorted(there - wanted)[:9]}"


def test_the_walk_answers_as_the_table_says(site: Site, every_row: list[Row], whole_app: Flask) -> None:
    """One line of each page and form, chosen by its name, as one role, pages by HEAD too, forms as a visitor or a stranger too; the long test walks all."""
    by_page: dict[tuple[str, str], list[Row]] = {}
    for row in every_row:
        by_page.setdefault((row.method, row.endpoint), []).append(row)
    wrong, table = [], who_may.kept()
    with listening() as begin:
        walk = Walk(whole_app, site[0], site[2], begin)
        for (method, endpoint), lines in by_page.items():
            place = crc32(f"{method}{endpoint}".encode())
            row = lines[place % len(lines)]
            for role in {ROLES[place % len(ROLES)], *((ROLES[place % 2],) if method == "POST" else ())}:
                if table[row.name][role] != UNTOLD:
                    word, heard = walk.ask(row, role)
                    wrong += differs(row, role, word, table[row.name]) + faults(row, role, word, heard)
                    if method == "GET" and (head := walk.ask(row, role, "HEAD")[0]) != word:
                        wrong.append(f"{endpoint}, {role}: HEAD is answered {head}, GET {word}")
    assert not wrong, f"{len(wrong)} answers differ. {who_may.ANEW} " + "\n".join(wrong[:20])


@pytest.mark.slow
def test_the_whole_product_answers_as_the_table_says(site: Site, every_row: list[Row], whole_app: Flask) -> None:
    begins, table = who_may.wanted(), who_may.kept()
    chosen = [row for row in every_row if begins is None or row.endpoint.startswith(begins) or row.name not in table]
    wrong, lines = [], []
    with listening() as begin:
        walk = Walk(whole_app, site[0], site[2], begin)
        for row in chosen:
            asked = OF_NOTHING if row.exhibit.state == NOT_THERE else ROLES
            answers = {role: walk.ask(row, role) if role in asked else (UNTOLD, Heard()) for role in ROLES}
            for role in asked:
                wrong += faults(row, role, *answers[role]) + ([] if begins else differs(row, role, answers[role][0], table[row.name]))
            lines.append(who_may.line(row, answers))
    if begins:
        who_may.write(lines, every_row)
    assert not wrong, f"{len(wrong)} answers are wrong. {who_may.ANEW} " + "\n".join(wrong[:40])


def test_visitors_are_let_through_to_public_pages_alone() -> None:
    found = {name[1].split()[0] for name, cells in who_may.kept().items() if cells["visitor"].startswith(LET_THROUGH)}
    assert found == set(PUBLIC), f"public, and not listed: {sorted(found - set(PUBLIC))}; listed, and not public: {sorted(set(PUBLIC) - found)}"


def test_operators_alone_are_let_through_to_their_rooms() -> None:
    table = who_may.kept()
    wrong = [(name, role) for name, cells in table.items() if name[1].split()[0] in OF_OPERATORS for role in ROLES
             if role != "operator" and cells[role].startswith(LET_THROUGH)]
    assert not wrong and all(any(name[1].split()[0] == room for name in table) for room in OF_OPERATORS)


def test_who_is_told_nothing_is_answered_as_if_nothing_were_there(site: Site) -> None:
    private = {f"{one.under}: {one.state}": f"{one.under}: {NOT_THERE}" for one in site[1] if one.private}
    table, wrong = who_may.kept(), []
    for name, cells in table.items():
        nothing = table.get((*name[:2], private.get(name[2], "")))
        wrong += [(name, role, cells[role], nothing[role]) for role in ("visitor", "stranger") if nothing and cells[role] != nothing[role]]
    assert not wrong, wrong[:9]


def test_what_heads_alone_may_do_no_member_does() -> None:
    """From the permission table alone: where each action that a form asks for is the owners' and signatories', members without such a seat are refused."""
    heads = {action for action, who in ACTIONS.items() if all(relation.endswith(HEADS) for relation in who)}
    wrong = [name for name, cells in who_may.kept().items()
             if name[0] == "POST" and name[1] not in OF_BOTH and set(cells["asked"].split()) & heads and cells["member"].startswith(LET_THROUGH)]
    assert heads and not wrong, wrong


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_no_route_takes_another_method(every_row: list[Row], whole_app: Flask, method: str) -> None:
    adapter = whole_app.url_map.bind("localhost")
    assert not [row.path for row in every_row if method in adapter.allowed_methods(row.path)]


def test_every_state_is_walked(site: Site) -> None:
    """Each state of each machine: there in the cast, or put into a thing of it."""
    missing = {}
    for table, every in states.machines().items():
        there = set(session.scalars(select(Base.metadata.tables[table].c.state).distinct()))
        missing[table] = every - there - {one.put.state for one in site[1] if one.put and one.put.table == table}
    session.rollback()
    found = {name: left for name, left in missing.items() if left}
    assert not found, f"say in states.BESIDE what stands beside these, or in THROUGH how they are found: {found}"
