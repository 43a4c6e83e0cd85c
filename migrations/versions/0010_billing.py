"""Billing profiles, invoices and their series, tax invoice numbers, bank statements, payments, reminders."""

from __future__ import annotations

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op


revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table('bank_file',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('rejected', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('known', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_bank_file_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_bank_file_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bank_file')),
    sa.UniqueConstraint('organisation_id', 'sha256', name=op.f('uq_bank_file_organisation_id_sha256')),
    sa.UniqueConstraint('public_id', name=op.f('uq_bank_file_public_id'))
    )
    op.create_table('billing_profile',
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('address', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('bank', sa.String(length=120), nullable=True),
    sa.Column('account_name', sa.String(length=120), nullable=True),
    sa.Column('account', sa.String(length=40), nullable=True),
    sa.Column('tax_note', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('automatic', sa.Boolean(), nullable=False),
    sa.Column('zone', sa.String(length=40), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_billing_profile_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('organisation_id', name=op.f('pk_billing_profile'))
    )
    op.create_table('invoice_series',
    sa.Column('issuer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('year', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('last', sa.Integer(), nullable=False),
    sa.CheckConstraint('last >= 0', name=op.f('ck_invoice_series_last')),
    sa.ForeignKeyConstraint(['issuer_id'], ['organisation.id'], name=op.f('fk_invoice_series_issuer_id_organisation')),
    sa.PrimaryKeyConstraint('issuer_id', 'year', name=op.f('pk_invoice_series'))
    )
    op.create_table('bank_line',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('file_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('fingerprint', sa.String(length=64), nullable=False),
    sa.Column('transaction', sa.String(length=80), nullable=True),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('payer', sa.String(length=200), nullable=False),
    sa.Column('reference', sa.String(length=300), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("state in ('open', 'taken', 'set_aside')", name=op.f('ck_bank_line_state')),
    sa.CheckConstraint('amount > 0', name=op.f('ck_bank_line_amount')),
    sa.ForeignKeyConstraint(['file_id'], ['bank_file.id'], name=op.f('fk_bank_line_file_id_bank_file')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_bank_line_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bank_line')),
    sa.UniqueConstraint('organisation_id', 'fingerprint', name=op.f('uq_bank_line_organisation_id_fingerprint')),
    sa.UniqueConstraint('public_id', name=op.f('uq_bank_line_public_id'))
    )
    with op.batch_alter_table('bank_line', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_bank_line_file_id'), ['file_id'], unique=False)
        batch_op.create_index('ix_bank_line_organisation_id_state_id', ['organisation_id', 'state', 'id'], unique=False)

    op.create_table('invoice',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('issuer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('agreement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('reference', sa.String(length=24), nullable=False),
    sa.Column('subject', sa.String(length=120), nullable=True),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('cancels_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('issued', sa.Date(), nullable=False),
    sa.Column('due', sa.Date(), nullable=True),
    sa.Column('period_first', sa.Date(), nullable=True),
    sa.Column('period_last', sa.Date(), nullable=True),
    sa.Column('copy', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("(kind = 'mirror' and amount < 0) or (kind <> 'mirror' and amount > 0)", name=op.f('ck_invoice_amount')),
    sa.CheckConstraint("(kind = 'mirror') = (cancels_id is not null)", name=op.f('ck_invoice_mirror')),
    sa.CheckConstraint("(kind = 'mirror') = (subject is null)", name=op.f('ck_invoice_subject')),
    sa.CheckConstraint("kind in ('fee', 'interest', 'mirror')", name=op.f('ck_invoice_kind')),
    sa.CheckConstraint('number > 0', name=op.f('ck_invoice_number')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_invoice_agreement_id_agreement')),
    sa.ForeignKeyConstraint(['cancels_id'], ['invoice.id'], name=op.f('fk_invoice_cancels_id_invoice')),
    sa.ForeignKeyConstraint(['customer_id'], ['organisation.id'], name=op.f('fk_invoice_customer_id_organisation')),
    sa.ForeignKeyConstraint(['issuer_id'], ['organisation.id'], name=op.f('fk_invoice_issuer_id_organisation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_invoice_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invoice')),
    sa.UniqueConstraint('agreement_id', 'subject', 'round', name=op.f('uq_invoice_agreement_id_subject_round')),
    sa.UniqueConstraint('cancels_id', name=op.f('uq_invoice_cancels_id')),
    sa.UniqueConstraint('issuer_id', 'reference', name=op.f('uq_invoice_issuer_id_reference')),
    sa.UniqueConstraint('issuer_id', 'year', 'number', name=op.f('uq_invoice_issuer_id_year_number')),
    sa.UniqueConstraint('public_id', name=op.f('uq_invoice_public_id'))
    )
    with op.batch_alter_table('invoice', schema=None) as batch_op:
        batch_op.create_index('ix_invoice_customer_id_id', ['customer_id', 'id'], unique=False)
        batch_op.create_index('ix_invoice_issuer_id_id', ['issuer_id', 'id'], unique=False)

    op.create_table('payment',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('agreement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('licensor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('licensee_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('interest', sa.BigInteger(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('reference', sa.String(length=300), nullable=False),
    sa.Column('reference_key', sa.String(length=300), nullable=False),
    sa.Column('transaction', sa.String(length=80), nullable=True),
    sa.Column('twin', sa.Integer(), nullable=False),
    sa.Column('obligation_key', sa.String(length=120), nullable=True),
    sa.Column('line_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answered', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("state in ('reported', 'confirmed', 'rejected', 'bounced')", name=op.f('ck_payment_state')),
    sa.CheckConstraint("state not in ('rejected', 'bounced') or reason is not null", name=op.f('ck_payment_reason')),
    sa.CheckConstraint('amount > 0 and interest >= 0 and interest <= amount', name=op.f('ck_payment_amount')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_payment_agreement_id_agreement')),
    sa.ForeignKeyConstraint(['licensee_id'], ['organisation.id'], name=op.f('fk_payment_licensee_id_organisation')),
    sa.ForeignKeyConstraint(['licensor_id'], ['organisation.id'], name=op.f('fk_payment_licensor_id_organisation')),
    sa.ForeignKeyConstraint(['line_id'], ['bank_line.id'], name=op.f('fk_payment_line_id_bank_line')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_payment_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payment')),
    sa.UniqueConstraint('agreement_id', 'key', name=op.f('uq_payment_agreement_id_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_payment_public_id'))
    )
    with op.batch_alter_table('payment', schema=None) as batch_op:
        batch_op.create_index('ix_payment_licensee_id_state_id', ['licensee_id', 'state', 'id'], unique=False)
        batch_op.create_index('ix_payment_licensor_id_state_id', ['licensor_id', 'state', 'id'], unique=False)
        batch_op.create_index('uq_payment_line', ['line_id'], unique=True, sqlite_where=sa.text("state in ('reported', 'confirmed')"), postgresql_where=sa.text("state in ('reported', 'confirmed')"))
        batch_op.create_index('uq_payment_same', ['agreement_id', 'day', 'amount', 'reference_key', 'twin'], unique=True, sqlite_where=sa.text("state in ('reported', 'confirmed')"), postgresql_where=sa.text("state in ('reported', 'confirmed')"))
        batch_op.create_index('uq_payment_transaction', ['licensor_id', 'transaction'], unique=True, sqlite_where=sa.text("state in ('reported', 'confirmed')"), postgresql_where=sa.text("state in ('reported', 'confirmed')"))

    op.create_table('reminder',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('agreement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('obligation_key', sa.String(length=120), nullable=False),
    sa.Column('due', sa.Date(), nullable=False),
    sa.Column('stage', sa.String(length=8), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("stage in ('before', 'due', 'after_7', 'after_30')", name=op.f('ck_reminder_stage')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_reminder_agreement_id_agreement')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reminder')),
    sa.UniqueConstraint('agreement_id', 'obligation_key', 'due', 'stage', name=op.f('uq_reminder_agreement_id_obligation_key_due_stage'))
    )
    op.create_table('tax_invoice',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('invoice_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['invoice_id'], ['invoice.id'], name=op.f('fk_tax_invoice_invoice_id_invoice')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_tax_invoice_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tax_invoice')),
    sa.UniqueConstraint('invoice_id', 'number', name=op.f('uq_tax_invoice_invoice_id_number'))
    )


def downgrade() -> None:
    """Back."""
    op.drop_table('tax_invoice')
    op.drop_table('reminder')
    with op.batch_alter_table('payment', schema=None) as batch_op:
        batch_op.drop_index('uq_payment_transaction', sqlite_where=sa.text("state in ('reported', 'confirmed')"), postgresql_where=sa.text("state in ('reported', 'confirmed')"))
        batch_op.drop_index('uq_payment_same', sqlite_where=sa.text("state in ('reported', 'confirmed')"), postgresql_where=sa.text("state in ('reported', 'confirmed')"))
        batch_op.drop_index('uq_payment_line', sqlite_where=sa.text("state in ('reported', 'confirmed')"), postgresql_where=sa.text("state in ('reported', 'confirmed')"))
        batch_op.drop_index('ix_payment_licensor_id_state_id')
        batch_op.drop_index('ix_payment_licensee_id_state_id')

    op.drop_table('payment')
    with op.batch_alter_table('invoice', schema=None) as batch_op:
        batch_op.drop_index('ix_invoice_issuer_id_id')
        batch_op.drop_index('ix_invoice_customer_id_id')

    op.drop_table('invoice')
    with op.batch_alter_table('bank_line', schema=None) as batch_op:
        batch_op.drop_index('ix_bank_line_organisation_id_state_id')
        batch_op.drop_index(batch_op.f('ix_bank_line_file_id'))

    op.drop_table('bank_line')
    op.drop_table('invoice_series')
    op.drop_table('billing_profile')
    op.drop_table('bank_file')
