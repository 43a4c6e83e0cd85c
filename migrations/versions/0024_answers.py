"""Files that came with answers by mail, documents for one side and the broker, what was said of one's listings as something to follow, and readings of
the answers to learn from."""

from __future__ import annotations

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op

revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None

CHECKS = (
    ('deal_document', 'side', "side is null or side in ('firm', 'holder', 'broker')",
     "side is null or side in ('firm_broker', 'holder_broker', 'firm', 'holder', 'broker')"),
    ('subscription', 'kind', "kind in ('search', 'need', 'technology', 'organisation')", "kind in ('search', 'need', 'technology', 'organisation', 'advice')"),
    ('noticed', 'thing', "thing in ('technology', 'need', 'match')", "thing in ('technology', 'need', 'match', 'decline')"),
)
"""Table, name of the check, what it was, what it is."""


def _check(table: str, name: str, condition: str) -> None:
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(op.f(f'ck_{table}_{name}'), type_='check')
        batch.create_check_constraint(op.f(f'ck_{table}_{name}'), condition)


def upgrade() -> None:
    """Forward."""
    with op.batch_alter_table('deal_document') as batch:
        batch.alter_column('side', existing_type=sa.String(length=8), type_=sa.String(length=14), existing_nullable=True)
    for table, name, _before, after in CHECKS:
        _check(table, name, after)
    with op.batch_alter_table('subscription') as batch:
        batch.create_check_constraint(op.f('ck_subscription_advice'), "kind <> 'advice' or pace <> 'at_once'")
    op.create_table('deal_enclosure',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('message_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('document_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('values', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.CheckConstraint('(document_id is null) = (reason is not null)', name=op.f('ck_deal_enclosure_reason')),
    sa.ForeignKeyConstraint(['document_id'], ['deal_document.id'], name=op.f('fk_deal_enclosure_document_id_deal_document')),
    sa.ForeignKeyConstraint(['message_id'], ['deal_message.id'], name=op.f('fk_deal_enclosure_message_id_deal_message')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deal_enclosure')),
    sa.UniqueConstraint('message_id', 'number', name=op.f('uq_deal_enclosure_message_id_number'))
    )
    with op.batch_alter_table('deal_enclosure') as batch:
        batch.create_index(batch.f('ix_deal_enclosure_document_id'), ['document_id'], unique=False)
    op.create_table('learning_run',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.Integer(), nullable=False),
    sa.Column('answers', sa.Integer(), nullable=False),
    sa.Column('verdict', sa.String(length=8), nullable=False),
    sa.Column('missing', sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('version', sa.String(length=64), nullable=True),
    sa.CheckConstraint("verdict in ('few', 'kept', 'better', 'undone')", name=op.f('ck_learning_run_verdict')),
    sa.CheckConstraint("version is null or verdict = 'better'", name=op.f('ck_learning_run_version')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_learning_run'))
    )


def downgrade() -> None:
    """Back. What is for a side and the broker together becomes the side's own: nobody reads more than before."""
    op.drop_table('learning_run')
    with op.batch_alter_table('deal_enclosure') as batch:
        batch.drop_index(batch.f('ix_deal_enclosure_document_id'))
    op.drop_table('deal_enclosure')
    op.execute("delete from noticed where thing = 'decline' or subscription_id in (select id from subscription where kind = 'advice')")
    op.execute("delete from subscription where kind = 'advice'")
    op.execute("update deal_document set side = 'firm' where side = 'firm_broker'")
    op.execute("update deal_document set side = 'holder' where side = 'holder_broker'")
    with op.batch_alter_table('subscription') as batch:
        batch.drop_constraint(op.f('ck_subscription_advice'), type_='check')
    for table, name, before, _after in CHECKS:
        _check(table, name, before)
    with op.batch_alter_table('deal_document') as batch:
        batch.alter_column('side', existing_type=sa.String(length=14), type_=sa.String(length=8), existing_nullable=True)
