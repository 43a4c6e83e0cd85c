"""What goes wrong while a proposal arrives, for real: cut off, counted wrongly, sent in chunks, sent twice, a disk without room, a clock that jumps."""

from __future__ import annotations

import os
import resource
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from marketplace.arrival import FIRST_BYTE, Patient
from marketplace.calls.proposals import opening, operations
from marketplace.calls.proposals.models import Proposal
from marketplace.calls.proposals.receiving import OLD, path_of
from marketplace.db import now
from marketplace.errors import Refused
from tests.calls.proposals.cast import Cast, cast, form, handed_in, large, multipart
from tests.calls.proposals.served import Site, answer, status

pytestmark = pytest.mark.xdist_group("served")


def lying(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def chunked(body: bytes, size: int = 50_000) -> bytes:
    """The body in the chunks of HTTP/1.1, without the one that ends it."""
    return b"".join(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in (body[at:at + size] for at in range(0, len(body), size)))


def parted(site: Site, token: str) -> tuple[bytes, bytes]:
    """A whole request, as head without its length, and body."""
    head, _, body = site.request(token).partition(b"\r\n\r\n")
    return b"\r\n".join(line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length")), body


def told(site: Site, sent: bytes, shut: bool = False) -> str:
    """Send, say with `shut` that nothing more comes, and take what the server says."""
    with site.connect() as line:
        try:
            line.sendall(sent)
            if shut:
                line.shutdown(socket.SHUT_WR)
            return answer(line)
        except OSError:  # it has hung up
            return ""


@pytest.fixture
def former(site) -> Iterator[tuple[Site, str, set[Path]]]:
    """The site with a proposal that has been handed in: whatever comes after must leave it as it is."""
    token, _deadline = site.token(), site.deadline(600)
    assert status(told(site, site.request(token))) == 303
    files = lying(site.data / "files" / "sealed")
    number = site.database("select number, version_id from proposal")
    yield site, site.token(), files
    for _attempt in range(50):
        if lying(site.data / "files" / "sealed") == files:
            break
        time.sleep(0.1)
    assert lying(site.data / "files" / "sealed") == files and site.database("select number, version_id from proposal") == number
    assert site.marked() == []


def again(site: Site, token: str) -> tuple[bytes, bytes]:
    """A request that would replace the proposal that is there, as head and body."""
    version = site.database("select version_id from proposal")[0][0]
    head, body = parted(site, token)
    return head, body.replace(b'name="version"\r\n\r\n', f'name="version"\r\n\r\n{version}'.encode())


@pytest.mark.parametrize("how", ["cut", "too_long", "too_short", "no_number", "negative", "both", "chunk_cut", "chunk_wrong"])
def test_what_is_not_whole_leaves_the_former_version(former, how: str) -> None:
    here, token, _files = former
    head, body = again(here, token)
    length = {"too_long": len(body) + 1000, "too_short": len(body) // 2, "no_number": "many", "negative": -5}.get(how, len(body))
    if how in ("chunk_cut", "chunk_wrong", "both"):
        more = f"\r\nContent-Length: {len(body)}" if how == "both" else ""
        wrong = b"zz\r\nnonsense\r\n0\r\n\r\n" if how == "chunk_wrong" else b""
        sent = head + f"\r\nTransfer-Encoding: chunked{more}\r\n\r\n".encode() + chunked(body[:400_000]) + wrong
    else:
        sent = head + f"\r\nContent-Length: {length}\r\n\r\n".encode() + (body[:400_000] if how == "cut" else body)
    said = told(here, sent, shut=True)
    assert not said or 400 <= status(said) < 500, said[:200]


def test_in_chunks_it_comes_whole(site) -> None:
    token, _deadline = site.token(), site.deadline(600)
    head, body = parted(site, token)
    assert status(told(site, head + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(body) + b"0\r\n\r\n")) == 303
    assert site.database("select number from proposal") == [(1,)] and site.marked() == []


def test_sent_twice_by_a_double_click_it_is_one(site) -> None:
    token, _deadline = site.token(), site.deadline(600)
    before, request = lying(site.data / "files" / "sealed"), site.request(token)
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _one: told(site, request), range(2)))
    assert sorted(map(status, found)) == [303, 422]
    assert "look at what stands there first" in next(said for said in found if status(said) == 422)
    assert site.database("select number from proposal") == [(1,)] and site.database("select count(*) from proposal_version") == [(1,)]
    assert len(lying(site.data / "files" / "sealed") - before) == 2


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """A limit of this process: a write beyond it fails as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_without_room_on_the_disk_it_is_said_and_the_former_version_stands(client, session, settings) -> None:
    world = cast()
    handed_in(world.solver, world.institute, world.call)
    before, proposal = lying(operations.folder()), session.query(Proposal).one()
    limit = max(path.stat().st_size for path in Path(settings.data).rglob("*") if path.is_file()) + 2_000_000
    client.login(world.solver)
    body, media = multipart(form(world.institute, str(proposal.version_id)), [large(limit / 1024 / 1024 + 1)])
    with no_file_larger_than(limit):
        answered = client.post(f"/en/open-calls/{world.call.public_id}/proposal", data=body, content_type=media)
    assert answered.status_code == 422 and "no room" in answered.get_data(as_text=True)
    assert lying(operations.folder()) == before and session.query(Proposal).one().number == 1
    assert client.post(f"/en/open-calls/{world.call.public_id}/proposal", data=body, content_type=media).status_code in (303, 422)


def test_orphans_are_swept_after_four_hours_and_nothing_else(session) -> None:
    world = cast()
    version = handed_in(world.solver, world.institute, world.call)
    named = [path_of(operations.folder(), part.file) for part in version.parts]
    young, old, aside = (path_of(operations.folder(), f"{name}{'0' * 30}") for name in ("fa", "fb", "as"))
    aside = operations.folder() / "aside" / aside.name
    for path in (young, old, aside):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"sealed")
    for path, seconds in ((old, OLD + 60), (aside, OLD + 60), (young, OLD - 60), *((path, OLD * 2) for path in named)):
        os.utime(path, (time.time() - seconds,) * 2)
    for _ in opening.sweep():
        pass
    assert not old.exists() and not aside.exists() and young.exists() and all(path.exists() for path in named)
    young.unlink()


def at(client, world: Cast, moment: datetime, **more: str):
    """Hand in with a first byte at the moment."""
    client.login(world.solver)
    body, media = multipart(form(world.institute, **more), [large(0.01)])
    return client.post(f"/en/open-calls/{world.call.public_id}/proposal", data=body, content_type=media, environ_overrides={FIRST_BYTE: moment.timestamp()})


def test_a_clock_put_back_during_the_upload_leaves_the_first_byte_and_no_shorter_moment(client, session, monkeypatch) -> None:
    world = cast()
    received = now()
    earlier = received - timedelta(minutes=7)
    monkeypatch.setattr("marketplace.arrival.Stamp._said", lambda _self, _environ, _own: received.timestamp())
    monkeypatch.setattr("marketplace.calls.proposals.views.now", lambda: earlier)
    assert at(client, world, received).status_code == 303
    version = session.query(Proposal).one().versions[0]
    assert abs(version.first_byte - received) < timedelta(milliseconds=1) and version.last_byte == version.first_byte


def test_a_clock_put_back_gives_a_slow_sender_no_longer_than_the_clock_that_does_not_jump() -> None:
    late = Patient(Slow(), datetime.now(UTC) + timedelta(hours=1), 0.05)
    assert late.read(1) == b"x"
    time.sleep(0.1)
    with pytest.raises(TimeoutError):
        late.read(1)


class Slow:
    """A body that always has another byte."""

    def read(self, _size: int) -> bytes:
        """One."""
        return b"x"


def test_a_worker_whose_clock_is_ahead_closes_the_door_and_takes_nothing_half(session) -> None:
    """It marks the key as soon as its own clock says so; who comes after that is refused, whole."""
    world = cast(now() - timedelta(minutes=10))
    world.call.state = "closed"
    session.flush()
    ahead = operations.opens_at(world.call) + timedelta(seconds=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "now", lambda: ahead)
        next(opening.open_proposals(world.call.id))
    session.flush()
    with pytest.raises(Refused):
        handed_in(world.solver, world.institute, world.call)
    assert session.query(Proposal).count() == 0
