"""The site attacked with tools that nobody here wrote. `make attack` runs it; so does

    python tools/attack.py                     # a demo of its own on a free port; everything; what they find goes to var/attack.md
    python tools/attack.py --data FOLDER       # a demo that is there already, copied first
    python tools/attack.py bandit semgrep      # these alone, no report

The tools stand in virtual environments of their own (requirements-attack.txt, requirements-semgrep.txt), because their dependencies and ours do not
agree. Whatever sends requests sends them to 127.0.0.1 alone, in a number and for a time that are bounded, and modules that would have a page fetch
something from outside are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path

ROOT = Path(__file__).parent.parent
TOOLS = Path(os.environ.get("ATTACK_TOOLS") or ROOT / ".venv-attack")
SEMGREP = Path(os.environ.get("ATTACK_SEMGREP") or ROOT / ".venv-semgrep")
PERSON, PASSWORD = os.environ.get("ATTACK_PERSON", "owner@demo.example"), "techbridge-demo"
SCAN, EACH = int(os.environ.get("ATTACK_SCAN", "240")), int(os.environ.get("ATTACK_EACH", "60"))  # seconds of looking around, and of each kind of attack
ASK = int(os.environ.get("ATTACK_ASK", "420"))  # seconds for each address that sqlmap asks
ENDING = ("sign-out*", "settings/sessions*", "settings/erase*", "settings/password*", "settings/address*", "settings/second-factor*", "prove*")
"""Below the language: what ends the session that wapiti works in, or changes whose it is."""
MODULES = "backup,cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,ldap,methods,permanentxss,redirect,shellshock,sql,timesql,upload,xss"
ASKED = (
    "/en/technologies?q=laser&field=optics&sort=newest&page=1", "/zh/needs?q=a&page=1", "/en/organisations/*/credit", "/en/problems/*",
    "/en/technologies.csv?q=laser", "/en/pools?q=a&sort=newest",
)


@dataclass
class Found:
    """What one tool said: the command, its version, seconds, and its findings, each a line."""

    tool: str
    command: str
    version: str
    seconds: float
    findings: list[str]


def ran(command: list[str], seconds: int, folder: Path) -> tuple[str, float]:
    """Run a tool for so long at most; what it printed, and how long it took."""
    began = time.monotonic()
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds, stdin=subprocess.DEVNULL, check=False)
        text = done.stdout + done.stderr
    except subprocess.TimeoutExpired as error:
        text = f"{(error.stdout or b'').decode(errors='replace')}\nstopped after {seconds} s"
    return text, time.monotonic() - began


def version_of(program: Path) -> str:
    """What the tool says its version is."""
    text = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    return next((line.strip() for line in reversed(text.splitlines()) if any(sign.isdigit() for sign in line)), "?")


def bandit(_site: str, folder: Path) -> Found:
    """The source, for what is known to go wrong in Python."""
    out, program = folder / "bandit.json", TOOLS / "bin/bandit"
    command = [str(program), "-q", "-r", str(ROOT / "marketplace"), "-f", "json", "-o", str(out)]
    _text, seconds = ran(command, 600, folder)
    results = json.loads(out.read_text())["results"]
    kinds = Counter((one["test_id"], one["test_name"], one["issue_severity"]) for one in results)
    return Found("bandit", "bandit -r marketplace", version_of(program), seconds, [f"{n} × {a} {b} ({c.lower()})" for (a, b, c), n in kinds.most_common()])


def pip_audit(_site: str, folder: Path) -> Found:
    """The pinned packages, for known vulnerabilities."""
    program = TOOLS / "bin/pip-audit"
    text, seconds = ran([str(program), "-r", str(ROOT / "requirements.lock"), "--disable-pip", "--require-hashes"], 120, folder)
    known = [line for line in text.splitlines() if "GHSA" in line or "PYSEC" in line or "CVE" in line]
    fine = "No known vulnerabilities found" in text
    return Found("pip-audit", "pip-audit -r requirements.lock --disable-pip --require-hashes", version_of(program), seconds,
                 known if known or fine else [f"could not ask: {text.strip().splitlines()[-1][:160] if text.strip() else 'no answer'}"])


def semgrep(_site: str, folder: Path) -> Found:
    """The source, by the rules beside this file."""
    program = SEMGREP / "bin/semgrep"
    command = [str(program), "scan", "--config", str(ROOT / "tools/attack-rules.yml"), "--metrics=off", "--disable-version-check", "--json", "--jobs=1",
               str(ROOT / "marketplace"), str(ROOT / "tools")]
    text, seconds = ran(command, 900, folder)
    report = json.loads(text[text.index("{") : text.rindex("}") + 1])
    lines = [f"{one['check_id'].rpartition('.')[2]}: {Path(one['path']).relative_to(ROOT)}:{one['start']['line']}" for one in report["results"]]
    return Found("semgrep", "semgrep scan --config tools/attack-rules.yml --metrics=off marketplace tools", version_of(program), seconds,
                 [*lines, *(f"error: {one.get('message', '')[:120]}" for one in report["errors"])])


def signed_in(site: str) -> str:
    """The cookies of somebody who has just signed in, as a header: with the session's name, and what its forms' tokens are made of."""
    jar = CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = browser.open(f"{site}/en/sign-in", timeout=30).read().decode()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    typed = {"address": PERSON, "password": PASSWORD, "csrf_token": token[1] if token else ""}
    browser.open(f"{site}/en/sign-in", urllib.parse.urlencode(typed).encode(), timeout=30).close()
    browser.open(f"{site}/en/settings", timeout=30).close()
    return "; ".join(f"{one.name}={one.value}" for one in jar)


def is_signed_in(site: str, cookies: str) -> bool:
    """Whether these cookies still open a page that only somebody signed in sees."""
    asked = urllib.request.Request(f"{site}/en/settings/sessions", headers={"Cookie": cookies})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return answer.url.endswith("/settings/sessions")


def wapiti(site: str, folder: Path) -> Found:
    """The site, as somebody signed in who follows links and fills forms with what should not be in them.

    The cookies are given as a header, which no answer changes: in a jar of its own wapiti loses the session as soon as one of its attacks is answered by another.
    """
    out, program, cookies = folder / "wapiti.json", TOOLS / "bin/wapiti", signed_in(site)
    if not is_signed_in(site, cookies):
        return Found("wapiti", "not run", version_of(program), 0, [f"{PERSON} cannot sign in"])
    command = [str(program), "-u", f"{site}/en/", "--scope", "folder", "-m", MODULES, "-f", "json", "-o", str(out), "--flush-session", "-S", "normal",
               "-d", "4", "--max-links-per-page", "25", "--max-files-per-dir", "6", "--max-parameters", "20", "--max-scan-time", str(SCAN),
               "--max-attack-time", str(EACH), "--tasks", "2", "--cookie-value", cookies, "--store-session", str(folder), "--no-bugreport",
               *(part for path in ENDING for part in ("-x", f"{site}/en/{path}"))]
    text, seconds = ran(command, SCAN + 20 * EACH + 120, folder)
    (folder / "wapiti.log").write_text(text)
    if not out.exists():
        return Found("wapiti", "see tools/attack.py", version_of(program), seconds, ["no report: " + text.strip()[-200:]])
    report = json.loads(out.read_text())
    lines = [
        f"{kind}: {one['method']} {one['path']} {one.get('parameter') or ''}".strip()
        for part in ("vulnerabilities", "anomalies") for kind, found in report[part].items() for one in found
    ]
    pages, kept = report["infos"].get("crawled_pages_nbr"), "still" if is_signed_in(site, cookies) else "no longer"
    return Found("wapiti", f"wapiti -u SITE/en/ -m {MODULES} ({pages} pages; {kept} signed in at the end)", version_of(program), seconds, lines)


def sqlmap(site: str, folder: Path) -> Found:
    """The lists and what takes an id, and the form to sign in, with statements in every parameter."""
    program, lines, whole = TOOLS / "bin/sqlmap", [], 0.0
    common = ["--batch", "--level", "2", "--risk", "2", "--flush-session", "--disable-coloring", "--timeout", "15", "--retries", "1", "--threads", "1",
              "--output-dir", str(folder / "sqlmap"), "--ignore-code", "404,422,429", "--technique", "BEUST", "--time-sec", "4", "--dbms", "sqlite"]
    forms = [["-u", f"{site}/en/sign-in", "--forms", "--csrf-token", "csrf_token"]]
    for target in [["-u", site + path] for path in ASKED] + forms:
        text, taken = ran([str(program), *target, *common], ASK, folder)
        whole += taken
        told = "injectable" if "identified the following injection point" in text else "stopped by its time" if "stopped after" in text else "nothing"
        lines.append(f"{target[1].removeprefix(site)}: {told}, {taken:.0f} s, {text.count('does not seem to be injectable')} parameters done")
        with (folder / "sqlmap.log").open("a") as log:
            log.write(text)
    return Found("sqlmap", "sqlmap -u URL --batch --level 2 --risk 2 --technique BEUST", version_of(program), whole, lines)


TOOLBOX: dict[str, Callable[[str, Path], Found]] = {"bandit": bandit, "pip-audit": pip_audit, "semgrep": semgrep, "wapiti": wapiti, "sqlmap": sqlmap}
"""In this order: what sqlmap does to the form to sign in closes it for a quarter of an hour."""
ON_SITE = {"sqlmap", "wapiti"}


@contextmanager
def served(data: Path | None, folder: Path) -> Iterator[str]:
    """A site with the demo on a free port of this machine; its errors go to server.log."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own, program = folder / "data", [sys.executable, "-m", "marketplace.cli"]
    environment = os.environ | {"MARKETPLACE_DATA": str(own), "MARKETPLACE_ENCODERS": "none", "PYTHONPATH": str(ROOT)}
    if data:
        shutil.copytree(data, own)
        subprocess.run([*program, "upgrade"], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    else:
        subprocess.run([*program, "demo"], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen([*program, "serve", "--port", str(port)], cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            _wait(f"http://127.0.0.1:{port}/en/how")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            try:
                server.wait(60)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait(address: str) -> None:
    for _ in range(120):
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            time.sleep(1)
        else:
            return
    raise SystemExit("the site does not start")


def mistakes(folder: Path) -> list[str]:
    """What the server called a mistake of its own while it was attacked: there must be none."""
    log = folder / "server.log"
    text = log.read_text(errors="replace") if log.exists() else ""
    kinds = Counter(line.split("unhandled error on ")[1].strip() for line in text.splitlines() if "unhandled error on " in line)
    return [f"{n} × unhandled error on {page}" for page, n in kinds.most_common()]


def report(found: list[Found], wrong: list[str]) -> str:
    """What was found; docs/proof/attack.md judges it."""
    lines = ["| tool | version | seconds | findings |", "|---|---|---|---|"]
    lines += [f"| {one.tool} | {one.version} | {one.seconds:.0f} | {len(one.findings)} |" for one in found]
    for one in found:
        lines += ["", f"### {one.tool}", "", f"`{one.command}`", "", *(f"- {line}" for line in one.findings or ["nothing"])]
    return "\n".join([*lines, "", "### The server meanwhile", "", *(f"- {line}" for line in wrong or ["no unhandled error"]), ""])


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--keep", type=Path, help="folder for what the tools wrote")
    parser.add_argument("tools", nargs="*")
    asked = parser.parse_args()
    chosen = [name for name in TOOLBOX if name in (asked.tools or TOOLBOX)]
    folder = asked.keep or Path(tempfile.mkdtemp(prefix="attack-"))
    folder.mkdir(parents=True, exist_ok=True)
    found = [TOOLBOX[name]("", folder) for name in chosen if name not in ON_SITE]
    if ON_SITE & set(chosen):
        with served(asked.data, folder) as site:
            found += [TOOLBOX[name](site, folder) for name in chosen if name in ON_SITE]
    text = report(found, mistakes(folder))
    print(text)
    if not asked.tools:
        (ROOT / "var").mkdir(exist_ok=True)
        (ROOT / "var/attack.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
