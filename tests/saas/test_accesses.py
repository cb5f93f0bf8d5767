"""Accesses after they were granted: taken away, locked, opened, extended, ended; and the door for the protocol."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from idp.accounts.models import Account
from idp.core import clock, signals
from idp.core.db import db, transaction
from idp.core.errors import Conflict, Invalid, NotFound
from idp.core.levels import MFA, SFA
from idp.saas import access, accesses, upkeep
from idp.saas.models import AccessState, GuestKind, ItemState
from tests.saas.people import CPMS, DEEP_LINK, ECP, GUEST, MUNICH, TUEBINGEN, Town, mails, words


@pytest.fixture
def acting(town: Town) -> Iterator[None]:
    """Verbs called without a browser."""
    with town.app.test_request_context("/", base_url="http://localhost:8000"):
        yield


def version(town: Town, person_id: int) -> int:
    with town.app.app_context():
        return access.access_version(person_id)


def test_grants_are_grouped_by_organisation_in_a_fixed_order(town: Town) -> None:
    nora = town.person("Nora").holds("Researcher", "HP").holds("HP", path=MUNICH).holds("Member", application=ECP)
    nora.holds("HP", path=GUEST, guest=GuestKind.VIRTUAL_CENTRE)
    with town.app.app_context():
        guest, munich, tuebingen = access.accesses_for(nora.id, CPMS)
        [member] = access.accesses_for(nora.id, ECP)
    assert (guest.hcp_code, guest.guest, guest.profiles) == ("0000", "virtual_centre", ("HP",))
    assert (munich.hcp_code, munich.hcp_name, munich.ecp_member) == ("DE03", "Klinikum der Universität München", False)
    assert (tuebingen.profiles, tuebingen.ecp_member, tuebingen.guest) == (("HP", "Researcher"), True, None)
    assert (member.profiles, member.ecp_member, member.hcp_code) == (("Member",), True, "DE22")


def test_a_hospital_without_a_known_code_is_told_apart_by_an_identifier_of_ours(town: Town) -> None:
    path = "BOND/BE/BE-university-hospital-ghent"
    nora = town.person("Nora").holds("HP", path=path)
    with town.app.app_context():
        [grant] = access.accesses_for(nora.id, CPMS)
    assert (grant.hcp_code, grant.country) == ("BE-university-hospital-ghent", "BE")
    assert "BE06" not in words(nora.opens("/saas/"))


def test_the_country_is_where_the_hospital_is_not_what_its_code_says(town: Town) -> None:
    nora = town.person("Nora").holds("HP", path="ERN-SKIN/SI/SL02")
    with town.app.app_context():
        [grant] = access.accesses_for(nora.id, CPMS)
    assert (grant.hcp_code, grant.country) == ("SL02", "SI")
    assert "Slovenia" in words(nora.opens("/saas/"))


def test_what_the_protocol_has_to_know_about_applications(town: Town) -> None:
    with town.app.test_request_context("/", base_url="http://localhost:8000"):
        cpms, ecp = access.application(CPMS), access.application(ECP)
        assert (cpms.name, cpms.needs_mfa, cpms.level) == ("CPMS", True, MFA)
        assert (ecp.name, ecp.needs_mfa, ecp.level) == ("European Reference Networks (ECP)", False, SFA)
        assert access.deep_link(CPMS) == "http://localhost:8000/saas/requestAccess/application/741/create.html"
        with pytest.raises(NotFound):
            access.application(1)


def test_nobody_has_access_before_a_grant(town: Town) -> None:
    nora = town.person("Nora")
    with town.app.app_context():
        assert access.accesses_for(nora.id, CPMS) == []
        assert not access.has_access(nora.id, CPMS)
        assert access.access_version(nora.id) == 0


def test_taking_hp_away_takes_what_needs_it_too_and_tells_the_person(town: Town) -> None:
    clara, dora = town.coordinator(), town.person("Dora", "fr").holds("Dispatcher", "HP").holds("Researcher")
    hp = next(held for held in dora.accesses() if held.profile.code == "HP")
    before = version(town, dora.id)
    address = f"/saas/approvals/accesses/{hp.id}"
    assert "Write a message to the person." in words(clara.sends(address, act="revoke"))
    assert clara.sends(address, act="revoke", reason="Left the hospital.").location == address
    states = {held.profile.code: held.state for held in dora.accesses()}
    assert states == {"Dispatcher": "revoked", "HP": "revoked", "Researcher": "active"}
    assert version(town, dora.id) > before
    told = mails(town.app)[-1]
    assert (told["to"], told["language"], "Left the hospital." in told["text"]) == (dora.email, "fr", True)
    assert clara.presses(clara.opens("/saas/requestAccess"), address, act="revoke", reason="x").status_code == 409
    assert "Left the hospital." in words(dora.opens("/saas/user-data"))


def test_a_stale_proof_is_asked_again_and_the_message_is_kept(town: Town) -> None:
    clara, nora = town.coordinator(), town.person("Nora").holds("HP")
    address = f"/saas/approvals/accesses/{nora.accesses()[0].id}"
    page = clara.opens(address)
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
        assert clara.presses(page, address, act="lock", reason="Please call.").location.startswith("/login")
        assert nora.accesses()[0].state is AccessState.ACTIVE
        assert "Please call." in clara.opens(address).text


def test_lock_and_open_again(town: Town) -> None:
    clara, nora = town.coordinator(), town.person("Nora").holds("HP")
    [held] = nora.accesses()
    address = f"/saas/approvals/accesses/{held.id}"
    clara.sends(address, act="lock", reason="Please call.")
    assert nora.accesses()[0].state is AccessState.LOCKED
    with town.app.app_context():
        assert not access.has_access(nora.id, CPMS)
    assert "Locked" in words(nora.opens("/saas/"))
    assert "Nora" in words(clara.opens("/saas/approvals/accesses?show=locked"))
    clara.sends(address, act="unlock")
    assert nora.accesses()[0].state is AccessState.ACTIVE
    assert [mail["to"] for mail in mails(town.app)] == [nora.email, nora.email]


def test_a_guest_is_extended_and_given_the_virtual_centre(town: Town) -> None:
    clara, greta = town.coordinator(), town.person("Greta").holds("HP", path=GUEST)
    [held] = greta.accesses()
    address = f"/saas/approvals/accesses/{held.id}"
    clara.sends(address, act="virtual_centre")
    assert greta.accesses()[0].guest is GuestKind.VIRTUAL_CENTRE
    clara.sends(address, act="consult")
    assert greta.accesses()[0].guest is GuestKind.CONSULT
    with time_machine.travel(clock.now() + timedelta(days=80), tick=False):
        clara.signs_in(MFA)
        assert "Greta" in words(clara.opens("/saas/approvals/accesses?show=ending"))
        clara.sends(address, act="extend")
        until = greta.accesses()[0].valid_until
        assert until == clock.now() + timedelta(days=90)
        assert "Greta" not in words(clara.opens("/saas/approvals/accesses?show=ending"))


def test_only_guests_have_a_kind_and_an_end_to_extend(town: Town, acting: None) -> None:
    clara, nora = town.coordinator(), town.person("Nora").holds("HP")
    [held] = nora.accesses()
    with pytest.raises(Conflict):
        accesses.extend(clara.approver(), held.id)
    with pytest.raises(Conflict):
        accesses.change_guest(clara.approver(), held.id, GuestKind.VIRTUAL_CENTRE)
    with pytest.raises(Conflict):
        accesses.unlock(clara.approver(), held.id)
    with pytest.raises(Invalid):
        accesses.lock(clara.approver(), held.id, " ")
    with pytest.raises(NotFound):
        accesses.lock(clara.approver(), 4711, "x")


def test_a_guest_access_ends_by_itself_and_can_be_asked_for_again(town: Town) -> None:
    clara, greta = town.coordinator(), town.person("Greta").holds("HP", path=GUEST)
    before = version(town, greta.id)
    with time_machine.travel(clock.now() + timedelta(days=91), tick=False):
        greta.signs_in()
        clara.signs_in(MFA)
        with town.app.app_context():
            assert not access.has_access(greta.id, CPMS)
        assert "Ended on" in words(greta.opens("/saas/"))
        greta.asks("HP", path=GUEST)
        clara.decides(greta.reference(), "grant", greta.items()[-1:])
        assert [held.state for held in greta.accesses()] == [AccessState.EXPIRED, AccessState.ACTIVE]
        with town.app.app_context():
            assert access.has_access(greta.id, CPMS)
            assert accesses.expire_due(clock.now()) == 0
    assert version(town, greta.id) == before + 2


def test_a_closed_account_holds_and_asks_for_nothing_any_more(town: Town) -> None:
    town.coordinator()
    nora = town.person("Nora").holds("HP")
    nora.asks("Researcher")
    with town.app.app_context(), transaction():
        signals.account_closed.send(nora.id)
    assert [held.state for held in nora.accesses()] == [AccessState.REVOKED]
    assert nora.items()[-1].state is ItemState.WITHDRAWN


def test_every_change_raises_the_version_and_is_told_upwards(town: Town) -> None:
    told: list[int] = []

    def hear(account_id: int) -> None:
        told.append(account_id)

    with signals.accesses_changed.connected_to(hear):
        clara, nora = town.coordinator(), town.person("Nora").holds("HP")
        address = f"/saas/approvals/accesses/{nora.accesses()[0].id}"
        for act in ("lock", "unlock", "revoke"):
            clara.sends(address, act=act, reason="Because.")
    assert told.count(nora.id) == 4
    assert version(town, nora.id) == 4


def test_the_other_networks_team_sees_and_changes_nothing(town: Town) -> None:
    chiara, nora = town.coordinator("Chiara", "ReCONNET/IT/IT08"), town.person("Nora").holds("HP")
    [held] = nora.accesses()
    assert "Nora" not in words(chiara.opens("/saas/approvals/accesses"))
    address = f"/saas/approvals/accesses/{held.id}"
    page = chiara.opens("/saas/requestAccess")
    assert chiara.presses(page, address, act="revoke", reason="x").status_code == 404
    assert nora.accesses()[0].state is AccessState.ACTIVE
    adele = town.administrator()
    assert adele.presses(adele.opens(address), address, act="nonsense").status_code == 404


def test_the_worker_ends_what_is_over_and_forgets_old_drafts(town: Town) -> None:
    greta = town.person("Greta").holds("HP", path=GUEST)
    third = greta.begins()
    with time_machine.travel(clock.now() + timedelta(days=91), tick=False):
        with town.app.app_context():
            upkeep.sweep()
        assert greta.accesses()[0].state is AccessState.EXPIRED
        assert greta.signs_in().opens(third).status_code == 404


def test_a_guest_is_told_fourteen_and_two_days_before_the_end_and_at_the_end_each_once(town: Town) -> None:
    town.coordinator(), town.person("Nora").holds("HP")
    greta = town.person("Greta", "fr").holds("HP", path=GUEST)
    until = greta.accesses()[0].valid_until
    assert until is not None
    told: dict[float, int] = {}
    for days in (15, 13.9, 13, 2.1, 1.9, 0.5, -0.1, -1):
        with time_machine.travel(until - timedelta(days=days), tick=False), town.app.app_context():
            upkeep.sweep()
            upkeep.sweep()
        told[days] = len(mails(town.app))
    assert told == {15: 0, 13.9: 1, 13: 1, 2.1: 1, 1.9: 2, 0.5: 2, -0.1: 3, -1: 3}
    first, second, last = mails(town.app)
    assert {(mail["to"], mail["language"]) for mail in (first, second, last)} == {(greta.email, "fr")}
    assert "Clara Vasseur" in first["text"]
    assert "/saas/user-data" in first["text"]
    assert DEEP_LINK in last["text"]


def test_an_extended_guest_is_told_of_the_new_end_and_a_short_grant_is_not_told_twice(town: Town) -> None:
    clara, greta = town.coordinator(), town.person("Greta").holds("HP", path=GUEST)
    address = f"/saas/approvals/accesses/{greta.accesses()[0].id}"
    for _ in range(2):
        until = greta.accesses()[0].valid_until
        assert until is not None
        with time_machine.travel(until - timedelta(days=10), tick=False), town.app.app_context():
            upkeep.sweep()
        with time_machine.travel(until - timedelta(days=5), tick=False):
            clara.signs_in(MFA).sends(address, act="extend")
    subjects = [mail["subject"] for mail in mails(town.app)]
    assert [subject.split(" ends on ")[0].split(" lasts ")[0] for subject in subjects] == [
        "Your guest access to CPMS",
        "Your access to CPMS",
    ] * 2
    gustav = town.person("Gustav")
    gustav.asks("HP", path=GUEST)
    ends = (clock.now() + timedelta(days=5)).date().isoformat()
    clara.signs_in(MFA).decides(gustav.reference(), "grant", gustav.items(), until=ends)
    before = len(mails(town.app))
    with town.app.app_context():
        upkeep.sweep()
    assert len(mails(town.app)) == before


def test_the_page_tells_a_guest_that_the_access_ends_soon_or_has_ended(town: Town) -> None:
    town.coordinator()
    greta = town.person("Greta").holds("HP", path=GUEST)
    assert "ends on" not in words(greta.opens("/saas/"))
    for days, sentence in (
        (80, "Your guest access to CPMS ends on"),
        (92, "Your guest access to CPMS has ended Its last day was"),
    ):
        with time_machine.travel(clock.now() + timedelta(days=days), tick=False):
            assert sentence in words(greta.signs_in().opens("/saas/"))
    with time_machine.travel(clock.now() + timedelta(days=150), tick=False):
        assert "has ended" not in words(greta.signs_in().opens("/saas/"))


def test_organisation_path_of_a_grant_is_the_one_asked_for(town: Town) -> None:
    nora = town.person("Nora").holds("HP")
    assert nora.accesses()[0].organisation.path == TUEBINGEN


def test_who_may_decide_about_others_is_always_asked_for_two_factors(town: Town) -> None:
    hannes, clara = town.person("Hannes").holds("HP"), town.person("Clara").holds("HP", "Coordinator")
    with town.app.app_context():
        assert not db.session.get_one(Account, hannes.id).always_mfa
        assert db.session.get_one(Account, clara.id).always_mfa
