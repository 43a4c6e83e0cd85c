"""What files bring: patent families and registered owners of a technology, keys of needs, held rows, formats, and runs undone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB


revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

DATA = sa.JSON().with_variant(JSONB(), "postgresql")
BEFORE = ("uploaded", "reading", "read", "publishing", "failed", "published")
AFTER = (*BEFORE, "undoing", "undone")
KEYS = (("import_row", "need_id", "need"), ("need", "import_run_id", "import_run"))


def _states(states: tuple[str, ...]) -> str:
    return "state in (" + ", ".join(f"'{state}'" for state in states) + ")"


def _add(table: str, name: str, kind: sa.types.TypeEngine, default: str) -> None:
    """A column that every row has from now on; the large tables are not written anew."""
    op.add_column(table, sa.Column(name, kind, nullable=False, server_default=sa.text(default)))
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column(table, name, server_default=None)


def upgrade() -> None:
    """Forward. SQLite takes column and key in one step, so that a large table need not be written anew."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    _add("technology", "family", DATA, "'[]'")
    _add("technology", "parties", DATA, "'{}'")
    _add("import_row", "held", sa.Boolean(), "0" if sqlite else "false")
    for table, name, target in KEYS:
        key = f"fk_{table}_{name}_{target}"
        if sqlite:
            op.execute(f"ALTER TABLE {table} ADD COLUMN {name} INTEGER CONSTRAINT {key} REFERENCES {target} (id)")
        else:
            op.add_column(table, sa.Column(name, sa.BigInteger(), nullable=True))
            op.create_foreign_key(key, table, target, [name], ["id"])
        op.create_index(f"ix_{table}_{name}", table, [name], unique=False)
    op.add_column("need", sa.Column("source_key", sa.String(120), nullable=True))
    op.create_index("uq_need_organisation_id_source_key", "need", ["organisation_id", "source_key"], unique=True)
    _add("import_run", "listing", sa.String(12), "'technology'")
    _add("import_run", "format", sa.String(20), "'table'")
    _add("import_run", "kept", sa.Integer(), "0")
    with op.batch_alter_table("import_run") as batch:
        batch.drop_constraint(op.f("ck_import_run_state"), type_="check")
        batch.create_check_constraint(op.f("ck_import_run_state"), _states(AFTER))
        batch.create_check_constraint(op.f("ck_import_run_listing"), "listing in ('technology', 'need')")


def downgrade() -> None:
    """Back. A run that was undone counts as read; rows of an imported file no longer know the need they made."""
    op.execute("UPDATE import_run SET state = 'read' WHERE state in ('undoing', 'undone')")
    with op.batch_alter_table("import_run") as batch:
        batch.drop_constraint(op.f("ck_import_run_listing"), type_="check")
        batch.drop_constraint(op.f("ck_import_run_state"), type_="check")
        batch.create_check_constraint(op.f("ck_import_run_state"), _states(BEFORE))
        for name in ("listing", "format", "kept"):
            batch.drop_column(name)
    op.drop_index("uq_need_organisation_id_source_key", table_name="need")
    op.drop_column("need", "source_key")
    for table, name, target in KEYS:
        op.drop_index(f"ix_{table}_{name}", table_name=table)
        if op.get_bind().dialect.name != "sqlite":
            op.drop_constraint(f"fk_{table}_{name}_{target}", table, type_="foreignkey")
        with op.batch_alter_table(table) as batch:  # SQLite drops no column that has a key: the table is written anew
            batch.drop_column(name)
    for table, name in (("import_row", "held"), ("technology", "parties"), ("technology", "family")):
        op.drop_column(table, name)
