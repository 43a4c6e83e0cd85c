"""Distillations with their interview sheet and questions, and the verifications of a need as rows of their own."""

from __future__ import annotations

import json
import secrets

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op

revision = '0017'
down_revision = '0015'
branch_labels = None
depends_on = None


ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
CARRIED = sa.text(
    "insert into distillation (public_id, need_id, number, broker_id, state, sheet, questions, created, updated, sent, answered, version_id) "
    "select :public_id, id, 1, distilled_by_id, 'signed_off', :sheet, :questions, signed_off, signed_off, signed_off, signed_off, 1 from need where id = :id"
)
CHECKED = sa.text(
    "insert into verification (need_id, person_id, at, until, evidence) select id, verified_by_id, verified, verified_until, :evidence from need where id = :id"
)


def _carry_over() -> None:
    """Questions that firms have signed off, and badges that stand, as rows."""
    connection = op.get_bind()
    sheet, asked = sa.bindparam("sheet", type_=sa.JSON()), sa.bindparam("questions", type_=sa.JSON())
    for key, questions in connection.execute(sa.text("select id, questions from need where signed_off is not null and distilled_by_id is not null")).all():
        text = json.loads(questions) if isinstance(questions, str) else questions
        connection.execute(CARRIED.bindparams(sheet, asked), {
            "id": key, "public_id": "".join(secrets.choice(ALPHABET) for _ in range(12)), "sheet": {}, "questions": [{"text": text, "targets": []}],
        })
    standing = "select id, verification_evidence from need where grade = 'verified' and verified_by_id is not null and verified_until is not null"
    for key, words in connection.execute(sa.text(standing)).all():
        connection.execute(CHECKED.bindparams(sa.bindparam("evidence", type_=sa.JSON())), {"id": key, "evidence": {"alone": words or "", "pays": words or ""}})


def upgrade() -> None:
    """Forward."""
    op.create_table('distillation',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('need_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('broker_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('sheet', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('questions', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('words', sa.Text(), nullable=True),
    sa.Column('need_revision', sa.Integer(), nullable=True),
    sa.Column('answered_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sent', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answered', sa.DateTime(timezone=True), nullable=True),
    sa.Column('gain', sa.Float(), nullable=True),
    sa.Column('improvement', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=True),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("state <> 'returned' or words is not null", name=op.f('ck_distillation_words')),
    sa.CheckConstraint("state in ('draft', 'sent', 'signed_off', 'returned', 'superseded')", name=op.f('ck_distillation_state')),
    sa.CheckConstraint('number >= 1', name=op.f('ck_distillation_number')),
    sa.ForeignKeyConstraint(['answered_by_id'], ['person.id'], name=op.f('fk_distillation_answered_by_id_person')),
    sa.ForeignKeyConstraint(['broker_id'], ['person.id'], name=op.f('fk_distillation_broker_id_person')),
    sa.ForeignKeyConstraint(['need_id'], ['need.id'], name=op.f('fk_distillation_need_id_need')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_distillation')),
    sa.UniqueConstraint('need_id', 'number', name=op.f('uq_distillation_need_id_number')),
    sa.UniqueConstraint('public_id', name=op.f('uq_distillation_public_id'))
    )
    with op.batch_alter_table('distillation') as batch:
        batch.create_index(batch.f('ix_distillation_broker_id'), ['broker_id'], unique=False)
        batch.create_index('ix_distillation_gain', ['gain'], unique=False)
        batch.create_index('uq_distillation_open', ['need_id'], unique=True,
            sqlite_where=sa.text("state in ('draft', 'sent')"),
            postgresql_where=sa.text("state in ('draft', 'sent')"))
        batch.create_index('uq_distillation_signed_off', ['need_id'], unique=True,
            sqlite_where=sa.text("state = 'signed_off'"),
            postgresql_where=sa.text("state = 'signed_off'"))

    op.create_table('verification',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('need_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('distillation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.Date(), nullable=False),
    sa.Column('evidence', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('reminded', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['distillation_id'], ['distillation.id'], name=op.f('fk_verification_distillation_id_distillation')),
    sa.ForeignKeyConstraint(['need_id'], ['need.id'], name=op.f('fk_verification_need_id_need')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_verification_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_verification_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_verification'))
    )
    with op.batch_alter_table('verification') as batch:
        batch.create_index(batch.f('ix_verification_need_id'), ['need_id'], unique=False)
        batch.create_index(batch.f('ix_verification_person_id'), ['person_id'], unique=False)
        batch.create_index('ix_verification_until_reminded', ['until', 'reminded'], unique=False)

    op.add_column('need', sa.Column(
        'question_targets', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), server_default='[]', nullable=False))
    _carry_over()
    op.drop_column('need', 'verification_evidence')



def downgrade() -> None:
    """Back."""
    op.add_column('need', sa.Column('verification_evidence', sa.Text(), nullable=True))
    op.drop_column('need', 'question_targets')

    with op.batch_alter_table('verification') as batch:
        batch.drop_index('ix_verification_until_reminded')
        batch.drop_index(batch.f('ix_verification_person_id'))
        batch.drop_index(batch.f('ix_verification_need_id'))

    op.drop_table('verification')
    with op.batch_alter_table('distillation') as batch:
        batch.drop_index('uq_distillation_signed_off',
            sqlite_where=sa.text("state = 'signed_off'"),
            postgresql_where=sa.text("state = 'signed_off'"))
        batch.drop_index('uq_distillation_open',
            sqlite_where=sa.text("state in ('draft', 'sent')"),
            postgresql_where=sa.text("state in ('draft', 'sent')"))
        batch.drop_index('ix_distillation_gain')
        batch.drop_index(batch.f('ix_distillation_broker_id'))

    op.drop_table('distillation')
