"""Words of sessions, and what a browser says of itself put into a family and a system."""

from __future__ import annotations

import re

from flask_babel import lazy_gettext as _l

WAY_WORDS = {
    "password": _l("with the password"), "passkey": _l("with a passkey"), "outside": _l("through another sign-in"), "link": _l("with a mailed link"),
}
BROWSERS = (
    ("WeChat", "MicroMessenger/"), ("DingTalk", "DingTalk/"), ("Edge", "Edg[A-Za-z]*/"), ("Opera", "OPR/"), ("QQ", "M?QQBrowser/"), ("Quark", "Quark/"),
    ("Firefox", "Firefox/|FxiOS/"), ("Chrome", "Chrome/|CriOS/"), ("Safari", "Safari/"),
)
SYSTEMS = (
    ("HarmonyOS", "HarmonyOS|OpenHarmony"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
    ("macOS", "Mac OS X|Macintosh"), ("Linux", "Linux"),
)


def device_of(agent: str) -> str:
    """The family of the browser and the system, such as "Firefox, Windows"; "" where neither is known. Names of products stay as they are in every language."""
    named = (next((name for name, sign in table if re.search(sign, agent[:400])), "") for table in (BROWSERS, SYSTEMS))
    return ", ".join(filter(None, named))
