"""Open calls in the index of the engine: their column of words goes, what fits them is kept, and searches for them can be followed."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = '0031'
down_revision = '0030'
branch_labels = None
depends_on = None

CHECKS = (
    ('subscription', 'listing', "(kind = 'search') = (listing is not null) and (listing is null or listing in ('technology', 'need'))",
     "(kind = 'search') = (listing is not null) and (listing is null or listing in ('technology', 'need', 'open_call'))"),
    ('arrival', 'thing', "thing in ('technology', 'need')", "thing in ('technology', 'need', 'open_call')"),
    ('noticed', 'thing', "thing in ('technology', 'need', 'match', 'decline')", "thing in ('technology', 'need', 'match', 'decline', 'open_call')"),
)
"""Table, name of the check, what it was, what it is."""


def _check(table: str, name: str, condition: str) -> None:
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(op.f(f'ck_{table}_{name}'), type_='check')
        batch.create_check_constraint(op.f(f'ck_{table}_{name}'), condition)


def _index_all() -> None:
    """Have the worker bring the calls that stand on the site into the index: until then words find none of them."""
    moment = sa.bindparam('moment', datetime.now(UTC), sa.DateTime(timezone=True))
    op.execute(sa.text(
        "insert into job (kind, key, \"values\", state, due, attempts, created) select 'calls.index_all', 'all', '{}', 'queued', :moment, 0, :moment "
        "where exists (select 1 from open_call where published is not null)").bindparams(moment))


def upgrade() -> None:
    """Forward."""
    for table, name, _before, after in CHECKS:
        _check(table, name, after)
    op.create_table('call_fit',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('call_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('technology_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('score', sa.Float(), nullable=False),
    sa.Column('probability', sa.Float(), nullable=False),
    sa.CheckConstraint('probability between 0 and 1', name=op.f('ck_call_fit_probability')),
    sa.ForeignKeyConstraint(['call_id'], ['open_call.id'], name=op.f('fk_call_fit_call_id_open_call')),
    sa.ForeignKeyConstraint(['technology_id'], ['technology.id'], name=op.f('fk_call_fit_technology_id_technology')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_call_fit')),
    sa.UniqueConstraint('call_id', 'technology_id', name=op.f('uq_call_fit_call_id_technology_id'))
    )
    op.create_index(op.f('ix_call_fit_technology_id'), 'call_fit', ['technology_id'], unique=False)
    op.drop_column('open_call', 'searched')
    _index_all()


def downgrade() -> None:
    """Back: the words are written into their column again; what was followed of calls is lost."""
    op.execute("delete from job where kind in ('calls.index', 'calls.index_all', 'calls.fit_call', 'calls.fit_technology', 'calls.fit_run', "
               "'alerts.call_arrived') and state = 'queued'")
    op.add_column('open_call', sa.Column('searched', sa.Text(), server_default='', nullable=False))
    calls = sa.table('open_call', sa.column('id', sa.BigInteger), sa.column('title', sa.JSON), sa.column('brief', sa.JSON), sa.column('searched', sa.Text))
    for key, *texts in op.get_bind().execute(sa.select(calls.c.id, calls.c.title, calls.c.brief)).all():
        said = [json.loads(each) if isinstance(each, str) else each for each in texts]
        words = '\n'.join(text for each in said for text in each.values()).casefold()
        op.get_bind().execute(sa.update(calls).where(calls.c.id == key).values(searched=words))
    op.drop_index(op.f('ix_call_fit_technology_id'), table_name='call_fit')
    op.drop_table('call_fit')
    op.execute("delete from noticed where thing = 'open_call' or subscription_id in (select id from subscription where listing = 'open_call')")
    op.execute("delete from arrival where thing = 'open_call'")
    op.execute("delete from subscription where listing = 'open_call'")
    for table, name, before, _after in CHECKS:
        _check(table, name, before)
