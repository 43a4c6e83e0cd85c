"""Statements, audits, reminders, and the credit record."""

from __future__ import annotations

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op


revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table('audit',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('agreement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('first', sa.Date(), nullable=False),
    sa.Column('until', sa.Date(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('begins', sa.Date(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('conclusion', sa.Text(), nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('underpaid', sa.BigInteger(), nullable=True),
    sa.Column('cost', sa.BigInteger(), nullable=True),
    sa.Column('share', sa.String(length=12), nullable=True),
    sa.Column('bears', sa.String(length=8), nullable=True),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('closed', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("(state in ('closed', 'agreed', 'disputed')) = (closed is not null)", name=op.f('ck_audit_closed')),
    sa.CheckConstraint("bears in ('licensor', 'licensee')", name=op.f('ck_audit_bears')),
    sa.CheckConstraint("state in ('asked', 'running', 'closed', 'agreed', 'disputed', 'withdrawn')", name=op.f('ck_audit_state')),
    sa.CheckConstraint('first <= until', name=op.f('ck_audit_periods')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_audit_agreement_id_agreement')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_audit_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit')),
    sa.UniqueConstraint('agreement_id', 'key', name=op.f('uq_audit_agreement_id_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_audit_public_id'))
    )
    with op.batch_alter_table('audit', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_agreement_id'), ['agreement_id'], unique=False)

    op.create_table('credit_entry',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('agreement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('due', sa.Date(), nullable=False),
    sa.Column('done', sa.Date(), nullable=True),
    sa.Column('days_late', sa.Integer(), nullable=False),
    sa.Column('outcome', sa.String(length=10), nullable=False),
    sa.Column('mark', sa.String(length=10), nullable=True),
    sa.CheckConstraint("kind in ('statement', 'payment', 'answer', 'audit', 'dispute')", name=op.f('ck_credit_entry_kind')),
    sa.CheckConstraint("mark in ('void', 'disputed')", name=op.f('ck_credit_entry_mark')),
    sa.CheckConstraint("outcome in ('on_time', 'late', 'overdue', 'estimated', 'noted')", name=op.f('ck_credit_entry_outcome')),
    sa.CheckConstraint('days_late >= 0', name=op.f('ck_credit_entry_days_late')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_credit_entry_agreement_id_agreement')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_credit_entry_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_credit_entry')),
    sa.UniqueConstraint('agreement_id', 'organisation_id', 'key', name=op.f('uq_credit_entry_agreement_id_organisation_id_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_credit_entry_public_id'))
    )
    with op.batch_alter_table('credit_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_credit_entry_agreement_id'), ['agreement_id'], unique=False)
        batch_op.create_index('ix_credit_entry_organisation_id_due', ['organisation_id', 'due', 'id'], unique=False)
        batch_op.create_index('ix_credit_entry_counts', ['organisation_id', 'mark', 'kind', 'outcome', 'days_late'], unique=False)

    op.create_table('statement_reminder',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('agreement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('period', sa.Date(), nullable=False),
    sa.Column('due', sa.Date(), nullable=False),
    sa.Column('step', sa.String(length=10), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("step in ('before', 'due', 'after', 'escalated')", name=op.f('ck_statement_reminder_step')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_statement_reminder_agreement_id_agreement')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_statement_reminder')),
    sa.UniqueConstraint('agreement_id', 'period', 'step', name=op.f('uq_statement_reminder_agreement_id_period_step'))
    )
    op.create_table('audit_finding',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('audit_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('period', sa.Date(), nullable=False),
    sa.Column('stated', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=True),
    sa.Column('found', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('owed_stated', sa.BigInteger(), nullable=False),
    sa.Column('owed_found', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['audit_id'], ['audit.id'], name=op.f('fk_audit_finding_audit_id_audit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_finding')),
    sa.UniqueConstraint('audit_id', 'period', name=op.f('uq_audit_finding_audit_id_period'))
    )
    op.create_table('credit_comment',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('entry_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['entry_id'], ['credit_entry.id'], name=op.f('fk_credit_comment_entry_id_credit_entry')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_credit_comment_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_credit_comment_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_credit_comment')),
    sa.UniqueConstraint('entry_id', 'organisation_id', 'number', name=op.f('uq_credit_comment_entry_id_organisation_id_number'))
    )
    op.create_table('statement',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('agreement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('licensor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('licensee_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('period', sa.Date(), nullable=False),
    sa.Column('last', sa.Date(), nullable=False),
    sa.Column('due', sa.Date(), nullable=False),
    sa.Column('values', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('effect', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('estimate', sa.Boolean(), nullable=False),
    sa.Column('audit_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('replaces_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('event_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('drafted_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('sent_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('day', sa.Date(), nullable=True),
    sa.Column('sent', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answered', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("(state in ('draft', 'discarded')) = (sent is null)", name=op.f('ck_statement_sent')),
    sa.CheckConstraint("state in ('draft', 'sent', 'queried', 'accepted', 'replaced', 'discarded', 'void')", name=op.f('ck_statement_state')),
    sa.CheckConstraint('period <= last', name=op.f('ck_statement_period')),
    sa.CheckConstraint('sent is null or (day is not null and day >= last)', name=op.f('ck_statement_day')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_statement_agreement_id_agreement')),
    sa.ForeignKeyConstraint(['audit_id'], ['audit.id'], name=op.f('fk_statement_audit_id_audit')),
    sa.ForeignKeyConstraint(['drafted_by_id'], ['person.id'], name=op.f('fk_statement_drafted_by_id_person')),
    sa.ForeignKeyConstraint(['event_id'], ['agreement_event.id'], name=op.f('fk_statement_event_id_agreement_event')),
    sa.ForeignKeyConstraint(['licensee_id'], ['organisation.id'], name=op.f('fk_statement_licensee_id_organisation')),
    sa.ForeignKeyConstraint(['licensor_id'], ['organisation.id'], name=op.f('fk_statement_licensor_id_organisation')),
    sa.ForeignKeyConstraint(['replaces_id'], ['statement.id'], name=op.f('fk_statement_replaces_id_statement')),
    sa.ForeignKeyConstraint(['sent_by_id'], ['person.id'], name=op.f('fk_statement_sent_by_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_statement')),
    sa.UniqueConstraint('agreement_id', 'key', name=op.f('uq_statement_agreement_id_key')),
    sa.UniqueConstraint('event_id', name=op.f('uq_statement_event_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_statement_public_id'))
    )
    with op.batch_alter_table('statement', schema=None) as batch_op:
        batch_op.create_index('ix_statement_agreement_id_period', ['agreement_id', 'period'], unique=False)
        batch_op.create_index(batch_op.f('ix_statement_audit_id'), ['audit_id'], unique=False)
        batch_op.create_index('ix_statement_licensee_id_state_id', ['licensee_id', 'state', 'id'], unique=False)
        batch_op.create_index('ix_statement_licensor_id_state_id', ['licensor_id', 'state', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_statement_replaces_id'), ['replaces_id'], unique=False)
        batch_op.create_index('uq_statement_draft', ['agreement_id', 'period'], unique=True, sqlite_where=sa.text("state = 'draft'"), postgresql_where=sa.text("state = 'draft'"))
        batch_op.create_index('uq_statement_standing', ['agreement_id', 'period'], unique=True, sqlite_where=sa.text("state in ('sent', 'queried', 'accepted')"), postgresql_where=sa.text("state in ('sent', 'queried', 'accepted')"))

    op.create_table('statement_remark',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('statement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('audit_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind in ('query', 'reply', 'dispute')", name=op.f('ck_statement_remark_kind')),
    sa.CheckConstraint('(statement_id is null) <> (audit_id is null)', name=op.f('ck_statement_remark_about')),
    sa.ForeignKeyConstraint(['audit_id'], ['audit.id'], name=op.f('fk_statement_remark_audit_id_audit')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_statement_remark_person_id_person')),
    sa.ForeignKeyConstraint(['statement_id'], ['statement.id'], name=op.f('fk_statement_remark_statement_id_statement')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_statement_remark'))
    )
    with op.batch_alter_table('statement_remark', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_statement_remark_audit_id'), ['audit_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_statement_remark_statement_id'), ['statement_id'], unique=False)



def downgrade() -> None:
    """Back."""
    with op.batch_alter_table('statement_remark', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_statement_remark_statement_id'))
        batch_op.drop_index(batch_op.f('ix_statement_remark_audit_id'))

    op.drop_table('statement_remark')
    with op.batch_alter_table('statement', schema=None) as batch_op:
        batch_op.drop_index('uq_statement_standing', sqlite_where=sa.text("state in ('sent', 'queried', 'accepted')"), postgresql_where=sa.text("state in ('sent', 'queried', 'accepted')"))
        batch_op.drop_index('uq_statement_draft', sqlite_where=sa.text("state = 'draft'"), postgresql_where=sa.text("state = 'draft'"))
        batch_op.drop_index(batch_op.f('ix_statement_replaces_id'))
        batch_op.drop_index('ix_statement_licensor_id_state_id')
        batch_op.drop_index('ix_statement_licensee_id_state_id')
        batch_op.drop_index(batch_op.f('ix_statement_audit_id'))
        batch_op.drop_index('ix_statement_agreement_id_period')

    op.drop_table('statement')
    op.drop_table('credit_comment')
    op.drop_table('audit_finding')
    op.drop_table('statement_reminder')
    with op.batch_alter_table('credit_entry', schema=None) as batch_op:
        batch_op.drop_index('ix_credit_entry_counts')
        batch_op.drop_index('ix_credit_entry_organisation_id_due')
        batch_op.drop_index(batch_op.f('ix_credit_entry_agreement_id'))

    op.drop_table('credit_entry')
    with op.batch_alter_table('audit', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_audit_agreement_id'))

    op.drop_table('audit')
