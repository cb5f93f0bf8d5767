"""kill -9 of the identity server and its worker: people go on with the same cookies, no message is lost or doubled."""

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import requests

from tests.faults.conftest import Town
from tests.support.people import Person
from tests.support.servers.process import wait_until
from tests.support.servers.system import LOGIN, WORKER, System
from tests.support.web import Browser, Page

ROOT = Path(__file__).parents[2]
ADA = "+491713920090"
DELIVERY_SECONDS = 20.0


class Unlucky(Browser):
    """A browser whose every step is followed by an accident; a page that was only read is no step."""

    def __init__(self, accident: Callable[[], None]) -> None:
        super().__init__()
        self.accident = accident

    def _arrive(self, answer: requests.Response) -> Page:
        page = super()._arrive(answer)
        if answer.history or answer.request.method == "POST":
            self.accident()
        return page


def kill_and_restart(system: System) -> None:
    system.kill(LOGIN, WORKER)
    system.start(LOGIN, WORKER)


def unlucky(person: Person) -> Person:
    person.browser = Unlucky(lambda: kill_and_restart(person.system))
    return person


def test_a_kill_after_each_step_of_the_journey_lets_people_go_on_and_loses_no_message(town: Town) -> None:
    ada, clara = unlucky(town.newcomer("Ada", ADA)), unlucky(town.demo("coordinator.rnd"))
    ada.registers()
    ada.adds_phone()
    ada.asks_for_access()
    assert ada.page.words.count("DE22") == 2
    clara.approves(ada)
    ada.mail(lambda mail: "granted" in mail["subject"])
    ada.opens(f"{town.system.login}/account")
    ada.leaves()
    assert ada.enters_cpms().path == "/dashboard"
    ada.enrols_patient("Bluebird")
    ada.opens_panel("Which therapy?")
    assert ada.page.heading.endswith("Bluebird")

    assert_each_message_came_once(town, ada)
    assert_the_books_are_in_order(town.system)


def assert_each_message_came_once(town: Town, ada: Person) -> None:
    """Four mails and two codes to the requester, one notice to the coordinator, each under one name."""
    subjects = [
        "A verification method was added to your account",
        "Choose your password for ERN Login",
        "Your ERN Login account is ready",
        "Your access to CPMS is granted",
    ]
    assert wait_until(lambda: len({*names(town, ada.email)}) >= len(subjects), DELIVERY_SECONDS)
    told = {mail["Message-ID"]: str(mail["Subject"]) for mail in town.mailbox.to(ada.email)}
    assert sorted(told.values()) == sorted(subjects)
    assert len(town.provider.to(ADA)) == len(set(town.provider.to(ADA))) == 2
    notices = {mail["Message-ID"] for mail in town.mailbox.to("coordinator.rnd@demo.example") if "Ferran" in str(mail)}
    assert len(notices) == 1


def names(town: Town, address: str) -> list[str]:
    return [str(mail["Message-ID"]) for mail in town.mailbox.to(address)]


def assert_the_books_are_in_order(system: System) -> None:
    assert "Traceback" not in system.said()
    proved = command(system, "verify-audit")
    assert proved.returncode == 0, proved.stdout + proved.stderr


def command(system: System, *words: str) -> "subprocess.CompletedProcess[str]":
    environ = {**os.environ, **system.place.environ, **system.programs[LOGIN].env}
    line = [sys.executable, "-m", "idp.cli", *words]
    return subprocess.run(line, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60)


def interrupted(person: Person, press: Callable[[], Page], *, after: float) -> None:
    """Press a button and kill the identity server `after` so many seconds, whatever it was doing; then restart it."""
    pressed = threading.Thread(target=lambda: suppressed(press))
    pressed.start()
    time.sleep(after)
    person.system.kill(LOGIN, WORKER)
    pressed.join()
    person.system.start(LOGIN, WORKER)


def suppressed(press: Callable[[], Page]) -> None:
    with suppress(requests.RequestException):
        press()


# From before the request was read until after it was answered, on a machine of any speed.
MOMENTS = (0.0, 0.02, 0.08)


def test_a_kill_in_the_middle_of_an_act_leaves_all_of_it_or_nothing(town: Town) -> None:
    clara = town.demo("coordinator.rnd")
    clara.opens(f"{town.system.login}/saas/approvals")
    clara.proves_who_it_is()
    for number, moment in enumerate(MOMENTS):
        ada = town.newcomer(f"Ada{number}", f"+4917139200{number:02d}")
        registers_again_and_again(ada, moment)
        asks_again_and_again(ada, moment)
        decides_again_and_again(clara, ada, moment)
        assert wait_until(lambda ada=ada: subjects(town, ada)["Your access to CPMS is granted"] == 1, DELIVERY_SECONDS)
        assert subjects(town, ada)["Your ERN Login account is ready"] == 1
    assert_the_books_are_in_order(town.system)


def registers_again_and_again(ada: Person, moment: float) -> None:
    """The form is sent, the server dies, the form is sent again; the same for the password."""
    ada.opens(f"{ada.system.login}/register")
    interrupted(ada, ada.asks_for_an_account, after=moment)
    ada.opens(f"{ada.system.login}/register")
    ada.asks_for_an_account()
    link = ada.invitation()
    ada.opens(link)
    interrupted(
        ada, lambda: ada.presses("Submit", new_password=ada.password, confirm_password=ada.password), after=moment
    )
    if ada.opens(link).has_field("new_password"):
        ada.presses("Submit", new_password=ada.password, confirm_password=ada.password)
    ada.signs_in()
    ada.adds_phone()


def asks_again_and_again(ada: Person, moment: float) -> None:
    """The last step of the wizard is sent, the server dies, the page is sent again."""
    ada.opens(f"{ada.system.login}/saas/requestAccess/application/741/create.html")
    ada.presses("Step 2: select an organisation")
    ada.chooses_hospital("ERN-RND", "Germany", "DE22")
    recap = ada.chooses_profiles(("HP",), membership=True)
    interrupted(ada, lambda: ada.presses("Submit request access"), after=moment)
    ada.browser.page = recap
    ada.presses("Submit request access")
    ada.opens(f"{ada.system.login}/saas/")
    assert ada.page.words.count("DE22") == 2, ada.page.words


def decides_again_and_again(clara: Person, ada: Person, moment: float) -> None:
    """The decision is sent, the server dies; what is left to decide is decided."""
    clara.opens(f"{clara.system.login}/saas/approvals")
    clara.presses("Search", search=ada.email)
    clara.browser.follow("Open")
    there = clara.page.address
    interrupted(clara, lambda: clara.presses("Save decision", decision="grant", reason="Yes."), after=moment)
    clara.opens(there)
    if clara.page.has_field("decision"):
        clara.presses("Save decision", decision="grant", reason="Yes.")
    ada.opens(f"{ada.system.login}/saas/")
    assert ada.page.words.count("Active") == 2, ada.page.words


def subjects(town: Town, person: Person) -> Counter[str]:
    """How many different mails of each subject a person got."""
    return Counter({mail["Message-ID"]: str(mail["Subject"]) for mail in town.mailbox.to(person.email)}.values())
