"""What each profile may do in CPMS, asked route by route: profile x hospital x network x seat in the panel."""

from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import select

from cpms_client.claims import Access, Visitor
from cpms_client.db import db
from cpms_client.models import PanelSeat
from cpms_client.states import Stage
from tests.cpms.conftest import app, folder, issuer, served_issuer, settings
from tests.support.cpms_browser import csrf
from tests.support.cpms_builders import access, brought_to, browser_of, panel_of, patient_of, person, seat

__all__ = ["app", "folder", "issuer", "served_issuer", "settings"]

CLINICAL = ("HP", "Coordinator", "Dispatcher")
PROFILES = (*CLINICAL, "Panel Manager ERN", "Panel Manager HCP", "Researcher")
HOME = ("ERN-RND", "DE22")
PLACES = {"home": HOME, "other hospital": ("ERN-RND", "DE03"), "other network": ("ReCONNET", "DE22")}
SEATS = ("none", "invited", "member", "lead")


@dataclass(frozen=True)
class Who:
    """One kind of visitor: profile or kind of guest, where, and with which seat in the panel."""

    profile: str
    place: str
    seat: str

    @property
    def guest(self) -> bool:
        return self.profile in {"consult", "virtual_centre"}

    @property
    def home(self) -> bool:
        return self.place == "home" and not self.guest

    @property
    def network(self) -> bool:
        return self.place != "other network" and not self.guest

    @property
    def sits(self) -> bool:
        return self.seat in {"member", "lead"} and self.profile != "Researcher"

    @property
    def leads(self) -> bool:
        return self.seat == "lead" and self.profile in {*CLINICAL, "virtual_centre"}

    @property
    def invited(self) -> bool:
        return self.seat == "invited" and self.profile != "Researcher"

    @property
    def treats(self) -> bool:
        return self.profile in CLINICAL and self.home

    @property
    def manages(self) -> bool:
        by_network = self.profile in {"Coordinator", "Dispatcher", "Panel Manager ERN"} and self.network
        return self.leads or by_network or (self.profile == "Panel Manager HCP" and self.home)

    @property
    def sees_panel(self) -> bool:
        return self.sits or self.invited or self.treats or self.manages

    def access(self) -> Access:
        ern, hcp = PLACES[self.place]
        return access(ern=ern, guest=self.profile) if self.guest else access(self.profile, ern=ern, hcp=hcp)


def everybody(who: Who) -> bool:
    return True


ENROLS = {*CLINICAL, "virtual_centre"}
# Every route behind the sign-in, and who gets in; a route that is missing here fails the first test.
RULES = {
    "dashboard.show": everybody,
    "dashboard.requests": lambda who: who.profile in {"Coordinator", "Dispatcher"},
    "patient.list": everybody,
    "patient.enrol": lambda who: who.profile in ENROLS,
    "patient.show": lambda who: who.treats or who.sits,
    "patient.birth": lambda who: who.treats,
    "patient.edit": lambda who: who.treats,
    "patient.consents": lambda who: who.treats,
    "patient.give_consent": lambda who: who.treats,
    "patient.ask_withdrawal": lambda who: who.treats,
    "patient.withdraw_consent": lambda who: who.treats,
    "patient.who_opened": lambda who: who.treats,
    "panel.list": everybody,
    "panel.new": lambda who: who.treats,
    "panel.show": lambda who: who.sees_panel,
    "panel.contribute": lambda who: who.sits,
    "panel.edit": lambda who: who.leads,
    "panel.step": lambda who: who.manages,
    "panel.outcome": lambda who: who.leads,
    "panel.sign": lambda who: who.sits,
    "panel.close": lambda who: who.manages,
    "panel_people.candidates": lambda who: who.manages,
    "panel_people.invite": lambda who: who.manages,
    # Who has answered already is told so.
    "panel_people.answer": lambda who: who.invited or who.sits,
    "panel_people.remove": lambda who: who.manages,
    "panel_people.lead": lambda who: who.network and who.profile in {"Coordinator", "Dispatcher"},
    "panel_people.networks": lambda who: who.manages,
    "report.show": everybody,
    "report.figures": lambda who: who.profile == "Coordinator",
    "report.counts": lambda who: who.profile == "Researcher",
    "report.who_opened_what": lambda who: who.profile == "Coordinator",
}
AREAS = {"dashboard", "patient", "panel", "panel_people", "report"}
FIELDS = {
    "panel.step": {"step": "ask_for_outcome"},
    "panel.contribute": {"text": "Physiotherapy."},
    "panel_people.answer": {"answer": "decline"},
    "panel_people.invite": {"email": ""},
}


# A seat decides alike in every place, so it is walked in one; the table itself is asked for all of them below.
WALKS = [(place, "none") for place in PLACES] + [("other hospital", seat) for seat in SEATS[1:]]
GUESTS = ("consult", "virtual_centre")


def kinds(profile: str) -> list[Who]:
    return [Who(profile, *walk) for walk in WALKS if profile not in GUESTS or walk[0] != "home"]


def routes(app: Flask) -> dict[str, tuple[str, str]]:
    """List endpoint -> (method, path with names) of every route of the areas; of two methods, reading."""
    found = {}
    for rule in app.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] in AREAS:
            found[rule.endpoint] = ("GET" if "GET" in rule.methods else "POST", rule.rule)
    return found


def test_every_route_has_a_rule(app: Flask) -> None:
    assert set(routes(app)) == set(RULES)


@pytest.mark.parametrize("profile", [*PROFILES, *GUESTS])
def test_each_kind_of_visitor_gets_exactly_the_pages_of_the_rules(app: Flask, profile: str) -> None:
    wrong = [
        (who, endpoint, status)
        for who in kinds(profile)
        for endpoint, status in _statuses(app, who).items()
        if not _right(who, endpoint, routes(app)[endpoint][1], status)
    ]
    assert not wrong, "\n".join(map(str, wrong))


def _statuses(app: Flask, who: Who) -> dict[str, int]:
    """Walk all routes as this kind of visitor, on a patient and a panel of their own."""
    with app.app_context():
        owner, visitor = person(), person(who.access())
        patient = patient_of(owner)
        panel = panel_of(owner, patient, *({"ReCONNET"} if who.place == "other network" else ()))
        _sit(who, visitor, owner, panel)
        browser, names = browser_of(app, visitor), {"pseudonym": patient.pseudonym, "number": panel.number}
        lead_seat = str(db.session.scalar(select(PanelSeat.id).where(PanelSeat.panel_id == panel.id)))
    always = {"csrf_token": csrf(browser, "/dashboard"), "seat": lead_seat}
    statuses = {}
    # To answer an invitation changes who one is, so it comes last.
    for endpoint, (method, rule) in sorted(routes(app).items(), key=lambda route: route[0] == "panel_people.answer"):
        fields = FIELDS.get(endpoint, {}) | always
        statuses[endpoint] = browser.open(
            _path(rule, names | {"kind": "research"}), method=method, data=fields
        ).status_code
    return statuses


def _right(who: Who, endpoint: str, rule: str, status: int) -> bool:
    expected = RULES[endpoint](who) or _asked(who, endpoint)
    knows_panel = who.sees_panel or _asked(who, "panel.show")
    without_subject = endpoint.startswith(("dashboard", "report")) or endpoint in {"patient.enrol", "patient.list"}
    knows = knows_panel if "<number>" in rule else (who.treats or who.sits) and not without_subject
    return status in {200, 303, 422} if expected else status == (403 if knows else 404)


def _asked(who: Who, endpoint: str) -> bool:
    """Tell what a network that was asked adds: its coordinators see the panel and invite."""
    dispatches = who.profile in {"Coordinator", "Dispatcher"} and who.place == "other network"
    return dispatches and endpoint in {"panel.show", "panel_people.candidates", "panel_people.invite"}


def _path(rule: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        rule = rule.replace(f"<{name}>", value)
    return rule


def _sit(who: Who, visitor: Visitor, owner: Visitor, panel: object) -> None:
    if who.seat == "none" or who.profile == "Researcher":
        brought_to(Stage.ASSESSMENT, owner, panel)
        return
    seat(owner, panel, visitor, joins=None if who.seat == "invited" else True)
    brought_to(Stage.ASSESSMENT, owner, panel)
    if who.seat == "lead":
        panel.lead_sub, panel.lead_name = visitor.sub, visitor.name
        db.session.commit()
