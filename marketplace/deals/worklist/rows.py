"""What a row of the worklist is: why it is there, and its next step as one button. Words come later: sentences are message ids with plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from marketplace.catalogue.models import Technology
from marketplace.needs.models import Need


@dataclass(frozen=True)
class Step:
    """The one button of a row: its words (a message id), where it leads, and whether it changes something there (`post`)."""

    label: str
    endpoint: str
    values: Mapping[str, Any]
    post: bool = False


@dataclass(frozen=True)
class Row:
    """One thing to do. `kind` is its section, `thing` the public id it is about; `why` a message id with `values`, `day` since when or until when.

    `listings` are shown through `shown_title` alone. `parties` are names that the actor may read. `match` is the public id of a pair that can be
    declined here, `quote` what somebody wrote.
    """

    kind: str
    thing: str
    why: str
    step: Step
    values: Mapping[str, Any] = field(default_factory=dict)
    listings: tuple[Need | Technology, ...] = ()
    parties: tuple[Mapping[str, str], ...] = ()
    day: date | None = None
    match: str | None = None
    quote: str = ""

    @property
    def key(self) -> str:
        """The row's name on the page and among what was put off."""
        return f"{self.kind}-{self.thing}"
