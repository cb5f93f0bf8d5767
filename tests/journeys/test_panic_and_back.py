"""A phone is lost: PANIC from another browser, everything is dead at once, and both ways back into CPMS."""

import itertools
from collections.abc import Callable

import pytest

from tests.journeys.test_newcomer_to_panel import in_the_language_of, speaks
from tests.support import people
from tests.support.people import Person
from tests.support.servers.process import wait_until
from tests.support.servers.system import System
from tests.support.web import Browser

CPMS_SECONDS = 10.0
LOCKED = "Your access to %(application)s is locked"
numbers = itertools.count(80)


@pytest.fixture(params=["en", "fr"])
def ada(each_system: System, request: pytest.FixtureRequest) -> Person:
    """A clinician with a phone and an access to CPMS, which is open in a browser."""
    speaks(request.param)
    number = next(numbers)
    email = f"ada.lost{number}@hospital.example"
    ada = Person(each_system, "Ada", f"Lost{number}", email, f"+4917139200{number}", request.param)
    ada.registers()
    ada.adds_phone()
    ada.asks_for_access(place=("ERN-RND", {"en": "Germany", "fr": "Allemagne"}[request.param], "DE22"))
    people.demo(each_system, "coordinator.rnd").approves(ada)
    assert ada.enters_cpms().path == "/dashboard"
    return ada


def test_panic_ends_everything_and_a_saved_code_or_the_coordinator_opens_it_again(ada: Person) -> None:
    ada.enrols_patient("Bluebird")
    codes = saves_recovery_codes(ada)
    lost = ada.browser

    presses_panic(ada)
    everybody_is_told(ada)
    nothing_is_open_in(lost, ada)
    registers_a_new_phone(ada)
    reads_who_can_open_it(ada)
    opens_it_with_a_saved_code(ada, codes[1])
    is_back_in_cpms(ada)

    lost = ada.browser
    presses_panic(ada)
    nothing_is_open_in(lost, ada)
    registers_a_new_phone(ada)
    asks_to_be_called_back(ada)
    the_coordinator_confirms(ada)
    is_back_in_cpms(ada)


def saves_recovery_codes(ada: Person) -> list[str]:
    ada.opens(f"{ada.system.login}/account/recovery-codes")
    ada.presses("Make ten new codes")
    codes = [item.text for item in ada.page.root.all("li") if len(item.text) == 11 and item.text[5] == "-"]
    ada.presses("Confirm", code=codes[0])
    assert ada.sees("Your new recovery codes are ready. Older ones no longer count.")
    return codes


def presses_panic(ada: Person) -> None:
    """Another browser, the password alone, the button; a phone is at nobody's hand."""
    ada.browser = ada.browser.anew()
    ada.opens(f"{ada.system.login}/account")
    ada.presses("Sign in", identifier=ada.email, password=ada.password)
    assert ada.page.heading == ada.says("My Account"), "My Account is content with the password"
    ada.follows("Delete all my devices and eID (PANIC)")
    assert "CPMS (ERN-RND)" in ada.page.words
    ada.presses("Delete")
    assert ada.page.heading == ada.says("All your devices are deleted")


def everybody_is_told(ada: Person) -> None:
    """The person by mail and text message, with a link that freezes the account; the coordinator by mail."""
    mail = ada.mail(lambda mail: any("/not-me/" in link for link in mail["links"]) and not mail["text"].isspace())
    in_the_language_of(ada, mail, "All devices of your ERN Login account were deleted")
    clara = people.demo(ada.system, "coordinator.rnd")
    told = clara.mail(lambda mail: ada.name in mail["text"] and "deleted" in mail["text"])
    assert any("/not-me/" in link for link in told["links"])


def nothing_is_open_in(lost: Browser, ada: Person) -> None:
    """The browser that was signed in with two factors: My Account at once, CPMS within seconds."""

    def closed(address: str, inside: str) -> Callable[[], bool]:
        return lambda: lost.open(address).path != inside

    assert closed(f"{ada.system.login}/account", "/account")()
    assert wait_until(closed(f"{ada.system.cpms}/patients", "/patients"), CPMS_SECONDS)
    assert "Bluebird" not in lost.page.words


def registers_a_new_phone(ada: Person) -> None:
    """By the usual procedure, on the way into CPMS: all factors are gone, so the first one is added there."""
    ada.browser = ada.browser.anew()
    ada.phone = f"+4917139201{next(numbers):02d}"
    ada.used_codes = 0
    ada.opens(ada.system.cpms)
    ada.follows("Login via ERN Login")
    ada.presses("Sign in", identifier=ada.email, password=ada.password)
    assert ada.page.heading == ada.says("Add a second factor")
    ada.follows("Mobile Phone + SMS")
    ada.presses("Send me a code", phone_number=ada.phone)
    ada.presses("Confirm and go on", code=ada.code())
    before, _, after = ada.says(LOCKED).partition("%(application)s")
    assert ada.page.heading.startswith(f"{before}CPMS") and ada.page.heading.endswith(after)


def reads_who_can_open_it(ada: Person) -> None:
    """The identity server's page says it, and so does CPMS's own, which leads to where one asks."""
    clara = people.demo(ada.system, "coordinator.rnd")
    assert clara.name in ada.page.words
    ada.follows("Back to the application")
    assert ada.page.address.startswith(ada.system.cpms)
    assert ada.page.status == 403
    assert ada.page.heading == ada.says("Your access to CPMS is locked")
    assert clara.name in ada.page.words
    ada.opens(f"{ada.system.cpms}/patients")
    assert not ada.page.address.startswith(ada.system.cpms), "the way in leads to the lock again"
    ada.follows("Back to the application")
    ada.follows("Have my access opened")
    assert ada.page.path == "/saas/locked"
    assert clara.name in ada.page.words


def opens_it_with_a_saved_code(ada: Person, saved: str) -> None:
    """A code from before and a code from the mailbox; each alone opens nothing."""
    ada.follows("Open with a recovery code")
    ada.presses("Send me a code by mail")
    mailed = ada.mail(lambda mail: mail["subject"][:8].isdigit())["subject"][:8]
    ada.presses("Open everything again", recovery_code="00000-00000", code=mailed)
    assert ada.page.errors
    ada.presses("Open everything again", recovery_code=saved, code=mailed)
    assert ada.page.path == "/account/recovery-codes"
    assert ada.sees("Everything is open again. Make new recovery codes now: the old ones no longer count.")


def asks_to_be_called_back(ada: Person) -> None:
    ada.presses("Ask them to call me back")
    assert ada.sees("We wrote to the people who can open it. They call you back.")


def the_coordinator_confirms(ada: Person) -> None:
    """The mail leads to the page; the button asks for a fresh second factor first."""
    clara = people.demo(ada.system, "coordinator.rnd")
    asked = clara.mail(lambda mail: ada.name in mail["text"] and any("/identities/" in link for link in mail["links"]))
    clara.opens(next(link for link in asked["links"] if "/identities/" in link))
    clara.proves_who_it_is()
    assert ada.phone[-3:] in clara.page.words, "the new device stands there"
    clara.presses("Confirm identity")
    assert clara.sees("The identity of %(name)s is confirmed. We told the person.".replace("%(name)s", ada.name))


def is_back_in_cpms(ada: Person) -> None:
    """The mail says so in the person's language, and the old patients are there."""
    opened = ada.mail(lambda mail: "CPMS" in mail["subject"])
    in_the_language_of(ada, opened, "Your access to %(application)s is open again")
    ada.opens(ada.system.cpms)
    ada.follows("Login via ERN Login")
    assert ada.page.path == "/dashboard"
    ada.opens(f"{ada.system.cpms}/patients")
    assert "Bluebird" in ada.page.words
