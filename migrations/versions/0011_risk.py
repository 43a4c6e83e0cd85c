"""Risk sharing: guarantees with versions and acceptances, claims with lines, and entries of money beside the agreement."""

from __future__ import annotations

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op


revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table('guarantee',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('agreement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('guarantor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('protects', sa.String(length=8), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('maximum', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('since', sa.Date(), nullable=True),
    sa.Column('sha256', sa.String(length=64), nullable=True),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("kind in ('guarantor', 'insurer', 'fund')", name=op.f('ck_guarantee_kind')),
    sa.CheckConstraint("protects in ('licensor', 'licensee')", name=op.f('ck_guarantee_protects')),
    sa.CheckConstraint("state in ('requested', 'offered', 'in_force', 'declined', 'withdrawn', 'ended')", name=op.f('ck_guarantee_state')),
    sa.CheckConstraint("state not in ('in_force', 'ended') or (since is not null and sha256 is not null)", name=op.f('ck_guarantee_in_force')),
    sa.CheckConstraint('maximum > 0', name=op.f('ck_guarantee_maximum')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_guarantee_agreement_id_agreement')),
    sa.ForeignKeyConstraint(['guarantor_id'], ['organisation.id'], name=op.f('fk_guarantee_guarantor_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_guarantee')),
    sa.UniqueConstraint('agreement_id', 'key', name=op.f('uq_guarantee_agreement_id_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_guarantee_public_id'))
    )
    with op.batch_alter_table('guarantee', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_guarantee_agreement_id'), ['agreement_id'], unique=False)
        batch_op.create_index('ix_guarantee_guarantor_id_state', ['guarantor_id', 'state'], unique=False)

    op.create_table('claim',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('guarantee_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('answer', sa.Text(), nullable=True),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('filed', sa.DateTime(timezone=True), nullable=False),
    sa.Column('paid_day', sa.Date(), nullable=True),
    sa.Column('reference', sa.String(length=120), nullable=True),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("state <> 'refused' or answer is not null", name=op.f('ck_claim_answer')),
    sa.CheckConstraint("state in ('filed', 'accepted', 'refused', 'withdrawn', 'paid', 'settled')", name=op.f('ck_claim_state')),
    sa.CheckConstraint("state not in ('paid', 'settled') or paid_day is not null", name=op.f('ck_claim_paid_day')),
    sa.ForeignKeyConstraint(['guarantee_id'], ['guarantee.id'], name=op.f('fk_claim_guarantee_id_guarantee')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_claim_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_claim')),
    sa.UniqueConstraint('guarantee_id', 'key', name=op.f('uq_claim_guarantee_id_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_claim_public_id'))
    )
    with op.batch_alter_table('claim', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_claim_guarantee_id'), ['guarantee_id'], unique=False)

    op.create_table('guarantee_acceptance',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('guarantee_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('side', sa.String(length=8), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("side in ('licensor', 'licensee')", name=op.f('ck_guarantee_acceptance_side')),
    sa.ForeignKeyConstraint(['guarantee_id'], ['guarantee.id'], name=op.f('fk_guarantee_acceptance_guarantee_id_guarantee')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_guarantee_acceptance_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_guarantee_acceptance')),
    sa.UniqueConstraint('guarantee_id', 'number', 'side', name=op.f('uq_guarantee_acceptance_guarantee_id_number_side'))
    )
    op.create_table('guarantee_version',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('guarantee_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('terms', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('side', sa.String(length=9), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("side in ('licensor', 'licensee', 'guarantor')", name=op.f('ck_guarantee_version_side')),
    sa.ForeignKeyConstraint(['guarantee_id'], ['guarantee.id'], name=op.f('fk_guarantee_version_guarantee_id_guarantee')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_guarantee_version_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_guarantee_version')),
    sa.UniqueConstraint('guarantee_id', 'number', name=op.f('uq_guarantee_version_guarantee_id_number'))
    )
    op.create_table('claim_line',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('claim_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('falls', sa.BigInteger(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('paid', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('amount >= 0 and amount <= falls and paid >= 0 and paid <= amount', name=op.f('ck_claim_line_amounts')),
    sa.ForeignKeyConstraint(['claim_id'], ['claim.id'], name=op.f('fk_claim_line_claim_id_claim')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_claim_line')),
    sa.UniqueConstraint('claim_id', 'key', name=op.f('uq_claim_line_claim_id_key'))
    )
    op.create_table('guarantee_entry',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('guarantee_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('claim_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('due', sa.Date(), nullable=True),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('voids_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("(kind = 'premium') = (claim_id is null)", name=op.f('ck_guarantee_entry_claim')),
    sa.CheckConstraint("kind in ('premium', 'debt', 'repayment')", name=op.f('ck_guarantee_entry_kind')),
    sa.CheckConstraint('amount <> 0 and (amount > 0) = (voids_id is null)', name=op.f('ck_guarantee_entry_amount')),
    sa.CheckConstraint('voids_id is null or reason is not null', name=op.f('ck_guarantee_entry_reason')),
    sa.ForeignKeyConstraint(['claim_id'], ['claim.id'], name=op.f('fk_guarantee_entry_claim_id_claim')),
    sa.ForeignKeyConstraint(['guarantee_id'], ['guarantee.id'], name=op.f('fk_guarantee_entry_guarantee_id_guarantee')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_guarantee_entry_person_id_person')),
    sa.ForeignKeyConstraint(['voids_id'], ['guarantee_entry.id'], name=op.f('fk_guarantee_entry_voids_id_guarantee_entry')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_guarantee_entry')),
    sa.UniqueConstraint('guarantee_id', 'key', name=op.f('uq_guarantee_entry_guarantee_id_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_guarantee_entry_public_id')),
    sa.UniqueConstraint('voids_id', name=op.f('uq_guarantee_entry_voids_id'))
    )
    with op.batch_alter_table('guarantee_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_guarantee_entry_claim_id'), ['claim_id'], unique=False)



def downgrade() -> None:
    """Back."""
    with op.batch_alter_table('guarantee_entry', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_guarantee_entry_claim_id'))

    op.drop_table('guarantee_entry')
    op.drop_table('claim_line')
    op.drop_table('guarantee_version')
    op.drop_table('guarantee_acceptance')
    with op.batch_alter_table('claim', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_claim_guarantee_id'))

    op.drop_table('claim')
    with op.batch_alter_table('guarantee', schema=None) as batch_op:
        batch_op.drop_index('ix_guarantee_guarantor_id_state')
        batch_op.drop_index(batch_op.f('ix_guarantee_agreement_id'))

    op.drop_table('guarantee')
