"""The command of matching in bulk: all open needs against all technologies."""

from __future__ import annotations

import click
from sqlalchemy import func, select

from marketplace.console import as_json, bar, fail, ready, show
from marketplace.db import session, to_write
from marketplace.matching import operations as matching
from marketplace.matching import pairing
from marketplace.matching.models import Match


@click.command("match-all")
@as_json
def match_all_command(json_: bool) -> None:
    """Match all open needs with all technologies in one pass, as after a rebuild or when weights were learned."""
    ready()
    total = matching.index().count("technology")
    if not total:
        fail("There is no technology in the index: run `marketplace reindex` first.", 2)
    before = _counts()
    with to_write(), bar(total, "Matching", json_) as progress:
        for _pause in pairing.match_all(lambda done: progress.update(done - progress.n)):
            session.commit()
        session.commit()
    after = _counts()
    report = {"technologies": total, **after, "new": after["matches"] - before["matches"]}
    if json_:
        show(report)
    else:
        click.echo(f"{total} technologies: {after['current']} current matches of {after['needs']} needs, {report['new']} of them pairs that are new.")


def _counts() -> dict[str, int]:
    """Matches ever found, those current, and the needs that have one."""
    current = Match.current.is_(True)
    found = session.execute(select(func.count(), func.count().filter(current), func.count(Match.need_id.distinct()).filter(current)).select_from(Match)).one()
    session.rollback()
    return dict(zip(("matches", "current", "needs"), found, strict=True))
