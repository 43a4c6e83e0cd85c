"""Import runs: a file being brought in, what became of each of its rows, and the column mappings that were used; states and steps."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.access import Step
from marketplace.db import Base, Codes, Data, Key, PublicId
from marketplace.people.models import Organisation
from marketplace.record import steps


class ImportMapping(Base):
    """The column mapping an organisation last used for a set of headers."""

    __tablename__ = "import_mapping"

    id: Mapped[Key]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    headers_hash: Mapped[str] = mapped_column(String(64))
    columns: Mapped[dict[str, Any]] = mapped_column(Data)

    __table_args__ = (UniqueConstraint("organisation_id", "headers_hash"),)


@steps
class ImportRun(Base):
    """One file being brought in: mapped, read in batches, reviewed, published, and taken back if need be.

    `listing` says what its rows are, `format` how they are read; `columns` says which column means what; `done` rows of
    `total` are read; `error` is [message id, values]. With `publish` what was read is published at once; `outcomes` are
    those that were released for publication. `kept` rows stayed as they were when the run was undone.
    """

    __tablename__ = "import_run"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(String(12), default="uploaded")
    file_name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    listing: Mapped[str] = mapped_column(String(12), default="technology")
    format: Mapped[str] = mapped_column(String(20), default="table")
    source: Mapped[str] = mapped_column(String(60))
    columns: Mapped[dict[str, Any]] = mapped_column(Data, default=dict)
    publish: Mapped[bool] = mapped_column(default=False)
    outcomes: Mapped[Codes]
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    kept: Mapped[int] = mapped_column(default=0)
    error: Mapped[list[Any] | None] = mapped_column(Data)
    created: Mapped[datetime]
    ended: Mapped[datetime | None]

    organisation: Mapped[Organisation] = relationship()

    TRANSITIONS = {
        "start": Step(("uploaded",), "reading", ("member", "operator", "system")),
        "finish": Step(("reading",), "read", ("system", "member", "operator")),
        "fail": Step(("uploaded", "reading"), "failed", ("system", "member", "operator")),
        "release": Step(("read", "published"), "publishing", ("member", "operator", "system")),
        "publish": Step(("publishing",), "published", ("member", "operator", "system")),
        "undo": Step(("read", "published"), "undoing", ("member", "operator", "system")),
        "end_undo": Step(("undoing",), "undone", ("member", "operator", "system")),
    }

    __table_args__ = (
        CheckConstraint("state in ('uploaded', 'reading', 'read', 'publishing', 'failed', 'published', 'undoing', 'undone')", name="state"),
        CheckConstraint("listing in ('technology', 'need')", name="listing"),
    )


class ImportRow(Base):
    """What became of one row of the file: its outcome, the technology or need it concerns, and why.

    `held` keeps it back when the run is published. `reason` is a message id; `facts` holds its values (`why`), what
    changed (`changes`: field → [old, new]) and whether that still waits for publication (`waiting`), what the file said of
    each field as digests (`sent`), the revision it made (`revision`), where it stands in an archive (`place`), the cells of a
    row that was not taken (`cells`).
    """

    __tablename__ = "import_row"

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id"))
    number: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(10))
    held: Mapped[bool] = mapped_column(default=False)
    technology_id: Mapped[int | None] = mapped_column(ForeignKey("technology.id"))
    need_id: Mapped[int | None] = mapped_column(ForeignKey("need.id"))
    column: Mapped[str | None] = mapped_column(String(120))
    reason: Mapped[str | None] = mapped_column(String(300))
    facts: Mapped[dict[str, Any]] = mapped_column(Data, default=dict)

    __table_args__ = (
        UniqueConstraint("run_id", "number"),
        CheckConstraint("outcome in ('created', 'updated', 'unchanged', 'duplicate', 'rejected')", name="outcome"),
        Index("ix_import_row_run_id_outcome", "run_id", "outcome", "number"),
        Index("ix_import_row_run_id_technology_id", "run_id", "technology_id"),
        Index("ix_import_row_technology_id", "technology_id"),
        Index("ix_import_row_need_id", "need_id"),
    )
