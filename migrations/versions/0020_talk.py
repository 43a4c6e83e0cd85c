"""What the people of a deal say and agree: messages, notes, tasks, meetings, and the mails that came in answer."""

from __future__ import annotations

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op

revision = '0020'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table('deal_note',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('deal_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('audience', sa.String(length=14), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('corrects_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('edited', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("audience in ('all', 'firm_broker', 'holder_broker', 'firm', 'holder', 'broker')", name=op.f('ck_deal_note_audience')),
    sa.ForeignKeyConstraint(['corrects_id'], ['deal_note.id'], name=op.f('fk_deal_note_corrects_id_deal_note')),
    sa.ForeignKeyConstraint(['deal_id'], ['deal.id'], name=op.f('fk_deal_note_deal_id_deal')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_deal_note_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deal_note')),
    sa.UniqueConstraint('deal_id', 'key', name=op.f('uq_deal_note_deal_id_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_deal_note_public_id'))
    )
    with op.batch_alter_table('deal_note') as batch:
        batch.create_index(batch.f('ix_deal_note_corrects_id'), ['corrects_id'], unique=False)
        batch.create_index('ix_deal_note_deal_id_audience_id', ['deal_id', 'audience', 'id'], unique=False)
    op.create_table('deal_meeting',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('deal_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('audience', sa.String(length=14), nullable=False),
    sa.Column('uid', sa.String(length=60), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('starts', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends', sa.DateTime(timezone=True), nullable=False),
    sa.Column('zone', sa.String(length=60), nullable=False),
    sa.Column('place', sa.String(length=200), nullable=True),
    sa.Column('link', sa.String(length=500), nullable=True),
    sa.Column('agenda', sa.Text(), nullable=True),
    sa.Column('organiser_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("audience in ('all', 'firm_broker', 'holder_broker', 'firm', 'holder', 'broker')", name=op.f('ck_deal_meeting_audience')),
    sa.CheckConstraint("state in ('planned', 'cancelled')", name=op.f('ck_deal_meeting_state')),
    sa.CheckConstraint('sequence >= 0', name=op.f('ck_deal_meeting_sequence')),
    sa.CheckConstraint('starts < ends', name=op.f('ck_deal_meeting_times')),
    sa.ForeignKeyConstraint(['deal_id'], ['deal.id'], name=op.f('fk_deal_meeting_deal_id_deal')),
    sa.ForeignKeyConstraint(['organiser_id'], ['party.id'], name=op.f('fk_deal_meeting_organiser_id_party')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deal_meeting')),
    sa.UniqueConstraint('deal_id', 'key', name=op.f('uq_deal_meeting_deal_id_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_deal_meeting_public_id')),
    sa.UniqueConstraint('uid', name=op.f('uq_deal_meeting_uid'))
    )
    with op.batch_alter_table('deal_meeting') as batch:
        batch.create_index(batch.f('ix_deal_meeting_deal_id'), ['deal_id'], unique=False)
        batch.create_index('ix_deal_meeting_state_starts', ['state', 'starts'], unique=False)
    op.create_table('deal_message',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('deal_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('audience', sa.String(length=14), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('party_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('via', sa.String(length=4), nullable=False),
    sa.Column('left_out', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("audience in ('all', 'firm_broker', 'holder_broker', 'firm', 'holder', 'broker')", name=op.f('ck_deal_message_audience')),
    sa.CheckConstraint("via in ('page', 'mail')", name=op.f('ck_deal_message_via')),
    sa.CheckConstraint('left_out >= 0', name=op.f('ck_deal_message_left_out')),
    sa.ForeignKeyConstraint(['deal_id'], ['deal.id'], name=op.f('fk_deal_message_deal_id_deal')),
    sa.ForeignKeyConstraint(['party_id'], ['party.id'], name=op.f('fk_deal_message_party_id_party')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_deal_message_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deal_message')),
    sa.UniqueConstraint('deal_id', 'key', name=op.f('uq_deal_message_deal_id_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_deal_message_public_id'))
    )
    with op.batch_alter_table('deal_message') as batch:
        batch.create_index('ix_deal_message_deal_id_audience_id', ['deal_id', 'audience', 'id'], unique=False)
    op.create_table('deal_task',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('deal_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('audience', sa.String(length=14), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('due', sa.Date(), nullable=False),
    sa.Column('party_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('set_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('reminded', sa.Date(), nullable=True),
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("audience in ('all', 'firm_broker', 'holder_broker', 'firm', 'holder', 'broker')", name=op.f('ck_deal_task_audience')),
    sa.CheckConstraint("state in ('open', 'done', 'dropped')", name=op.f('ck_deal_task_state')),
    sa.ForeignKeyConstraint(['deal_id'], ['deal.id'], name=op.f('fk_deal_task_deal_id_deal')),
    sa.ForeignKeyConstraint(['party_id'], ['party.id'], name=op.f('fk_deal_task_party_id_party')),
    sa.ForeignKeyConstraint(['set_by_id'], ['party.id'], name=op.f('fk_deal_task_set_by_id_party')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deal_task')),
    sa.UniqueConstraint('deal_id', 'key', name=op.f('uq_deal_task_deal_id_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_deal_task_public_id'))
    )
    with op.batch_alter_table('deal_task') as batch:
        batch.create_index('ix_deal_task_deal_id_state', ['deal_id', 'state'], unique=False)
        batch.create_index('ix_deal_task_party_id_state_due', ['party_id', 'state', 'due'], unique=False)
        batch.create_index('ix_deal_task_state_due', ['state', 'due'], unique=False)
    op.create_table('received_mail',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('party_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('outcome', sa.String(length=16), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("(outcome = 'refused') = (reason is not null)", name=op.f('ck_received_mail_reason')),
    sa.CheckConstraint("outcome in ('posted', 'answered_meeting', 'refused')", name=op.f('ck_received_mail_outcome')),
    sa.ForeignKeyConstraint(['party_id'], ['party.id'], name=op.f('fk_received_mail_party_id_party')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_received_mail')),
    sa.UniqueConstraint('key', name=op.f('uq_received_mail_key'))
    )
    with op.batch_alter_table('received_mail') as batch:
        batch.create_index(batch.f('ix_received_mail_party_id'), ['party_id'], unique=False)
    op.create_table('deal_attendance',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('meeting_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('party_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('answer', sa.String(length=6), nullable=False),
    sa.Column('answered', sa.DateTime(timezone=True), nullable=True),
    sa.Column('asked', sa.Integer(), nullable=False),
    sa.Column('told', sa.Integer(), nullable=True),
    sa.Column('gone', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.CheckConstraint("(answer = 'asked') = (answered is null)", name=op.f('ck_deal_attendance_answered')),
    sa.CheckConstraint("answer in ('asked', 'yes', 'no', 'maybe')", name=op.f('ck_deal_attendance_answer')),
    sa.ForeignKeyConstraint(['meeting_id'], ['deal_meeting.id'], name=op.f('fk_deal_attendance_meeting_id_deal_meeting')),
    sa.ForeignKeyConstraint(['party_id'], ['party.id'], name=op.f('fk_deal_attendance_party_id_party')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deal_attendance')),
    sa.UniqueConstraint('meeting_id', 'party_id', name=op.f('uq_deal_attendance_meeting_id_party_id'))
    )
    with op.batch_alter_table('deal_attendance') as batch:
        batch.create_index(batch.f('ix_deal_attendance_party_id'), ['party_id'], unique=False)
    op.create_table('deal_delivery',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('message_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('party_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=254), nullable=False),
    sa.ForeignKeyConstraint(['message_id'], ['deal_message.id'], name=op.f('fk_deal_delivery_message_id_deal_message')),
    sa.ForeignKeyConstraint(['party_id'], ['party.id'], name=op.f('fk_deal_delivery_party_id_party')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deal_delivery')),
    sa.UniqueConstraint('message_id', 'party_id', name=op.f('uq_deal_delivery_message_id_party_id'))
    )
    with op.batch_alter_table('deal_delivery') as batch:
        batch.create_index(batch.f('ix_deal_delivery_party_id'), ['party_id'], unique=False)
    op.create_table('deal_read_mark',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('party_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('audience', sa.String(length=14), nullable=False),
    sa.Column('message_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.CheckConstraint("audience in ('all', 'firm_broker', 'holder_broker', 'firm', 'holder', 'broker')", name=op.f('ck_deal_read_mark_audience')),
    sa.ForeignKeyConstraint(['message_id'], ['deal_message.id'], name=op.f('fk_deal_read_mark_message_id_deal_message')),
    sa.ForeignKeyConstraint(['party_id'], ['party.id'], name=op.f('fk_deal_read_mark_party_id_party')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deal_read_mark')),
    sa.UniqueConstraint('party_id', 'audience', name=op.f('uq_deal_read_mark_party_id_audience'))
    )


def downgrade() -> None:
    """Back."""
    op.drop_table('deal_read_mark')
    with op.batch_alter_table('deal_delivery') as batch:
        batch.drop_index(batch.f('ix_deal_delivery_party_id'))
    op.drop_table('deal_delivery')
    with op.batch_alter_table('deal_attendance') as batch:
        batch.drop_index(batch.f('ix_deal_attendance_party_id'))
    op.drop_table('deal_attendance')
    with op.batch_alter_table('received_mail') as batch:
        batch.drop_index(batch.f('ix_received_mail_party_id'))
    op.drop_table('received_mail')
    with op.batch_alter_table('deal_task') as batch:
        batch.drop_index('ix_deal_task_state_due')
        batch.drop_index('ix_deal_task_party_id_state_due')
        batch.drop_index('ix_deal_task_deal_id_state')
    op.drop_table('deal_task')
    with op.batch_alter_table('deal_message') as batch:
        batch.drop_index('ix_deal_message_deal_id_audience_id')
    op.drop_table('deal_message')
    with op.batch_alter_table('deal_meeting') as batch:
        batch.drop_index('ix_deal_meeting_state_starts')
        batch.drop_index(batch.f('ix_deal_meeting_deal_id'))
    op.drop_table('deal_meeting')
    with op.batch_alter_table('deal_note') as batch:
        batch.drop_index('ix_deal_note_deal_id_audience_id')
        batch.drop_index(batch.f('ix_deal_note_corrects_id'))
    op.drop_table('deal_note')
