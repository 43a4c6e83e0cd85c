"""Somebody who has hidden his first steps does not see them again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0035'
down_revision = '0034'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    with op.batch_alter_table('person') as batch:
        batch.add_column(sa.Column('first_steps_hidden', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table('person') as batch:
        batch.drop_column('first_steps_hidden')
