"""The application for WSGI servers when the package is installed: `gunicorn marketplace.wsgi:app`.

The models and dictionaries are read before the first visitor comes, not while he waits.
"""

from __future__ import annotations

from marketplace import create_app
from marketplace.matching import operations as matching

app = create_app()
matching.warm_up()
