"""Sessions in the database, second factors, identities at other providers, and counts of tries that workers share."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0042'
down_revision = '0040'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
MOMENT = sa.DateTime(timezone=True)
OPEN = sa.text("state in ('asked', 'allowed')")


def _person(table: str, column: str = 'person_id', nullable: bool = False) -> tuple[sa.Column, sa.ForeignKeyConstraint]:
    return sa.Column(column, KEY, nullable=nullable), sa.ForeignKeyConstraint(
        [column], ['person.id'], name=op.f(f'fk_{table}_{column}_person'))


def upgrade() -> None:
    """Forward: everybody signs in once more."""
    op.add_column('person', sa.Column('factor_due', MOMENT, nullable=True))
    _sessions()
    _factors()
    _recoveries()
    op.create_table(
        'identity', sa.Column('id', KEY, nullable=False), sa.Column('public_id', sa.String(16), nullable=False), *_person('identity'),
        sa.Column('issuer', sa.String(200), nullable=False), sa.Column('subject', sa.String(255), nullable=False), sa.Column('made', MOMENT, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_identity')), sa.UniqueConstraint('public_id', name=op.f('uq_identity_public_id')),
        sa.UniqueConstraint('issuer', 'subject', name=op.f('uq_identity_issuer_subject')),
    )
    op.create_index(op.f('ix_identity_person_id'), 'identity', ['person_id'])
    op.create_table(
        'tries', sa.Column('key', sa.String(300), nullable=False), sa.Column('count', sa.BigInteger(), nullable=False),
        sa.Column('ends', sa.Float(53), nullable=False), sa.PrimaryKeyConstraint('key', name=op.f('pk_tries')),
    )
    op.create_index('ix_tries_ends', 'tries', ['ends'])


def _sessions() -> None:
    op.create_table(
        'sign_in', sa.Column('id', KEY, nullable=False), sa.Column('public_id', sa.String(16), nullable=False), *_person('sign_in'),
        sa.Column('token_hash', sa.String(64), nullable=False), sa.Column('way', sa.String(10), nullable=False),
        sa.Column('outside', sa.String(30), nullable=True), sa.Column('has_factor', sa.Boolean(), nullable=False), sa.Column('stays', sa.Boolean(), nullable=False),
        sa.Column('device', sa.String(60), nullable=False), sa.Column('made', MOMENT, nullable=False), sa.Column('seen', MOMENT, nullable=False),
        sa.Column('proven', MOMENT, nullable=False), sa.Column('ends', MOMENT, nullable=False),
        sa.CheckConstraint("way in ('password', 'passkey', 'outside', 'link')", name=op.f('ck_sign_in_way')),
        sa.CheckConstraint("ends > made", name=op.f('ck_sign_in_ends')), sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in')),
        sa.UniqueConstraint('public_id', name=op.f('uq_sign_in_public_id')), sa.UniqueConstraint('token_hash', name=op.f('uq_sign_in_token_hash')),
    )
    op.create_index(op.f('ix_sign_in_person_id'), 'sign_in', ['person_id'])
    op.create_index(op.f('ix_sign_in_ends'), 'sign_in', ['ends'])


def _factors() -> None:
    op.create_table(
        'authenticator', sa.Column('id', KEY, nullable=False), *_person('authenticator'), sa.Column('secret', sa.LargeBinary(), nullable=False),
        sa.Column('last_step', sa.Integer(), nullable=False), sa.Column('made', MOMENT, nullable=False), sa.Column('confirmed', MOMENT, nullable=True),
        sa.Column('version_id', sa.Integer(), nullable=False), sa.PrimaryKeyConstraint('id', name=op.f('pk_authenticator')),
        sa.UniqueConstraint('person_id', name=op.f('uq_authenticator_person_id')),
    )
    op.create_table(
        'recovery_code', sa.Column('id', KEY, nullable=False), *_person('recovery_code'), sa.Column('code_hash', sa.String(64), nullable=False),
        sa.Column('made', MOMENT, nullable=False), sa.Column('used', MOMENT, nullable=True), sa.PrimaryKeyConstraint('id', name=op.f('pk_recovery_code')),
        sa.UniqueConstraint('person_id', 'code_hash', name=op.f('uq_recovery_code_person_id_code_hash')),
    )
    op.create_table(
        'passkey', sa.Column('id', KEY, nullable=False), sa.Column('public_id', sa.String(16), nullable=False), *_person('passkey'),
        sa.Column('credential', sa.String(1400), nullable=False), sa.Column('public_key', sa.LargeBinary(), nullable=False),
        sa.Column('uses', sa.BigInteger(), nullable=False), sa.Column('name', sa.String(60), nullable=False), sa.Column('made', MOMENT, nullable=False),
        sa.Column('used', MOMENT, nullable=True), sa.PrimaryKeyConstraint('id', name=op.f('pk_passkey')),
        sa.UniqueConstraint('public_id', name=op.f('uq_passkey_public_id')), sa.UniqueConstraint('credential', name=op.f('uq_passkey_credential')),
    )
    op.create_index(op.f('ix_passkey_person_id'), 'passkey', ['person_id'])


def _recoveries() -> None:
    op.create_table(
        'recovery', sa.Column('id', KEY, nullable=False), sa.Column('public_id', sa.String(16), nullable=False), *_person('recovery'),
        sa.Column('reason', sa.String(1000), nullable=False), sa.Column('state', sa.String(10), nullable=False), sa.Column('asked', MOMENT, nullable=False),
        sa.Column('due', MOMENT, nullable=False), *_person('recovery', 'decided_by_id', True), sa.Column('checked', sa.String(1000), nullable=True),
        sa.Column('version_id', sa.Integer(), nullable=False),
        sa.CheckConstraint("state in ('asked', 'allowed', 'refused', 'cancelled', 'used')", name=op.f('ck_recovery_state')),
        sa.CheckConstraint("decided_by_id is null or decided_by_id <> person_id", name=op.f('ck_recovery_decided_by')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_recovery')), sa.UniqueConstraint('public_id', name=op.f('uq_recovery_public_id')),
    )
    op.create_index('uq_recovery_open', 'recovery', ['person_id'], unique=True, sqlite_where=OPEN, postgresql_where=OPEN)


def downgrade() -> None:
    """Back: everybody signs in once more, and second factors are gone."""
    for table in ('tries', 'identity', 'recovery', 'passkey', 'recovery_code', 'authenticator', 'sign_in'):
        op.drop_table(table)
    with op.batch_alter_table('person') as batch:
        batch.drop_column('factor_due')
