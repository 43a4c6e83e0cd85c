"""Over real sockets, against the worker that serves the site: which first byte counts, what lies on the disk meanwhile, and what a crash leaves."""

from __future__ import annotations

import os
import re
import signal
import time
from datetime import UTC, datetime

import pytest

from tests.calls.proposals.served import answer, status

pytestmark = pytest.mark.xdist_group("served")


def wait_until(moment: datetime) -> None:
    time.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds() + 0.2))


def test_the_deadline_passes_during_the_upload_and_it_counts(site) -> None:
    token, deadline = site.token(), site.deadline(1.5)
    request = site.request(token)
    with site.connect() as line:
        line.sendall(request[:500_000])
        wait_until(deadline)
        aside = list((site.data / "files" / "sealed" / "aside").iterdir())
        assert len(aside) == 1 and aside[0].stat().st_size > 100_000 and site.marked() == []
        line.sendall(request[500_000:])
        assert status(answer(line)) == 303
    first, last = (datetime.fromisoformat(one).replace(tzinfo=UTC) for one in site.database("select first_byte, last_byte from proposal_version")[0])
    assert first < deadline < last
    assert site.marked() == []


def test_a_request_that_begins_after_the_deadline_is_late_whatever_it_says(site) -> None:
    token, deadline = site.token(), site.deadline(0.2)
    before = deadline.timestamp() - 60
    with site.connect() as early:  # opened in time, silent until it is late
        wait_until(deadline)
        early.sendall(site.request(token, f"X-Request-Start: t={before:.3f}\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n"))
        said = answer(early)
    assert status(said) == 422 and "first byte" in said
    assert site.database("select count(*) from proposal") == [(0,)]


def test_a_connection_kept_alive_gives_no_second_request_the_moment_of_the_first(site) -> None:
    token, deadline = site.token(), site.deadline(1.0)
    with site.connect() as line:
        line.sendall(site.head("GET", keep=True))
        assert b"200 OK" in line.recv(65536)
        wait_until(deadline)
        line.sendall(site.request(token))
        assert "422" in answer(line)
    assert site.database("select count(*) from proposal") == [(0,)]


def test_a_request_behind_another_in_one_packet_has_not_the_moment_of_the_other(site) -> None:
    token, deadline = site.token(), site.deadline(0.3)
    with site.connect() as line:
        first = site.head("GET", keep=True)
        line.sendall(first[:20])
        wait_until(deadline)
        line.sendall(first[20:] + site.request(token))
        assert re.findall(r"HTTP/1.1 (\d+)", answer(line)) == ["200", "422"]  # the page was asked for in time, the proposal came late
    assert site.database("select count(*) from proposal") == [(0,)]


def test_a_request_that_waits_for_a_free_thread_came_when_it_came(site) -> None:
    token, deadline = site.token(), site.deadline(2.0)
    request = site.request(token)
    slow = [site.connect() for _ in range(2)]  # they keep both threads busy
    for line in slow:
        line.sendall(request[:2000])
    time.sleep(0.3)
    with site.connect() as waiting:
        waiting.sendall(request)
        wait_until(deadline)
        for line in slow:
            line.close()
        assert status(answer(waiting)) == 303
    assert site.database("select count(*) from proposal") == [(1,)]


@pytest.mark.parametrize("keep", [True, False], ids=["kept alive", "closed"])
def test_who_sends_too_much_reads_why_and_finds_no_broken_connection(site, keep) -> None:
    size = 65 << 20
    with site.connect() as line:
        head = site.head("POST", f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {size}\r\n", keep=keep)
        line.sendall(head.replace(b"/proposal HTTP", b"/questions HTTP"))
        for _megabyte in range(65):
            line.sendall(bytes(1 << 20))
        said = line.recv(65536).decode() if keep else answer(line)
    assert status(said) == 413 and "64 MB" in said


def test_an_upload_that_breaks_off_leaves_nothing_and_a_kill_only_what_is_sealed(site) -> None:
    token, _deadline = site.token(), site.deadline(600)
    request, aside = site.request(token), site.data / "files" / "sealed" / "aside"
    with site.connect() as line:
        line.sendall(request[:500_000])
        time.sleep(0.5)
    for _attempt in range(50):
        if not list(aside.iterdir()):
            break
        time.sleep(0.1)
    assert list(aside.iterdir()) == [] and site.database("select count(*) from proposal") == [(0,)]
    with site.connect() as line:
        line.sendall(request[:500_000])
        time.sleep(0.5)
        os.killpg(site.process.pid, signal.SIGKILL)
        site.process.wait(30)
    assert len(list(aside.iterdir())) == 1 and site.marked() == [] and site.database("select count(*) from proposal") == [(0,)]
    site.start()
