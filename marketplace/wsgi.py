"""The application for WSGI servers when the package is installed: `gunicorn marketplace.wsgi:app`.

The models, dictionaries and the style sheet are read before the first visitor comes, not while he waits. What stands since then is never garbage, so
the collector need not look through it again and again: that cost one in twenty changes in the simulator 70 ms more.
"""

from __future__ import annotations

import gc

from marketplace import create_app
from marketplace.delivery import web as delivery
from marketplace.matching import operations as matching

app = create_app()
delivery.version(app, delivery.SHEET)
matching.warm_up()
gc.collect()
gc.freeze()
