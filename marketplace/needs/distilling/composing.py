"""What questions say as one text, and what they want as figures. Pure: the same questions always give the same text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

LANGUAGES = ("zh", "en")
SIGNS = {"at_most": "≤", "at_least": "≥", "equal": "="}
_TODAY = {"zh": "现为 {} {}", "en": "today {} {}"}
_ASIDE = {"zh": "（{}）", "en": " ({})"}
_APART = {"zh": "；", "en": "; "}


def composed(questions: Sequence[dict[str, Any]]) -> dict[str, str]:
    """The questions as a text in each language that all or some of them are written in: numbered lines with their targets behind."""
    found = {}
    for code in LANGUAGES:
        lines = [_line(question, code) for question in questions if question["text"].get(code)]
        if lines:
            found[code] = lines[0] if len(questions) == 1 else "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))
    return found


def _line(question: dict[str, Any], code: str) -> str:
    said = _APART[code].join(target for row in question["targets"] if (target := _target(row, code)))
    return question["text"][code] + (_ASIDE[code].format(said) if said else "")


def _target(row: dict[str, Any], code: str) -> str:
    """A target in words: 毛刺 ≤ 0.02 mm，现为 0.1 mm. One named in the other language alone is left out of this one's text."""
    name = row["quantity"].get(code)
    if not name or not row["wanted"]:
        return ""
    wanted = f"{name} {SIGNS[row['direction']]} {row['wanted']} {row['unit']}".strip()
    today = _TODAY[code].format(row["today"], row["unit"]).strip() if row.get("today") else ""
    return ("，" if code == "zh" else ", ").join(part for part in (wanted, today) if part)


def targets_of(questions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """All targets of the questions, in their order, each once."""
    rows = [row for question in questions for row in question["targets"]]
    return list({repr(sorted(row.items(), key=lambda item: item[0])): row for row in rows}.values())
