"""Passkeys in a real browser with a virtual authenticator: one is added, signs in, and shows anew who it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import Browser

from tests.walks.conftest import Site
from tests.walks.looking import until

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

DEVICE = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True,
          "automaticPresenceSimulation": True}


def test_passkeys(browser: Browser, site: Site) -> None:
    named = replace(site, address=site.address.replace("127.0.0.1", "localhost"))
    page = browser.new_page(reduced_motion="reduce")
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    key = device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    button = page.locator("main form[data-passkey] button.btn-primary")
    page.goto(f"{named.address}/en/sign-up", wait_until="domcontentloaded")  # an account of its own: the people of the demo sign in by password elsewhere
    for name, typed in (("name", "Robin"), ("address", "robin@example.com"), ("password", "three small boats")):
        page.locator(f"#{name}").fill(typed)
    page.locator("main form button.btn-primary").click()
    until(page, "location.pathname === '/en/desk'")
    page.goto(f"{named.address}/en/settings/second-factor/passkey", wait_until="domcontentloaded")
    page.locator("#name").fill("Virtual key")
    button.click()
    until(page, "document.querySelectorAll('main li code').length === 10")
    page.context.clear_cookies()
    page.goto(f"{named.address}/en/sign-in/passkey?next=/en/settings", wait_until="domcontentloaded")
    button.click()
    until(page, "location.pathname === '/en/settings'")
    page.goto(f"{named.address}/en/prove?next=/en/desk", wait_until="domcontentloaded")
    page.get_by_role("link", name="Use the passkey").click()
    button.click()
    until(page, "location.pathname === '/en/desk'")
    [kept] = device.send("WebAuthn.getCredentials", {"authenticatorId": key["authenticatorId"]})["credentials"]
    assert kept["signCount"] == 3, "made once, and used twice"
    page.context.close()
