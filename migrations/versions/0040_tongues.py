"""A person reads the site, and its mail, in any language that it speaks; texts stay Chinese or English. Codes of languages may have three letters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0040'
down_revision = '0039'
branch_labels = None
depends_on = None

SPOKEN = ('mail', 'invitation', 'party')
"""Tables whose `language` is that of a mail."""


def _widen(before: int, after: int) -> None:
    for table in SPOKEN:
        with op.batch_alter_table(table) as batch:
            batch.alter_column('language', existing_type=sa.String(length=before), type_=sa.String(length=after), existing_nullable=False)


def upgrade() -> None:
    """Forward: everybody goes on in the language he had."""
    with op.batch_alter_table('person') as batch:
        batch.add_column(sa.Column('tongue', sa.String(length=3), server_default='zh', nullable=False))
    op.execute("update person set tongue = language")
    with op.batch_alter_table('person') as batch:
        batch.create_check_constraint(batch.f('ck_person_tongue'), "tongue not in ('zh', 'en') or tongue = language")
    _widen(2, 3)


def downgrade() -> None:
    """Back: whoever reads a third language gets mail in that of his texts."""
    for table in SPOKEN:
        op.execute(f"update {table} set language = 'en' where length(language) > 2")
    _widen(3, 2)
    with op.batch_alter_table('person') as batch:
        batch.drop_constraint(batch.f('ck_person_tongue'), type_='check')
        batch.drop_column('tongue')
