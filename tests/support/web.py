"""A small browser over HTTP: pages as trees, links and forms by their visible words, cookies and redirects as usual.

Every page that arrives is checked for what all pages owe: one `h1`, one `main`, a language, a label for each control.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

import requests

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
CONTROLS = ("input", "select", "textarea")
UNSEEN = ("hidden", "submit", "button")
SECONDS = 20

Values = str | list[str] | None  # of a field: one value, several, or none (an empty box)


@dataclass
class Node:
    """An element, with its attributes and children."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Node | str"] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        return self.attributes.get(name, "")

    def all(self, *tags: str) -> Iterator["Node"]:
        """Give the elements with one of these tags below this one, in document order."""
        for child in self.children:
            if isinstance(child, Node):
                if child.tag in tags:
                    yield child
                yield from child.all(*tags)

    @property
    def text(self) -> str:
        """The words below this element, with single spaces."""
        return " ".join(self._raw().split())

    def _raw(self) -> str:
        return "".join(child if isinstance(child, str) else child.inner() for child in self.children)

    def inner(self) -> str:
        """Give the words as they flow: only elements of a line join what they touch."""
        return self._raw() if self.tag in ("b", "span", "a", "i", "em", "strong", "small") else f" {self._raw()} "


class _Builder(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.root = Node("document")
        self.open = [self.root]
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        at = max((index for index, node in enumerate(self.open) if node.tag == tag), default=0)
        if at:
            del self.open[at:]

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


@dataclass(frozen=True)
class Form:
    """A form on a page."""

    node: Node
    address: str

    @property
    def buttons(self) -> list[Node]:
        """The buttons that send it."""
        return list(self.node.all("button"))

    def controls(self, name: str = "") -> list[Node]:
        """Give its fields, or those with one name."""
        return [each for each in self.node.all(*CONTROLS) if each["name"] and name in ("", each["name"])]

    def values(self) -> dict[str, list[str]]:
        """Give what would be sent now (HTML, constructing the entry list), buttons aside."""
        found: dict[str, list[str]] = {}
        for control in self.controls():
            found.setdefault(control["name"], []).extend(_values(control))
        return {name: values for name, values in found.items() if values}


class Answer(Protocol):
    """What a page is read from."""

    url: str
    status_code: int
    text: str
    headers: Any  # a mapping that knows header names in any case


class Page:
    """An answer, read."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.address = answer.url
        self.status = answer.status_code
        self.is_html = answer.headers.get("Content-Type", "").startswith("text/html")

    @cached_property
    def root(self) -> Node:
        """The document."""
        return _Builder(self.answer.text).root

    @property
    def path(self) -> str:
        """Where the page is on its server."""
        return urlsplit(self.address).path

    @property
    def heading(self) -> str:
        """The words of the one `h1`."""
        return next(self.root.all("h1")).text

    @property
    def title(self) -> str:
        """The words of the title."""
        return next(self.root.all("title")).text

    @property
    def language(self) -> str:
        """The language that the page says it is in."""
        return next(self.root.all("html"))["lang"]

    @property
    def words(self) -> str:
        """Everything that stands in `main`."""
        return next(self.root.all("main")).text

    @property
    def errors(self) -> list[str]:
        """What the error summary says, line by line; empty without one."""
        boxes = (node for node in self.root.all("div") if node["role"] == "alert")
        return [item.text for box in boxes for item in box.all("li")]

    @property
    def forms(self) -> list[Form]:
        """The forms, in document order."""
        return [Form(node, urljoin(self.address, node["action"])) for node in self.root.all("form")]

    def has_field(self, name: str) -> bool:
        """Say whether a form asks for this."""
        return any(control["type"] != "hidden" for form in self.forms for control in form.controls(name))

    def link(self, words: str) -> Node:
        """Give the link with exactly these words, else the one that begins with them; all must lead to one place."""
        links = [node for node in self.root.all("a") if node["href"]]
        found = [node for node in links if node.text == words] or [
            node for node in links if node.text.startswith(words)
        ]
        places = {urljoin(self.address, node["href"]) for node in found}
        assert len(places) == 1, f"{len(places)} links {words!r} on {self}: {sorted({node.text for node in links})}"
        return found[-1]

    def button(self, words: str) -> tuple[Form, Node]:
        """Give the button with these words and its form: exactly these words, or the only one that begins with them."""
        buttons = [(form, button) for form in self.forms for button in form.buttons]
        exact = [pair for pair in buttons if pair[1].text == words]
        found = exact or [pair for pair in buttons if pair[1].text.startswith(words)]
        assert len(found) == 1, f"{len(found)} buttons {words!r} on {self}: {[button.text for _, button in buttons]}"
        return found[0]

    def choice(self, words: str) -> str:
        """Give the value of the radio button or box whose label begins with these words."""
        labels = {node["for"]: node.text for node in self.root.all("label")}
        boxes = [node for node in self.root.all("input") if labels.get(node["id"], "").startswith(words)]
        assert len({box["value"] for box in boxes}) == 1, f"{len(boxes)} choices {words!r} on {self}"
        return boxes[0]["value"]

    def owes(self) -> list[str]:
        """Say what is missing of what every page owes."""
        if not self.is_html or self.status == 500:
            return ["an answer"] * (self.status == 500)
        counts = {tag: len(list(self.root.all(tag))) for tag in ("h1", "main", "title")}
        owed = [f"{number} x {tag}" for tag, number in counts.items() if number != 1]
        owed += ["no language"] * (not self.language)
        owed += ["no policy"] * ("Content-Security-Policy" not in self.answer.headers)
        labelled = {node["for"] for node in self.root.all("label")}
        controls = (node for node in self.root.all(*CONTROLS) if node["type"] not in UNSEEN)
        seen = [node for node in controls if "hidden" not in node.attributes and node["aria-hidden"] != "true"]
        return owed + [f"{node['name']} has no label" for node in seen if node["id"] not in labelled]

    def __repr__(self) -> str:
        return f"{self.status} {self.address} ({self.words[:1500] if self.is_html else self.answer.text[:500]})"


class Browser:
    """One browser with its cookies; `page` is what it shows."""

    def __init__(self, language: str = "en") -> None:
        self.http = requests.Session()
        self.http.headers["Accept-Language"] = language
        self.page: Page
        self.seen: list[str] = []

    def anew(self) -> "Browser":
        """Give another browser, which knows nothing of this one."""
        return Browser(self.http.headers["Accept-Language"])

    def open(self, address: str) -> Page:
        """Type an address."""
        return self._arrive(self.http.get(address, timeout=SECONDS))

    def follow(self, words: str) -> Page:
        """Click on a link."""
        return self.open(urljoin(self.page.address, self.page.link(words)["href"]))

    def press(self, words: str, **fields: Values) -> Page:
        """Fill fields in and click on the button."""
        return self._arrive(self.send(*self.filled(words, **fields)))

    def filled(self, words: str, **fields: Values) -> tuple[str, str, list[tuple[str, str]]]:
        """Give method, address and entries of the form behind a button, with these fields filled in."""
        form, button = self.page.button(words)
        values = form.values()
        for name, value in fields.items():
            assert form.controls(name), f"no field {name!r} beside {words!r} on {self.page}"
            values[name] = [value] if isinstance(value, str) else value or []
        if button["name"]:
            values[button["name"]] = [button["value"]]
        entries = [(name, value) for name, given in values.items() for value in given]
        return form.node["method"].upper() or "GET", form.address, entries

    def send(self, method: str, address: str, entries: list[tuple[str, str]]) -> requests.Response:
        """Send a form without looking at the answer."""
        place = "params" if method == "GET" else "data"
        return self.http.request(method, address, timeout=SECONDS, **{place: entries})

    def _arrive(self, answer: requests.Response) -> Page:
        self.page = Page(answer)
        self.seen.append(self.page.address)
        assert not self.page.owes(), f"{self.page.owes()} on {self.page}"
        return self.page


def _values(control: Node) -> list[str]:
    if "disabled" in control.attributes:
        return []
    if control.tag == "select":
        options = list(control.all("option"))
        chosen = [option for option in options if "selected" in option.attributes] or options[:1]
        return [option.attributes.get("value", option.text) for option in chosen]
    if control.tag == "textarea":
        return ["".join(str(child) for child in control.children).removeprefix("\n")]
    if control["type"] in ("checkbox", "radio"):
        return [control.attributes.get("value", "on")] if "checked" in control.attributes else []
    return [] if control["type"] in ("submit", "button") else [control["value"]]
