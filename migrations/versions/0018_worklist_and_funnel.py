"""What a technology manager works in and has put off; the counted funnel; the new pairs in the order of their probability."""

from __future__ import annotations

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


NEW_FOR_BROKER = sa.text("current and broker = 'new' and firm <> 'declined' and holder <> 'declined'")


def upgrade() -> None:
    """Forward."""
    op.create_table('funnel_report',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('as_of', sa.Date(), nullable=False),
    sa.Column('computed', sa.DateTime(timezone=True), nullable=False),
    sa.Column('figures', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_funnel_report')),
    sa.UniqueConstraint('as_of', name=op.f('uq_funnel_report_as_of'))
    )
    op.create_table('snooze',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('thing', sa.String(length=40), nullable=False),
    sa.Column('until', sa.Date(), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_snooze_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_snooze')),
    sa.UniqueConstraint('person_id', 'kind', 'thing', name=op.f('uq_snooze_person_id_kind_thing'))
    )
    op.create_table('specialty',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('industries', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('fields', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('regions', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_specialty_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_specialty')),
    sa.UniqueConstraint('person_id', name=op.f('uq_specialty_person_id'))
    )
    with op.batch_alter_table('match') as batch:
        batch.create_index('ix_match_new_for_broker', ['probability', 'id'], unique=False, sqlite_where=NEW_FOR_BROKER, postgresql_where=NEW_FOR_BROKER)
    with op.batch_alter_table('need') as batch:
        batch.create_index('ix_need_grade_verified_until', ['grade', 'verified_until'], unique=False)


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table('need') as batch:
        batch.drop_index('ix_need_grade_verified_until')
    with op.batch_alter_table('match') as batch:
        batch.drop_index('ix_match_new_for_broker', sqlite_where=NEW_FOR_BROKER, postgresql_where=NEW_FOR_BROKER)

    op.drop_table('specialty')
    op.drop_table('snooze')
    op.drop_table('funnel_report')
