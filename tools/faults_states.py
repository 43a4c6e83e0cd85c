"""The states of failure, each really made on a running site: what visitors read in both languages, what /readyz says, what is kept, and that nothing is
started anew.

Disk full and read-only disk: a file system of its own (ext4 in a file, by root; elsewhere these two are left out and said to be), filled up, and made
read-only by the kernel as after an error of the disk. Such a disk comes back only unmounted and looked through by e2fsck, so that the site is stopped for that,
as its operator would. Database gone: PostgreSQL stopped for a minute and started again. Mail server gone: its port is closed; the hour is not waited
for, the pause of a mail is ended in the table of jobs. Clock set back by two hours: a library loaded before the C library's adds what a file says to
every look at the clock (compiled from `CLOCK`; the clock of the machine is not touched). Index files: deleted while the site runs.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from faults_load import BROKEN, NEED, Sink, Somebody
from faults_site import WATCHING, Site
from visitor import Answer

CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <sys/time.h>
static long moved(void) { long by = 0; const char *name = getenv("CLOCK_FILE"); FILE *file = name ? fopen(name, "r") : 0;
  if (file) { if (fscanf(file, "%ld", &by) != 1) by = 0; fclose(file); } return by; }
int clock_gettime(clockid_t which, struct timespec *at) { static int (*real)(clockid_t, struct timespec *);
  if (!real) real = dlsym(RTLD_NEXT, "clock_gettime"); int end = real(which, at); if (which == CLOCK_REALTIME) at->tv_sec += moved(); return end; }
time_t time(time_t *into) { struct timespec at; clock_gettime(CLOCK_REALTIME, &at); if (into) *into = at.tv_sec; return at.tv_sec; }
int gettimeofday(struct timeval *restrict at, void *restrict zone) { struct timespec now; clock_gettime(CLOCK_REALTIME, &now);
  at->tv_sec = now.tv_sec; at->tv_usec = now.tv_nsec / 1000; return 0; }
"""


class States:
    """One site, and what is done to it."""

    def __init__(self, site: Site, sink: Sink) -> None:
        self.site, self.sink, self.lines = site, sink, ["| state | asked | answer | what the page says |", "|---|---|---|---|"]
        self.visitor, self.owner = Somebody(site.address, "owner", "10.9.9.8"), Somebody(site.address, "owner", "10.9.9.9")
        self.wrong: list[str] = []
        self.posted = 0

    def until(self, look: Callable[[], object], what: str, wait: float = 120) -> float:
        """Wait for something; how long it took. What does not come is noted."""
        began = time.monotonic()
        while time.monotonic() - began < wait:
            try:
                if look():
                    return time.monotonic() - began
            except (*BROKEN, AssertionError):
                pass
            time.sleep(0.5)
        self.wrong.append(f"{what}: not within {wait:.0f} s")
        return wait

    def see(self, state: str, path: str, wanted: int | None = None, asked: str = "") -> Answer:
        """Open a page, and write down what it says."""
        try:
            answer = self.watched(path)
        except BROKEN as error:
            self.wrong.append(f"{state}: {path}: {type(error).__name__}")
            return Answer(0, b"", "", 0)
        self._note(state, asked or path, answer, wanted)
        return answer

    def _note(self, state: str, asked: str, answer: Answer, wanted: int | None) -> None:
        parts = [part.get_text(" ", strip=True) for part in answer.page.select("h1, .lead, .note-box")] if b"<html" in answer.body else answer.text.splitlines()
        self.lines.append(f"| {state} | {asked} | {answer.status} | {'; '.join(parts)[:330]} |")
        if wanted is not None and answer.status != wanted:
            self.wrong.append(f"{state}: {asked}: {answer.status} instead of {wanted}")

    def post(self, state: str, wanted: int | None) -> str:
        """Post a need; its page."""
        self.posted += 1
        try:
            answer = self.owner.press("/zh/needs/new", None, title_zh=f"故障演练 {self.posted}", **NEED)
        except (*BROKEN, AssertionError) as error:
            self.lines.append(f"| {state} | a need is posted | – | {type(error).__name__}: the form itself is not answered |")
            if wanted == 303:
                self.wrong.append(f"{state}: a need cannot be posted ({error})")
            return ""
        self._note(state, "a need is posted", answer, wanted)
        return answer.location

    def indexed(self, need: str, state: str) -> None:
        """Wait until the worker has brought a need into the index: the page of needs has it."""
        took = self.until(lambda: need in self.visitor.get("/zh/needs?order=newest").text, f"{state}: the need in the list")
        self.lines.append(f"| {state} | the posted need in the list of needs | after {took:.0f} s | |")

    def back(self, state: str, before: list[int]) -> None:
        """It answers again, by the same processes."""
        took = self.until(lambda: self.visitor.get("/readyz").status == 200, f"{state}: /readyz")
        need = self.post(f"{state}, after", 303)
        if need:
            self.indexed(need, f"{state}, after")
        same = [self.site.web.pid, self.site.worker.pid] == before
        told = "the same processes as before" if same else "processes were started anew"
        self.lines.append(f"| {state}, after | /readyz 200 | after {took:.0f} s | {told} |")
        if not same:
            self.wrong.append(f"{state}: a process died")

    def pids(self) -> list[int]:
        """The main processes."""
        return [self.site.web.pid, self.site.worker.pid]

    def back_up(self) -> None:
        """Wait for the site to be up."""
        self.until(lambda: self.visitor.get("/readyz").status == 200, "the site is up")

    # ----- the states

    def disk_full(self) -> None:
        """Nothing can be added to the disk of the data folder."""
        state, before = "disk full", self.pids()
        free = shutil.disk_usage(self.site.data).free
        filler = self.site.folder / "filler"
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            for _block in range(free // 65536 + 64):
                file.write(b"x" * 65536)
        self._ill(state)
        filler.unlink(missing_ok=True)
        self.back(state, before)

    def _ill(self, state: str) -> None:
        for path in ("/readyz", "/zh/technologies", "/en/technologies"):
            self.see(state, path, 503 if path == "/readyz" else 200)
        self.post(state, 503)

    def read_only(self) -> None:
        """The kernel makes the disk of the data folder read-only under open files, as after an error of the disk; then it is mended."""
        state, place = "read-only disk", str(self.site.folder)
        subprocess.run(["mount", "-o", "remount,abort", place], capture_output=True, check=False)  # it says that it failed, and has done it
        self._ill(state)
        self.site.stop()
        subprocess.run(["umount", place], check=True)
        subprocess.run(["e2fsck", "-fy", str(image_of(self.site.folder))], capture_output=True, check=False)
        subprocess.run(["mount", "-o", "loop", str(image_of(self.site.folder)), place], check=True)
        self.site.start()
        self.back_up()
        self.owner.enter()
        self.back(f"{state}, mended and mounted", self.pids())

    def database_gone(self, seconds: float = 60) -> None:
        """PostgreSQL stopped for a minute."""
        state, before = "database gone for a minute", self.pids()
        self.site.postgres.stop()
        began = time.monotonic()
        for path in ("/readyz", "/healthz", "/zh/technologies", "/en/needs"):
            self.see(state, path, 200 if path == "/healthz" else 503)
        time.sleep(max(0.0, seconds - (time.monotonic() - began)))
        self.site.postgres.start()
        self.back(state, before)

    def mail_gone(self) -> None:
        """The mail server is away while somebody asks for a new password."""
        state, before = "mail server gone", self.pids()
        self.sink.controller.stop()
        count = len(self.sink.letters)
        answer = self.visitor.press("/zh/reset", None, address="officer@demo.example")
        self._note(state, "a new password is asked for", answer, 303)
        waits = "select count(*) from mail where state = 'queued' and attempts > 0"
        self.until(lambda: self.site.run(waits)[0][0], f"{state}: the mail waits after a try")
        self.see(state, "/readyz", 200)
        self.lines.append(f"| {state} | mails that wait after a try | {self.site.run(waits)[0][0]} | |")
        self.sink = Sink(self.sink.file, int(self.site.smtp.rpartition(':')[2]))
        self.sink.controller.start()
        self.site.run("update job set due = created where kind = 'alerts.send' and state = 'queued'")
        took = self.until(lambda: len(self.sink.letters) > count and not self.site.run(waits)[0][0], f"{state}: the mail after its return")
        self.lines.append(f"| {state}, after | letters that came | {len(self.sink.letters) - count} | {took:.0f} s after the pause was ended |")
        self.back(state, before)

    def clock_back(self) -> None:
        """The clock is put back by two hours, under everything the site runs."""
        state, before, file = "clock set back two hours", self.pids(), self.site.folder / "clock"
        file.write_text("-7200")
        self.see(state, "/readyz", 200)
        self.lines.append(f"| {state} | a page of somebody signed in | {self.owner.get('/zh/desk').status} | 303: asked to sign in again |")
        self.owner.enter()
        need = self.post(state, 303)
        if need:
            self.indexed(need, state)
        file.write_text("0")
        self.owner.enter()
        self.back(state, before)

    def index_gone(self) -> None:
        """All files of the index are deleted while the site runs."""
        state, before = "index files deleted", self.pids()
        shutil.rmtree(self.site.data / "index")
        for path in ("/readyz", "/zh/technologies", "/en/technologies?q=chatter"):
            self.see(state, path, 200)
        took = self.until(lambda: "index: well" in self.watched("/readyz").text, f"{state}: built anew", 240)
        self.lines.append(f"| {state} | built anew by the worker | after {took:.0f} s | {self.found()} technologies found by a search for 方法 |")
        self.back(state, before)

    def watched(self, path: str) -> Answer:
        """A page as a watcher with the token sees it."""
        return self.visitor._ask(path, None, {"Authorization": f"Bearer {WATCHING}"})

    def found(self) -> str:
        """How many technologies a search finds."""
        said = re.search(r"(\d+)", self.visitor.get("/en/technologies?q=%E6%96%B9%E6%B3%95").page.select_one("main").get_text(" ", strip=True))
        return said[1] if said else "0"


def image_of(place: Path) -> Path:
    """The file in which the disk of a place is."""
    return place.with_suffix(".ext4")


def disk(place: Path) -> bool:
    """Mount a disk of its own there; whether it could be."""
    image = image_of(place)
    with image.open("wb") as file:
        file.truncate(600 << 20)
    made = subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(image)], capture_output=True, check=False).returncode == 0
    return made and subprocess.run(["mount", "-o", "loop", str(image), str(place)], capture_output=True, check=False).returncode == 0


def made(states: States, names: Sequence[str], mounted: bool) -> None:
    """Each of these states, one after the other: what is wrong with one keeps none of the others from being made."""
    for name in names:
        print(f"{'postgresql' if states.site.postgres else 'sqlite'}: {name}", file=sys.stderr, flush=True)
        if name in ("disk_full", "read_only") and not mounted:
            states.lines.append(f"| {name} | not made | – | no disk of its own could be mounted here |")
            continue
        try:
            getattr(states, name)()
        except Exception as error:
            states.wrong.append(f"{name}: {type(error).__name__}: {str(error)[:160]}")


def run(folder: Path, demo: Path, ports: tuple[int, int]) -> tuple[list[str], list[str]]:
    """All states, on a site with SQLite on a disk of its own and on one with PostgreSQL; the table, and what is wrong."""
    lines, wrong = [], []
    for database, names in (("sqlite", ("disk_full", "read_only", "index_gone", "mail_gone", "clock_back")), ("postgresql", ("database_gone",))):
        place = folder / f"states-{database}"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        mounted = database == "sqlite" and os.geteuid() == 0 and disk(place)
        shim = folder / "clock.so"
        subprocess.run(["gcc", "-shared", "-fPIC", "-x", "c", "-", "-o", str(shim), "-ldl"], input=CLOCK, text=True, check=True)
        (folder / "clock").write_text("0")
        os.environ.update(LD_PRELOAD=str(shim) if database == "sqlite" else "", CLOCK_FILE=str(place / "clock"))
        site = Site(place, ports[0], database, f"smtp://127.0.0.1:{ports[1]}", MARKETPLACE_ROOM_MB="20")
        sink = Sink(folder / f"states-{database}.jsonl", ports[1])
        try:
            site.make(demo)
            sink.controller.start()
            site.start()
            states = States(site, sink)
            states.back_up()
            states.owner.enter()
            made(states, names, mounted)
            lines += [f"### {database}", "", *states.lines, "", *(f"- **wrong**: {one}" for one in states.wrong), ""]
            wrong += states.wrong
        finally:
            site.stop()
            states.sink.controller.stop()
            os.environ.pop("LD_PRELOAD", None)
            print("\n".join(lines), file=sys.stderr, flush=True)
            if mounted:
                subprocess.run(["umount", "-l", str(place)], check=False)
                image_of(place).unlink(missing_ok=True)
    return lines, wrong
