"""What may not stand in the source of a site that people trust, and where the few exceptions are, each with its reason."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from tests.test_rules import PACKAGE, ROOT, nodes, sources

pytestmark = pytest.mark.xdist_group("rules")  # all files are read once

OUTWARD = {"socket", "subprocess", "smtplib", "imaplib", "poplib", "ftplib", "telnetlib", "http.client", "urllib.request", "urllib3", "requests", "httpx",
           "aiohttp", "paramiko", "asyncio"}
REACHES_OUT = {
    "alerts/operations.py": "the operator's mail server", "alerts/delivery.py": "the operator's mail server",
    "alerts/inbox/mailboxes.py": "the operator's mailbox", "alerts/inbox/operations.py": "names the errors of the mailbox",
    "cli.py": "starts the web worker; looks whether the port is free", "cli_check.py": "tries the operator's mail servers",
    "people/outside/views.py": "names the errors of a provider of the settings, to whom Authlib speaks",
    "matching/endpoint.py": "the operator's encoder; redirects are not followed", "scanner.py": "the operator's virus scanner",
    "serving.py": "names the type of the socket that the web server accepts on",
}
NEVER = {"pickle", "marshal", "shelve", "dill", "yaml", "jsonpickle", "xml.sax", "xml.dom", "xml.dom.minidom"}
DRAWS = {
    "calls/reviewing/declaring.py": "draws lots from the system's generator of secrets",
    "terms/bench.py": "a measurement",
}
QUERIES = {"demo/discarding.py": "names of our own tables", "licensing/income/models.py": "our own constant in the condition of an index"}
MARKED = {
    "people/factors/views.py": "a QR code that segno draws of an address whose parts are escaped for addresses",
    "deals/worklist/words.py": "a sentence of the catalogue; what is put into it is escaped by the per cent sign of Markup",
}


IN_NO_TEMPLATE = (
    r"\|\s*safe\b", r"autoescape\s+false", r"<script(?![^>]* src=)[^>]*>", r"<style\b", r"<[a-z][^>{]* style=", r"<[a-z][^>{]* on[a-z]+=", "javascript:",
)


def where() -> list[tuple[str, Path]]:
    """Our modules by their path in the package."""
    return [(path.relative_to(PACKAGE).as_posix(), path) for path in sources() if PACKAGE in path.parents]


def imports(path: Path) -> set[str]:
    """The modules a file imports, by their full names."""
    found = set[str]()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@cache
def calls() -> list[tuple[str, ast.Call, str]]:
    """Every call in the source: the file, the call, and what it calls by its dotted name."""
    return [(name, node, dotted(node.func)) for name, path in where() for node in nodes(path) if isinstance(node, ast.Call)]


def dotted(node: ast.AST) -> str:
    """A name, and the names behind it; what stands before a dot and is no name is left out."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def test_what_reaches_out_of_the_site_is_known() -> None:
    """No address that a user gives is ever fetched: what connects to anywhere connects to where the operator's settings say."""
    found = {name for name, path in where() if any(one == out or one.startswith(f"{out}.") for one in imports(path) for out in OUTWARD)}
    assert found == set(REACHES_OUT)
    assert "redirect=False" in (PACKAGE / "matching/endpoint.py").read_text(encoding="utf-8")


def test_nothing_is_run_or_revived_from_data() -> None:
    assert not {name for name, path in where() if imports(path) & NEVER}
    for name, call, what in calls():
        assert what not in ("eval", "exec", "compile", "__import__", "os.system", "os.popen", "render_template_string"), (name, what)
        assert not what.endswith((".from_string", ".read_pickle")) and "shell" not in {one.arg for one in call.keywords}, (name, what)


def test_secrets_and_digests_are_made_of_what_holds() -> None:
    assert {name for name, path in where() if {"random", "random.Random"} & imports(path)} == set(DRAWS)
    assert not [(name, what) for name, _call, what in calls() if what in ("hashlib.md5", "hashlib.sha1") or what.endswith((".ECB", ".PKCS1v15"))]


def test_no_query_is_put_together_from_text() -> None:
    made = [(name, call.args[0]) for name, call, what in calls() if what.rpartition(".")[2] in ("text", "literal_column", "exec_driver_sql") and call.args]
    assert {name for name, part in made if isinstance(part, ast.JoinedStr)} == set(QUERIES)


def test_what_counts_as_markup_comes_from_our_templates() -> None:
    for name, call, what in calls():
        assert what != "Environment" or any(one.arg == "autoescape" for one in call.keywords), name
        if what == "Markup" and call.args and name not in MARKED:
            made = call.args[0]
            ours = isinstance(made, ast.Constant) or (isinstance(made, ast.Call) and dotted(made.func) == "render_template")
            assert ours, (name, ast.unparse(call))


def test_templates_escape_and_hold_no_code() -> None:
    """No filter turns escaping off, no script or style stands in a page: the policy would not let it run, and none is to be tried."""
    faults = defaultdict(list)
    for path in (ROOT / "templates").rglob("*.html"):
        if {"pdf", "mail"} & set(path.parts):  # printed, or shown by a mail programme: no page of the site
            continue
        text = path.read_text(encoding="utf-8")
        for fault in IN_NO_TEMPLATE:
            if re.search(fault, text):
                faults[path.name].append(fault)
    assert not faults


def test_our_scripts_put_no_text_in_as_markup_and_keep_nothing() -> None:
    for path in (ROOT / "static").glob("*.js"):
        text = path.read_text(encoding="utf-8")
        for fault in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "localStorage", "sessionStorage",
                      "indexedDB", "document.cookie", "postMessage", "__proto__"):
            assert fault not in text, (path.name, fault)


def test_forms_alone_name_what_a_request_may_set() -> None:
    """Nothing takes over all that was sent: no `populate_obj`, no attribute set by a name that came with a request."""
    for name, call, what in calls():
        assert not what.endswith(".populate_obj") and not (what == "setattr" and "request." in ast.unparse(call)), name
        taken = {dotted(one.value.func if isinstance(one.value, ast.Call) else one.value) for one in call.keywords if one.arg is None}
        assert not any(re.match(r"(flask\.)?request\.(form|values|json|args)", one) for one in taken), (name, taken)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock"])
def test_every_package_is_pinned_with_its_hashes(lock: str) -> None:
    """One version each, and pip refuses any file whose hash is not here; no other source of packages is named."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    packages = [block for block in re.split(r"\n(?=\S)", text) if block and not block.startswith("#")]
    assert len(packages) > 20 and all(re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==", one) and "--hash=sha256:" in one for one in packages)
    assert not re.search(r"index-url|find-links|git\+|https?://", "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#")))
