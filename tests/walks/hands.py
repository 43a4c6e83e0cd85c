"""Two hands that do the same steps at a page: one points and clicks, one has a keyboard alone.

The walks say what is done (`press`, `fill`, `choose`, `tick`, `attach`); a hand says how. `Keyboard` reaches each control by Tab or Shift+Tab from where
the focus is, as somebody does who cannot use a mouse, and at every stop on the way it checks what WCAG 2.2 asks for: the focus is drawn
(2.4.7), the stop is inside the window and nothing lies over all of it (2.4.11).
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import ElementHandle, Locator, Page

from tests.walks.looking import ask

STOPS = 900
"""Presses of Tab after which a control counts as out of reach; no page of the site has so many."""


class Mouse:
    """Points and clicks; types into what it clicked."""

    name = "mouse"

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, target: Locator) -> None:
        """Press a link, a button, a tab, the head of something folded."""
        target.click()

    def fill(self, target: Locator, text: str) -> None:
        """Put a text in the place of what stands in a field."""
        target.fill(text)

    def choose(self, target: Locator, value: str) -> None:
        """Choose of a list of choices by the value that is sent."""
        target.select_option(value)

    def tick(self, target: Locator) -> None:
        """Tick a box, or choose of several dots."""
        target.check()

    def attach(self, target: Locator, path: Path) -> None:
        """Choose a file of this machine."""
        with self.page.expect_file_chooser() as asked:
            target.click()
        asked.value.set_files(str(path))


class Keyboard:
    """Tab, Shift+Tab, Enter, Space, arrows and letters; nothing else. `faults` collects what is wrong with the stops."""

    name = "keyboard"

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []

    def reach(self, target: Locator) -> ElementHandle:
        """Move the focus to a control, stop by stop; as many presses as lie between, then what is left."""
        found = target.element_handle()
        pressed = 0
        way = ask(self.page, "way", found)
        while not way["there"]:
            assert pressed < STOPS, f"{target} cannot be reached by {way['key']}; the focus is on {way['at']}"
            for _press in range(way["stops"]):
                self.page.keyboard.press(way["key"])
            pressed += way["stops"]
            way = ask(self.page, "way", found)
            self.faults += way["faults"]
        return found

    def press(self, target: Locator) -> None:
        """Press a link, a button, a tab, the head of something folded."""
        self.reach(target)
        self.page.keyboard.press("Enter")

    def fill(self, target: Locator, text: str) -> None:
        """Put a text in the place of what stands in a field, as an input method does: several characters at once."""
        field = self.reach(target)
        if field.get_attribute("type") != "date":
            self.page.keyboard.press("Control+a")
        if field.get_attribute("type") == "date":
            self._day(text)
        elif text:
            self.page.keyboard.insert_text(text)
        else:
            self.page.keyboard.press("Delete")
        assert field.input_value() == text, (str(target), field.input_value())

    def _day(self, text: str) -> None:
        """A day is typed part by part, in the order of the browser's own language, which is American English."""
        year, month, day = text.split("-")
        for part in (month, day, year):
            self.page.keyboard.type(part)

    def choose(self, target: Locator, value: str) -> None:
        """Choose of a list of choices: by the letters a choice begins with where it has such, else by arrows."""
        field = self.reach(target)
        texts, place, at = ask(self.page, "choices", field, value)
        assert place >= 0, f"{target} has no choice {value}"
        first = texts[place].split()[0] if texts[place] else ""
        if len(first) > 2 and first.isascii() and [one for one in texts if one.startswith(first)] == [texts[place]] and abs(place - at) > 9:
            self.page.keyboard.type(first)
        else:
            for _press in range(abs(place - at)):
                self.page.keyboard.press("ArrowDown" if place > at else "ArrowUp")
        assert field.input_value() == value, (str(target), value, field.input_value())

    def tick(self, target: Locator) -> None:
        """Tick a box, or choose of several dots."""
        field = target.element_handle()
        if field.get_attribute("type") == "radio":
            self._dot(target)
        else:
            self.reach(target)
            if not field.is_checked():
                self.page.keyboard.press("Space")
        assert field.is_checked(), str(target)

    def _dot(self, target: Locator) -> None:
        """Several dots are one stop: Tab leads to the chosen one or, going forward, to the first; arrows lead on."""
        field = target.element_handle()
        name = field.get_attribute("name")
        group = self.page.locator(f"input[type=radio][name='{name}']")
        chosen = next((one for one in group.all() if one.is_checked()), None)
        self.reach(chosen or group.first)
        if chosen is None:
            self.page.keyboard.press("Space")
        for _press in range(group.count()):
            if field.is_checked():
                return
            self.page.keyboard.press("ArrowDown")

    def attach(self, target: Locator, path: Path) -> None:
        """Choose a file of this machine; the window of the system that asks for it is not the site's."""
        self.reach(target)
        with self.page.expect_file_chooser() as asked:
            self.page.keyboard.press("Space")
        asked.value.set_files(str(path))


Hand = Mouse | Keyboard
HANDS = {one.name: one for one in (Mouse, Keyboard)}
