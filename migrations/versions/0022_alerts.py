"""Subscriptions and what was noticed for them; failures, bounces and the inbox."""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import UTC, datetime

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op


revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table('arrival',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('thing', sa.String(length=12), nullable=False),
    sa.Column('thing_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("thing in ('technology', 'need')", name=op.f('ck_arrival_thing')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_arrival')),
    sa.UniqueConstraint('thing', 'thing_id', name=op.f('uq_arrival_thing_thing_id'))
    )
    op.create_table('incoming_mail',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('outcome', sa.String(length=24), nullable=False),
    sa.Column('refused', sa.Boolean(), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('refused = (reason is not null)', name=op.f('ck_incoming_mail_reason')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_incoming_mail')),
    sa.UniqueConstraint('digest', name=op.f('uq_incoming_mail_digest'))
    )
    with op.batch_alter_table('incoming_mail') as batch:
        batch.create_index('ix_incoming_mail_refused_id', ['refused', 'id'], unique=False)
    op.create_table('undeliverable',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('address_key', sa.String(length=254), nullable=False),
    sa.Column('status', sa.String(length=12), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_undeliverable')),
    sa.UniqueConstraint('address_key', name=op.f('uq_undeliverable_address_key'))
    )
    op.create_table('subscription',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('listing', sa.String(length=12), nullable=True),
    sa.Column('words', sa.String(length=500), nullable=False),
    sa.Column('filters', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('need_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('technology_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('signature', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('pace', sa.String(length=8), nullable=False),
    sa.Column('weekday', sa.Integer(), nullable=False),
    sa.Column('hour', sa.Integer(), nullable=False),
    sa.Column('zone', sa.String(length=40), nullable=False),
    sa.Column('paused', sa.DateTime(timezone=True), nullable=True),
    sa.Column('due', sa.DateTime(timezone=True), nullable=True),
    sa.Column('told', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("(kind = 'need') = (need_id is not null)", name=op.f('ck_subscription_need')),
    sa.CheckConstraint("(kind = 'organisation') = (organisation_id is not null)", name=op.f('ck_subscription_organisation')),
    sa.CheckConstraint(
        "(kind = 'search') = (listing is not null) and (listing is null or listing in ('technology', 'need'))", name=op.f('ck_subscription_listing')
    ),
    sa.CheckConstraint("(kind = 'technology') = (technology_id is not null)", name=op.f('ck_subscription_technology')),
    sa.CheckConstraint("kind in ('search', 'need', 'technology', 'organisation')", name=op.f('ck_subscription_kind')),
    sa.CheckConstraint("pace in ('at_once', 'daily', 'weekly')", name=op.f('ck_subscription_pace')),
    sa.CheckConstraint('weekday between 0 and 6 and hour between 0 and 23', name=op.f('ck_subscription_hour')),
    sa.ForeignKeyConstraint(['need_id'], ['need.id'], name=op.f('fk_subscription_need_id_need')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_subscription_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_subscription_person_id_person')),
    sa.ForeignKeyConstraint(['technology_id'], ['technology.id'], name=op.f('fk_subscription_technology_id_technology')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subscription')),
    sa.UniqueConstraint('person_id', 'signature', name=op.f('uq_subscription_person_id_signature')),
    sa.UniqueConstraint('public_id', name=op.f('uq_subscription_public_id'))
    )
    with op.batch_alter_table('subscription') as batch:
        batch.create_index('ix_subscription_due', ['due'], unique=False)
        batch.create_index('ix_subscription_kind_signature', ['kind', 'signature'], unique=False)
        batch.create_index(batch.f('ix_subscription_need_id'), ['need_id'], unique=False)
        batch.create_index(batch.f('ix_subscription_organisation_id'), ['organisation_id'], unique=False)
        batch.create_index(batch.f('ix_subscription_technology_id'), ['technology_id'], unique=False)
    op.create_table('noticed',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('subscription_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('thing', sa.String(length=12), nullable=False),
    sa.Column('thing_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('told', sa.DateTime(timezone=True), nullable=True),
    sa.Column('mail_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.CheckConstraint("thing in ('technology', 'need', 'match')", name=op.f('ck_noticed_thing')),
    sa.CheckConstraint('mail_id is null or told is not null', name=op.f('ck_noticed_told')),
    sa.ForeignKeyConstraint(['mail_id'], ['mail.id'], name=op.f('fk_noticed_mail_id_mail')),
    sa.ForeignKeyConstraint(['subscription_id'], ['subscription.id'], name=op.f('fk_noticed_subscription_id_subscription')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_noticed')),
    sa.UniqueConstraint('subscription_id', 'thing', 'thing_id', name=op.f('uq_noticed_subscription_id_thing_thing_id'))
    )
    with op.batch_alter_table('noticed') as batch:
        batch.create_index(batch.f('ix_noticed_mail_id'), ['mail_id'], unique=False)
        batch.create_index('ix_noticed_waiting', ['subscription_id', 'id'], unique=False, sqlite_where=sa.text('told is null'), postgresql_where=sa.text('told is null'))
    with op.batch_alter_table('mail') as batch:
        batch.add_column(sa.Column('attempts', sa.Integer(), server_default='0', nullable=False))
        batch.add_column(sa.Column('tried', sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column('bounce', sa.String(length=12), nullable=True))
        batch.create_index('ix_mail_address_state_sent', ['address', 'state', 'sent'], unique=False)
        batch.create_index('ix_mail_state_id', ['state', 'id'], unique=False)
    _follow_needs()


def _follow_needs() -> None:
    """The authors of open needs were told of new matches before, and follow their needs from now on."""
    data = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")
    need = sa.table("need", sa.column("id"), sa.column("author_id"), sa.column("title", data), sa.column("state"))
    person = sa.table("person", sa.column("id"), sa.column("language"), sa.column("closed"))
    moment = sa.DateTime(timezone=True)
    subscription = sa.table("subscription", *(sa.column(name) for name in (
        "public_id", "person_id", "kind", "words", "need_id", "signature", "name", "pace", "weekday", "hour", "zone", "version_id",
    )), sa.column("filters", data), sa.column("created", moment))
    query = sa.select(need.c.id, need.c.author_id, need.c.title, person.c.language).join(person, person.c.id == need.c.author_id)
    rows = op.get_bind().execute(query.where(need.c.state.in_(("published", "matched", "in_deal")), person.c.closed.is_(None))).all()
    made = [
        {
            "public_id": "".join(secrets.choice("23456789abcdefghjkmnpqrstuvwxyz") for _ in range(12)), "person_id": author, "kind": "need", "words": "",
            "filters": {}, "need_id": key, "signature": hashlib.sha256(json.dumps(["need", key], sort_keys=True).encode()).hexdigest(),
            "name": (title.get(language) or next((text for text in title.values() if text), "-"))[:120], "pace": "daily", "weekday": 0, "hour": 9,
            "zone": "Asia/Shanghai", "created": datetime.now(UTC), "version_id": 1,
        }
        for key, author, title, language in rows
    ]
    if made:
        op.bulk_insert(subscription, made)


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table('mail') as batch:
        batch.drop_index('ix_mail_state_id')
        batch.drop_index('ix_mail_address_state_sent')
        batch.drop_column('bounce')
        batch.drop_column('tried')
        batch.drop_column('attempts')
    with op.batch_alter_table('noticed') as batch:
        batch.drop_index('ix_noticed_waiting', sqlite_where=sa.text('told is null'), postgresql_where=sa.text('told is null'))
        batch.drop_index(batch.f('ix_noticed_mail_id'))
    op.drop_table('noticed')
    with op.batch_alter_table('subscription') as batch:
        batch.drop_index(batch.f('ix_subscription_technology_id'))
        batch.drop_index(batch.f('ix_subscription_organisation_id'))
        batch.drop_index(batch.f('ix_subscription_need_id'))
        batch.drop_index('ix_subscription_kind_signature')
        batch.drop_index('ix_subscription_due')
    op.drop_table('subscription')
    op.drop_table('undeliverable')
    with op.batch_alter_table('incoming_mail') as batch:
        batch.drop_index('ix_incoming_mail_refused_id')
    op.drop_table('incoming_mail')
    op.drop_table('arrival')
