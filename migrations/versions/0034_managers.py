"""Each technology manager has answers of his own: the new pairs are found without regard to what another has said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0034'
down_revision = '0033'
branch_labels = None
depends_on = None

NEW = sa.text("current and firm <> 'declined' and holder <> 'declined'")
BEFORE = sa.text("current and broker = 'new' and firm <> 'declined' and holder <> 'declined'")


def upgrade() -> None:
    """Forward."""
    op.drop_index('ix_match_new_for_broker', table_name='match')
    op.create_index('ix_match_new_for_brokers', 'match', ['probability', 'id'], sqlite_where=NEW, postgresql_where=NEW)
    op.create_index('ix_match_answer_person_id_match_id', 'match_answer', ['person_id', 'match_id'])


def downgrade() -> None:
    """Back."""
    op.drop_index('ix_match_answer_person_id_match_id', table_name='match_answer')
    op.drop_index('ix_match_new_for_brokers', table_name='match')
    op.create_index('ix_match_new_for_broker', 'match', ['probability', 'id'], sqlite_where=BEFORE, postgresql_where=BEFORE)
