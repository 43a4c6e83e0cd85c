"""The funnel of the whole site as it was last counted."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from marketplace.db import Base, Data, Key


class FunnelReport(Base):
    """All counts of the funnel, exact: deals by what had happened before the day `as_of`, matches by what was found until `computed`.

    One row for each `as_of`; it is counted anew until the next. The public page shows of it only what `tally.shown` lets through.
    """

    __tablename__ = "funnel_report"

    id: Mapped[Key]
    as_of: Mapped[date] = mapped_column(unique=True)
    computed: Mapped[datetime]
    figures: Mapped[dict[str, Any]] = mapped_column(Data)
