"""Pools in the index of the engine: their column of words goes."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op

revision = '0039'
down_revision = '0038'
branch_labels = None
depends_on = None

TEXTS = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), 'postgresql')
POOL = sa.table('pool', sa.column('id', sa.BigInteger), sa.column('title', TEXTS), sa.column('brief', TEXTS), sa.column('searched', sa.Text))


def upgrade() -> None:
    """Forward. The worker brings the pools that stand on the site into the index: until then words find none of them."""
    op.drop_column('pool', 'searched')
    moment = sa.bindparam('moment', datetime.now(UTC), sa.DateTime(timezone=True))
    op.execute(sa.text(
        "insert into job (kind, key, \"values\", state, due, attempts, created) select 'pools.index_all', 'all', '{}', 'queued', :moment, 0, :moment "
        "where exists (select 1 from pool where opened is not null)").bindparams(moment))


def downgrade() -> None:
    """Back: the words are written into their column again."""
    op.execute("delete from job where kind in ('pools.index', 'pools.index_all') and state = 'queued'")
    op.add_column('pool', sa.Column('searched', sa.Text(), server_default='', nullable=False))
    bind = op.get_bind()
    for key, *texts in bind.execute(sa.select(POOL.c.id, POOL.c.title, POOL.c.brief)).all():
        said = "\n".join(one for text in texts for one in text.values()).casefold()
        bind.execute(sa.update(POOL).where(POOL.c.id == key).values(searched=said))
