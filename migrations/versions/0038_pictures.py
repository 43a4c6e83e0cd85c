"""Pictures beside listings: how large they are, and what they show."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0038'
down_revision = '0037'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. Files that were there before are offered as files only."""
    op.add_column('attachment', sa.Column('width', sa.Integer(), nullable=True))
    op.add_column('attachment', sa.Column('height', sa.Integer(), nullable=True))
    op.add_column('attachment', sa.Column('shows', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), 'postgresql'), server_default='{}', nullable=False))


def downgrade() -> None:
    """Back."""
    for name in ('shows', 'height', 'width'):
        op.drop_column('attachment', name)
