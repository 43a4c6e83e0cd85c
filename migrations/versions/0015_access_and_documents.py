"""Who opened what is blind, NDAs before it, documents of deals, uploads with their verdicts."""

from __future__ import annotations

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op


revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table('access_entry',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('thing', sa.String(length=30), nullable=False),
    sa.Column('thing_id', sa.Integer(), nullable=False),
    sa.Column('owner_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('what', sa.String(length=12), nullable=False),
    sa.Column('about', sa.String(length=200), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_access_entry_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['owner_id'], ['organisation.id'], name=op.f('fk_access_entry_owner_id_organisation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_access_entry_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_access_entry'))
    )
    with op.batch_alter_table('access_entry') as batch:
        batch.create_index('ix_access_entry_owner_id_id', ['owner_id', 'id'], unique=False)
        batch.create_index('ix_access_entry_thing_thing_id_id', ['thing', 'thing_id', 'id'], unique=False)

    op.create_table('moderation',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('thing', sa.String(length=30), nullable=False),
    sa.Column('thing_id', sa.Integer(), nullable=False),
    sa.Column('owner_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('until > at', name=op.f('ck_moderation_until')),
    sa.ForeignKeyConstraint(['owner_id'], ['organisation.id'], name=op.f('fk_moderation_owner_id_organisation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_moderation_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_moderation')),
    sa.UniqueConstraint('public_id', name=op.f('uq_moderation_public_id'))
    )
    with op.batch_alter_table('moderation') as batch:
        batch.create_index(batch.f('ix_moderation_owner_id'), ['owner_id'], unique=False)
        batch.create_index('ix_moderation_person_id_thing_thing_id', ['person_id', 'thing', 'thing_id'], unique=False)

    op.create_table('upload',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('thing', sa.String(length=30), nullable=False),
    sa.Column('thing_id', sa.Integer(), nullable=True),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('why', sa.String(length=12), nullable=True),
    sa.Column('said', sa.String(length=100), nullable=True),
    sa.Column('answer', sa.Text(), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answered', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state in ('clean', 'unscanned', 'quarantined', 'released', 'deleted', 'refused')", name=op.f('ck_upload_state')),
    sa.CheckConstraint("state not in ('quarantined', 'refused') or why is not null or said is not null", name=op.f('ck_upload_why')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_upload_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_upload')),
    sa.UniqueConstraint('public_id', name=op.f('uq_upload_public_id'))
    )
    with op.batch_alter_table('upload') as batch:
        batch.create_index(batch.f('ix_upload_sha256'), ['sha256'], unique=False)
        batch.create_index('ix_upload_state_id', ['state', 'id'], unique=False)

    op.create_table('nda',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('grant_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('zh', sa.Text(), nullable=True),
    sa.Column('en', sa.Text(), nullable=True),
    sa.Column('file_name', sa.String(length=200), nullable=True),
    sa.Column('size', sa.Integer(), nullable=True),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('nonce', sa.String(length=40), nullable=True),
    sa.Column('grant_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('(zh is null) = (en is null) and (zh is null) <> (file_name is null)', name=op.f('ck_nda_text')),
    sa.ForeignKeyConstraint(['grant_id'], ['access_grant.id'], name=op.f('fk_nda_grant_id_access_grant')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_nda_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_nda')),
    sa.UniqueConstraint('grant_id', name=op.f('uq_nda_grant_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_nda_public_id'))
    )
    op.create_table('nda_signature',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('nda_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('side', sa.String(length=12), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('counter', sa.Integer(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('text_sha256', sa.String(length=64), nullable=False),
    sa.Column('asked', sa.DateTime(timezone=True), nullable=False),
    sa.Column('signed', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("side in ('owner_side', 'asking_side')", name=op.f('ck_nda_signature_side')),
    sa.ForeignKeyConstraint(['nda_id'], ['nda.id'], name=op.f('fk_nda_signature_nda_id_nda')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_nda_signature_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_nda_signature')),
    sa.UniqueConstraint('nda_id', 'side', 'person_id', name=op.f('uq_nda_signature_nda_id_side_person_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_nda_signature_public_id'))
    )
    with op.batch_alter_table('nda_signature') as batch:
        batch.create_index('uq_nda_signature_signed', ['nda_id', 'side'], unique=True, sqlite_where=sa.text('signed is not null'), postgresql_where=sa.text('signed is not null'))

    op.create_table('deal_document',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('deal_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('side', sa.String(length=8), nullable=True),
    sa.Column('guests', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('removed', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("side is null or side in ('firm', 'holder', 'broker')", name=op.f('ck_deal_document_side')),
    sa.CheckConstraint('side is null or not guests', name=op.f('ck_deal_document_guests')),
    sa.ForeignKeyConstraint(['deal_id'], ['deal.id'], name=op.f('fk_deal_document_deal_id_deal')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_deal_document_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deal_document')),
    sa.UniqueConstraint('public_id', name=op.f('uq_deal_document_public_id'))
    )
    with op.batch_alter_table('deal_document') as batch:
        batch.create_index(batch.f('ix_deal_document_deal_id'), ['deal_id'], unique=False)

    op.create_table('deal_document_version',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('document_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('media_type', sa.String(length=100), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('number > 0', name=op.f('ck_deal_document_version_number')),
    sa.ForeignKeyConstraint(['document_id'], ['deal_document.id'], name=op.f('fk_deal_document_version_document_id_deal_document')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_deal_document_version_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deal_document_version')),
    sa.UniqueConstraint('document_id', 'number', name=op.f('uq_deal_document_version_document_id_number')),
    sa.UniqueConstraint('public_id', name=op.f('uq_deal_document_version_public_id'))
    )
    op.create_table('deal_document_opening',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('version_of_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_deal_document_opening_person_id_person')),
    sa.ForeignKeyConstraint(['version_of_id'], ['deal_document_version.id'], name=op.f('fk_deal_document_opening_version_of_id_deal_document_version')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deal_document_opening'))
    )
    with op.batch_alter_table('deal_document_opening') as batch:
        batch.create_index('ix_deal_document_opening_version_of_id_id', ['version_of_id', 'id'], unique=False)

    with op.batch_alter_table('access_grant') as batch:
        batch.add_column(sa.Column('answer', sa.Text(), nullable=True))



def downgrade() -> None:
    """Back."""
    with op.batch_alter_table('access_grant') as batch:
        batch.drop_column('answer')

    with op.batch_alter_table('deal_document_opening') as batch:
        batch.drop_index('ix_deal_document_opening_version_of_id_id')

    op.drop_table('deal_document_opening')
    op.drop_table('deal_document_version')
    with op.batch_alter_table('deal_document') as batch:
        batch.drop_index(batch.f('ix_deal_document_deal_id'))

    op.drop_table('deal_document')
    with op.batch_alter_table('nda_signature') as batch:
        batch.drop_index('uq_nda_signature_signed', sqlite_where=sa.text('signed is not null'), postgresql_where=sa.text('signed is not null'))

    op.drop_table('nda_signature')
    op.drop_table('nda')
    with op.batch_alter_table('upload') as batch:
        batch.drop_index('ix_upload_state_id')
        batch.drop_index(batch.f('ix_upload_sha256'))

    op.drop_table('upload')
    with op.batch_alter_table('moderation') as batch:
        batch.drop_index('ix_moderation_person_id_thing_thing_id')
        batch.drop_index(batch.f('ix_moderation_owner_id'))

    op.drop_table('moderation')
    with op.batch_alter_table('access_entry') as batch:
        batch.drop_index('ix_access_entry_thing_thing_id_id')
        batch.drop_index('ix_access_entry_owner_id_id')

    op.drop_table('access_entry')
