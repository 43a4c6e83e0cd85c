"""What a holder says of the standing of a patent on offer: annual fee, pledge, evaluation report, an exclusive licence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

CODES = {
    "annual_fee": (10, "annual_fee is null or annual_fee in ('paid', 'unpaid')"),
    "pledge": (12, "pledge is null or pledge in ('none', 'consent', 'no_consent')"),
    "evaluation_report": (4, "evaluation_report is null or evaluation_report in ('yes', 'no')"),
}


def upgrade() -> None:
    """Forward. Nothing is said of the offers that are there."""
    with op.batch_alter_table("offer") as batch:
        for name, (length, rule) in CODES.items():
            batch.add_column(sa.Column(name, sa.String(length), nullable=True))
            batch.create_check_constraint(op.f(f"ck_offer_{name}"), rule)
        batch.add_column(sa.Column("exclusive_in_force", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Back. What was said is lost."""
    with op.batch_alter_table("offer") as batch:
        for name in CODES:
            batch.drop_constraint(op.f(f"ck_offer_{name}"), type_="check")
            batch.drop_column(name)
        batch.drop_column("exclusive_in_force")
