"""Licensing: agreements with their versions, signatures and events, and what the schedule says of them."""

from __future__ import annotations

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op


revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table('agreement',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('technology_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('offer_revision', sa.Integer(), nullable=True),
    sa.Column('title', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('licensor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('licensee_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('drafted_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.String(length=14), nullable=False),
    sa.Column('disputed', sa.Boolean(), nullable=False),
    sa.Column('zone', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('proposed', sa.DateTime(timezone=True), nullable=True),
    sa.Column('signed', sa.DateTime(timezone=True), nullable=True),
    sa.Column('text_sha256', sa.String(length=64), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("(state = 'countersigned') = (signed is not null)", name=op.f('ck_agreement_signed')),
    sa.CheckConstraint("state <> 'countersigned' or text_sha256 is not null", name=op.f('ck_agreement_text')),
    sa.CheckConstraint("state in ('draft', 'proposed', 'countersigned', 'withdrawn')", name=op.f('ck_agreement_state')),
    sa.CheckConstraint('drafted_by_id in (licensor_id, licensee_id)', name=op.f('ck_agreement_drafted_by')),
    sa.CheckConstraint('licensor_id <> licensee_id', name=op.f('ck_agreement_sides')),
    sa.ForeignKeyConstraint(['drafted_by_id'], ['organisation.id'], name=op.f('fk_agreement_drafted_by_id_organisation')),
    sa.ForeignKeyConstraint(['licensee_id'], ['organisation.id'], name=op.f('fk_agreement_licensee_id_organisation')),
    sa.ForeignKeyConstraint(['licensor_id'], ['organisation.id'], name=op.f('fk_agreement_licensor_id_organisation')),
    sa.ForeignKeyConstraint(['technology_id'], ['technology.id'], name=op.f('fk_agreement_technology_id_technology')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agreement')),
    sa.UniqueConstraint('public_id', name=op.f('uq_agreement_public_id')),
    sa.UniqueConstraint('text_sha256', name=op.f('uq_agreement_text_sha256'))
    )
    with op.batch_alter_table('agreement', schema=None) as batch_op:
        batch_op.create_index('ix_agreement_licensee_id_state', ['licensee_id', 'state'], unique=False)
        batch_op.create_index('ix_agreement_licensor_id_state', ['licensor_id', 'state'], unique=False)
        batch_op.create_index('ix_agreement_state_id', ['state', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_agreement_technology_id'), ['technology_id'], unique=False)

    op.create_table('agreement_event',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('agreement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('type', sa.String(length=20), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('values', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('voids_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("type in ('trial_started', 'trial_extended', 'converted', 'declined', 'first_revenue', 'milestone_accepted', 'submitted', 'accepted', 'rejected', 'statement', 'bought_out', 'terminated', 'certified', 'payment', 'interest_paid')", name=op.f('ck_agreement_event_type')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_agreement_event_agreement_id_agreement')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_agreement_event_person_id_person')),
    sa.ForeignKeyConstraint(['voids_id'], ['agreement_event.id'], name=op.f('fk_agreement_event_voids_id_agreement_event')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agreement_event')),
    sa.UniqueConstraint('agreement_id', 'key', name=op.f('uq_agreement_event_agreement_id_key')),
    sa.UniqueConstraint('voids_id', name=op.f('uq_agreement_event_voids_id'))
    )
    with op.batch_alter_table('agreement_event', schema=None) as batch_op:
        batch_op.create_index('ix_agreement_event_agreement_id_id', ['agreement_id', 'id'], unique=False)

    op.create_table('agreement_version',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('agreement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('terms', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('clauses', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('side', sa.String(length=8), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("side in ('licensor', 'licensee')", name=op.f('ck_agreement_version_side')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_agreement_version_agreement_id_agreement')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_agreement_version_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agreement_version')),
    sa.UniqueConstraint('agreement_id', 'number', name=op.f('uq_agreement_version_agreement_id_number'))
    )
    op.create_table('obligation',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('agreement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('licensor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('licensee_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=True),
    sa.Column('trigger', sa.Date(), nullable=True),
    sa.Column('due', sa.Date(), nullable=True),
    sa.Column('expected', sa.Date(), nullable=True),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('paid', sa.BigInteger(), nullable=False),
    sa.Column('unpaid', sa.BigInteger(), nullable=False),
    sa.Column('interest', sa.BigInteger(), nullable=False),
    sa.Column('because', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.CheckConstraint("state in ('pending', 'open', 'overdue', 'paid', 'void')", name=op.f('ck_obligation_state')),
    sa.CheckConstraint('paid >= 0 and unpaid >= 0', name=op.f('ck_obligation_amounts')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_obligation_agreement_id_agreement')),
    sa.ForeignKeyConstraint(['licensee_id'], ['organisation.id'], name=op.f('fk_obligation_licensee_id_organisation')),
    sa.ForeignKeyConstraint(['licensor_id'], ['organisation.id'], name=op.f('fk_obligation_licensor_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_obligation')),
    sa.UniqueConstraint('agreement_id', 'key', name=op.f('uq_obligation_agreement_id_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_obligation_public_id'))
    )
    with op.batch_alter_table('obligation', schema=None) as batch_op:
        batch_op.create_index('ix_obligation_licensee_id_state_due', ['licensee_id', 'state', 'due'], unique=False)
        batch_op.create_index('ix_obligation_licensor_id_state_due', ['licensor_id', 'state', 'due'], unique=False)

    op.create_table('signature',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('agreement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('side', sa.String(length=8), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('text_sha256', sa.String(length=64), nullable=False),
    sa.Column('counter', sa.Integer(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('asked', sa.DateTime(timezone=True), nullable=False),
    sa.Column('signed', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("side in ('licensor', 'licensee')", name=op.f('ck_signature_side')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_signature_agreement_id_agreement')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_signature_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_signature')),
    sa.UniqueConstraint('agreement_id', 'number', 'side', 'person_id', name=op.f('uq_signature_agreement_id_number_side_person_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_signature_public_id'))
    )
    with op.batch_alter_table('signature', schema=None) as batch_op:
        batch_op.create_index('uq_signature_signed', ['agreement_id', 'number', 'side'], unique=True, sqlite_where=sa.text('signed is not null'), postgresql_where=sa.text('signed is not null'))

    op.create_table('standing',
    sa.Column('agreement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('as_of', sa.Date(), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('fees', sa.BigInteger(), nullable=False),
    sa.Column('paid', sa.BigInteger(), nullable=False),
    sa.Column('outstanding', sa.BigInteger(), nullable=False),
    sa.Column('overdue', sa.BigInteger(), nullable=False),
    sa.Column('interest', sa.BigInteger(), nullable=False),
    sa.Column('credit', sa.BigInteger(), nullable=False),
    sa.Column('trial_end', sa.Date(), nullable=True),
    sa.Column('window_end', sa.Date(), nullable=True),
    sa.Column('statement_due', sa.Date(), nullable=True),
    sa.Column('statements_overdue', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_standing_agreement_id_agreement')),
    sa.PrimaryKeyConstraint('agreement_id', name=op.f('pk_standing'))
    )
    with op.batch_alter_table('standing', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_standing_as_of'), ['as_of'], unique=False)



def downgrade() -> None:
    """Back."""
    with op.batch_alter_table('standing', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_standing_as_of'))

    op.drop_table('standing')
    with op.batch_alter_table('signature', schema=None) as batch_op:
        batch_op.drop_index('uq_signature_signed', sqlite_where=sa.text('signed is not null'), postgresql_where=sa.text('signed is not null'))

    op.drop_table('signature')
    with op.batch_alter_table('obligation', schema=None) as batch_op:
        batch_op.drop_index('ix_obligation_licensor_id_state_due')
        batch_op.drop_index('ix_obligation_licensee_id_state_due')

    op.drop_table('obligation')
    op.drop_table('agreement_version')
    with op.batch_alter_table('agreement_event', schema=None) as batch_op:
        batch_op.drop_index('ix_agreement_event_agreement_id_id')

    op.drop_table('agreement_event')
    with op.batch_alter_table('agreement', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_agreement_technology_id'))
        batch_op.drop_index('ix_agreement_state_id')
        batch_op.drop_index('ix_agreement_licensor_id_state')
        batch_op.drop_index('ix_agreement_licensee_id_state')

    op.drop_table('agreement')
