"""Answers keep where in the list the match stood, and on which scoring it was answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    with op.batch_alter_table('match_answer', schema=None) as batch_op:
        batch_op.add_column(sa.Column('position', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('scoring_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.create_check_constraint(batch_op.f('ck_match_answer_position'), 'position >= 1')
        batch_op.create_foreign_key(batch_op.f('fk_match_answer_scoring_id_scoring'), 'scoring', ['scoring_id'], ['id'])


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table('match_answer', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_match_answer_scoring_id_scoring'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('ck_match_answer_position'), type_='check')
        batch_op.drop_column('scoring_id')
        batch_op.drop_column('position')
