"""The trail: alterations of rows with before and after, the links of the chain over the log, the anchors that leave the site.

Back: the three tables go, and with them the proof; the events stay. Keep the last anchor and a copy of the tables before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0044'
down_revision = '0042'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
DATA = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Forward: empty tables; the job chains what the log holds already."""
    op.create_table(
        'alteration',
        sa.Column('id', KEY, nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('event_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
        sa.Column('actor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
        sa.Column('actor_kind', sa.String(length=10), nullable=False),
        sa.Column('thing', sa.String(length=63), nullable=False),
        sa.Column('thing_id', sa.BigInteger(), nullable=True),
        sa.Column('verb', sa.String(length=10), nullable=False),
        sa.Column('fields', DATA, nullable=False),
        sa.Column('salt', sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(['actor_id'], ['person.id'], name=op.f('fk_alteration_actor_id_person')),
        sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_alteration_event_id_event')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_alteration')),
    )
    op.create_index('ix_alteration_event_id', 'alteration', ['event_id'])
    op.create_index('ix_alteration_thing_thing_id', 'alteration', ['thing', 'thing_id'])
    op.create_table(
        'link',
        sa.Column('position', KEY, autoincrement=False, nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('source', sa.String(length=24), nullable=False),
        sa.Column('source_id', sa.BigInteger(), nullable=False),
        sa.Column('salt', sa.LargeBinary(length=16), nullable=True),
        sa.Column('hash', sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint('position', name=op.f('pk_link')),
        sa.UniqueConstraint('source', 'source_id', name=op.f('uq_link_source')),
    )
    op.create_table(
        'anchor',
        sa.Column('id', KEY, nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('position', sa.BigInteger(), nullable=False),
        sa.Column('hash', sa.String(length=64), nullable=False),
        sa.Column('paper', DATA, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_anchor')),
        sa.UniqueConstraint('position', name=op.f('uq_anchor_position')),
    )


def downgrade() -> None:
    """Back: without the trail."""
    for table in ('anchor', 'link', 'alteration'):
        op.drop_table(table)
