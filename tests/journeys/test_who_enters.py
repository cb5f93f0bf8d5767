"""Who gets into CPMS and what stands there; who does not, and which way out the page shows."""

import itertools
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.support import people
from tests.support.people import Person
from tests.support.servers.process import wait_until
from tests.support.servers.system import System

numbers = itertools.count(10)


def somebody(system: System, name: str) -> Person:
    """A person who registers now, with a phone."""
    person = Person(system, name, "Vasseur", f"{name.lower()}@hospital.example", f"+4917139200{next(numbers)}")
    person.registers()
    person.adds_phone()
    return person


PATHS = ("/patients/enrol", "/requests", "/reports/figures", "/reports/counts")
COORDINATES = {"/patients/enrol", "/requests", "/reports/figures"}
# Which of these pages each profile finds in CPMS.
TABLE = {
    "coordinator.rnd": COORDINATES,
    "dispatcher.rnd": {"/patients/enrol", "/requests"},
    "hp.rnd": {"/patients/enrol"},
    "hp.munich": {"/patients/enrol"},
    "researcher.rnd": {"/reports/counts"},
    "pm.ern": set(),
    "pm.hcp": set(),
    "coordinator.reconnet": COORDINATES,
    "hp.reconnet": {"/patients/enrol"},
    "guest": set(),
    "guest.vc": {"/patients/enrol"},
}


@pytest.mark.parametrize("name", TABLE)
def test_each_demo_person_enters_and_finds_what_the_profile_allows(system: System, name: str) -> None:
    person = people.demo(system, name)
    assert person.enters_cpms().path == "/dashboard"
    assert person.name in person.page.root.text
    assert {path for path in PATHS if person.opens(system.cpms + path).status == 200} == TABLE[name]


def test_a_newcomer_learns_that_the_access_is_missing_and_is_led_to_the_request(system: System) -> None:
    nora = people.demo(system, "newcomer")
    nora.enters_cpms()
    assert nora.page.heading.startswith("You have no access to CPMS")
    here = nora.page.address
    nora.follows("Request access")
    assert nora.page.path == "/saas/requestAccess/application/741/create.html"
    nora.opens(here)
    nora.follows("Back to the application")
    assert nora.page.address.startswith(system.cpms)
    assert nora.page.status < 500
    assert "access" in nora.page.words


def test_an_account_without_a_second_factor_adds_one_on_the_way_in(system: System) -> None:
    otto = Person(system, "Otto", "Vasseur", "otto@hospital.example", "+491713920009")
    otto.registers()
    otto.opens(system.cpms)
    otto.follows("Login via ERN Login")
    assert otto.page.heading == "Add a second factor"
    otto.follows("Mobile Phone + SMS")
    otto.presses("Send me a code", phone_number=otto.phone)
    otto.presses("Confirm and go on", code=otto.code())
    assert otto.page.heading.startswith("You have no access to CPMS")


def test_who_strikes_the_level_from_the_address_is_asked_for_the_second_factor_all_the_same(system: System) -> None:
    hp = people.demo(system, "hp.rnd")
    asked = hp.browser.http.get(f"{system.cpms}/sign-in", allow_redirects=False).headers["Location"]
    parts = urlsplit(asked)
    kept = "&".join(part for part in parts.query.split("&") if not part.startswith("acr_values="))
    assert kept != parts.query
    hp.opens(urlunsplit(parts._replace(query=kept)))
    hp.answers_one_question()
    assert hp.page.heading == "Choose your verification method"


def test_without_membership_in_ecp_cpms_says_so_until_the_membership_is_granted(system: System) -> None:
    ines = somebody(system, "Ines")
    clara = people.demo(system, "coordinator.rnd")
    ines.asks_for_access(membership=False)
    clara.approves(ines)
    ines.enters_cpms()
    assert ines.page.heading == "You cannot enter CPMS yet"
    assert "Missing: Membership in ECP" in ines.page.words
    assert "Fulfilled: Second factor" in ines.page.words
    assert "Fulfilled: Access granted" in ines.page.words
    ines.follows("Set my healthcare provider in ECP")
    assert ines.page.address.startswith(system.ecp)
    ines.follows("Ask to join an ERN with your hospital")
    ines.presses("Step 2: select an organisation")
    ines.chooses_hospital("ERN-RND", "Germany", "DE22")
    ines.chooses_profiles(("Member",), membership=False)
    ines.presses("Submit request access")
    clara.approves(ines)
    ines.opens(f"{system.cpms}/dashboard")
    assert ines.page.path == "/dashboard"
    assert "DE22" in ines.page.root.text


def test_membership_of_another_hospital_does_not_open_cpms(system: System) -> None:
    jana = somebody(system, "Jana")
    clara = people.demo(system, "coordinator.rnd")
    jana.asks_for_access(membership=False)
    clara.approves(jana)
    jana.opens(f"{system.login}/saas/requestAccess/application/742/create.html")
    jana.presses("Step 2: select an organisation")
    jana.chooses_hospital("ERN-RND", "Germany", "DE03")
    jana.chooses_profiles(("Member",), membership=False)
    jana.presses("Submit request access")
    clara.approves(jana)
    jana.enters_cpms()
    assert "Missing: Membership in ECP" in jana.page.words


def test_a_refused_request_is_told_with_its_reason_and_opens_nothing(system: System) -> None:
    kurt = somebody(system, "Kurt")
    kurt.asks_for_access()
    people.demo(system, "coordinator.rnd").decides(kurt, "refuse", "Nobody in DE22 knows you.")
    told = kurt.mail(lambda mail: "refused" in mail["subject"])
    assert "Nobody in DE22 knows you." in told["text"]
    kurt.enters_cpms()
    assert kurt.page.heading.startswith("You have no access to CPMS")


def test_a_revoked_access_ends_the_work_in_cpms_at_once(system: System) -> None:
    lena = somebody(system, "Lena")
    clara = people.demo(system, "coordinator.rnd")
    lena.asks_for_access()
    clara.approves(lena)
    assert lena.enters_cpms().path == "/dashboard"
    lena.enrols_patient("Goldfinch")
    patient = lena.page.address
    clara.takes_away(lena, "Left the hospital.")
    assert wait_until(lambda: "Goldfinch" not in lena.opens(patient).root.text, 10)
    assert lena.page.heading in ("You cannot enter CPMS yet", "Sign in") or "no access" in lena.page.heading


def test_a_guest_reads_and_writes_in_the_panel_of_others_and_enrols_nobody(system: System) -> None:
    guest, hp = people.demo(system, "guest"), people.demo(system, "hp.rnd")
    guest.enters_cpms()
    assert "You are a guest of ERN-RND." in guest.page.root.text
    hp.enters_cpms()
    hp.enrols_patient("Kingfisher")
    patient = hp.page.address
    assert guest.opens(patient).status == 404
    hp.opens_panel("What would you try first?")
    number = hp.page.path.rpartition("/")[2]
    hp.presses("Take up the request")
    hp.invites(guest)
    hp.opens_the_panel(number)
    hp.presses("Go on to Assessment")
    guest.joins(number)
    assert "Kingfisher" in guest.opens(patient).words
    guest.contributes(number, "Riluzole.")
    assert "Riluzole." in hp.opens_the_panel(number).words


def test_a_guest_with_virtual_centre_enrols_and_other_guests_do_not_see_it(system: System) -> None:
    centre, guest = people.demo(system, "guest.vc"), people.demo(system, "guest")
    centre.enters_cpms()
    centre.enrols_patient("Nightjar")
    patient = centre.page.address
    centre.opens_panel("May I transfer the patient?")
    assert centre.page.heading.endswith("Nightjar")
    guest.enters_cpms()
    assert guest.opens(patient).status == 404
    assert "Nightjar" not in guest.opens(f"{system.cpms}/patients").words
    mira = people.demo(system, "hp.munich")
    mira.enters_cpms()
    assert mira.opens(patient).status == 404


def test_a_researcher_counts_and_sees_no_patient(system: System) -> None:
    hp, runa = people.demo(system, "hp.rnd"), people.demo(system, "researcher.rnd")
    hp.enters_cpms()
    hp.enrols_patient("Ouzel")
    patient = hp.page.address
    runa.enters_cpms()
    assert runa.opens(patient).status == 404
    runa.opens(f"{system.cpms}/reports/counts")
    assert runa.page.status == 200
    assert "Ouzel" not in runa.page.words


def test_the_training_environment_takes_training_accounts_and_keeps_its_own_patients(system: System) -> None:
    hp = people.demo(system, "hp.rnd")
    hp.opens(system.training)
    assert "Training environment. No real patient data." in hp.page.root.text
    hp.follows("To use non-eulogin users, click here (test only)")
    hp.enters_training("ERN-RND", "coordinator")
    assert hp.page.address == f"{system.training}/dashboard"
    assert "Training environment. No real patient data." in hp.page.root.text
    assert people.demo(system, "hp.rnd").opens(f"{system.cpms}/training").status == 404
