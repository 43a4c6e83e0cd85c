"""Income split: policies, inventors and their weights, costs, splits with their lines, payouts; a line is never changed."""

from __future__ import annotations

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op


revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

FROZEN = ('inventor_weight', 'split_line', 'payout')
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
    op.create_table('income_policy',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('in_force', sa.Date(), nullable=False),
    sa.Column('shares', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('deductions', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('self_rate', sa.String(length=10), nullable=False),
    sa.Column('state_founded', sa.Boolean(), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('proposed_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('answered_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answered', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("(state = 'proposed') = (answered_by_id is null)", name=op.f('ck_income_policy_answered')),
    sa.CheckConstraint("state in ('proposed', 'approved', 'refused')", name=op.f('ck_income_policy_state')),
    sa.CheckConstraint('answered_by_id is null or answered_by_id <> proposed_by_id', name=op.f('ck_income_policy_second_person')),
    sa.ForeignKeyConstraint(['answered_by_id'], ['person.id'], name=op.f('fk_income_policy_answered_by_id_person')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_income_policy_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['proposed_by_id'], ['person.id'], name=op.f('fk_income_policy_proposed_by_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_income_policy')),
    sa.UniqueConstraint('organisation_id', 'key', name=op.f('uq_income_policy_organisation_id_key')),
    sa.UniqueConstraint('organisation_id', 'number', name=op.f('uq_income_policy_organisation_id_number')),
    sa.UniqueConstraint('public_id', name=op.f('uq_income_policy_public_id'))
    )
    with op.batch_alter_table('income_policy', schema=None) as batch_op:
        batch_op.create_index('uq_income_policy_proposed', ['organisation_id'], unique=True, sqlite_where=sa.text("state = 'proposed'"), postgresql_where=sa.text("state = 'proposed'"))

    op.create_table('inventor',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=True),
    sa.Column('employer', sa.String(length=200), nullable=True),
    sa.Column('address_key', sa.String(length=254), nullable=True),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('erased', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('erased is not null or name is not null', name=op.f('ck_inventor_name')),
    sa.CheckConstraint('erased is null or (name is null and employer is null and address_key is null and person_id is null)', name=op.f('ck_inventor_erased')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_inventor_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_inventor_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inventor')),
    sa.UniqueConstraint('organisation_id', 'address_key', name=op.f('uq_inventor_organisation_id_address_key')),
    sa.UniqueConstraint('organisation_id', 'person_id', name=op.f('uq_inventor_organisation_id_person_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_inventor_public_id'))
    )
    with op.batch_alter_table('inventor', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_inventor_address_key'), ['address_key'], unique=False)
        batch_op.create_index(batch_op.f('ix_inventor_person_id'), ['person_id'], unique=False)

    op.create_table('inventorship',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('technology_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('proposed_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('answered_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answered', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("(state = 'proposed') = (answered_by_id is null)", name=op.f('ck_inventorship_answered')),
    sa.CheckConstraint("state in ('proposed', 'approved', 'refused')", name=op.f('ck_inventorship_state')),
    sa.CheckConstraint('answered_by_id is null or answered_by_id <> proposed_by_id', name=op.f('ck_inventorship_second_person')),
    sa.ForeignKeyConstraint(['answered_by_id'], ['person.id'], name=op.f('fk_inventorship_answered_by_id_person')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_inventorship_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['proposed_by_id'], ['person.id'], name=op.f('fk_inventorship_proposed_by_id_person')),
    sa.ForeignKeyConstraint(['technology_id'], ['technology.id'], name=op.f('fk_inventorship_technology_id_technology')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inventorship')),
    sa.UniqueConstraint('organisation_id', 'key', name=op.f('uq_inventorship_organisation_id_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_inventorship_public_id')),
    sa.UniqueConstraint('technology_id', 'number', name=op.f('uq_inventorship_technology_id_number'))
    )
    with op.batch_alter_table('inventorship', schema=None) as batch_op:
        batch_op.create_index('uq_inventorship_proposed', ['technology_id'], unique=True, sqlite_where=sa.text("state = 'proposed'"), postgresql_where=sa.text("state = 'proposed'"))

    op.create_table('income_cost',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('technology_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('agreement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('recorded_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("code in ('patent_fees', 'agency', 'appraisal', 'tax', 'broker', 'direct_costs', 'other')", name=op.f('ck_income_cost_code')),
    sa.CheckConstraint("state in ('recorded', 'withdrawn')", name=op.f('ck_income_cost_state')),
    sa.CheckConstraint('amount > 0', name=op.f('ck_income_cost_amount')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_income_cost_agreement_id_agreement')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_income_cost_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['recorded_by_id'], ['person.id'], name=op.f('fk_income_cost_recorded_by_id_person')),
    sa.ForeignKeyConstraint(['technology_id'], ['technology.id'], name=op.f('fk_income_cost_technology_id_technology')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_income_cost')),
    sa.UniqueConstraint('organisation_id', 'key', name=op.f('uq_income_cost_organisation_id_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_income_cost_public_id'))
    )
    with op.batch_alter_table('income_cost', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_income_cost_agreement_id'), ['agreement_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_income_cost_technology_id'), ['technology_id'], unique=False)

    op.create_table('inventor_weight',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('inventorship_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('inventor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('weight', sa.Integer(), nullable=False),
    sa.CheckConstraint('weight > 0', name=op.f('ck_inventor_weight_weight')),
    sa.ForeignKeyConstraint(['inventor_id'], ['inventor.id'], name=op.f('fk_inventor_weight_inventor_id_inventor')),
    sa.ForeignKeyConstraint(['inventorship_id'], ['inventorship.id'], name=op.f('fk_inventor_weight_inventorship_id_inventorship')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inventor_weight')),
    sa.UniqueConstraint('inventorship_id', 'inventor_id', name=op.f('uq_inventor_weight_inventorship_id_inventor_id'))
    )
    with op.batch_alter_table('inventor_weight', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_inventor_weight_inventor_id'), ['inventor_id'], unique=False)

    op.create_table('split',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('technology_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('agreement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('event_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('source', sa.String(length=20), nullable=False),
    sa.Column('year', sa.Integer(), nullable=True),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('gross', sa.BigInteger(), nullable=False),
    sa.Column('net', sa.BigInteger(), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('waits_for', sa.String(length=10), nullable=True),
    sa.Column('policy_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('inventorship_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('findings', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('trace', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('mirrors_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('replaces_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('made_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('answered_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answered', sa.DateTime(timezone=True), nullable=True),
    sa.Column('counted', sa.Date(), nullable=True),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("(source = 'self_implementation') = (event_id is null) and (event_id is null) = (agreement_id is null)", name=op.f('ck_split_event')),
    sa.CheckConstraint("(source = 'self_implementation') = (year is not null)", name=op.f('ck_split_year')),
    sa.CheckConstraint("source in ('payment', 'interest_paid', 'self_implementation')", name=op.f('ck_split_source')),
    sa.CheckConstraint("state in ('waiting', 'cancelled') or (net is not null and policy_id is not null)", name=op.f('ck_split_computed')),
    sa.CheckConstraint("state in ('waiting', 'computed', 'approved', 'refused', 'replaced', 'cancelled', 'paid')", name=op.f('ck_split_state')),
    sa.CheckConstraint("state not in ('approved', 'paid') or (answered_by_id is not null and counted is not null)", name=op.f('ck_split_approved')),
    sa.CheckConstraint("waits_for is null or waits_for in ('policy', 'inventors', 'rule')", name=op.f('ck_split_waits_for')),
    sa.CheckConstraint('answered_by_id is null or made_by_id is null or answered_by_id <> made_by_id', name=op.f('ck_split_second_person')),
    sa.CheckConstraint('mirrors_id is not null or gross >= 0', name=op.f('ck_split_gross')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_split_agreement_id_agreement')),
    sa.ForeignKeyConstraint(['answered_by_id'], ['person.id'], name=op.f('fk_split_answered_by_id_person')),
    sa.ForeignKeyConstraint(['event_id'], ['agreement_event.id'], name=op.f('fk_split_event_id_agreement_event')),
    sa.ForeignKeyConstraint(['inventorship_id'], ['inventorship.id'], name=op.f('fk_split_inventorship_id_inventorship')),
    sa.ForeignKeyConstraint(['made_by_id'], ['person.id'], name=op.f('fk_split_made_by_id_person')),
    sa.ForeignKeyConstraint(['mirrors_id'], ['split.id'], name=op.f('fk_split_mirrors_id_split')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_split_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['policy_id'], ['income_policy.id'], name=op.f('fk_split_policy_id_income_policy')),
    sa.ForeignKeyConstraint(['replaces_id'], ['split.id'], name=op.f('fk_split_replaces_id_split')),
    sa.ForeignKeyConstraint(['technology_id'], ['technology.id'], name=op.f('fk_split_technology_id_technology')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_split')),
    sa.UniqueConstraint('mirrors_id', name=op.f('uq_split_mirrors_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_split_public_id')),
    sa.UniqueConstraint('replaces_id', name=op.f('uq_split_replaces_id'))
    )
    with op.batch_alter_table('split', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_split_agreement_id'), ['agreement_id'], unique=False)
        batch_op.create_index('ix_split_organisation_id_state_counted', ['organisation_id', 'state', 'counted'], unique=False)
        batch_op.create_index('uq_split_event_id_live', ['event_id'], unique=True, sqlite_where=sa.text("mirrors_id is null and state in ('waiting', 'computed', 'approved', 'paid')"), postgresql_where=sa.text("mirrors_id is null and state in ('waiting', 'computed', 'approved', 'paid')"))
        batch_op.create_index('uq_split_technology_id_year_live', ['technology_id', 'year'], unique=True, sqlite_where=sa.text("state in ('waiting', 'computed', 'approved', 'paid')"), postgresql_where=sa.text("state in ('waiting', 'computed', 'approved', 'paid')"))

    op.create_table('split_line',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('split_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('formula', sa.String(length=10), nullable=True),
    sa.Column('rate', sa.String(length=20), nullable=True),
    sa.Column('basis', sa.BigInteger(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('cost_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('inventor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('weight', sa.Integer(), nullable=True),
    sa.CheckConstraint("(cost_id is not null) = (formula is not null and formula = 'costs')", name=op.f('ck_split_line_cost')),
    sa.CheckConstraint("(inventor_id is not null) = (kind = 'share' and code = 'inventors')", name=op.f('ck_split_line_inventor')),
    sa.CheckConstraint("kind = 'share' or formula is not null", name=op.f('ck_split_line_formula')),
    sa.CheckConstraint("kind in ('deduction', 'share')", name=op.f('ck_split_line_kind')),
    sa.ForeignKeyConstraint(['cost_id'], ['income_cost.id'], name=op.f('fk_split_line_cost_id_income_cost')),
    sa.ForeignKeyConstraint(['inventor_id'], ['inventor.id'], name=op.f('fk_split_line_inventor_id_inventor')),
    sa.ForeignKeyConstraint(['split_id'], ['split.id'], name=op.f('fk_split_line_split_id_split')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_split_line')),
    sa.UniqueConstraint('split_id', 'place', name=op.f('uq_split_line_split_id_place'))
    )
    with op.batch_alter_table('split_line', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_split_line_cost_id'), ['cost_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_split_line_inventor_id'), ['inventor_id'], unique=False)

    op.create_table('payout',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('line_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['line_id'], ['split_line.id'], name=op.f('fk_payout_line_id_split_line')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_payout_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payout')),
    sa.UniqueConstraint('line_id', name=op.f('uq_payout_line_id'))
    )
    _freeze()


def downgrade() -> None:
    """Back."""
    op.drop_table('payout')
    with op.batch_alter_table('split_line', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_split_line_inventor_id'))
        batch_op.drop_index(batch_op.f('ix_split_line_cost_id'))

    op.drop_table('split_line')
    with op.batch_alter_table('split', schema=None) as batch_op:
        batch_op.drop_index('uq_split_technology_id_year_live', sqlite_where=sa.text("state in ('waiting', 'computed', 'approved', 'paid')"), postgresql_where=sa.text("state in ('waiting', 'computed', 'approved', 'paid')"))
        batch_op.drop_index('uq_split_event_id_live', sqlite_where=sa.text("mirrors_id is null and state in ('waiting', 'computed', 'approved', 'paid')"), postgresql_where=sa.text("mirrors_id is null and state in ('waiting', 'computed', 'approved', 'paid')"))
        batch_op.drop_index('ix_split_organisation_id_state_counted')
        batch_op.drop_index(batch_op.f('ix_split_agreement_id'))

    op.drop_table('split')
    with op.batch_alter_table('inventor_weight', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_inventor_weight_inventor_id'))

    op.drop_table('inventor_weight')
    with op.batch_alter_table('income_cost', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_income_cost_technology_id'))
        batch_op.drop_index(batch_op.f('ix_income_cost_agreement_id'))

    op.drop_table('income_cost')
    with op.batch_alter_table('inventorship', schema=None) as batch_op:
        batch_op.drop_index('uq_inventorship_proposed', sqlite_where=sa.text("state = 'proposed'"), postgresql_where=sa.text("state = 'proposed'"))

    op.drop_table('inventorship')
    with op.batch_alter_table('inventor', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_inventor_person_id'))
        batch_op.drop_index(batch_op.f('ix_inventor_address_key'))

    op.drop_table('inventor')
    with op.batch_alter_table('income_policy', schema=None) as batch_op:
        batch_op.drop_index('uq_income_policy_proposed', sqlite_where=sa.text("state = 'proposed'"), postgresql_where=sa.text("state = 'proposed'"))

    op.drop_table('income_policy')
