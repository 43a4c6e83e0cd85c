"""The design page shows every macro of the components, in both languages; its colours can be read; in production there is no such page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import CodeType

import pytest
from flask import Flask
from jinja2.runtime import Macro

from marketplace.design import contrast
from tests.inspection import InspectingClient

ROOT = Path(__file__).parent.parent.parent
COMPONENTS = ROOT / "templates/components"
STYLE = (ROOT / "static/techbridge.css").read_text(encoding="utf-8")


def macros(app: Flask) -> set[tuple[str, str]]:
    """All macros of the components: (file, name)."""
    return {
        (path.name, name) for path in COMPONENTS.glob("*.html")
        for name, value in vars(app.jinja_env.get_template(f"components/{path.name}").make_module({"language": "en"})).items() if isinstance(value, Macro)
        and origin(value).name == path.name
    }


def origin(macro: Macro) -> Path:
    """The file that a macro is written in."""
    code: CodeType = macro._func.__code__  # type: ignore[attr-defined]
    return Path(code.co_filename)


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[tuple[str, str]]]:
    """The macros that are called from here on: (file, name)."""
    seen: set[tuple[str, str]] = set()
    invoke = Macro._invoke

    def noted(self: Macro, arguments: list[object], autoescape: bool) -> str:
        seen.add((origin(self).name, self.name))
        return invoke(self, arguments, autoescape)

    monkeypatch.setattr(Macro, "_invoke", noted)
    yield seen


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_macro_of_the_components_has_a_specimen(app: Flask, client: InspectingClient, called: set[tuple[str, str]], language: str) -> None:
    response = client.get(f"/{language}/design")
    assert response.status_code == 200
    known = macros(app)
    assert len(known) > 50
    assert known - called == set()


def test_in_production_there_is_no_such_page(app: Flask, client: InspectingClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], production=True))
    assert client.get("/en/design").status_code == 404


def test_every_colour_can_be_read_on_its_grounds_by_day_and_by_night() -> None:
    pairs = list(contrast.pairs(contrast.tokens(STYLE)))
    low = [pair for pair in pairs if min(pair.light, pair.dark) < pair.least]
    assert pairs and not low


def test_the_ratio_is_that_of_the_guidelines() -> None:
    assert contrast.ratio("#000", "#ffffff") == pytest.approx(21)
    assert contrast.ratio("#777777", "#fff") == pytest.approx(4.48, abs=0.005)
    assert contrast.ratio("#abc", "#aabbcc") == 1


def test_no_colour_stands_outside_the_tokens() -> None:
    outside = re.sub(r":root \{[^}]*\}|^@media print \{.*?^\}", "", STYLE, flags=re.DOTALL | re.MULTILINE)
    assert re.findall(r"[^%\w]#[0-9a-fA-F]{3,6}\b|rgba?\([^)v]*\)", outside) == []


def test_a_style_sheet_without_two_schemes_is_refused() -> None:
    with pytest.raises(ValueError, match="two schemes"):
        contrast.tokens(":root { --ink: #000; }")


@pytest.mark.parametrize(("text", "kept"), [
    ("毛刺 ≤ 0.02 mm，每件 10 分钟", "毛刺 ≤~0.02~mm，每件 10~分钟"), ("burr below 0.02 mm at 3 % and 20 °C", "burr below 0.02~mm at 3~% and 20~°C"),
    ("in 2026 the 3 machines", "in 2026 the 3 machines"), ("5 minutes, 5 min", "5 minutes, 5~min"), ("4 kW\n5 m² of 2 MPa", "4~kW\n5~m² of 2~MPa"), ("", ""),
])
def test_a_figure_stays_with_its_sign_and_its_unit(app: Flask, text: str, kept: str) -> None:
    assert app.jinja_env.filters["unbroken"](text).replace("\N{NO-BREAK SPACE}", "~") == kept
