"""Sealed proposals: keys of calls, their holders, proposals with versions and sealed parts."""

from __future__ import annotations

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op

revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table('call_key',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('call_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public', sa.String(length=44), nullable=False),
    sa.Column('wrapped', sa.Text(), nullable=True),
    sa.Column('recovery', sa.Text(), nullable=True),
    sa.Column('recovery_public', sa.String(length=44), nullable=True),
    sa.Column('needed', sa.Integer(), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('opening', sa.DateTime(timezone=True), nullable=True),
    sa.Column('opened', sa.DateTime(timezone=True), nullable=True),
    sa.Column('lost', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint('(recovery is null) = (recovery_public is null)', name=op.f('ck_call_key_recovery')),
    sa.CheckConstraint('needed is null or needed >= 1', name=op.f('ck_call_key_needed')),
    sa.CheckConstraint('needed is null or recovery is null', name=op.f('ck_call_key_holders_alone')),
    sa.CheckConstraint('opened is null or opening is not null', name=op.f('ck_call_key_opened')),
    sa.ForeignKeyConstraint(['call_id'], ['open_call.id'], name=op.f('fk_call_key_call_id_open_call')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_call_key')),
    sa.UniqueConstraint('call_id', name=op.f('uq_call_key_call_id'))
    )
    op.create_table('key_holder',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('call_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('address', sa.String(length=254), nullable=False),
    sa.Column('public', sa.String(length=44), nullable=False),
    sa.Column('sealed', sa.Text(), nullable=True),
    sa.Column('mark', sa.String(length=64), nullable=True),
    sa.Column('brought', sa.Text(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint('(brought is null) = (at is null)', name=op.f('ck_key_holder_brought')),
    sa.CheckConstraint('(sealed is null) = (mark is null)', name=op.f('ck_key_holder_sealed')),
    sa.CheckConstraint('brought is null or sealed is not null', name=op.f('ck_key_holder_in_order')),
    sa.ForeignKeyConstraint(['call_id'], ['open_call.id'], name=op.f('fk_key_holder_call_id_open_call')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_key_holder')),
    sa.UniqueConstraint('call_id', 'position', name=op.f('uq_key_holder_call_id_position')),
    sa.UniqueConstraint('call_id', 'public', name=op.f('uq_key_holder_call_id_public')),
    sa.UniqueConstraint('public_id', name=op.f('uq_key_holder_public_id'))
    )
    op.create_table('proposal',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('call_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('content', sa.Text(), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('opened', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("state <> 'opened' or opened is not null", name=op.f('ck_proposal_content')),
    sa.CheckConstraint("state <> 'sealed' or opened is null", name=op.f('ck_proposal_sealed')),
    sa.CheckConstraint("state <> 'withdrawn' or withdrawn is not null", name=op.f('ck_proposal_withdrawn')),
    sa.CheckConstraint("state in ('sealed', 'opened', 'withdrawn', 'damaged', 'discarded')", name=op.f('ck_proposal_state')),
    sa.CheckConstraint('(content is null) = (opened is null)', name=op.f('ck_proposal_opened')),
    sa.ForeignKeyConstraint(['call_id'], ['open_call.id'], name=op.f('fk_proposal_call_id_open_call')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_proposal_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_proposal')),
    sa.UniqueConstraint('call_id', 'organisation_id', name=op.f('uq_proposal_call_id_organisation_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_proposal_public_id'))
    )
    with op.batch_alter_table('proposal') as batch:
        batch.create_index('ix_proposal_call_id_state', ['call_id', 'state'], unique=False)
        batch.create_index(batch.f('ix_proposal_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('proposal_version',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('proposal_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('first_byte', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_byte', sa.DateTime(timezone=True), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('receipt', sa.Text(), nullable=False),
    sa.Column('destroyed', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('last_byte >= first_byte', name=op.f('ck_proposal_version_bytes')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_proposal_version_person_id_person')),
    sa.ForeignKeyConstraint(['proposal_id'], ['proposal.id'], name=op.f('fk_proposal_version_proposal_id_proposal')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_proposal_version')),
    sa.UniqueConstraint('proposal_id', 'number', name=op.f('uq_proposal_version_proposal_id_number')),
    sa.UniqueConstraint('public_id', name=op.f('uq_proposal_version_public_id'))
    )
    op.create_table('sealed_part',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('proposal_version_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('file', sa.String(length=32), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['proposal_version_id'], ['proposal_version.id'], name=op.f('fk_sealed_part_proposal_version_id_proposal_version')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sealed_part')),
    sa.UniqueConstraint('file', name=op.f('uq_sealed_part_file')),
    sa.UniqueConstraint('proposal_version_id', 'position', name=op.f('uq_sealed_part_proposal_version_id_position'))
    )


def downgrade() -> None:
    """Back."""
    op.drop_table('sealed_part')
    op.drop_table('proposal_version')
    with op.batch_alter_table('proposal') as batch:
        batch.drop_index(batch.f('ix_proposal_organisation_id'))
        batch.drop_index('ix_proposal_call_id_state')

    op.drop_table('proposal')
    op.drop_table('key_holder')
    op.drop_table('call_key')
