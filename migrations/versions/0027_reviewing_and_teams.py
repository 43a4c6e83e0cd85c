"""The review of calls: ties, assignments, declarations, scores, decisions, awards with notes; and the teams with their gates."""

from __future__ import annotations

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op

revision = '0027'
down_revision = '0026'
branch_labels = None
depends_on = None


FROZEN = ('tie', 'assignment', 'declaration', 'score', 'panel_decision', 'verdict', 'award', 'award_note')
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
    op.create_table('panel_decision',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('call_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('reasons', sa.Text(), nullable=False),
    sa.Column('differs', sa.Text(), nullable=True),
    sa.Column('ranking', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("reasons <> ''", name=op.f('ck_panel_decision_reasons')),
    sa.ForeignKeyConstraint(['call_id'], ['open_call.id'], name=op.f('fk_panel_decision_call_id_open_call')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_panel_decision_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_panel_decision')),
    sa.UniqueConstraint('call_id', 'number', name=op.f('uq_panel_decision_call_id_number'))
    )
    op.create_table('review',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('call_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('least', sa.Integer(), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('closed', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("state in ('open', 'closed', 'settled')", name=op.f('ck_review_state')),
    sa.CheckConstraint('least >= 1', name=op.f('ck_review_least')),
    sa.ForeignKeyConstraint(['call_id'], ['open_call.id'], name=op.f('fk_review_call_id_open_call')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_review')),
    sa.UniqueConstraint('call_id', name=op.f('uq_review_call_id'))
    )
    op.create_table('assignment',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('reviewer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('proposal_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['proposal_id'], ['proposal.id'], name=op.f('fk_assignment_proposal_id_proposal')),
    sa.ForeignKeyConstraint(['reviewer_id'], ['reviewer.id'], name=op.f('fk_assignment_reviewer_id_reviewer')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_assignment')),
    sa.UniqueConstraint('public_id', name=op.f('uq_assignment_public_id')),
    sa.UniqueConstraint('reviewer_id', 'position', name=op.f('uq_assignment_reviewer_id_position')),
    sa.UniqueConstraint('reviewer_id', 'proposal_id', name=op.f('uq_assignment_reviewer_id_proposal_id'))
    )
    with op.batch_alter_table('assignment') as batch:
        batch.create_index(batch.f('ix_assignment_proposal_id'), ['proposal_id'], unique=False)
    op.create_table('award',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('call_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('decision_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('content', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['call_id'], ['open_call.id'], name=op.f('fk_award_call_id_open_call')),
    sa.ForeignKeyConstraint(['decision_id'], ['panel_decision.id'], name=op.f('fk_award_decision_id_panel_decision')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_award_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_award')),
    sa.UniqueConstraint('call_id', name=op.f('uq_award_call_id')),
    sa.UniqueConstraint('decision_id', name=op.f('uq_award_decision_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_award_public_id'))
    )
    op.create_table('tie',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('reviewer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('kind', sa.String(length=14), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind in ('employed', 'family', 'money', 'collaboration', 'other')", name=op.f('ck_tie_kind')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_tie_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['reviewer_id'], ['reviewer.id'], name=op.f('fk_tie_reviewer_id_reviewer')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tie'))
    )
    with op.batch_alter_table('tie') as batch:
        batch.create_index(batch.f('ix_tie_reviewer_id'), ['reviewer_id'], unique=False)
    op.create_table('verdict',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('decision_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('proposal_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('chosen', sa.Boolean(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('advice', sa.Text(), nullable=True),
    sa.CheckConstraint('chosen or (amount is null and advice is not null)', name=op.f('ck_verdict_advice')),
    sa.CheckConstraint('not chosen or (reason is not null and amount is not null and amount >= 0)', name=op.f('ck_verdict_chosen')),
    sa.ForeignKeyConstraint(['decision_id'], ['panel_decision.id'], name=op.f('fk_verdict_decision_id_panel_decision')),
    sa.ForeignKeyConstraint(['proposal_id'], ['proposal.id'], name=op.f('fk_verdict_proposal_id_proposal')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_verdict')),
    sa.UniqueConstraint('decision_id', 'proposal_id', name=op.f('uq_verdict_decision_id_proposal_id'))
    )
    op.create_table('award_note',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('award_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('ranks', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("text <> ''", name=op.f('ck_award_note_text')),
    sa.ForeignKeyConstraint(['award_id'], ['award.id'], name=op.f('fk_award_note_award_id_award')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_award_note_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_award_note'))
    )
    with op.batch_alter_table('award_note') as batch:
        batch.create_index(batch.f('ix_award_note_award_id'), ['award_id'], unique=False)
    op.create_table('declaration',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('assignment_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=14), nullable=False),
    sa.Column('text', sa.Text(), nullable=True),
    sa.Column('origin', sa.String(length=8), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind in ('none', 'employed', 'family', 'money', 'collaboration', 'other')", name=op.f('ck_declaration_kind')),
    sa.CheckConstraint("origin in ('reviewer', 'site', 'owner')", name=op.f('ck_declaration_origin')),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignment.id'], name=op.f('fk_declaration_assignment_id_assignment')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_declaration_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_declaration')),
    sa.UniqueConstraint('assignment_id', 'number', name=op.f('uq_declaration_assignment_id_number'))
    )
    op.create_table('score',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('assignment_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('criterion_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('value', sa.Integer(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("reason <> ''", name=op.f('ck_score_reason')),
    sa.CheckConstraint('value between 0 and 100', name=op.f('ck_score_value')),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignment.id'], name=op.f('fk_score_assignment_id_assignment')),
    sa.ForeignKeyConstraint(['criterion_id'], ['criterion.id'], name=op.f('fk_score_criterion_id_criterion')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_score')),
    sa.UniqueConstraint('assignment_id', 'criterion_id', 'number', name=op.f('uq_score_assignment_id_criterion_id_number'))
    )
    op.create_table('team',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('award_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('call_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('proposal_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('agreement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("state in ('named', 'working', 'finished', 'stopped', 'declined')", name=op.f('ck_team_state')),
    sa.CheckConstraint("state not in ('stopped', 'declined') or reason is not null", name=op.f('ck_team_reason')),
    sa.CheckConstraint("state not in ('working', 'finished') or agreement_id is not null", name=op.f('ck_team_agreement')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_team_agreement_id_agreement')),
    sa.ForeignKeyConstraint(['award_id'], ['award.id'], name=op.f('fk_team_award_id_award')),
    sa.ForeignKeyConstraint(['call_id'], ['open_call.id'], name=op.f('fk_team_call_id_open_call')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_team_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['proposal_id'], ['proposal.id'], name=op.f('fk_team_proposal_id_proposal')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_team')),
    sa.UniqueConstraint('agreement_id', name=op.f('uq_team_agreement_id')),
    sa.UniqueConstraint('proposal_id', name=op.f('uq_team_proposal_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_team_public_id'))
    )
    with op.batch_alter_table('team') as batch:
        batch.create_index(batch.f('ix_team_award_id'), ['award_id'], unique=False)
        batch.create_index(batch.f('ix_team_call_id'), ['call_id'], unique=False)
        batch.create_index(batch.f('ix_team_organisation_id'), ['organisation_id'], unique=False)
    op.create_table('gate',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('team_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=20), nullable=False),
    sa.Column('title', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=True),
    sa.Column('due', sa.Date(), nullable=True),
    sa.Column('plan', sa.Text(), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('evidence', sa.Text(), nullable=True),
    sa.Column('measured', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('finding', sa.Text(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('decided_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('decided', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("(state = 'passed') = (decided is not null) or state = 'stopped'", name=op.f('ck_gate_decided')),
    sa.CheckConstraint("state in ('open', 'submitted', 'accepted', 'rejected', 'passed', 'stopped')", name=op.f('ck_gate_state')),
    sa.ForeignKeyConstraint(['decided_by_id'], ['person.id'], name=op.f('fk_gate_decided_by_id_person')),
    sa.ForeignKeyConstraint(['team_id'], ['team.id'], name=op.f('fk_gate_team_id_team')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_gate')),
    sa.UniqueConstraint('public_id', name=op.f('uq_gate_public_id')),
    sa.UniqueConstraint('team_id', 'key', name=op.f('uq_gate_team_id_key')),
    sa.UniqueConstraint('team_id', 'position', name=op.f('uq_gate_team_id_position'))
    )
    _freeze()


def downgrade() -> None:
    """Back."""
    op.drop_table('gate')
    with op.batch_alter_table('team') as batch:
        batch.drop_index(batch.f('ix_team_organisation_id'))
        batch.drop_index(batch.f('ix_team_call_id'))
        batch.drop_index(batch.f('ix_team_award_id'))
    op.drop_table('team')
    op.drop_table('score')
    op.drop_table('declaration')
    with op.batch_alter_table('award_note') as batch:
        batch.drop_index(batch.f('ix_award_note_award_id'))
    op.drop_table('award_note')
    op.drop_table('verdict')
    with op.batch_alter_table('tie') as batch:
        batch.drop_index(batch.f('ix_tie_reviewer_id'))
    op.drop_table('tie')
    op.drop_table('award')
    with op.batch_alter_table('assignment') as batch:
        batch.drop_index(batch.f('ix_assignment_proposal_id'))
    op.drop_table('assignment')
    op.drop_table('review')
    op.drop_table('panel_decision')
