"""Introductions agreed to by both sides, the broker's fee with what is due of it, and what a party is reached by."""

from __future__ import annotations

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table('broker_fee',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('deal_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('of', sa.String(length=10), nullable=True),
    sa.Column('rate', sa.Integer(), nullable=True),
    sa.Column('amount', sa.BigInteger(), nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('payer', sa.String(length=8), nullable=True),
    sa.Column('firm_share', sa.Integer(), nullable=False),
    sa.Column('moment', sa.String(length=16), nullable=True),
    sa.Column('due_days', sa.Integer(), nullable=False),
    sa.Column('cap', sa.BigInteger(), nullable=True),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("(kind = 'fixed') = (amount is not null)", name=op.f('ck_broker_fee_fixed')),
    sa.CheckConstraint("(kind = 'percent') = (rate is not null and of is not null)", name=op.f('ck_broker_fee_percent')),
    sa.CheckConstraint("kind = 'none' or (payer is not null and moment is not null)", name=op.f('ck_broker_fee_who_and_when')),
    sa.CheckConstraint("kind in ('percent', 'fixed', 'none')", name=op.f('ck_broker_fee_kind')),
    sa.CheckConstraint("moment is null or moment in ('introduction', 'signing', 'first_payment', 'each_payment')", name=op.f('ck_broker_fee_moment')),
    sa.CheckConstraint("of is null or of in ('received', 'fixed_fees')", name=op.f('ck_broker_fee_of')),
    sa.CheckConstraint("payer is null or payer in ('firm', 'holder', 'both')", name=op.f('ck_broker_fee_payer')),
    sa.CheckConstraint('amount is null or amount > 0', name=op.f('ck_broker_fee_amount')),
    sa.CheckConstraint('cap is null or cap > 0', name=op.f('ck_broker_fee_cap')),
    sa.CheckConstraint('due_days between 0 and 3650', name=op.f('ck_broker_fee_due_days')),
    sa.CheckConstraint('firm_share between 0 and 1000000', name=op.f('ck_broker_fee_firm_share')),
    sa.CheckConstraint('rate is null or (rate > 0 and rate <= 1000000)', name=op.f('ck_broker_fee_rate')),
    sa.ForeignKeyConstraint(['deal_id'], ['deal.id'], name=op.f('fk_broker_fee_deal_id_deal')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_broker_fee_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_broker_fee')),
    sa.UniqueConstraint('deal_id', 'revision', name=op.f('uq_broker_fee_deal_id_revision'))
    )
    op.create_table('fee_due',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('deal_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('payer', sa.String(length=8), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('arose', sa.Date(), nullable=False),
    sa.Column('due', sa.Date(), nullable=False),
    sa.Column('because', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('paid', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("payer in ('firm', 'holder')", name=op.f('ck_fee_due_payer')),
    sa.CheckConstraint('amount >= 0 and paid >= 0', name=op.f('ck_fee_due_amounts')),
    sa.ForeignKeyConstraint(['deal_id'], ['deal.id'], name=op.f('fk_fee_due_deal_id_deal')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_fee_due')),
    sa.UniqueConstraint('deal_id', 'key', name=op.f('uq_fee_due_deal_id_key'))
    )
    with op.batch_alter_table('fee_due') as batch:
        batch.create_index('ix_fee_due_due', ['due'], unique=False)
    op.create_table('consent',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('deal_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('side', sa.String(length=8), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('fee_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('agreed', sa.Boolean(), nullable=False),
    sa.Column('code', sa.String(length=24), nullable=True),
    sa.Column('text', sa.Text(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint(
        "code is null or code in ('too_early', 'benefit_unclear', 'market_route_unclear', 'description_unclear', 'wrong_field', 'already_have_it', "
        "'price', 'terms', 'ip_position', 'capacity', 'timing', 'other')",
        name=op.f('ck_consent_known_code'),
    ),
    sa.CheckConstraint("side in ('firm', 'holder')", name=op.f('ck_consent_side')),
    sa.CheckConstraint('agreed = (code is null)', name=op.f('ck_consent_code')),
    sa.ForeignKeyConstraint(['deal_id'], ['deal.id'], name=op.f('fk_consent_deal_id_deal')),
    sa.ForeignKeyConstraint(['fee_id'], ['broker_fee.id'], name=op.f('fk_consent_fee_id_broker_fee')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_consent_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consent'))
    )
    with op.batch_alter_table('consent') as batch:
        batch.create_index('ix_consent_deal_id_id', ['deal_id', 'id'], unique=False)
        batch.create_index(batch.f('ix_consent_fee_id'), ['fee_id'], unique=False)
    op.create_table('fee_receipt',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('due_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('voids_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('amount > 0', name=op.f('ck_fee_receipt_amount')),
    sa.ForeignKeyConstraint(['due_id'], ['fee_due.id'], name=op.f('fk_fee_receipt_due_id_fee_due')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_fee_receipt_person_id_person')),
    sa.ForeignKeyConstraint(['voids_id'], ['fee_receipt.id'], name=op.f('fk_fee_receipt_voids_id_fee_receipt')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_fee_receipt')),
    sa.UniqueConstraint('voids_id', name=op.f('uq_fee_receipt_voids_id'))
    )
    with op.batch_alter_table('fee_receipt') as batch:
        batch.create_index(batch.f('ix_fee_receipt_due_id'), ['due_id'], unique=False)
    with op.batch_alter_table('deal') as batch:
        batch.add_column(sa.Column('introduced', sa.DateTime(timezone=True), nullable=True))
        batch.create_index('ix_deal_agency_id_state', ['agency_id', 'state'], unique=False)
        batch.create_index('ix_deal_id_state_since', ['id', 'state', 'since'], unique=False)
        batch.create_index('ix_deal_state_id', ['state', 'id'], unique=False)
    with op.batch_alter_table('party') as batch:
        batch.add_column(sa.Column('phone', sa.String(length=40), nullable=True))
        batch.add_column(sa.Column('language', sa.String(length=2), server_default='zh', nullable=False))
        batch.add_column(sa.Column('reason', sa.Text(), nullable=True))
        batch.create_index('ix_party_person_id_state_side_deal_id', ['person_id', 'state', 'side', 'deal_id'], unique=False)
    op.execute("update deal set introduced = (select min(entered) from stage_span where stage_span.deal_id = deal.id and stage = 'introduced')")


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table('party') as batch:
        batch.drop_index('ix_party_person_id_state_side_deal_id')
        batch.drop_column('reason')
        batch.drop_column('language')
        batch.drop_column('phone')
    with op.batch_alter_table('deal') as batch:
        batch.drop_index('ix_deal_state_id')
        batch.drop_index('ix_deal_id_state_since')
        batch.drop_index('ix_deal_agency_id_state')
        batch.drop_column('introduced')
    with op.batch_alter_table('fee_receipt') as batch:
        batch.drop_index(batch.f('ix_fee_receipt_due_id'))
    op.drop_table('fee_receipt')
    with op.batch_alter_table('consent') as batch:
        batch.drop_index(batch.f('ix_consent_fee_id'))
        batch.drop_index('ix_consent_deal_id_id')
    op.drop_table('consent')
    with op.batch_alter_table('fee_due') as batch:
        batch.drop_index('ix_fee_due_due')
    op.drop_table('fee_due')
    op.drop_table('broker_fee')
