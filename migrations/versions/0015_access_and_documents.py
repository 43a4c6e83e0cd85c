"""access and documents"""

from __future__ import annotations

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op


revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table('access_entry',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('thing', sa.String(length=30), nullable=False),
    sa.Column('thing_id', sa.Integer(), nullable=False),
    sa.Column('owner_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('what', sa.String(length=12), nullable=False),
    sa.Column('about', sa.String(length=200), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_access_entry_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['owner_id'], ['organisation.id'], name=op.f('fk_access_entry_owner_id_organisation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_access_entry_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_access_entry'))
    )
    with op.batch_alter_table('access_entry') as batch:
        batch.create_index('ix_access_entry_owner_id_id', ['owner_id', 'id'], unique=False)
        batch.create_index('ix_access_entry_thing_thing_id_id', ['thing', 'thing_id', 'id'], unique=False)

    op.create_table('moderation',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('thing', sa.String(length=30), nullable=False),
    sa.Column('thing_id', sa.Integer(), nullable=False),
    sa.Column('owner_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('until > at', name=op.f('ck_moderation_until')),
    sa.ForeignKeyConstraint(['owner_id'], ['organisation.id'], name=op.f('fk_moderation_owner_id_organisation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_moderation_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_moderation')),
    sa.UniqueConstraint('public_id', name=op.f('uq_moderation_public_id'))
    )
    with op.batch_alter_table('moderation') as batch:
        batch.create_index(batch.f('ix_moderation_owner_id'), ['owner_id'], unique=False)
        batch.create_index('ix_moderation_person_id_thing_thing_id', ['person_id', 'thing', 'thing_id'], unique=False)



def downgrade() -> None:
    """Back."""
    with op.batch_alter_table('moderation') as batch:
        batch.drop_index('ix_moderation_person_id_thing_thing_id')
        batch.drop_index(batch.f('ix_moderation_owner_id'))

    op.drop_table('moderation')
    with op.batch_alter_table('access_entry') as batch:
        batch.drop_index('ix_access_entry_thing_thing_id_id')
        batch.drop_index('ix_access_entry_owner_id_id')

    op.drop_table('access_entry')
