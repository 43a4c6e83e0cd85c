"""The entry point for WSGI servers in a checkout: `gunicorn wsgi:app`."""

from marketplace.wsgi import app

__all__ = ["app"]
