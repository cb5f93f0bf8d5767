"""kill -9 in the middle of PANIC: all of it happened or nothing, whoever presses again, and each message comes once."""

import json
import subprocess
import sys
from typing import Any

import pytest

from idp.core.db import db
from tests.faults.conftest import Town as Place
from tests.faults.test_kill import (
    DELIVERY_SECONDS,
    MOMENTS,
    ROOT,
    assert_the_books_are_in_order,
    interrupted,
    names,
    subjects,
)
from tests.mfa.test_panic import SUBJECT
from tests.saas.people import Person as Member
from tests.saas.people import Town
from tests.support.people import Person
from tests.support.servers.process import wait_until

ADA = "+491713920095"


@pytest.fixture
def nora(each_town: Town) -> Member:
    """Somebody with a phone, a session and an access, and an approver to be told."""
    each_town.coordinator()
    return each_town.person("Nora").holds("HP")


def deaths(nora: Member) -> list[dict[str, Any]]:
    """Press PANIC in processes that die, one moment after the other; return what each one left behind."""
    url = nora.app.config["SQLALCHEMY_DATABASE_URI"]
    with nora.app.app_context():
        db.session.remove()
        url = db.engine.url.render_as_string(hide_password=False)
        db.engine.dispose()
    line = [sys.executable, "-m", "tests.faults.panic_dies", url, str(nora.id)]
    ended = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    return [json.loads(text) for text in ended.stdout.splitlines() if text.startswith("{")]


def test_killed_before_any_statement_or_the_commit_it_did_nothing_and_after_it_everything(nora: Member) -> None:
    told = deaths(nora)
    *before, done, again = [one["holds"] for one in told]
    assert len(before) > 20, "each statement had its death"
    assert all(one == before[0] for one in before)
    assert (before[0]["factors"], before[0]["sessions"], before[0]["open"], before[0]["events"]) == (1, 1, 1, 0)
    assert (done["factors"], done["sessions"], done["open"], done["events"]) == (0, 0, 0, 1)
    assert done["messages"] == before[0]["messages"] + 3, "a mail and a text to her, a mail to the approver"
    assert again == done, "whoever presses again changes nothing and sends nothing"


def test_a_server_killed_under_the_button_has_done_it_or_not_and_each_message_comes_once(town: Place) -> None:
    ada = town.newcomer("Ada", ADA)
    ada.registers()
    ada.adds_phone()
    ada.asks_for_access()
    town.demo("coordinator.rnd").approves(ada)
    for times, moment in enumerate(MOMENTS, start=1):
        done = presses_panic_and_the_server_dies(ada, moment)
        if not done:
            assert told(town, ada) == times - 1, "nothing is told that did not happen"
            presses_panic(ada)
        assert wait_until(lambda times=times: told(town, ada) == times, DELIVERY_SECONDS)
        ada.adds_phone()
    assert wait_until(lambda: len(texts(town)) == len(MOMENTS), DELIVERY_SECONDS)
    assert len(set(texts(town))) == len(MOMENTS)
    clara = town.demo("coordinator.rnd")
    notices = sum(number for subject, number in subjects(town, clara).items() if "deleted" in subject)
    assert notices == 1, "the approvers once: it was locked already"
    assert len(names(town, ada.email)) >= len(MOMENTS)
    assert_the_books_are_in_order(town.system)


def presses_panic_and_the_server_dies(ada: Person, moment: float) -> bool:
    """Press the button with the password alone; say whether the phone is gone when the server is back."""
    ada.browser = ada.browser.anew()
    ada.opens(f"{ada.system.login}/account")
    ada.answers_one_question()
    ada.opens(f"{ada.system.login}/account/panic")
    interrupted(ada, lambda: ada.presses("Delete"), after=moment)
    ada.browser = ada.browser.anew()
    ada.opens(f"{ada.system.login}/account/phones")
    ada.answers_one_question()
    return ADA[-3:] not in ada.page.words


def presses_panic(ada: Person) -> None:
    ada.opens(f"{ada.system.login}/account/panic")
    ada.presses("Delete")
    ada.browser = ada.browser.anew()
    ada.opens(f"{ada.system.login}/account")
    ada.answers_one_question()


def told(town: Place, ada: Person) -> int:
    return subjects(town, ada)[SUBJECT]


def texts(town: Place) -> list[str]:
    return [text for text in town.provider.to(ADA) if "deleted" in text]
