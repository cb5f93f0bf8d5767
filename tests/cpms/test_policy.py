"""The table of what each profile may do: complete, and never added up (tests/security asks it route by route)."""

from flask import Flask

from cpms_client import policy
from cpms_client.claims import Access, Visitor
from cpms_client.policy import MAY, ROWS, Act, Role, Seat, Standing, Subject
from cpms_client.words import ACT_WORDS
from tests.support.cpms_builders import access, browser_of, panel_of, patient_of, person


def test_every_act_has_a_cell_for_every_role() -> None:
    assert set(ROWS) == set(Act)
    assert all(set(cells) == set(Role) for cells in MAY.values())


def test_a_guest_with_virtual_centre_owns_only_what_this_guest_enrolled(app: Flask) -> None:
    with app.app_context():
        first, second = (person(access(guest="virtual_centre")) for _ in range(2))
        patient = patient_of(first)
        number, pseudonym = panel_of(first, patient).number, patient.pseudonym
        mine, other = browser_of(app, first), browser_of(app, second)
    for path in (f"/patients/{pseudonym}", f"/patients/{pseudonym}/edit", f"/panels/{number}"):
        assert mine.get(path).status_code == 200
        assert other.get(path).status_code == 404
    assert pseudonym in mine.get("/patients").text
    assert pseudonym not in other.get("/patients").text


def test_a_guest_is_nothing_but_a_guest_whatever_profile_the_claim_names() -> None:
    assert policy.roles(access("Coordinator", "HP", guest="consult")) == (Role.CONSULT_GUEST,)
    odd = Access("ERN-RND", "DE", "0000", "Guest Access", frozenset({"HP"}), None, True)
    assert policy.roles(odd) == ()


def test_rights_of_two_accesses_are_never_added_up(app: Flask) -> None:
    with app.app_context():
        # A coordinator elsewhere who is HP here is no coordinator here, and has no hospital there but this one.
        mixed = person(access("Coordinator", ern="ReCONNET", hcp="IT08"), access("HP", hcp="DE03"))
        owner = person()
        number = panel_of(owner, patient_of(owner)).number
        browser, pseudonym = browser_of(app, mixed), patient_of(owner).pseudonym
    assert browser.get(f"/patients/{pseudonym}").status_code == 404
    assert browser.get(f"/panels/{number}").status_code == 404
    assert number not in browser.get("/requests").text


def test_a_seat_counts_only_with_the_access_for_which_the_person_was_invited() -> None:
    subject = Subject("ERN-RND", "DE22", "owner", seats=(Seat("ERN-RND", "DE03", Standing.MEMBER),))
    moved = Visitor("me", "Me", "me@hospital.example", (access(hcp="DE30"),))
    stayed = Visitor("me", "Me", "me@hospital.example", (access(hcp="DE03"),))
    assert not policy.may(moved, Act.SEE_PATIENT, subject)
    assert policy.may(stayed, Act.SEE_PATIENT, subject)


def test_the_access_log_has_a_word_for_every_act_that_opens_a_patient() -> None:
    counts = {Act.SEE_KPIS, Act.QUERY_ANONYMISED}
    assert set(ACT_WORDS) == {act.value for act in set(Act) - counts}
