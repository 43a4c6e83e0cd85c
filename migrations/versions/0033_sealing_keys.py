"""Sealing keys that the site has used, and what the daily look at keys of calls found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0033'
down_revision = '0032'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table('sealing_key',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public', sa.String(length=44), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('retired', sa.DateTime(timezone=True), nullable=True),
    sa.Column('cleared', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('cleared is null or retired is not null', name=op.f('ck_sealing_key_cleared')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sealing_key')),
    sa.UniqueConstraint('public', name=op.f('uq_sealing_key_public'))
    )
    with op.batch_alter_table('call_key') as batch:
        batch.add_column(sa.Column('trouble', sa.String(length=8), nullable=True))
        batch.add_column(sa.Column('troubled', sa.DateTime(timezone=True), nullable=True))
        batch.create_check_constraint(batch.f('ck_call_key_trouble'), "trouble in ('shut', 'holders', 'shares')")
        batch.create_check_constraint(batch.f('ck_call_key_troubled'), '(trouble is null) = (troubled is null)')


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table('call_key') as batch:
        batch.drop_constraint(batch.f('ck_call_key_troubled'), type_='check')
        batch.drop_constraint(batch.f('ck_call_key_trouble'), type_='check')
        batch.drop_column('troubled')
        batch.drop_column('trouble')
    op.drop_table('sealing_key')
