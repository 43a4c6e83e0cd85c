"""The configuration of gunicorn: `gunicorn -c python:marketplace.server marketplace.wsgi:app`; `marketplace serve` uses it too.

The socket comes from systemd where that hands one over (packaging/techbridge-web.socket), so that nobody is turned away while the server is started anew. Told
to stop, a worker takes no more connections, lets requests in flight end, uploads too, and is killed after MARKETPLACE_STOP_SECONDS.
"""

from __future__ import annotations

import os

from marketplace.config import SettingsError, read
from marketplace.logs import configuration

THREADS = 32  # most of them wait for slow uploads near a deadline; a request that only calculates shares the processor as before

try:
    settings = read()
except SettingsError as error:
    raise SystemExit("\n".join(("The settings are not right:", *error.faults))) from None

worker_class = "marketplace.serving.Worker"
workers = int(os.environ.get("WEB_CONCURRENCY") or 1)
threads = THREADS
timeout = 120
graceful_timeout = settings.stop_seconds
keepalive = 75  # seconds; longer than a proxy keeps a connection to us (nginx: 60), so that we never close one into which it is just writing a form
control_socket_disable = True
logconfig_dict = configuration(settings.log_lines)
if settings.log_lines:
    accesslog = None  # the application writes the line of a request itself, without its address
