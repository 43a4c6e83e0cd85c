"""Open calls: boards, calls with their owners and criteria, questions, reviewers."""

from __future__ import annotations

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table('board',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('title', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('about', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("state in ('draft', 'published', 'closed')", name=op.f('ck_board_state')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_board_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_board')),
    sa.UniqueConstraint('public_id', name=op.f('uq_board_public_id'))
    )
    with op.batch_alter_table('board') as batch:
        batch.create_index(batch.f('ix_board_organisation_id'), ['organisation_id'], unique=False)
    op.create_table('open_call',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('author_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('need_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('board_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('asked_board_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('visibility', sa.String(length=10), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('title', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('brief', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('targets', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('acceptance', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('money', sa.String(length=8), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('stages', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('eligible', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('eligibility', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('ip_position', sa.String(length=8), nullable=False),
    sa.Column('ip_terms', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('industry', sa.String(length=5), nullable=True),
    sa.Column('region', sa.String(length=6), nullable=True),
    sa.Column('deadline', sa.DateTime(timezone=True), nullable=False),
    sa.Column('zone', sa.String(length=40), nullable=False),
    sa.Column('questions_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('teams', sa.Integer(), nullable=False),
    sa.Column('anonymous', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('key_holders', sa.Integer(), nullable=True),
    sa.Column('searched', sa.Text(), server_default='', nullable=False),
    sa.Column('published', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("board_id is null or state <> 'draft'", name=op.f('ck_open_call_board')),
    sa.CheckConstraint("ip_position in ('owner', 'solver', 'shared', 'licence')", name=op.f('ck_open_call_ip_position')),
    sa.CheckConstraint("money in ('prize', 'budget')", name=op.f('ck_open_call_money')),
    sa.CheckConstraint("state in ('draft', 'published', 'closed', 'awarded', 'ended', 'unawarded', 'withdrawn')", name=op.f('ck_open_call_state')),
    sa.CheckConstraint("visibility in ('public', 'members')", name=op.f('ck_open_call_visibility')),
    sa.CheckConstraint('amount is null or amount > 0', name=op.f('ck_open_call_amount')),
    sa.CheckConstraint('key_holders is null or key_holders >= 1', name=op.f('ck_open_call_key_holders')),
    sa.CheckConstraint('questions_until is null or questions_until <= deadline', name=op.f('ck_open_call_questions_until')),
    sa.CheckConstraint('teams >= 1', name=op.f('ck_open_call_teams')),
    sa.ForeignKeyConstraint(['asked_board_id'], ['board.id'], name=op.f('fk_open_call_asked_board_id_board')),
    sa.ForeignKeyConstraint(['author_id'], ['person.id'], name=op.f('fk_open_call_author_id_person')),
    sa.ForeignKeyConstraint(['board_id'], ['board.id'], name=op.f('fk_open_call_board_id_board')),
    sa.ForeignKeyConstraint(['need_id'], ['need.id'], name=op.f('fk_open_call_need_id_need')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_open_call_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_open_call')),
    sa.UniqueConstraint('public_id', name=op.f('uq_open_call_public_id'))
    )
    with op.batch_alter_table('open_call') as batch:
        batch.create_index(batch.f('ix_open_call_asked_board_id'), ['asked_board_id'], unique=False)
        batch.create_index(batch.f('ix_open_call_board_id'), ['board_id'], unique=False)
        batch.create_index(batch.f('ix_open_call_need_id'), ['need_id'], unique=False)
        batch.create_index(batch.f('ix_open_call_organisation_id'), ['organisation_id'], unique=False)
        batch.create_index('ix_open_call_listed', [
            'state', 'deadline', 'id', 'visibility', 'organisation_id', 'board_id', 'industry', 'region', 'currency', 'amount', 'published',
        ], unique=False)
        batch.create_index('ix_open_call_visibility_published_id', ['visibility', 'published', 'id'], unique=False)
    op.create_table('call_owner',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('call_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('share', sa.Integer(), nullable=False),
    sa.CheckConstraint('share > 0 and share <= 1000000', name=op.f('ck_call_owner_share')),
    sa.ForeignKeyConstraint(['call_id'], ['open_call.id'], name=op.f('fk_call_owner_call_id_open_call')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_call_owner_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_call_owner')),
    sa.UniqueConstraint('call_id', 'organisation_id', name=op.f('uq_call_owner_call_id_organisation_id'))
    )
    with op.batch_alter_table('call_owner') as batch:
        batch.create_index(batch.f('ix_call_owner_organisation_id'), ['organisation_id'], unique=False)
    op.create_table('call_question',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('call_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('answer', sa.Text(), nullable=True),
    sa.Column('answered', sa.DateTime(timezone=True), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint('(answer is null) = (answered is null)', name=op.f('ck_call_question_answered')),
    sa.ForeignKeyConstraint(['call_id'], ['open_call.id'], name=op.f('fk_call_question_call_id_open_call')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_call_question_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_call_question')),
    sa.UniqueConstraint('public_id', name=op.f('uq_call_question_public_id'))
    )
    with op.batch_alter_table('call_question') as batch:
        batch.create_index(batch.f('ix_call_question_call_id'), ['call_id'], unique=False)
    op.create_table('criterion',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('call_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('title', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('about', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('weight', sa.Integer(), nullable=False),
    sa.Column('most', sa.Integer(), nullable=False),
    sa.CheckConstraint('most >= 1 and most <= 100', name=op.f('ck_criterion_most')),
    sa.CheckConstraint('weight > 0 and weight <= 1000000', name=op.f('ck_criterion_weight')),
    sa.ForeignKeyConstraint(['call_id'], ['open_call.id'], name=op.f('fk_criterion_call_id_open_call')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_criterion')),
    sa.UniqueConstraint('call_id', 'position', name=op.f('uq_criterion_call_id_position'))
    )
    op.create_table('reviewer',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('call_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("state in ('invited', 'active', 'declined', 'removed')", name=op.f('ck_reviewer_state')),
    sa.ForeignKeyConstraint(['call_id'], ['open_call.id'], name=op.f('fk_reviewer_call_id_open_call')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_reviewer_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reviewer')),
    sa.UniqueConstraint('call_id', 'person_id', name=op.f('uq_reviewer_call_id_person_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_reviewer_public_id'))
    )
    with op.batch_alter_table('reviewer') as batch:
        batch.create_index(batch.f('ix_reviewer_person_id'), ['person_id'], unique=False)


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table('reviewer') as batch:
        batch.drop_index(batch.f('ix_reviewer_person_id'))
    op.drop_table('reviewer')
    op.drop_table('criterion')
    with op.batch_alter_table('call_question') as batch:
        batch.drop_index(batch.f('ix_call_question_call_id'))
    op.drop_table('call_question')
    with op.batch_alter_table('call_owner') as batch:
        batch.drop_index(batch.f('ix_call_owner_organisation_id'))
    op.drop_table('call_owner')
    with op.batch_alter_table('open_call') as batch:
        batch.drop_index('ix_open_call_visibility_published_id')
        batch.drop_index('ix_open_call_listed')
        batch.drop_index(batch.f('ix_open_call_organisation_id'))
        batch.drop_index(batch.f('ix_open_call_need_id'))
        batch.drop_index(batch.f('ix_open_call_board_id'))
        batch.drop_index(batch.f('ix_open_call_asked_board_id'))
    op.drop_table('open_call')
    with op.batch_alter_table('board') as batch:
        batch.drop_index(batch.f('ix_board_organisation_id'))
    op.drop_table('board')
