"""Pools, pledges, motions and ballots, confirmations of a call's draft, and what the engine proposes."""

from __future__ import annotations

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op


revision = '0028'
down_revision = '0027'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table('call_confirmation',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('call_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['call_id'], ['open_call.id'], name=op.f('fk_call_confirmation_call_id_open_call')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_call_confirmation_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_call_confirmation_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_call_confirmation')),
    sa.UniqueConstraint('call_id', 'organisation_id', 'digest', name=op.f('uq_call_confirmation_call_id_organisation_id_digest'))
    )
    with op.batch_alter_table('call_confirmation') as batch:
        batch.create_index(batch.f('ix_call_confirmation_organisation_id'), ['organisation_id'], unique=False)
    op.create_table('pool',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('author_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('visibility', sa.String(length=10), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('title', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('brief', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('acceptance', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('industry', sa.String(length=5), nullable=True),
    sa.Column('threshold', sa.BigInteger(), nullable=False),
    sa.Column('least', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('deadline', sa.DateTime(timezone=True), nullable=False),
    sa.Column('zone', sa.String(length=40), nullable=False),
    sa.Column('basis', sa.String(length=12), nullable=False),
    sa.Column('rights', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('call_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('opened', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("(state = 'converted') = (call_id is not null)", name=op.f('ck_pool_converted')),
    sa.CheckConstraint("basis in ('proportional', 'stated')", name=op.f('ck_pool_basis')),
    sa.CheckConstraint("state = 'draft' or state = 'withdrawn' or opened is not null", name=op.f('ck_pool_opened')),
    sa.CheckConstraint("state in ('draft', 'open', 'reached', 'converted', 'missed', 'withdrawn')", name=op.f('ck_pool_state')),
    sa.CheckConstraint("visibility in ('public', 'members')", name=op.f('ck_pool_visibility')),
    sa.CheckConstraint('least > 0 and least <= threshold', name=op.f('ck_pool_amounts')),
    sa.ForeignKeyConstraint(['author_id'], ['person.id'], name=op.f('fk_pool_author_id_person')),
    sa.ForeignKeyConstraint(['call_id'], ['open_call.id'], name=op.f('fk_pool_call_id_open_call')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_pool_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pool')),
    sa.UniqueConstraint('call_id', name=op.f('uq_pool_call_id')),
    sa.UniqueConstraint('id', 'currency', name='uq_pool_id_currency'),
    sa.UniqueConstraint('public_id', name=op.f('uq_pool_public_id'))
    )
    with op.batch_alter_table('pool') as batch:
        batch.create_index(batch.f('ix_pool_organisation_id'), ['organisation_id'], unique=False)
        batch.create_index('ix_pool_state_deadline', ['state', 'deadline'], unique=False)
        batch.create_index('ix_pool_visibility_state_id', ['visibility', 'state', 'id'], unique=False)
    op.create_table('pledge',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('pool_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('share', sa.Integer(), nullable=True),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('named', sa.Boolean(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('reason', sa.String(length=16), nullable=True),
    sa.Column('reason_text', sa.Text(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("(state in ('asked', 'pledged')) = (ended is null)", name=op.f('ck_pledge_ended')),
    sa.CheckConstraint("reason is null or reason in ('insolvency', 'law', 'solved', 'reorganisation', 'other')", name=op.f('ck_pledge_reason')),
    sa.CheckConstraint("state in ('asked', 'pledged', 'replaced', 'withdrawn', 'refused', 'released')", name=op.f('ck_pledge_state')),
    sa.CheckConstraint('amount > 0', name=op.f('ck_pledge_amount')),
    sa.CheckConstraint('share is null or (share > 0 and share <= 1000000)', name=op.f('ck_pledge_share')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_pledge_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_pledge_person_id_person')),
    sa.ForeignKeyConstraint(['pool_id', 'currency'], ['pool.id', 'pool.currency'], name='fk_pledge_pool_id_pool'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pledge')),
    sa.UniqueConstraint('public_id', name=op.f('uq_pledge_public_id'))
    )
    with op.batch_alter_table('pledge') as batch:
        batch.create_index(batch.f('ix_pledge_organisation_id'), ['organisation_id'], unique=False)
        batch.create_index('uq_pledge_held', ['pool_id', 'organisation_id'], unique=True,
            sqlite_where=sa.text("state in ('asked', 'pledged')"), postgresql_where=sa.text("state in ('asked', 'pledged')"))
    op.create_table('pool_need',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('pool_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('need_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['need_id'], ['need.id'], name=op.f('fk_pool_need_need_id_need')),
    sa.ForeignKeyConstraint(['pool_id'], ['pool.id'], name=op.f('fk_pool_need_pool_id_pool')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pool_need')),
    sa.UniqueConstraint('pool_id', 'need_id', name=op.f('uq_pool_need_pool_id_need_id'))
    )
    with op.batch_alter_table('pool_need') as batch:
        batch.create_index(batch.f('ix_pool_need_need_id'), ['need_id'], unique=False)
    op.create_table('pool_proposal',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('probability', sa.Double(), nullable=False),
    sa.Column('pool_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['pool_id'], ['pool.id'], name=op.f('fk_pool_proposal_pool_id_pool')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pool_proposal')),
    sa.UniqueConstraint('key', name=op.f('uq_pool_proposal_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_pool_proposal_public_id'))
    )
    op.create_table('pool_motion',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('pool_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('text', sa.Text(), nullable=True),
    sa.Column('content', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('options', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('names', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('pledge_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('quorum', sa.Integer(), nullable=False),
    sa.Column('closes', sa.DateTime(timezone=True), nullable=False),
    sa.Column('outcome', sa.String(length=10), nullable=True),
    sa.Column('choice', sa.String(length=40), nullable=True),
    sa.Column('result', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('closed', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("(kind in ('admission', 'withdrawal')) = (pledge_id is not null)", name=op.f('ck_pool_motion_pledge')),
    sa.CheckConstraint("(outcome = 'decided') = (choice is not null) or outcome is null and choice is null", name=op.f('ck_pool_motion_choice')),
    sa.CheckConstraint("(state = 'closed') = (outcome is not null and closed is not null)", name=op.f('ck_pool_motion_closed')),
    sa.CheckConstraint("kind in ('text', 'admission', 'withdrawal', 'award', 'other')", name=op.f('ck_pool_motion_kind')),
    sa.CheckConstraint("outcome is null or outcome in ('decided', 'tied', 'no_quorum', 'moot')", name=op.f('ck_pool_motion_outcome')),
    sa.CheckConstraint("state in ('open', 'closed')", name=op.f('ck_pool_motion_state')),
    sa.CheckConstraint('quorum > 0 and quorum <= 1000000', name=op.f('ck_pool_motion_quorum')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_pool_motion_person_id_person')),
    sa.ForeignKeyConstraint(['pledge_id'], ['pledge.id'], name=op.f('fk_pool_motion_pledge_id_pledge')),
    sa.ForeignKeyConstraint(['pool_id'], ['pool.id'], name=op.f('fk_pool_motion_pool_id_pool')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pool_motion')),
    sa.UniqueConstraint('public_id', name=op.f('uq_pool_motion_public_id'))
    )
    with op.batch_alter_table('pool_motion') as batch:
        batch.create_index(batch.f('ix_pool_motion_pool_id'), ['pool_id'], unique=False)
        batch.create_index('ix_pool_motion_state_closes', ['state', 'closes'], unique=False)
        batch.create_index('uq_pool_motion_pledge', ['pledge_id', 'kind'], unique=True,
            sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
    op.create_table('pool_proposed_need',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('proposal_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('need_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('declined', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['need_id'], ['need.id'], name=op.f('fk_pool_proposed_need_need_id_need')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_pool_proposed_need_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['proposal_id'], ['pool_proposal.id'], name=op.f('fk_pool_proposed_need_proposal_id_pool_proposal')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pool_proposed_need')),
    sa.UniqueConstraint('proposal_id', 'need_id', name=op.f('uq_pool_proposed_need_proposal_id_need_id'))
    )
    with op.batch_alter_table('pool_proposed_need') as batch:
        batch.create_index(batch.f('ix_pool_proposed_need_need_id'), ['need_id'], unique=False)
        batch.create_index('ix_pool_proposed_need_organisation_id_id', ['organisation_id', 'id'], unique=False)
    op.create_table('pool_ballot',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('motion_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('weight', sa.Integer(), nullable=False),
    sa.Column('choice', sa.String(length=40), nullable=True),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint('(choice is null) = (at is null)', name=op.f('ck_pool_ballot_voted')),
    sa.CheckConstraint('weight > 0 and weight <= 1000000', name=op.f('ck_pool_ballot_weight')),
    sa.ForeignKeyConstraint(['motion_id'], ['pool_motion.id'], name=op.f('fk_pool_ballot_motion_id_pool_motion')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_pool_ballot_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_pool_ballot_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pool_ballot')),
    sa.UniqueConstraint('motion_id', 'organisation_id', name=op.f('uq_pool_ballot_motion_id_organisation_id'))
    )
    with op.batch_alter_table('pool_ballot') as batch:
        batch.create_index(batch.f('ix_pool_ballot_organisation_id'), ['organisation_id'], unique=False)


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table('pool_ballot') as batch:
        batch.drop_index(batch.f('ix_pool_ballot_organisation_id'))
    op.drop_table('pool_ballot')
    with op.batch_alter_table('pool_proposed_need') as batch:
        batch.drop_index('ix_pool_proposed_need_organisation_id_id')
        batch.drop_index(batch.f('ix_pool_proposed_need_need_id'))
    op.drop_table('pool_proposed_need')
    with op.batch_alter_table('pool_motion') as batch:
        batch.drop_index('uq_pool_motion_pledge', sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
        batch.drop_index('ix_pool_motion_state_closes')
        batch.drop_index(batch.f('ix_pool_motion_pool_id'))
    op.drop_table('pool_motion')
    op.drop_table('pool_proposal')
    with op.batch_alter_table('pool_need') as batch:
        batch.drop_index(batch.f('ix_pool_need_need_id'))
    op.drop_table('pool_need')
    with op.batch_alter_table('pledge') as batch:
        batch.drop_index('uq_pledge_held', sqlite_where=sa.text("state in ('asked', 'pledged')"), postgresql_where=sa.text("state in ('asked', 'pledged')"))
        batch.drop_index(batch.f('ix_pledge_organisation_id'))
    op.drop_table('pledge')
    with op.batch_alter_table('pool') as batch:
        batch.drop_index('ix_pool_visibility_state_id')
        batch.drop_index('ix_pool_state_deadline')
        batch.drop_index(batch.f('ix_pool_organisation_id'))
    op.drop_table('pool')
    with op.batch_alter_table('call_confirmation') as batch:
        batch.drop_index(batch.f('ix_call_confirmation_organisation_id'))
    op.drop_table('call_confirmation')
