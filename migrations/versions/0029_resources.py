"""Facilities with bookings, experts with requests, scenarios with applications for first trials."""

from __future__ import annotations

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op

revision = '0029'
down_revision = '0028'
branch_labels = None
depends_on = None

KNOWN_CODE = (
    "code is null or code in ('too_early', 'benefit_unclear', 'market_route_unclear', 'description_unclear', 'wrong_field', 'already_have_it', "
    "'price', 'terms', 'ip_position', 'capacity', 'timing', 'other')"
)


def _never_overlap() -> None:
    """Let the database itself refuse two bookings that hold one facility at one time. A range of one id stands for its equality in the
    constraint of PostgreSQL, so that no extension is needed."""
    if op.get_bind().dialect.name == 'postgresql':
        op.execute("alter table booking add constraint ex_booking_facility_id_span exclude using gist "
                   "(int8range(facility_id, facility_id, '[]') with &&, tstzrange(starts, ends) with &&) where (state in ('accepted', 'done'))")
        return
    for verb in ('insert', 'update'):
        op.execute(
            f"create trigger tr_booking_{verb} before {verb} on booking when new.state in ('accepted', 'done') begin "
            "select raise(abort, 'bookings of a facility overlap') where exists (select 1 from booking as other "
            "where other.facility_id = new.facility_id and other.id <> coalesce(new.id, -1) and other.state in ('accepted', 'done') "
            "and other.starts < new.ends and other.ends > new.starts); end"
        )


def upgrade() -> None:
    """Forward."""
    op.create_table('expert',
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('name', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('consented', sa.DateTime(timezone=True), nullable=True),
    sa.Column('consent_held', sa.Boolean(), nullable=False),
    sa.Column('speaks', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('regions', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('days', sa.Integer(), nullable=True),
    sa.Column('available_from', sa.Date(), nullable=True),
    sa.Column('available_until', sa.Date(), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('author_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('visibility', sa.String(length=10), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('title', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('description', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('fields', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('industries', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('published', sa.DateTime(timezone=True), nullable=True),
    sa.Column('listed_until', sa.Date(), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("kind in ('consultant', 'special_commissioner', 'vice_president')", name=op.f('ck_expert_kind')),
    sa.CheckConstraint("state <> 'published' or consented is not null or (person_id is null and consent_held)", name=op.f('ck_expert_consent')),
    sa.CheckConstraint("state in ('draft', 'published', 'withdrawn', 'expired')", name=op.f('ck_expert_state')),
    sa.CheckConstraint("visibility in ('public', 'members')", name=op.f('ck_expert_visibility')),
    sa.CheckConstraint('available_until is null or available_from is null or available_until >= available_from', name=op.f('ck_expert_available')),
    sa.CheckConstraint('days is null or days between 1 and 31', name=op.f('ck_expert_days')),
    sa.CheckConstraint('person_id is not null or consented is null', name=op.f('ck_expert_consented')),
    sa.ForeignKeyConstraint(['author_id'], ['person.id'], name=op.f('fk_expert_author_id_person')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_expert_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_expert_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_expert')),
    sa.UniqueConstraint('public_id', name=op.f('uq_expert_public_id'))
    )
    with op.batch_alter_table('expert') as batch:
        batch.create_index(batch.f('ix_expert_organisation_id'), ['organisation_id'], unique=False)
        batch.create_index(batch.f('ix_expert_person_id'), ['person_id'], unique=False)
        batch.create_index('ix_expert_state_listed_until', ['state', 'listed_until'], unique=False)
        batch.create_index('ix_expert_visibility_published_id', ['visibility', 'published', 'id'], unique=False)
    op.create_table('facility',
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('capacity', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('place', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('trl_from', sa.Integer(), nullable=False),
    sa.Column('trl_to', sa.Integer(), nullable=False),
    sa.Column('accreditations', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('price', sa.BigInteger(), nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('basis', sa.String(length=8), nullable=False),
    sa.Column('zone', sa.String(length=40), nullable=False),
    sa.Column('hours', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('closed', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('feed', sa.Integer(), server_default='1', nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('author_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('visibility', sa.String(length=10), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('title', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('description', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('fields', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('industries', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('published', sa.DateTime(timezone=True), nullable=True),
    sa.Column('listed_until', sa.Date(), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("(basis = 'request') = (price is null)", name=op.f('ck_facility_price')),
    sa.CheckConstraint("basis in ('hour', 'day', 'batch', 'test', 'request')", name=op.f('ck_facility_basis')),
    sa.CheckConstraint("kind in ('pilot_line', 'test_lab', 'instrument')", name=op.f('ck_facility_kind')),
    sa.CheckConstraint("state in ('draft', 'published', 'withdrawn', 'expired')", name=op.f('ck_facility_state')),
    sa.CheckConstraint("visibility in ('public', 'members')", name=op.f('ck_facility_visibility')),
    sa.CheckConstraint('price is null or price >= 0', name=op.f('ck_facility_price_sign')),
    sa.CheckConstraint('trl_from between 1 and 9 and trl_to between trl_from and 9', name=op.f('ck_facility_trl')),
    sa.ForeignKeyConstraint(['author_id'], ['person.id'], name=op.f('fk_facility_author_id_person')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_facility_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_facility')),
    sa.UniqueConstraint('public_id', name=op.f('uq_facility_public_id'))
    )
    with op.batch_alter_table('facility') as batch:
        batch.create_index(batch.f('ix_facility_organisation_id'), ['organisation_id'], unique=False)
        batch.create_index('ix_facility_state_listed_until', ['state', 'listed_until'], unique=False)
        batch.create_index('ix_facility_visibility_published_id', ['visibility', 'published', 'id'], unique=False)
    op.create_table('scenario',
    sa.Column('place', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('conditions', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('measurements', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('judge', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('trials', sa.Integer(), nullable=False),
    sa.Column('trl_from', sa.Integer(), nullable=False),
    sa.Column('opens_on', sa.Date(), nullable=True),
    sa.Column('closes_on', sa.Date(), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('author_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('visibility', sa.String(length=10), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('title', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('description', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('fields', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('industries', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('published', sa.DateTime(timezone=True), nullable=True),
    sa.Column('listed_until', sa.Date(), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("state in ('draft', 'published', 'withdrawn', 'expired')", name=op.f('ck_scenario_state')),
    sa.CheckConstraint("visibility in ('public', 'members')", name=op.f('ck_scenario_visibility')),
    sa.CheckConstraint('closes_on is null or opens_on is null or closes_on >= opens_on', name=op.f('ck_scenario_open')),
    sa.CheckConstraint('trials between 1 and 1000', name=op.f('ck_scenario_trials')),
    sa.CheckConstraint('trl_from between 1 and 9', name=op.f('ck_scenario_trl')),
    sa.ForeignKeyConstraint(['author_id'], ['person.id'], name=op.f('fk_scenario_author_id_person')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_scenario_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_scenario')),
    sa.UniqueConstraint('public_id', name=op.f('uq_scenario_public_id'))
    )
    with op.batch_alter_table('scenario') as batch:
        batch.create_index(batch.f('ix_scenario_organisation_id'), ['organisation_id'], unique=False)
        batch.create_index('ix_scenario_state_listed_until', ['state', 'listed_until'], unique=False)
        batch.create_index('ix_scenario_visibility_published_id', ['visibility', 'published', 'id'], unique=False)
    op.create_table('booking',
    sa.Column('facility_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('starts', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('code', sa.String(length=24), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answered', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answered_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint(KNOWN_CODE, name=op.f('ck_booking_known_code')),
    sa.CheckConstraint("state <> 'declined' or code is not null or reason is not null", name=op.f('ck_booking_declined')),
    sa.CheckConstraint("state in ('requested', 'accepted', 'declined', 'cancelled', 'done')", name=op.f('ck_booking_state')),
    sa.CheckConstraint('(answered is null) = (answered_by_id is null)', name=op.f('ck_booking_answered')),
    sa.CheckConstraint('starts < ends', name=op.f('ck_booking_span')),
    sa.ForeignKeyConstraint(['answered_by_id'], ['person.id'], name=op.f('fk_booking_answered_by_id_person')),
    sa.ForeignKeyConstraint(['facility_id'], ['facility.id'], name=op.f('fk_booking_facility_id_facility')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_booking_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_booking_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_booking')),
    sa.UniqueConstraint('facility_id', 'person_id', 'key', name='uq_booking_facility_id_person_id_key'),
    sa.UniqueConstraint('public_id', name=op.f('uq_booking_public_id'))
    )
    with op.batch_alter_table('booking') as batch:
        batch.create_index('ix_booking_facility_id_state_starts', ['facility_id', 'state', 'starts'], unique=False)
        batch.create_index(batch.f('ix_booking_organisation_id'), ['organisation_id'], unique=False)
        batch.create_index('ix_booking_state_ends', ['state', 'ends'], unique=False)
    _never_overlap()
    op.create_table('expert_request',
    sa.Column('expert_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('code', sa.String(length=24), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answered', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answered_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint(KNOWN_CODE, name=op.f('ck_expert_request_known_code')),
    sa.CheckConstraint("state <> 'declined' or code is not null or reason is not null", name=op.f('ck_expert_request_declined')),
    sa.CheckConstraint("state in ('asked', 'accepted', 'declined', 'withdrawn')", name=op.f('ck_expert_request_state')),
    sa.CheckConstraint('(answered is null) = (answered_by_id is null)', name=op.f('ck_expert_request_answered')),
    sa.ForeignKeyConstraint(['answered_by_id'], ['person.id'], name=op.f('fk_expert_request_answered_by_id_person')),
    sa.ForeignKeyConstraint(['expert_id'], ['expert.id'], name=op.f('fk_expert_request_expert_id_expert')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_expert_request_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_expert_request_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_expert_request')),
    sa.UniqueConstraint('expert_id', 'person_id', 'key', name='uq_expert_request_expert_id_person_id_key'),
    sa.UniqueConstraint('public_id', name=op.f('uq_expert_request_public_id'))
    )
    with op.batch_alter_table('expert_request') as batch:
        batch.create_index('ix_expert_request_expert_id_state', ['expert_id', 'state'], unique=False)
        batch.create_index(batch.f('ix_expert_request_organisation_id'), ['organisation_id'], unique=False)
    op.create_table('trial_application',
    sa.Column('scenario_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('technology_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('code', sa.String(length=24), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answered', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answered_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint(KNOWN_CODE, name=op.f('ck_trial_application_known_code')),
    sa.CheckConstraint("state <> 'declined' or code is not null or reason is not null", name=op.f('ck_trial_application_declined')),
    sa.CheckConstraint("state <> 'declined' or code is not null", name=op.f('ck_trial_application_declined_code')),
    sa.CheckConstraint("state in ('asked', 'accepted', 'declined', 'withdrawn')", name=op.f('ck_trial_application_state')),
    sa.CheckConstraint('(answered is null) = (answered_by_id is null)', name=op.f('ck_trial_application_answered')),
    sa.ForeignKeyConstraint(['answered_by_id'], ['person.id'], name=op.f('fk_trial_application_answered_by_id_person')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_trial_application_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_trial_application_person_id_person')),
    sa.ForeignKeyConstraint(['scenario_id'], ['scenario.id'], name=op.f('fk_trial_application_scenario_id_scenario')),
    sa.ForeignKeyConstraint(['technology_id'], ['technology.id'], name=op.f('fk_trial_application_technology_id_technology')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_trial_application')),
    sa.UniqueConstraint('public_id', name=op.f('uq_trial_application_public_id')),
    sa.UniqueConstraint('scenario_id', 'person_id', 'key', name='uq_trial_application_scenario_id_person_id_key')
    )
    with op.batch_alter_table('trial_application') as batch:
        batch.create_index(batch.f('ix_trial_application_organisation_id'), ['organisation_id'], unique=False)
        batch.create_index('ix_trial_application_scenario_id_state', ['scenario_id', 'state'], unique=False)
        batch.create_index(batch.f('ix_trial_application_technology_id'), ['technology_id'], unique=False)
        batch.create_index(
            'uq_trial_application_live', ['scenario_id', 'technology_id'], unique=True,
            sqlite_where=sa.text("state in ('asked', 'accepted')"), postgresql_where=sa.text("state in ('asked', 'accepted')"),
        )


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table('trial_application') as batch:
        batch.drop_index(
            'uq_trial_application_live', sqlite_where=sa.text("state in ('asked', 'accepted')"), postgresql_where=sa.text("state in ('asked', 'accepted')"),
        )
        batch.drop_index(batch.f('ix_trial_application_technology_id'))
        batch.drop_index('ix_trial_application_scenario_id_state')
        batch.drop_index(batch.f('ix_trial_application_organisation_id'))
    op.drop_table('trial_application')
    with op.batch_alter_table('expert_request') as batch:
        batch.drop_index(batch.f('ix_expert_request_organisation_id'))
        batch.drop_index('ix_expert_request_expert_id_state')
    op.drop_table('expert_request')
    with op.batch_alter_table('booking') as batch:
        batch.drop_index('ix_booking_state_ends')
        batch.drop_index(batch.f('ix_booking_organisation_id'))
        batch.drop_index('ix_booking_facility_id_state_starts')
    op.drop_table('booking')
    with op.batch_alter_table('scenario') as batch:
        batch.drop_index('ix_scenario_visibility_published_id')
        batch.drop_index('ix_scenario_state_listed_until')
        batch.drop_index(batch.f('ix_scenario_organisation_id'))
    op.drop_table('scenario')
    with op.batch_alter_table('facility') as batch:
        batch.drop_index('ix_facility_visibility_published_id')
        batch.drop_index('ix_facility_state_listed_until')
        batch.drop_index(batch.f('ix_facility_organisation_id'))
    op.drop_table('facility')
    with op.batch_alter_table('expert') as batch:
        batch.drop_index('ix_expert_visibility_published_id')
        batch.drop_index('ix_expert_state_listed_until')
        batch.drop_index(batch.f('ix_expert_person_id'))
        batch.drop_index(batch.f('ix_expert_organisation_id'))
    op.drop_table('expert')
