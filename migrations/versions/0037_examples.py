"""Somebody new tries the site with an example that only he sees and that is thrown away wholly."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0037'
down_revision = '0036'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
DATA = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql')


def upgrade() -> None:
    """Forward."""
    op.create_table(
        'example',
        sa.Column('id', KEY, nullable=False),
        sa.Column('person_id', KEY, nullable=False),
        sa.Column('kind', sa.String(length=12), nullable=False),
        sa.Column('language', sa.String(length=2), nullable=False),
        sa.Column('title', sa.String(length=200), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('answers', DATA, nullable=False),
        sa.Column('stage', sa.String(length=12), nullable=True),
        sa.Column('created', sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('need', 'technology', 'pair')", name=op.f('ck_example_kind')),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_example_person_id_person')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_example')),
        sa.UniqueConstraint('person_id', name=op.f('uq_example_person_id')),
    )


def downgrade() -> None:
    """Back."""
    op.drop_table('example')
