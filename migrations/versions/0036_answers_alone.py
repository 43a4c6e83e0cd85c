"""What technology managers say to a match stands in their answers alone; the column that repeated the newest of them all goes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0036'
down_revision = '0035'
branch_labels = None
depends_on = None

NEWEST = sa.text(
    "update match set broker = (select answer from match_answer where match_answer.match_id = match.id and side = 'broker' order by id desc limit 1) "
    "where exists (select 1 from match_answer where match_answer.match_id = match.id and side = 'broker')")


def upgrade() -> None:
    """Forward."""
    with op.batch_alter_table('match') as batch:
        batch.drop_constraint(batch.f('ck_match_broker'), type_='check')
        batch.drop_column('broker')


def downgrade() -> None:
    """Back: the newest answer of any technology manager is repeated again."""
    with op.batch_alter_table('match') as batch:
        batch.add_column(sa.Column('broker', sa.String(length=12), server_default='new', nullable=False))
        batch.create_check_constraint(batch.f('ck_match_broker'), "broker in ('new', 'shortlisted', 'declined', 'introduced')")
    op.execute(NEWEST)
