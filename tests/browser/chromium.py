"""Chromium in the hands of the people of the journeys: the same verbs, but real clicks, styles, scripts and policies.

Each page is looked at when it arrives for the first time: axe on a desk and on a telephone, nothing beyond a narrow
window, and nothing said on the console.
"""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser as Engine
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Response
from playwright.sync_api import Page as Window

from tests.support.chromium import MOST_MILLISECONDS
from tests.support.web import Node, Page, Values

DESK, TELEPHONE, NARROW = (1280, 900), (390, 844), (320, 640)
NAMES = re.compile(r"[A-Za-z0-9_-]{20,}|[A-Z]{2,4}-[A-Z]{4}-\d{4}|\d{4}-\d{4}|(?<=/)\d+")
BEYOND = """[...document.querySelectorAll('body *')].filter(e => e.checkVisibility()
  && !e.closest('.sr, .ecl-skip-link') && e.getBoundingClientRect().right > window.innerWidth + 1)
  .map(e => e.outerHTML.slice(0, 200))"""
OPENED = """(wanted) => [...document.querySelectorAll('details')].map(e => {
  const was = e.open; e.open = wanted ? wanted.shift() : true; return was })"""


@dataclass
class Findings:
    """What was found on which page, and the pages that were looked at."""

    looked_at: set[str] = field(default_factory=set)
    troubles: list[str] = field(default_factory=list)


@dataclass
class Shown:
    """What the window shows, to be read as an answer."""

    url: str
    status_code: int
    text: str
    headers: dict[str, str]


class Chromium:
    """A browser with the verbs of `tests.support.web.Browser`."""

    def __init__(
        self,
        engine: Engine,
        findings: Findings,
        language: str = "en",
        *,
        script: bool = True,
        size: tuple[int, int] = DESK,
    ) -> None:
        self.engine, self.findings, self.language, self.script, self.size = engine, findings, language, script, size
        locale = {"en": "en-GB", "fr": "fr-FR"}[language]
        self.context: BrowserContext = engine.new_context(
            locale=locale, java_script_enabled=script, viewport={"width": size[0], "height": size[1]}
        )
        self.context.set_default_timeout(MOST_MILLISECONDS)
        self.window: Window = self.context.new_page()
        self.window.on("console", self._said)
        self.window.on("pageerror", lambda error: self._trouble(f"script: {error}"))
        self.window.on("response", self._answered)
        self._last: Response | None = None
        self.page: Page

    def anew(self) -> "Chromium":
        """Give another browser, which knows nothing of this one."""
        return Chromium(self.engine, self.findings, self.language, script=self.script, size=self.size)

    def open(self, address: str) -> Page:
        """Type an address."""
        self.window.goto(address)
        return self.reads()

    def follow(self, words: str) -> Page:
        """Click on a link."""
        link = self.page.link(words)
        everything = [node for node in self.page.root.all("a") if node["href"]]
        self._click(self.window.locator("a[href]").nth(_at(everything, link)))
        return self.reads()

    def press(self, words: str, **fields: Values) -> Page:
        """Fill fields in and click on the button."""
        form, button = self.page.button(words)
        forms = list(self.page.root.all("form"))
        place = self.window.locator("form").nth(_at(forms, form.node))
        for name, value in fields.items():
            assert form.controls(name), f"no field {name!r} beside {words!r} on {self.page}"
            fill(place, form.controls(name), name, value)
        self._click(place.locator("button").nth(_at(form.buttons, button)))
        return self.reads()

    def look(self) -> None:
        """Judge the page that is open, whatever was judged before."""
        here = f"{self.language} {NAMES.sub('*', self.page.path)} ({self.page.heading})"
        self._axe(here, DESK)
        before = self.window.evaluate(OPENED)
        self._axe(f"{here}, everything opened,", TELEPHONE)
        self._resize(NARROW)
        for element in self.window.evaluate(BEYOND):
            self._trouble(f"{here} at {NARROW[0]}: beyond the window: {element}")
        self.window.evaluate(OPENED, before)
        self._resize(self.size)

    def _axe(self, here: str, size: tuple[int, int]) -> None:
        self._resize(size)
        found = Axe().run(self.window)
        if found.violations_count:
            self._trouble(f"{here} at {size[0]}: {found.generate_report()}")

    def _resize(self, size: tuple[int, int]) -> None:
        self.window.set_viewport_size({"width": size[0], "height": size[1]})

    def reads(self) -> Page:
        """Read the page that the window shows, and look at it when it is there for the first time."""
        assert self._last, "no page arrived"
        shown = Shown(self.window.url, self._last.status, self.window.content(), self._last.headers)
        self.page = Page(_known(shown))
        assert not self.page.owes(), f"{self.page.owes()} on {self.page}"
        key = f"{self.language} {urlsplit(self.page.address).port} {NAMES.sub('*', self.page.path)} {self.page.errors}"
        if key not in self.findings.looked_at and self.script:
            self.findings.looked_at.add(key)
            self.look()
        return self.page

    def _click(self, place: Locator) -> None:
        menu = place.locator("xpath=ancestor::details[not(@open)]")
        if menu.count():
            menu.first.locator("summary").click()
        place.scroll_into_view_if_needed()
        with self.window.expect_navigation():  # until the page behind it has loaded
            place.click()

    def _answered(self, answer: Response) -> None:
        if answer.request.is_navigation_request() and answer.frame == self.window.main_frame:
            self._last = answer

    def _said(self, message: ConsoleMessage) -> None:
        # The browser itself notes refused forms (400, 422) and pages that are not there.
        if "Failed to load resource" not in message.text:
            self._trouble(f"console on {self.window.url}: {message.text}")

    def _trouble(self, text: str) -> None:
        self.findings.troubles.append(text)


def fill(form: Locator, controls: list[Node], name: str, value: Values) -> None:
    """Fill in one field of a form as a hand does; boxes and circles are clicked on by their labels."""
    values = value if isinstance(value, list) else [value] if value is not None else []
    if controls[0].tag == "select":
        form.locator(f'select[name="{name}"]').select_option(values)
    elif controls[0]["type"] in ("checkbox", "radio"):
        for control in controls:
            box = form.locator(f"#{control['id']}")
            if box.is_checked() != (control["value"] in values) and (
                control["value"] in values or control["type"] != "radio"
            ):
                form.locator(f'label[for="{control["id"]}"]').click(position={"x": 8, "y": 8})
                assert box.is_checked() == (control["value"] in values), f"{name} {control['value']}"
    else:
        form.locator(f'[name="{name}"]').fill(values[0])


def _at(nodes: list[Node], wanted: Node) -> int:
    return next(index for index, node in enumerate(nodes) if node is wanted)


def _known(shown: Shown) -> Any:
    shown.headers = {name.title(): value for name, value in shown.headers.items()}
    return shown
