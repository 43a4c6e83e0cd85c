"""Duties: pricings, notices with objections, recordals, registrations; assets, decisions and exports of the register."""

from __future__ import annotations

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op

revision = '0021'
down_revision = '0014'
branch_labels = None
depends_on = None


FROZEN = ('agreement_pricing', 'asset', 'decision')
"""Tables to which rows are only ever added, as those of 0008."""


def _freeze() -> None:
    """Let the database itself refuse a changed or deleted row; PostgreSQL has the function since 0008."""
    for table in FROZEN:
        if op.get_bind().dialect.name == 'sqlite':
            for verb in ('update', 'delete'):
                op.execute(f"create trigger tr_{table}_{verb} before {verb} on {table} begin select raise(abort, 'rows of {table} are never changed'); end")
        else:
            op.execute(f"create trigger tr_{table}_change before update or delete on {table} for each row execute function refuse_change()")


def upgrade() -> None:
    """Forward."""
    op.create_table('evidence_export',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('first', sa.Date(), nullable=False),
    sa.Column('last', sa.Date(), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=True),
    sa.Column('size', sa.Integer(), nullable=True),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(state = 'done') = (sha256 is not null)", name=op.f('ck_evidence_export_done')),
    sa.CheckConstraint("state in ('asked', 'done', 'failed')", name=op.f('ck_evidence_export_state')),
    sa.CheckConstraint('first <= last', name=op.f('ck_evidence_export_days')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_evidence_export_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_evidence_export_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evidence_export')),
    sa.UniqueConstraint('organisation_id', 'key', name=op.f('uq_evidence_export_organisation_id_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_evidence_export_public_id'))
    )
    with op.batch_alter_table('evidence_export') as batch:
        batch.create_index(batch.f('ix_evidence_export_organisation_id'), ['organisation_id'], unique=False)
    op.create_table('asset',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('technology_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('acquisition', sa.String(length=16), nullable=False),
    sa.Column('acquired_on', sa.Date(), nullable=True),
    sa.Column('cost', sa.BigInteger(), nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=True),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint(
        "acquisition in ('own_research', 'state_project', 'commissioned', 'joint', 'purchased', 'donated', 'other')", name=op.f('ck_asset_acquisition')
    ),
    sa.CheckConstraint('(cost is null) = (currency is null) and (cost is null or cost >= 0)', name=op.f('ck_asset_cost')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_asset_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_asset_person_id_person')),
    sa.ForeignKeyConstraint(['technology_id'], ['technology.id'], name=op.f('fk_asset_technology_id_technology')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_asset')),
    sa.UniqueConstraint('technology_id', 'number', name=op.f('uq_asset_technology_id_number'))
    )
    with op.batch_alter_table('asset') as batch:
        batch.create_index(batch.f('ix_asset_organisation_id'), ['organisation_id'], unique=False)
    op.create_table('agreement_pricing',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('agreement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('mode', sa.String(length=10), nullable=False),
    sa.Column('decided_by', sa.String(length=200), nullable=False),
    sa.Column('decided_on', sa.Date(), nullable=False),
    sa.Column('basis', sa.Text(), nullable=True),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("mode in ('agreement', 'listing', 'auction')", name=op.f('ck_agreement_pricing_mode')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_agreement_pricing_agreement_id_agreement')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_agreement_pricing_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agreement_pricing')),
    sa.UniqueConstraint('agreement_id', 'key', name=op.f('uq_agreement_pricing_agreement_id_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_agreement_pricing_public_id'))
    )
    op.create_table('contract_registration',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('agreement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('side', sa.String(length=8), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('total', sa.BigInteger(), nullable=False),
    sa.Column('technology_amount', sa.BigInteger(), nullable=False),
    sa.Column('addresses', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('details', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('number', sa.String(length=40), nullable=True),
    sa.Column('registered_on', sa.Date(), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("(state = 'registered') = (number is not null and registered_on is not null)", name=op.f('ck_contract_registration_registered')),
    sa.CheckConstraint("kind in ('development', 'transfer', 'licence', 'consulting', 'service')", name=op.f('ck_contract_registration_kind')),
    sa.CheckConstraint("side in ('licensor', 'licensee')", name=op.f('ck_contract_registration_side')),
    sa.CheckConstraint("state in ('prepared', 'registered')", name=op.f('ck_contract_registration_state')),
    sa.CheckConstraint('technology_amount >= 0 and technology_amount <= total', name=op.f('ck_contract_registration_amounts')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_contract_registration_agreement_id_agreement')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contract_registration')),
    sa.UniqueConstraint('agreement_id', name=op.f('uq_contract_registration_agreement_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_contract_registration_public_id'))
    )
    op.create_table('decision',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('technology_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('agreement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('decided_by', sa.String(length=200), nullable=True),
    sa.Column('basis', sa.Text(), nullable=True),
    sa.Column('facts', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('thing', sa.String(length=30), nullable=True),
    sa.Column('thing_id', sa.Integer(), nullable=True),
    sa.Column('voids_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('key', sa.String(length=60), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint(
        "kind in ('pricing', 'notice', 'licence', 'assignment', 'write_off', 'income_policy', 'income_split', 'recordal', 'registration', "
        "'publication', 'withdrawal', 'valuation', 'other')", name=op.f('ck_decision_kind')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_decision_agreement_id_agreement')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_decision_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_decision_person_id_person')),
    sa.ForeignKeyConstraint(['technology_id'], ['technology.id'], name=op.f('fk_decision_technology_id_technology')),
    sa.ForeignKeyConstraint(['voids_id'], ['decision.id'], name=op.f('fk_decision_voids_id_decision')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_decision')),
    sa.UniqueConstraint('organisation_id', 'key', name=op.f('uq_decision_organisation_id_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_decision_public_id')),
    sa.UniqueConstraint('voids_id', name=op.f('uq_decision_voids_id'))
    )
    with op.batch_alter_table('decision') as batch:
        batch.create_index('ix_decision_organisation_id_day_id', ['organisation_id', 'day', 'id'], unique=False)
        batch.create_index('ix_decision_technology_id_kind', ['technology_id', 'kind'], unique=False)
    op.create_table('recordal',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('agreement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('effective', sa.Date(), nullable=False),
    sa.Column('months', sa.Integer(), nullable=False),
    sa.Column('due', sa.Date(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('filed_on', sa.Date(), nullable=True),
    sa.Column('number', sa.String(length=40), nullable=True),
    sa.Column('recorded_on', sa.Date(), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("(state = 'recorded') = (number is not null and recorded_on is not null)", name=op.f('ck_recordal_recorded')),
    sa.CheckConstraint("state <> 'filed' or filed_on is not null", name=op.f('ck_recordal_filed')),
    sa.CheckConstraint("state in ('open', 'filed', 'recorded')", name=op.f('ck_recordal_state')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_recordal_agreement_id_agreement')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recordal')),
    sa.UniqueConstraint('agreement_id', name=op.f('uq_recordal_agreement_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_recordal_public_id'))
    )
    with op.batch_alter_table('recordal') as batch:
        batch.create_index('ix_recordal_state_due', ['state', 'due'], unique=False)
    op.create_table('agreement_notice',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('agreement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('pricing_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('price_sha256', sa.String(length=64), nullable=False),
    sa.Column('name', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('abstract', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('price', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('shown_to', sa.String(length=10), nullable=False),
    sa.Column('names_licensee', sa.Boolean(), nullable=False),
    sa.Column('related', sa.Boolean(), nullable=False),
    sa.Column('related_note', sa.Text(), nullable=True),
    sa.Column('hints', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('published_on', sa.Date(), nullable=False),
    sa.Column('days', sa.Integer(), nullable=False),
    sa.Column('runs_until', sa.Date(), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("shown_to in ('public', 'members', 'blind')", name=op.f('ck_agreement_notice_shown_to')),
    sa.CheckConstraint("state in ('published', 'ended', 'upheld', 'void', 'withdrawn')", name=op.f('ck_agreement_notice_state')),
    sa.CheckConstraint('days between 1 and 365', name=op.f('ck_agreement_notice_days')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_agreement_notice_agreement_id_agreement')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_agreement_notice_person_id_person')),
    sa.ForeignKeyConstraint(['pricing_id'], ['agreement_pricing.id'], name=op.f('fk_agreement_notice_pricing_id_agreement_pricing')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agreement_notice')),
    sa.UniqueConstraint('agreement_id', 'key', name=op.f('uq_agreement_notice_agreement_id_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_agreement_notice_public_id'))
    )
    with op.batch_alter_table('agreement_notice') as batch:
        batch.create_index('ix_agreement_notice_shown_to_id', ['shown_to', 'id'], unique=False)
        batch.create_index('ix_agreement_notice_state_runs_until', ['state', 'runs_until'], unique=False)
        batch.create_index('uq_agreement_notice_live', ['agreement_id'], unique=True,
            sqlite_where=sa.text("state in ('published', 'ended')"),
            postgresql_where=sa.text("state in ('published', 'ended')"))
    op.create_table('recordal_reminder',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('recordal_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind in ('before_30', 'before_7', 'overdue')", name=op.f('ck_recordal_reminder_kind')),
    sa.ForeignKeyConstraint(['recordal_id'], ['recordal.id'], name=op.f('fk_recordal_reminder_recordal_id_recordal')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recordal_reminder')),
    sa.UniqueConstraint('recordal_id', 'kind', name=op.f('uq_recordal_reminder_recordal_id_kind'))
    )
    op.create_table('notice_objection',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('notice_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('received_from', sa.String(length=200), nullable=True),
    sa.Column('first', sa.Date(), nullable=False),
    sa.Column('last', sa.Date(), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('reasons', sa.Text(), nullable=True),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('answered_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answered', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("(state in ('upheld', 'rejected')) = (reasons is not null and last is not null)", name=op.f('ck_notice_objection_answered')),
    sa.CheckConstraint("state in ('open', 'upheld', 'rejected', 'moot')", name=op.f('ck_notice_objection_state')),
    sa.CheckConstraint('answered_by_id is null or answered_by_id <> person_id or received_from is not null', name=op.f('ck_notice_objection_second_person')),
    sa.CheckConstraint('last is null or last >= first', name=op.f('ck_notice_objection_days')),
    sa.ForeignKeyConstraint(['answered_by_id'], ['person.id'], name=op.f('fk_notice_objection_answered_by_id_person')),
    sa.ForeignKeyConstraint(['notice_id'], ['agreement_notice.id'], name=op.f('fk_notice_objection_notice_id_agreement_notice')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_notice_objection_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice_objection')),
    sa.UniqueConstraint('notice_id', 'person_id', 'key', name=op.f('uq_notice_objection_notice_id_person_id_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_notice_objection_public_id'))
    )
    _freeze()


def downgrade() -> None:
    """Back."""
    op.drop_table('notice_objection')
    op.drop_table('recordal_reminder')
    with op.batch_alter_table('agreement_notice') as batch:
        batch.drop_index('uq_agreement_notice_live',
            sqlite_where=sa.text("state in ('published', 'ended')"), postgresql_where=sa.text("state in ('published', 'ended')"))
        batch.drop_index('ix_agreement_notice_state_runs_until')
        batch.drop_index('ix_agreement_notice_shown_to_id')
    op.drop_table('agreement_notice')
    with op.batch_alter_table('recordal') as batch:
        batch.drop_index('ix_recordal_state_due')
    op.drop_table('recordal')
    with op.batch_alter_table('decision') as batch:
        batch.drop_index('ix_decision_technology_id_kind')
        batch.drop_index('ix_decision_organisation_id_day_id')
    op.drop_table('decision')
    op.drop_table('contract_registration')
    op.drop_table('agreement_pricing')
    with op.batch_alter_table('asset') as batch:
        batch.drop_index(batch.f('ix_asset_organisation_id'))
    op.drop_table('asset')
    with op.batch_alter_table('evidence_export') as batch:
        batch.drop_index(batch.f('ix_evidence_export_organisation_id'))
    op.drop_table('evidence_export')
