"""A person who cannot see the pages: keys instead of a mouse, and what Chromium tells a screen reader."""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import expect

from tests.browser.chromium import Chromium

# What can be reached with Tab, in the order of the page: the accessible name is Chromium's, not ours.
TABBABLE = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')]
  .filter(e => e.tabIndex >= 0 && !e.disabled && e.type !== 'hidden' && e.checkVisibility())
  .filter((e, at, all) => e.type !== 'radio' || all.findIndex(other => other.name === e.name) === at).length"""
FOCUSED = """() => { const e = document.activeElement; return [e === document.body, e.id,
  getComputedStyle(e).outlineStyle] }"""
MOST_TABS = 60


@dataclass(frozen=True)
class Heard:
    """One thing as a screen reader says it."""

    role: str
    name: str
    description: str
    states: dict[str, Any]


class Listener:
    """Hands on a keyboard, and ears."""

    def __init__(self, chromium: Chromium) -> None:
        self.chromium = chromium
        self.window = chromium.window
        self.tree = chromium.context.new_cdp_session(chromium.window)

    def press(self, key: str) -> None:
        self.window.keyboard.press(key)

    def types(self, text: str) -> None:
        self.window.keyboard.type(text)

    def enters(self) -> None:
        """Press Enter, wait for the page behind it, and look at it."""
        with self.window.expect_navigation():
            self.press("Enter")
        self.chromium.reads()

    def goes_to(self, name: str, role: str = "") -> Heard:
        """Press Tab until the focus is where this is said, and see that it shows."""
        for _ in range(MOST_TABS):
            here = self.focused()
            if here and name in here.name and role in ("", here.role):
                assert self.window.evaluate(FOCUSED)[2] != "none", f"no visible focus at {here}"
                return here
            self.press("Tab")
        raise AssertionError(f"Tab does not lead to {role} {name!r} on {self.window.url}")

    def chooses(self, name: str) -> None:
        """Go to the next group of radio buttons, and to one in it with the arrows."""
        here = self.goes_to("", "radio")
        for _ in range(MOST_TABS):
            if name in here.name:
                break
            self.press("ArrowDown")
            here = self.focused() or here
        self.press("Space")
        expect(self.window.get_by_role("radio", name=name)).to_be_checked()

    def fills_in(self, label: str, text: str) -> None:
        self.goes_to(label, "textbox")
        self.press("Control+A")
        self.types(text)

    def focused(self) -> Heard | None:
        """Return what has the focus, if it is anything on the page."""
        return next((node for node in self.hears() if node.states.get("focused") and node.role != "RootWebArea"), None)

    def hears(self) -> list[Heard]:
        """Return all that Chromium tells assistive technology of this page, in its order."""
        nodes = self.tree.send("Accessibility.getFullAXTree")["nodes"]
        return [_heard(node) for node in nodes if not node["ignored"]]

    def arrives_at(self, title: str, heading: str, language: str = "en") -> None:
        """Check what is said first: title, language, one heading, the landmarks; and that nothing is nameless."""
        expect(self.window).to_have_title(title)
        expect(self.window.locator("html")).to_have_attribute("lang", language)
        expect(self.window.get_by_role("heading", level=1)).to_have_text(heading)
        for landmark in ("banner", "main", "contentinfo"):
            expect(self.window.get_by_role(landmark)).to_have_count(1)
        nameless = [node for node in self.hears() if node.states.get("focusable") and not _said(node)]
        assert not nameless, f"{self.window.url}: {nameless}"

    def tabs_through(self) -> list[Heard]:
        """Press Tab from the top to the end; return what was said. Nothing is left out and nothing comes twice."""
        self.press("Shift")  # a key was the last thing used, so that the focus shows
        self.window.locator("a").first.focus()
        stops: list[Heard] = []
        for number in range(self.window.evaluate(TABBABLE)):
            if number:
                self.press("Tab")
            here = self.focused()
            assert here, f"the focus is lost after {stops[-1:]}"
            assert self.window.evaluate(FOCUSED)[2] != "none", f"no visible focus at {here}"
            stops.append(here)
        self.press("Tab")
        after = self.focused()
        assert after in (None, stops[0]), f"Tab reaches {after}, which is not in the order of the page"
        return stops


def _said(node: Heard) -> bool:
    return bool(node.name.strip()) or node.role in ("RootWebArea", "main", "alert")


def _heard(node: dict[str, Any]) -> Heard:
    def text(key: str) -> str:
        return str(node.get(key, {}).get("value", ""))

    states = {one["name"]: one["value"].get("value") for one in node.get("properties", [])}
    return Heard(text("role"), text("name"), text("description"), states)
