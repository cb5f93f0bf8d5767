"""The requests of the fuzzer as hypothesis draws them: few choices each, so that a failing one is quickly shrunk."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle
from random import Random
from urllib.parse import quote

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from werkzeug.routing import BuildError, Rule

from tests.walks.mutations import HEADERS, METHODS, NAMES, ODD, TYPES, Bent, line
from tests.walks.sites import Site

VALUES = 1 << 20
# What a value is drawn from, in eighths: an odd one, one that the server knows, else bent or whole objects of JOSE.
ODD_BELOW, KNOWN_BELOW = 3, 5
SPREAD = 2654435761  # a prime; Knuth, The Art of Computer Programming, 6.4
KEEP, DROP, REPLACE, BEFORE, AFTER = range(5)
WAYS = (REPLACE, REPLACE, REPLACE, REPLACE, DROP, DROP, BEFORE, AFTER)
NUMBERS = (1, 1, 2, 3, 0, 2**31 - 1)
FORM, JSON, OTHER = "form", "json", "other"
BODIES = (*(FORM,) * 16, *(JSON,) * 2, OTHER, OTHER)
ENDS = (*("",) * 13, "&%ff=%fe", "&&&", "%")
PLACES = 16

# Each choice takes some thirty microseconds, so there are few.
VALUE = st.integers(0, VALUES - 1)
CHANGES = st.lists(st.tuples(st.sampled_from([(at, way) for at in range(PLACES) for way in WAYS]), VALUE), max_size=5)
FURTHER = st.lists(st.tuples(st.integers(0, len(NAMES) * 14 // 13), VALUE), max_size=4)
LINES = st.lists(st.tuples(st.sampled_from((*HEADERS, *("Authorization",) * 4, *("DPoP",) * 2)), VALUE), max_size=3)
FORMS = st.sampled_from([(body, end) for body in BODIES for end in ENDS])


@dataclass(frozen=True)
class Call:
    """One request: by which visitor, to which view, and what Flask's test client takes."""

    visitor: int
    endpoint: str
    method: str
    path: str
    query: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    content_type: str = ""


def calls(site: Site) -> SearchStrategy[Call]:
    """Draw requests to a program."""
    odd = cycle(METHODS)
    # Who has no token of a form gets nowhere with one.
    visitors = [number for number, (_, token) in enumerate(site.browsers) for _ in range(3 if token else 1)]
    likely = [
        (rule, method, visitor)
        for rule in site.rules
        for visitor in visitors
        for method in (*_likely(rule), *_likely(rule), next(odd))
    ]
    return _calls(site, likely)


def value(site: Site, number: int) -> str:
    """Return the value with a number; the lower, the simpler."""
    kind = spread(number, 8)
    if kind < ODD_BELOW:
        return ODD[number % len(ODD)]
    if kind < KNOWN_BELOW:
        return site.values[number % len(site.values)]
    return bent(site, number).value()


def spread(number: int, count: int) -> int:
    """Choose among so many with a drawn number, all alike: hypothesis draws small numbers far more often; 0 stays 0."""
    return (number * SPREAD % 2**32) * count >> 32


def bent(site: Site, number: int) -> Bent:
    """Return what bends words of a program; the same number bends the same way."""
    return Bent(Random(number), site.values, site.tokens)


@st.composite
def _calls(draw: DrawFn, site: Site, likely: Sequence[tuple[Rule, str, int]]) -> Call:
    rule, method, visitor = likely[spread(draw(VALUE), len(likely))]
    path = _path(site, rule, [draw(VALUE) for _ in rule._converters])
    headers = [(name, header(site, name, number)) for name, number in draw(LINES)]
    made = Call(visitor, rule.endpoint, method, path, headers=headers)
    sensible = [("csrf_token", site.browsers[visitor][1]), *site.fields.get(rule.endpoint, {}).items()]
    fields = _changed(site, sensible[method == "GET" :], draw(CHANGES))
    fields += [(_name(site, one), value(site, other)) for one, other in draw(FURTHER)]
    kind, end = draw(FORMS)
    written = "&".join(f"{_quoted(name)}={_quoted(given)}" for name, given in fields) + end
    if method in ("GET", "HEAD"):
        return replace(made, query=written)
    if kind == FORM:
        return replace(made, body=written.encode(), content_type=TYPES[0])
    number = draw(VALUE)
    odd = bent(site, number)
    if kind == JSON:
        return replace(made, body=odd.object([name for name, _ in fields]), content_type="application/json")
    return replace(made, body=odd.bytes(written.encode()), content_type=TYPES[number % len(TYPES)])


def header(site: Site, name: str, number: int) -> str:
    """Return what a server in front would let through: one line of Latin-1."""
    if name == "Authorization" and spread(number, 8):
        return bent(site, number).authorization()
    if name == "DPoP" and spread(number, 8):
        return line(bent(site, number).jose()[:6000])
    return line(value(site, number)[:4000])


def _likely(rule: Rule) -> list[str]:
    """What a view is for, what changes something more often."""
    methods = sorted((rule.methods or {"GET"}) - {"OPTIONS", "HEAD"}) or ["GET"]
    return [one for one in methods for _ in range(4 // len(methods))]


def _changed(
    site: Site, fields: Sequence[tuple[str, str]], changes: Sequence[tuple[tuple[int, int], int]]
) -> list[tuple[str, str]]:
    """Leave fields out, give them another value, or say them twice; the proof of the form stays."""
    found = list(fields)
    for (place, way), number in changes:
        at = place % (len(found) or 1)
        if not found or (found[at][0] == "csrf_token" and way != AFTER):
            continue
        other = [] if way == DROP else [(found[at][0], value(site, number))]
        found[at : at + 1] = other + [found[at]] * (way == BEFORE) if way != AFTER else [found[at], *other]
    return found


def _name(site: Site, number: int) -> str:
    return NAMES[number] if number < len(NAMES) else value(site, number * 911 % VALUES)[:200]


def _path(site: Site, rule: Rule, numbers: Sequence[int]) -> str:
    holes = zip(rule._converters.items(), numbers, strict=True)
    values = {
        name: NUMBERS[number % len(NUMBERS)] if hasattr(one, "max") else _hole(site, number)
        for (name, one), number in holes
    }
    try:
        built = rule.build(values)
    except (BuildError, UnicodeEncodeError, ValueError):
        built = None
    return built[1] if built else "/" + quote(_hole(site, sum(numbers) % VALUES), safe="/%", errors="surrogatepass")


def _hole(site: Site, number: int) -> str:
    """What stands in a hole of an address; mostly what is known."""
    return (site.values[number % len(site.values)] if number % 2 else value(site, number)[:300]) or "x"


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="surrogatepass")
