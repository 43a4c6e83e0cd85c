"""Newest first: listings in the order of their publication, for feeds."""

from __future__ import annotations

from alembic import op


revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

TABLES = ("technology", "need")


def upgrade() -> None:
    """Forward."""
    for table in TABLES:
        op.create_index(f"ix_{table}_visibility_published_id", table, ["visibility", "published", "id"], unique=False)


def downgrade() -> None:
    """Back."""
    for table in TABLES:
        op.drop_index(f"ix_{table}_visibility_published_id", table_name=table)
