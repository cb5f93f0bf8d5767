"""The pages that people see most: what one view costs the server, with the demonstration and all reference data."""

from bench.measure import Cost, cost
from bench.operations import expect, second_step, sign_in
from bench.population import Population
from bench.visitor import Visitor
from idp.core import configuration

CLINICIAN, COORDINATOR = "hp.rnd@demo.example", "coordinator.rnd@demo.example"
ANYBODY = ("/login", "/register", "/password/forgot")
OWN = ("/account", "/account/details", "/account/settings", "/account/phones", "/account/sessions", "/saas/")
WIZARD = ("/saas/requestAccess", "?search=Universit", "?node=ERN-RND", "?node=ERN-RND/DE")
APPROVER = ("/saas/", "/saas/approvals", "/saas/approvals/accesses")


def costs(place: Population, seconds: float) -> dict[str, Cost]:
    """Measure each page for `seconds`: for nobody, for a clinician and for a coordinator."""
    password = configuration.load(place.environ).demo.password
    nobody, clinician, coordinator = Visitor(place.app), Visitor(place.app), Visitor(place.app)
    sign_in(clinician, CLINICIAN, password)
    sign_in(coordinator, COORDINATOR, password)
    step = second_step(clinician)
    asked = [(clinician, step + path if path.startswith("?") else path) for path in (*OWN, *WIZARD, step)]
    asked = [(nobody, path) for path in ANYBODY] + asked + [(coordinator, path) for path in APPROVER]
    return {_name(visitor is coordinator, path, step): _page(visitor, path, seconds) for visitor, path in asked}


def _page(visitor: Visitor, path: str, seconds: float) -> Cost:
    last = visitor.follow(visitor.get(path))  # a redirect to the page itself is not the page
    return cost(visitor, lambda: expect(visitor.get(last.path)), seconds)


def _name(coordinator: bool, path: str, step: str) -> str:
    short = path.replace(step, "wizard, step 2 ")
    return f"{short} (coordinator)" if coordinator else short
