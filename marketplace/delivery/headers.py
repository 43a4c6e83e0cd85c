"""The headers that tell a browser what it may do with an answer, as values: which, and why. Pure; `web` puts them on every answer.

Scripts and styles come from this site alone and none stands inside a page, so the policy needs neither nonces nor hashes: whatever a text smuggles into
a page is not run. A file for keeping is no page at all: opened by itself it may load and run nothing.
"""

from __future__ import annotations

YEAR = 365 * 24 * 3600
PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
FILE_POLICY = "default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), midi=(), display-capture=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
IN_PRODUCTION = {"Strict-Transport-Security": f"max-age={YEAR}; includeSubDomains"}
"""A browser heeds it over TLS alone, and then asks for this site, and all below its name, over nothing else for a year."""
SIGNED_OUT = {"Clear-Site-Data": '"cache", "storage"'}
"""What the browser still has of the pages of whoever signed out. Only over TLS; not in development, where it would empty the cache of all sites there."""


def of(production: bool, for_keeping: bool, signed_out: bool) -> dict[str, str]:
    """The headers of an answer; `for_keeping`: a file that is not to be opened as a page."""
    found = {"Content-Security-Policy": FILE_POLICY if for_keeping else PAGE_POLICY, **ALWAYS}
    if production:
        found |= IN_PRODUCTION | (SIGNED_OUT if signed_out else {})
    return found
