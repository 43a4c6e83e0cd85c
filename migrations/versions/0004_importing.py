"""Importing is a room of its own: the jobs that wait for it bear its name."""

from __future__ import annotations

from alembic import op


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

RENAMED = (("catalogue.import_run", "importing.read_run"), ("catalogue.publish_run", "importing.publish_run"))


def upgrade() -> None:
    """Forward."""
    for old, new in RENAMED:
        op.execute(f"UPDATE job SET kind = '{new}' WHERE kind = '{old}'")


def downgrade() -> None:
    """Back."""
    for old, new in RENAMED:
        op.execute(f"UPDATE job SET kind = '{old}' WHERE kind = '{new}'")
