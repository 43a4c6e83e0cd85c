"""Three addresses for programs, outside the languages: is it alive, is it ready, how much of what."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from flask import Blueprint, Response, current_app, request

from marketplace.errors import NotFound
from marketplace.vitals import health, metrics

blueprint = Blueprint("vitals", __name__)
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Request-Start", "X-Forwarded-Proto")
"""By one of these a request shows that it came through a proxy."""


def _is_watcher() -> bool:
    """Whether this request may be told more: it brings the token, or comes from this machine and through no proxy."""
    settings = current_app.config["SETTINGS"]
    brought = request.headers.get("Authorization", "").encode()
    if settings.monitor_token and hmac.compare_digest(brought, f"Bearer {settings.monitor_token}".encode()):
        return True
    address = request.remote_addr or ""
    if not address or address in settings.proxies or any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _plain(text: str, status: int = 200) -> Response:
    response = Response(text, status, content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.route("/healthz")
def healthz() -> Response:
    """Alive: this process answers. Neither database nor disk is asked."""
    return _plain("alive\n")


@blueprint.route("/readyz")
def readyz() -> Response:
    """Whether requests should be sent here; why not, for a watcher."""
    found = health.findings(current_app.config["SETTINGS"], current_app.extensions["engine"])
    ready = all(one.well or not one.grave for one in found)
    said = "ready\n" if ready else "not ready\n"
    if _is_watcher():
        said += "".join(f"{one.name}: {'well' if one.well else 'wrong' if one.grave else 'look'}: {one.words}\n" for one in found)
    response = _plain(said, 200 if ready else 503)
    if not ready:
        response.headers["Retry-After"] = "30"
    return response


@blueprint.route("/metrics")
def figures() -> Response:
    """The figures for Prometheus, for a watcher; for everybody else there is no such page."""
    if not _is_watcher():
        raise NotFound()
    response = _plain("")
    response.set_data(metrics.exposed())
    response.content_type = "text/plain; version=0.0.4; charset=utf-8"
    return response
