"""Agreements: signed texts and their PDFs, certificates, corrections, disputes, reminders; what was signed is never changed."""

from __future__ import annotations

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op


revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

FROZEN = ('agreement_version', 'agreement_event', 'signed_text', 'paper')
"""Tables to which rows are only ever added. A later batch change of one of them on SQLite makes it anew, without its triggers."""


def _freeze() -> None:
    """Let the database itself refuse a changed or deleted row."""
    if op.get_bind().dialect.name == 'sqlite':
        for table in FROZEN:
            for verb in ('update', 'delete'):
                op.execute(f"create trigger tr_{table}_{verb} before {verb} on {table} begin select raise(abort, 'rows of {table} are never changed'); end")
        return
    op.execute("create function refuse_change() returns trigger language plpgsql as $$ begin "
               "raise exception 'rows of % are never changed', tg_table_name using errcode = 'integrity_constraint_violation'; end $$")
    for table in FROZEN:
        op.execute(f"create trigger tr_{table}_change before update or delete on {table} for each row execute function refuse_change()")


def _thaw() -> None:
    """Take the triggers away again."""
    if op.get_bind().dialect.name == 'sqlite':
        for table in FROZEN:
            for verb in ('update', 'delete'):
                op.execute(f'drop trigger tr_{table}_{verb}')
        return
    for table in FROZEN:
        op.execute(f'drop trigger tr_{table}_change on {table}')
    op.execute('drop function refuse_change()')


def upgrade() -> None:
    """Forward."""
    op.create_table('agreement_reminder',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('agreement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('about', sa.Date(), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind in ('trial_ending', 'window_ending', 'lapsed', 'certificate_due', 'certificate_overdue', 'overtaken', 'moved_up')", name=op.f('ck_agreement_reminder_kind')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_agreement_reminder_agreement_id_agreement')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agreement_reminder')),
    sa.UniqueConstraint('agreement_id', 'kind', 'about', name=op.f('uq_agreement_reminder_agreement_id_kind_about'))
    )
    op.create_table('dispute',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('agreement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('side', sa.String(length=8), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('subject', sa.String(length=200), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('settlement', sa.Text(), nullable=True),
    sa.Column('settlement_side', sa.String(length=8), nullable=True),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settled', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("(state = 'open') = (settlement is null)", name=op.f('ck_dispute_settlement')),
    sa.CheckConstraint("side in ('licensor', 'licensee')", name=op.f('ck_dispute_side')),
    sa.CheckConstraint("state in ('open', 'offered', 'settled')", name=op.f('ck_dispute_state')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_dispute_agreement_id_agreement')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_dispute_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_dispute')),
    sa.UniqueConstraint('agreement_id', 'key', name=op.f('uq_dispute_agreement_id_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_dispute_public_id'))
    )
    with op.batch_alter_table('dispute', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_dispute_agreement_id'), ['agreement_id'], unique=False)

    op.create_table('signed_text',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('agreement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('of', sa.String(length=12), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('zh', sa.Text(), nullable=False),
    sa.Column('en', sa.Text(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("of in ('agreement', 'certificate')", name=op.f('ck_signed_text_of')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_signed_text_agreement_id_agreement')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_signed_text')),
    sa.UniqueConstraint('agreement_id', 'of', 'number', name=op.f('uq_signed_text_agreement_id_of_number')),
    sa.UniqueConstraint('sha256', name=op.f('uq_signed_text_sha256'))
    )
    op.create_table('correction',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('agreement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('event_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('side', sa.String(length=8), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('answered_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answered', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("side in ('licensor', 'licensee')", name=op.f('ck_correction_side')),
    sa.CheckConstraint("state in ('asked', 'agreed', 'refused', 'withdrawn')", name=op.f('ck_correction_state')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_correction_agreement_id_agreement')),
    sa.ForeignKeyConstraint(['answered_by_id'], ['person.id'], name=op.f('fk_correction_answered_by_id_person')),
    sa.ForeignKeyConstraint(['event_id'], ['agreement_event.id'], name=op.f('fk_correction_event_id_agreement_event')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_correction_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_correction')),
    sa.UniqueConstraint('public_id', name=op.f('uq_correction_public_id'))
    )
    with op.batch_alter_table('correction', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_correction_agreement_id'), ['agreement_id'], unique=False)
        batch_op.create_index('uq_correction_asked', ['event_id'], unique=True, sqlite_where=sa.text("state = 'asked'"), postgresql_where=sa.text("state = 'asked'"))

    op.create_table('paper',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('text_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("language in ('zh', 'en')", name=op.f('ck_paper_language')),
    sa.ForeignKeyConstraint(['text_id'], ['signed_text.id'], name=op.f('fk_paper_text_id_signed_text')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_paper')),
    sa.UniqueConstraint('public_id', name=op.f('uq_paper_public_id')),
    sa.UniqueConstraint('text_id', 'language', name=op.f('uq_paper_text_id_language'))
    )
    with op.batch_alter_table('paper', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_paper_sha256'), ['sha256'], unique=False)

    with op.batch_alter_table('agreement', schema=None) as batch_op:
        batch_op.add_column(sa.Column('key', sa.String(length=40), nullable=True))
        batch_op.create_unique_constraint(batch_op.f('uq_agreement_drafted_by_id_key'), ['drafted_by_id', 'key'])

    with op.batch_alter_table('agreement_version', schema=None) as batch_op:
        batch_op.add_column(sa.Column('facts', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), server_default=sa.text("'{}'"), nullable=False))

    with op.batch_alter_table('signature', schema=None) as batch_op:
        batch_op.add_column(sa.Column('of', sa.String(length=12), server_default='agreement', nullable=False))
        batch_op.drop_constraint(batch_op.f('uq_signature_agreement_id_number_side_person_id'), type_='unique')
        batch_op.drop_index(batch_op.f('uq_signature_signed'), sqlite_where=sa.text('signed is not null'))
        batch_op.create_check_constraint(batch_op.f('ck_signature_of'), "of in ('agreement', 'certificate')")
        batch_op.create_index('uq_signature_signed', ['agreement_id', 'of', 'number', 'side'], unique=True, sqlite_where=sa.text('signed is not null'), postgresql_where=sa.text('signed is not null'))
        batch_op.create_unique_constraint(batch_op.f('uq_signature_agreement_id_of_number_side_person_id'), ['agreement_id', 'of', 'number', 'side', 'person_id'])

    with op.batch_alter_table('standing', schema=None) as batch_op:
        batch_op.add_column(sa.Column('next_due', sa.Date(), nullable=True))

    _freeze()



def downgrade() -> None:
    """Back."""
    _thaw()
    with op.batch_alter_table('standing', schema=None) as batch_op:
        batch_op.drop_column('next_due')

    with op.batch_alter_table('signature', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_signature_agreement_id_of_number_side_person_id'), type_='unique')
        batch_op.drop_index('uq_signature_signed', sqlite_where=sa.text('signed is not null'), postgresql_where=sa.text('signed is not null'))
        batch_op.drop_constraint(batch_op.f('ck_signature_of'), type_='check')
        batch_op.create_index(batch_op.f('uq_signature_signed'), ['agreement_id', 'number', 'side'], unique=True, sqlite_where=sa.text('signed is not null'), postgresql_where=sa.text('signed is not null'))
        batch_op.create_unique_constraint(batch_op.f('uq_signature_agreement_id_number_side_person_id'), ['agreement_id', 'number', 'side', 'person_id'])
        batch_op.drop_column('of')

    with op.batch_alter_table('agreement_version', schema=None) as batch_op:
        batch_op.drop_column('facts')

    with op.batch_alter_table('agreement', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_agreement_drafted_by_id_key'), type_='unique')
        batch_op.drop_column('key')

    with op.batch_alter_table('paper', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_paper_sha256'))

    op.drop_table('paper')
    with op.batch_alter_table('correction', schema=None) as batch_op:
        batch_op.drop_index('uq_correction_asked', sqlite_where=sa.text("state = 'asked'"), postgresql_where=sa.text("state = 'asked'"))
        batch_op.drop_index(batch_op.f('ix_correction_agreement_id'))

    op.drop_table('correction')
    op.drop_table('signed_text')
    with op.batch_alter_table('dispute', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_dispute_agreement_id'))

    op.drop_table('dispute')
    op.drop_table('agreement_reminder')
