"""Families: which technologies are one invention, and the indexes by which one is found by its number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

KEY = "fk_technology_family_id_technology"
INDEXED = ("family_id", "application_number", "publication_number")


def upgrade() -> None:
    """Forward. SQLite takes column and key in one step, so that a large table need not be written anew."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"ALTER TABLE technology ADD COLUMN family_id INTEGER CONSTRAINT {KEY} REFERENCES technology (id)")
    else:
        op.add_column("technology", sa.Column("family_id", sa.BigInteger(), nullable=True))
        op.create_foreign_key(KEY, "technology", "technology", ["family_id"], ["id"])
    for name in INDEXED:
        op.create_index(f"ix_technology_{name}", "technology", [name], unique=False)


def downgrade() -> None:
    """Back."""
    for name in INDEXED:
        op.drop_index(f"ix_technology_{name}", table_name="technology")
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(KEY, "technology", type_="foreignkey")
    with op.batch_alter_table("technology") as batch:  # SQLite drops no column that has a key: the table is written anew
        batch.drop_column("family_id")
