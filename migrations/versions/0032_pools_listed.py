"""A pool's region and its words as the list looks for them, the index that the list of pools walks along, and that of a pool's pledges."""

from __future__ import annotations

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op

revision = '0032'
down_revision = '0031'
branch_labels = None
depends_on = None

TEXTS = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), 'postgresql')
POOL = sa.table('pool', sa.column('id', sa.BigInteger), sa.column('title', TEXTS), sa.column('brief', TEXTS), sa.column('searched', sa.Text))


def upgrade() -> None:
    """Forward."""
    with op.batch_alter_table('pool') as batch:
        batch.add_column(sa.Column('region', sa.String(length=6), nullable=True))
        batch.add_column(sa.Column('searched', sa.Text(), server_default='', nullable=False))
    _fill(op.get_bind())
    with op.batch_alter_table('pool') as batch:
        batch.drop_index('ix_pool_visibility_state_id')
        batch.drop_index('ix_pool_state_deadline')
        batch.create_index('ix_pool_listed', [
            'state', 'deadline', 'id', 'visibility', 'organisation_id', 'industry', 'region', 'currency', 'threshold', 'opened',
        ], unique=False)
        batch.create_index('ix_pool_visibility_opened_id', ['visibility', 'opened', 'id'], unique=False)
    with op.batch_alter_table('pledge') as batch:
        batch.create_index(batch.f('ix_pledge_pool_id'), ['pool_id'], unique=False)


def _fill(bind: sa.Connection) -> None:
    """The words of the pools that are there."""
    for key, *texts in bind.execute(sa.select(POOL.c.id, POOL.c.title, POOL.c.brief)).all():
        said = "\n".join(one for text in texts for one in text.values()).casefold()
        bind.execute(sa.update(POOL).where(POOL.c.id == key).values(searched=said))


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table('pledge') as batch:
        batch.drop_index(batch.f('ix_pledge_pool_id'))
    with op.batch_alter_table('pool') as batch:
        batch.drop_index('ix_pool_visibility_opened_id')
        batch.drop_index('ix_pool_listed')
        batch.create_index('ix_pool_state_deadline', ['state', 'deadline'], unique=False)
        batch.create_index('ix_pool_visibility_state_id', ['visibility', 'state', 'id'], unique=False)
    op.drop_column('pool', 'searched')  # as it is, not by a copy of the table: a copy would lose the checks on SQLite
    op.drop_column('pool', 'region')
