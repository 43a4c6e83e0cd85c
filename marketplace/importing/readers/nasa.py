"""Technologies of NASA's Technology Transfer programme, as the JSON of its portal holds them.

There is no published specification: that a result is a list, with the case number second, then title, abstract, and
the category sixth, rests on memory of the portal's answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from marketplace.errors import N_
from marketplace.importing.readers.objects import values
from marketplace.importing.readers.tables import Broken, Document, Table, of_documents

KEY = "results"
_CASE, _TITLE, _ABSTRACT, _CATEGORY = 1, 2, 3, 5
_HIGHLIGHT = re.compile(r"</?span\b[^<>]*>", re.IGNORECASE)
_IS_CATEGORY = re.compile(r"[A-Za-z][A-Za-z ,&/-]{2,60}")

NO_RESULT = N_("This entry is no list with a case number, a title and an abstract, as NASA's results are.")


def open_nasa(path: Path) -> Table:
    """The technologies in the file."""

    def start() -> Iterator[Document | Broken]:
        for value in values(path, KEY):
            yield value if isinstance(value, Broken) else _document(value)

    return of_documents("nasa", start)


def _document(value: Any) -> Document | Broken:
    if not isinstance(value, list) or len(value) <= _ABSTRACT or not _text(value, _TITLE):
        return Broken(NO_RESULT, shown=str(value)[:300])
    category = _text(value, _CATEGORY)
    return {
        "source_key": _text(value, _CASE),
        "title": _text(value, _TITLE),
        "abstract": _text(value, _ABSTRACT),
        "category": category if _IS_CATEGORY.fullmatch(category) else "",
    }


def _text(value: Sequence[Any], place: int) -> str:
    """The text at a place of the result, without the marks that show what was searched for."""
    found = value[place] if place < len(value) else ""
    return _HIGHLIGHT.sub("", found).strip() if isinstance(found, str) else ""
