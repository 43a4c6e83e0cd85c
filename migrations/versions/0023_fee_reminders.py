"""Reminders of the broker's fee, and an index of what is unpaid of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table('fee_reminder',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('due_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('step', sa.String(length=8), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("step in ('payable', 'overdue')", name=op.f('ck_fee_reminder_step')),
    sa.ForeignKeyConstraint(['due_id'], ['fee_due.id'], name=op.f('fk_fee_reminder_due_id_fee_due')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_fee_reminder')),
    sa.UniqueConstraint('due_id', 'step', 'day', name=op.f('uq_fee_reminder_due_id_step_day'))
    )
    with op.batch_alter_table('fee_due') as batch:
        batch.drop_index('ix_fee_due_due')
        batch.create_index(
            'ix_fee_due_unpaid', ['due', 'deal_id'], unique=False, sqlite_where=sa.text('amount > paid'), postgresql_where=sa.text('amount > paid'),
        )


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table('fee_due') as batch:
        batch.drop_index('ix_fee_due_unpaid')
        batch.create_index('ix_fee_due_due', ['due'], unique=False)
    op.drop_table('fee_reminder')
