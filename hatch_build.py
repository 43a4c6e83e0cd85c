"""The build step: message catalogues are compiled, so that neither a checkout nor a wheel needs a second command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):
    """Compile every messages.po beside itself."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the wheel, or the link of an editable install, is made."""
        for source in Path(self.root, "marketplace", "translations").glob("*/LC_MESSAGES/messages.po"):
            with source.open("rb") as text:
                catalogue = read_po(text)
            with source.with_suffix(".mo").open("wb") as compiled:
                write_mo(compiled, catalogue)
