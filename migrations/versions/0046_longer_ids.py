"""The id of a problem pasted without an account opens its page alone: it gets 128 bits, 26 characters.

Back: ids that are longer than the column would be are cut off with their problems, which nobody could open any more.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0046'
down_revision = '0044'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: the column is wider; ids that were given out stay."""
    with op.batch_alter_table('pasted_problem') as batch:
        batch.alter_column('public_id', existing_type=sa.String(16), type_=sa.String(26), existing_nullable=False)


def downgrade() -> None:
    """Back: problems under longer ids go; they live for two weeks anyway."""
    op.execute("delete from pasted_problem where length(public_id) > 16")
    with op.batch_alter_table('pasted_problem') as batch:
        batch.alter_column('public_id', existing_type=sa.String(26), type_=sa.String(16), existing_nullable=False)
