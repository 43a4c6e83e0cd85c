"""What `load.py` asks the database of a grown demo, in a process of its own with that site's settings: texts for its users to type, or the jobs by state."""

from __future__ import annotations

import json
import sys
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from marketplace import create_app
from marketplace.catalogue.models import Technology
from marketplace.db import session
from marketplace.deals.models import Deal
from marketplace.demo import growing
from marketplace.jobs import Job
from marketplace.needs.models import Need

MOST = 600
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n" + (
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n" + b"% " + b"test " * 20_000 + b"\ntrailer<</Root 1 0 R>>\n%%EOF\n")


def texts() -> dict[str, Any]:
    """Titles, problems by language, words to search for, a document, accounts, and how large the site is."""
    own, asked = Technology.source == growing.SOURCE, Need.source_key.like(f"{growing.SOURCE}-%")
    titles = [title for each in session.scalars(select(Technology.title).where(own).order_by(func.random()).limit(MOST)) for title in each.values()]
    needs = list(session.scalars(select(Need.problem).where(asked).order_by(func.random()).limit(MOST)))
    if not titles or not needs:
        raise SystemExit("this is no grown demo: marketplace bench grow")
    return {
        "titles": titles, "words": [title.split()[0] if title.isascii() else title[:2] for title in titles],
        "problems": {language: [each[language] for each in needs if each.get(language)] for language in ("zh", "en")},
        "pdf": PDF.hex(), "deadline": (date.today() + timedelta(days=200)).isoformat(),
        "accounts": {"firm": growing.FIRMS, "holder": growing.HOLDERS, "broker": growing.BROKERS},
        "counts": {model.__tablename__: session.scalar(select(func.count()).select_from(model)) for model in (Technology, Need, Deal)},
    }


def jobs() -> dict[str, int]:
    """How many jobs are in which state."""
    return {state: count for state, count in session.execute(select(Job.state, func.count()).group_by(Job.state))}


if __name__ == "__main__":
    create_app()
    print(json.dumps(jobs() if "jobs" in sys.argv else texts(), ensure_ascii=False))
