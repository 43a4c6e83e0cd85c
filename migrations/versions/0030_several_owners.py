"""Calls of several owners: votes on a panel's decision, which owner answered a question and named a reviewer; later awards; files of gates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0030'
down_revision = '0029'
branch_labels = None
depends_on = None

OPEN = "state = 'open'"
KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
KINDS = "kind in ('text', 'admission', 'withdrawal', 'award', 'other')"
MORE_KINDS = "kind in ('text', 'admission', 'withdrawal', 'award', 'decision', 'other')"


def _votes() -> None:
    """A motion may be about a panel's decision."""
    with op.batch_alter_table('pool_motion') as batch:
        batch.add_column(sa.Column('decision_id', KEY, nullable=True))
        batch.create_foreign_key(batch.f('fk_pool_motion_decision_id_panel_decision'), 'panel_decision', ['decision_id'], ['id'])
        batch.drop_constraint(batch.f('ck_pool_motion_kind'), type_='check')
        batch.create_check_constraint(batch.f('ck_pool_motion_kind'), MORE_KINDS)
        batch.create_check_constraint(batch.f('ck_pool_motion_decision'), "(kind = 'decision') = (decision_id is not null)")
    with op.batch_alter_table('pool_motion') as batch:
        batch.create_index('uq_pool_motion_decision_id', ['decision_id'], unique=True, sqlite_where=sa.text(OPEN), postgresql_where=sa.text(OPEN))


def _no_votes() -> None:
    """Votes on decisions go with what they are about."""
    op.execute("delete from pool_ballot where motion_id in (select id from pool_motion where kind = 'decision')")
    op.execute("delete from pool_motion where kind = 'decision'")
    with op.batch_alter_table('pool_motion') as batch:
        batch.drop_index('uq_pool_motion_decision_id', sqlite_where=sa.text(OPEN), postgresql_where=sa.text(OPEN))
    with op.batch_alter_table('pool_motion') as batch:
        batch.drop_constraint(batch.f('ck_pool_motion_decision'), type_='check')
        batch.drop_constraint(batch.f('ck_pool_motion_kind'), type_='check')
        batch.create_check_constraint(batch.f('ck_pool_motion_kind'), KINDS)
        batch.drop_constraint(batch.f('fk_pool_motion_decision_id_panel_decision'), type_='foreignkey')
        batch.drop_column('decision_id')


ACTED = {'call_question': 'answered_for_id', 'reviewer': 'named_for_id'}
"""Table → the column that says which owner of the call acted."""


def _acting() -> None:
    for table, column in ACTED.items():
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column(column, KEY, nullable=True))
            batch.create_foreign_key(batch.f(f'fk_{table}_{column}_organisation'), 'organisation', [column], ['id'])


def _not_acting() -> None:
    for table, column in ACTED.items():
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(batch.f(f'fk_{table}_{column}_organisation'), type_='foreignkey')
            batch.drop_column(column)


def _freeze_awards() -> None:
    """SQLite makes a table anew and forgets its triggers: those of 0027 are set again."""
    if op.get_bind().dialect.name == 'sqlite':
        for verb in ('update', 'delete'):
            op.execute(f"create trigger tr_award_{verb} before {verb} on award begin select raise(abort, 'rows of award are never changed'); end")


def _later_awards() -> None:
    """A call may have a later award for a place that became free."""
    with op.batch_alter_table('award') as batch:
        batch.add_column(sa.Column('number', sa.Integer(), nullable=False, server_default='1'))
        batch.drop_constraint(batch.f('uq_award_call_id'), type_='unique')
        batch.create_unique_constraint(batch.f('uq_award_call_id_number'), ['call_id', 'number'])
        batch.create_check_constraint(batch.f('ck_award_number'), 'number >= 1')
    _freeze_awards()


def _one_award() -> None:
    """Refused by the database where a call has a later award: what was published is not thrown away by a step back."""
    with op.batch_alter_table('award') as batch:
        batch.drop_constraint(batch.f('ck_award_number'), type_='check')
        batch.drop_constraint(batch.f('uq_award_call_id_number'), type_='unique')
        batch.create_unique_constraint(batch.f('uq_award_call_id'), ['call_id'])
        batch.drop_column('number')
    _freeze_awards()


def _gate_files() -> None:
    """What was handed in is what was judged: the database refuses to change a file of a gate or to delete it."""
    op.create_table(
        'gate_file',
        sa.Column('id', KEY, nullable=False),
        sa.Column('public_id', sa.String(length=16), nullable=False),
        sa.Column('gate_id', KEY, nullable=False),
        sa.Column('side', sa.String(length=4), nullable=False),
        sa.Column('person_id', KEY, nullable=False),
        sa.Column('name', sa.String(length=200), nullable=False),
        sa.Column('media_type', sa.String(length=100), nullable=False),
        sa.Column('size', sa.Integer(), nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("side in ('team', 'user')", name=op.f('ck_gate_file_side')),
        sa.CheckConstraint('length(sha256) = 64', name=op.f('ck_gate_file_sha256')),
        sa.CheckConstraint('size > 0', name=op.f('ck_gate_file_size')),
        sa.ForeignKeyConstraint(['gate_id'], ['gate.id'], name=op.f('fk_gate_file_gate_id_gate')),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_gate_file_person_id_person')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_gate_file')),
        sa.UniqueConstraint('public_id', name=op.f('uq_gate_file_public_id')),
    )
    op.create_index(op.f('ix_gate_file_gate_id'), 'gate_file', ['gate_id'], unique=False)
    if op.get_bind().dialect.name == 'sqlite':
        for verb in ('update', 'delete'):
            op.execute(f"create trigger tr_gate_file_{verb} before {verb} on gate_file begin select raise(abort, 'rows of gate_file are never changed'); end")
    else:
        op.execute('create trigger tr_gate_file_change before update or delete on gate_file for each row execute function refuse_change()')


def upgrade() -> None:
    """Forward."""
    _gate_files()
    _votes()
    _acting()
    _later_awards()


def downgrade() -> None:
    """Back."""
    op.drop_table('gate_file')
    _one_award()
    _not_acting()
    _no_votes()
