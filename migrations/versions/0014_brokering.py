"""Blind listings with grants of access; deals, their parties, stages and timeline; what mail carries besides its text."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


VISIBILITY = "visibility in ('public', 'members', 'blind')"
VISIBILITY_BEFORE = "visibility in ('public', 'members')"
MAIL = "state in ('queued', 'kept', 'sent', 'refused', 'bounced')"
MAIL_BEFORE = "state in ('queued', 'kept', 'sent')"


def _check(batch: Any, table: str, name: str, rule: str) -> None:
    batch.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
    batch.create_check_constraint(op.f(f"ck_{table}_{name}"), rule)


def upgrade() -> None:
    """Forward."""
    op.create_table('access_grant',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('thing', sa.String(length=30), nullable=False),
    sa.Column('thing_id', sa.Integer(), nullable=False),
    sa.Column('owner_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('asking_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('purpose', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("(state <> 'granted') or until is not null", name=op.f('ck_access_grant_until')),
    sa.CheckConstraint("state in ('asked', 'nda', 'granted', 'refused', 'revoked')", name=op.f('ck_access_grant_state')),
    sa.CheckConstraint('owner_id <> asking_id', name=op.f('ck_access_grant_sides')),
    sa.ForeignKeyConstraint(['asking_id'], ['organisation.id'], name=op.f('fk_access_grant_asking_id_organisation')),
    sa.ForeignKeyConstraint(['owner_id'], ['organisation.id'], name=op.f('fk_access_grant_owner_id_organisation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_access_grant_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_access_grant')),
    sa.UniqueConstraint('public_id', name=op.f('uq_access_grant_public_id'))
    )
    with op.batch_alter_table('access_grant') as batch:
        batch.create_index('ix_access_grant_asking_id_thing_thing_id', ['asking_id', 'thing', 'thing_id'], unique=False)
        batch.create_index(batch.f('ix_access_grant_owner_id'), ['owner_id'], unique=False)
        batch.create_index('uq_access_grant_open', ['asking_id', 'thing', 'thing_id'], unique=True,
            sqlite_where=sa.text("state in ('asked', 'nda')"),
            postgresql_where=sa.text("state in ('asked', 'nda')"))
    op.create_table('deal',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('match_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('need_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('technology_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('firm_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('holder_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('broker_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('agency_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('agreement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('nda_required', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('frozen', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('lost_code', sa.String(length=24), nullable=True),
    sa.Column('lost_text', sa.Text(), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("(state = 'lost') = (lost_code is not null)", name=op.f('ck_deal_lost')),
    sa.CheckConstraint("broker_id is not null or state in ('lead', 'lost')", name=op.f('ck_deal_broker')),
    sa.CheckConstraint(
        "lost_code is null or lost_code in ('too_early', 'benefit_unclear', 'market_route_unclear', 'description_unclear', 'wrong_field', 'already_have_it', "
        "'price', 'terms', 'ip_position', 'capacity', 'timing', 'other')",
        name=op.f('ck_deal_lost_code'),
    ),
    sa.CheckConstraint(
        "state in ('lead', 'qualified', 'introduced', 'nda', 'evaluation', 'negotiating', "
        "'notice', 'signed', 'performing', 'won', 'lost')",
        name=op.f('ck_deal_state'),
    ),
    sa.CheckConstraint('firm_id <> holder_id', name=op.f('ck_deal_sides')),
    sa.ForeignKeyConstraint(['agency_id'], ['organisation.id'], name=op.f('fk_deal_agency_id_organisation')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_deal_agreement_id_agreement')),
    sa.ForeignKeyConstraint(['broker_id'], ['person.id'], name=op.f('fk_deal_broker_id_person')),
    sa.ForeignKeyConstraint(['firm_id'], ['organisation.id'], name=op.f('fk_deal_firm_id_organisation')),
    sa.ForeignKeyConstraint(['holder_id'], ['organisation.id'], name=op.f('fk_deal_holder_id_organisation')),
    sa.ForeignKeyConstraint(['match_id'], ['match.id'], name=op.f('fk_deal_match_id_match')),
    sa.ForeignKeyConstraint(['need_id'], ['need.id'], name=op.f('fk_deal_need_id_need')),
    sa.ForeignKeyConstraint(['technology_id'], ['technology.id'], name=op.f('fk_deal_technology_id_technology')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deal')),
    sa.UniqueConstraint('agreement_id', name=op.f('uq_deal_agreement_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_deal_public_id'))
    )
    with op.batch_alter_table('deal') as batch:
        batch.create_index('ix_deal_broker_id_state', ['broker_id', 'state'], unique=False)
        batch.create_index(batch.f('ix_deal_firm_id'), ['firm_id'], unique=False)
        batch.create_index(batch.f('ix_deal_holder_id'), ['holder_id'], unique=False)
        batch.create_index(batch.f('ix_deal_match_id'), ['match_id'], unique=False)
        batch.create_index(batch.f('ix_deal_need_id'), ['need_id'], unique=False)
        batch.create_index(batch.f('ix_deal_technology_id'), ['technology_id'], unique=False)
        batch.create_index('uq_deal_firm_id_technology_id', ['firm_id', 'technology_id'], unique=True,
            sqlite_where=sa.text("need_id is null and state <> 'lost'"),
            postgresql_where=sa.text("need_id is null and state <> 'lost'"))
        batch.create_index('uq_deal_need_id_technology_id', ['need_id', 'technology_id'], unique=True,
            sqlite_where=sa.text("need_id is not null and state <> 'lost'"),
            postgresql_where=sa.text("need_id is not null and state <> 'lost'"))
    op.create_table('deal_entry',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('deal_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('kind', sa.String(length=30), nullable=False),
    sa.Column('side', sa.String(length=8), nullable=True),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('thing', sa.String(length=30), nullable=True),
    sa.Column('thing_id', sa.Integer(), nullable=True),
    sa.Column('facts', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.CheckConstraint("side is null or side in ('firm', 'holder', 'broker', 'guest')", name=op.f('ck_deal_entry_side')),
    sa.ForeignKeyConstraint(['deal_id'], ['deal.id'], name=op.f('fk_deal_entry_deal_id_deal')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_deal_entry_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deal_entry'))
    )
    with op.batch_alter_table('deal_entry') as batch:
        batch.create_index('ix_deal_entry_deal_id_id', ['deal_id', 'id'], unique=False)
    op.create_table('party',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('deal_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('side', sa.String(length=8), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('address_key', sa.String(length=254), nullable=False),
    sa.Column('duty', sa.String(length=120), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('invited_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('expires', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("side in ('firm', 'holder', 'broker', 'guest')", name=op.f('ck_party_side')),
    sa.CheckConstraint("state <> 'active' or person_id is not null", name=op.f('ck_party_person')),
    sa.CheckConstraint("state in ('invited', 'active', 'declined', 'removed')", name=op.f('ck_party_state')),
    sa.ForeignKeyConstraint(['deal_id'], ['deal.id'], name=op.f('fk_party_deal_id_deal')),
    sa.ForeignKeyConstraint(['invited_by_id'], ['person.id'], name=op.f('fk_party_invited_by_id_person')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_party_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_party_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_party')),
    sa.UniqueConstraint('public_id', name=op.f('uq_party_public_id'))
    )
    with op.batch_alter_table('party') as batch:
        batch.create_index(batch.f('ix_party_address_key'), ['address_key'], unique=False)
        batch.create_index('ix_party_deal_id', ['deal_id'], unique=False)
        batch.create_index(batch.f('ix_party_person_id'), ['person_id'], unique=False)
        batch.create_index('uq_party_deal_id_address_key', ['deal_id', 'address_key'], unique=True,
            sqlite_where=sa.text("state in ('invited', 'active')"),
            postgresql_where=sa.text("state in ('invited', 'active')"))
    op.create_table('stage_span',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('deal_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('stage', sa.String(length=12), nullable=False),
    sa.Column('entered', sa.DateTime(timezone=True), nullable=False),
    sa.Column('left', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint(
        "stage in ('lead', 'qualified', 'introduced', 'nda', 'evaluation', 'negotiating', "
        "'notice', 'signed', 'performing', 'won', 'lost')",
        name=op.f('ck_stage_span_stage'),
    ),
    sa.ForeignKeyConstraint(['deal_id'], ['deal.id'], name=op.f('fk_stage_span_deal_id_deal')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stage_span')),
    sa.UniqueConstraint('deal_id', 'stage', 'entered', name=op.f('uq_stage_span_deal_id_stage_entered'))
    )
    with op.batch_alter_table('stage_span') as batch:
        batch.create_index('uq_stage_span_open', ['deal_id'], unique=True, sqlite_where=sa.text('"left" is null'), postgresql_where=sa.text('"left" is null'))
    with op.batch_alter_table('mail') as batch:
        _check(batch, "mail", "state", MAIL)
        batch.add_column(sa.Column('reply_to', sa.String(length=254), nullable=True))
        batch.add_column(sa.Column('answers', sa.String(length=254), nullable=True))
        batch.add_column(sa.Column('unsubscribe', sa.String(length=300), nullable=True))
        batch.add_column(sa.Column('calendar', sa.Text(), nullable=True))
        batch.add_column(sa.Column('error', sa.Text(), nullable=True))
    with op.batch_alter_table('need') as batch:
        _check(batch, "need", "visibility", VISIBILITY)
        batch.add_column(sa.Column('teaser', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), server_default="{}", nullable=False))
        batch.add_column(sa.Column('nda_required', sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table('technology') as batch:
        _check(batch, "technology", "visibility", VISIBILITY)
        batch.add_column(sa.Column('teaser', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), server_default="{}", nullable=False))
        batch.add_column(sa.Column('nda_required', sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Back. What was blind is withdrawn and open to members only, for nobody could read it in full before; mails with newer states are kept unsent."""
    for table in ("technology", "need"):
        op.execute(f"update {table} set state = 'withdrawn' where visibility = 'blind' and state not in ('draft', 'submitted')")
        op.execute(f"update {table} set visibility = 'members' where visibility = 'blind'")
    op.execute(f"update mail set state = 'kept' where not ({MAIL_BEFORE})")
    with op.batch_alter_table('technology') as batch:
        _check(batch, "technology", "visibility", VISIBILITY_BEFORE)
        batch.drop_column('nda_required')
        batch.drop_column('teaser')
    with op.batch_alter_table('need') as batch:
        _check(batch, "need", "visibility", VISIBILITY_BEFORE)
        batch.drop_column('nda_required')
        batch.drop_column('teaser')
    with op.batch_alter_table('mail') as batch:
        _check(batch, "mail", "state", MAIL_BEFORE)
        batch.drop_column('error')
        batch.drop_column('calendar')
        batch.drop_column('unsubscribe')
        batch.drop_column('answers')
        batch.drop_column('reply_to')
    with op.batch_alter_table('stage_span') as batch:
        batch.drop_index('uq_stage_span_open', sqlite_where=sa.text('"left" is null'), postgresql_where=sa.text('"left" is null'))
    op.drop_table('stage_span')
    with op.batch_alter_table('party') as batch:
        batch.drop_index('uq_party_deal_id_address_key',
            sqlite_where=sa.text("state in ('invited', 'active')"),
            postgresql_where=sa.text("state in ('invited', 'active')"))
        batch.drop_index(batch.f('ix_party_person_id'))
        batch.drop_index('ix_party_deal_id')
        batch.drop_index(batch.f('ix_party_address_key'))
    op.drop_table('party')
    with op.batch_alter_table('deal_entry') as batch:
        batch.drop_index('ix_deal_entry_deal_id_id')
    op.drop_table('deal_entry')
    with op.batch_alter_table('deal') as batch:
        batch.drop_index('uq_deal_need_id_technology_id',
            sqlite_where=sa.text("need_id is not null and state <> 'lost'"),
            postgresql_where=sa.text("need_id is not null and state <> 'lost'"))
        batch.drop_index('uq_deal_firm_id_technology_id',
            sqlite_where=sa.text("need_id is null and state <> 'lost'"),
            postgresql_where=sa.text("need_id is null and state <> 'lost'"))
        batch.drop_index(batch.f('ix_deal_technology_id'))
        batch.drop_index(batch.f('ix_deal_need_id'))
        batch.drop_index(batch.f('ix_deal_match_id'))
        batch.drop_index(batch.f('ix_deal_holder_id'))
        batch.drop_index(batch.f('ix_deal_firm_id'))
        batch.drop_index('ix_deal_broker_id_state')
    op.drop_table('deal')
    with op.batch_alter_table('access_grant') as batch:
        batch.drop_index('uq_access_grant_open', sqlite_where=sa.text("state in ('asked', 'nda')"), postgresql_where=sa.text("state in ('asked', 'nda')"))
        batch.drop_index(batch.f('ix_access_grant_owner_id'))
        batch.drop_index('ix_access_grant_asking_id_thing_thing_id')
    op.drop_table('access_grant')
