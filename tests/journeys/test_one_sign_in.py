"""One sign-in for all programs: CPMS and ECP share it, and a log out anywhere ends it everywhere."""

import itertools
from collections.abc import Callable

import pytest

from tests.support import people
from tests.support.people import Person
from tests.support.servers.process import wait_until
from tests.support.servers.system import System

RECHECK_SECONDS = 10.0
numbers = itertools.count(40)


@pytest.fixture
def hp(system: System) -> Person:
    return people.demo(system, "hp.rnd")


def in_cpms(person: Person) -> bool:
    return person.opens(f"{person.system.cpms}/dashboard").address == f"{person.system.cpms}/dashboard"


def in_ecp(person: Person) -> bool:
    return person.opens(f"{person.system.ecp}/spaces/ERN-RND/members").path == "/spaces/ERN-RND/members"


def in_my_account(person: Person) -> bool:
    return person.opens(f"{person.system.login}/account").path == "/account"


def test_who_is_in_cpms_enters_ecp_without_another_question(hp: Person) -> None:
    hp.enters_cpms()
    hp.opens(hp.system.ecp)
    hp.follows("Login via ERN Login")
    assert hp.page.path == "/spaces/ERN-RND", "no question was asked"
    hp.follows("Members")
    assert hp.name in hp.page.words
    assert "DE22" in hp.page.words


def test_from_ecp_the_way_into_cpms_asks_for_the_second_factor_only(hp: Person) -> None:
    hp.opens(f"{hp.system.login}/account")
    hp.answers_one_question()
    assert hp.page.path == "/account", "My Account is content with the password"
    hp.opens(hp.system.cpms)
    hp.follows("Login via ERN Login")
    assert not hp.page.has_field("password")
    hp.proves_who_it_is()
    assert hp.page.path == "/dashboard"


def test_members_of_a_network_see_each_other_and_no_other_network(system: System, hp: Person) -> None:
    clara, chiara = people.demo(system, "coordinator.rnd"), people.demo(system, "coordinator.reconnet")
    for person in (clara, hp, chiara):
        person.enters_ecp()
    hp.opens(f"{system.ecp}/spaces/ERN-RND/members")
    assert clara.name in hp.page.words
    assert chiara.name not in hp.page.words
    assert chiara.opens(f"{system.ecp}/spaces/ERN-RND/members").status == 404


def test_a_guest_of_cpms_is_not_a_member_of_ecp(system: System) -> None:
    guest = people.demo(system, "guest")
    guest.enters_ecp()
    assert guest.page.heading.startswith("You have no access to ECP")
    guest.follows("Back to the application")
    assert guest.page.address.startswith(system.ecp)
    assert guest.page.heading == "You are not a member of a network yet"


def test_a_newcomer_joins_ecp_and_stands_in_the_list(system: System) -> None:
    vera = Person(system, "Vera", "Vasseur", "vera@hospital.example", f"+4917139200{next(numbers)}")
    vera.registers()
    vera.adds_phone()
    vera.opens(system.ecp)
    vera.follows("Ask to join an ERN with your hospital")
    assert vera.page.path == "/saas/requestAccess/application/742/create.html"
    vera.presses("Step 2: select an organisation")
    vera.chooses_hospital("ReCONNET", "Italy", "IT08")
    vera.chooses_profiles(("Member",), membership=False)
    vera.presses("Submit request access", comment="")
    people.demo(system, "coordinator.reconnet").approves(vera)
    assert "ECP" in vera.mail(lambda mail: "granted" in mail["subject"])["subject"]
    vera.enters_ecp()
    assert vera.page.address.startswith(system.ecp)
    vera.opens(f"{system.ecp}/spaces/ReCONNET/members")
    assert "Vera Vasseur" in vera.page.words


@pytest.mark.parametrize("leaving", ["cpms", "ecp", "login"])
def test_who_logs_out_in_one_program_is_out_of_all_of_them(hp: Person, leaving: str) -> None:
    hp.enters_cpms()
    hp.enters_ecp()
    assert in_cpms(hp) and in_ecp(hp) and in_my_account(hp)
    pages = {
        "cpms": f"{hp.system.cpms}/dashboard",
        "ecp": f"{hp.system.ecp}/spaces",
        "login": f"{hp.system.login}/account",
    }
    hp.opens(pages[leaving])
    hp.leaves()
    assert hp.page.address.startswith(getattr(hp.system, leaving))
    for inside in (in_my_account, in_cpms, in_ecp):
        assert wait_until(outside(hp, inside), RECHECK_SECONDS), inside.__name__


def test_a_session_ended_from_another_browser_is_out_too(hp: Person) -> None:
    hp.enters_cpms()
    elsewhere = people.demo(hp.system, "hp.rnd")
    elsewhere.signs_in()
    elsewhere.ends_all_other_sessions()
    assert wait_until(outside(hp, in_cpms), RECHECK_SECONDS)
    assert in_my_account(elsewhere)


def outside(person: Person, inside: Callable[[Person], bool]) -> Callable[[], bool]:
    return lambda: not inside(person)
