"""Coming back after PANIC with a saved recovery code and a mailed one: both from before, at once, and once."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from werkzeug.test import TestResponse

from idp.accounts import passwords, profile
from idp.accounts.models import Account
from idp.core.db import db, transaction
from idp.core.levels import MFA
from idp.mfa import challenges, enrolment, panic
from idp.mfa.challenges import Asking
from idp.mfa.models import Authenticator, Purpose
from idp.saas.models import AccessState
from tests.accounts.browser import at_work
from tests.saas.people import Person, Town, mails, words
from tests.signin.browser import Browser

PAGE = "/saas/locked/code"


def saves_codes(person: Person) -> list[str]:
    """Make ten recovery codes and confirm them, as the page does."""
    with person.app.test_request_context("/", base_url="http://localhost:8000"):
        account = db.session.get_one(Account, person.id)
        begun = enrolment.begin(Asking(account, Purpose.ENROL, f"test:{person.id}"), "recovery_code", {})
        codes: list[str] = begun.page["codes"]
        enrolment.confirm(challenges.current(f"test:{person.id}", Purpose.ENROL), {"code": codes[0]}, first=False)
        return codes


def mailed(town: Town, person: Person) -> str:
    found = [
        mail for mail in mails(town.app) if mail["to"] == person.email and "code for coming back" in mail["subject"]
    ]
    code = re.match(r"\d{8}", found[-1]["subject"])
    assert code
    return code[0]


def asks_for_a_code(town: Town, person: Person) -> str:
    assert person.sends(PAGE, send="1").status_code == 303
    return mailed(town, person)


def states(person: Person) -> set[AccessState]:
    return {held.state for held in person.accesses()}


@pytest.fixture
def nora(town: Town) -> Person:
    town.coordinator()
    nora = town.person("Nora").holds("HP")
    nora.codes = saves_codes(nora)  # type: ignore[attr-defined]
    nora.panics()
    nora.adds_a_phone()
    return nora.signs_in(MFA)


def test_both_codes_open_everything_at_once_and_the_person_is_told(town: Town, nora: Person) -> None:
    assert "With a recovery code, at once" in words(nora.opens("/saas/locked"))
    code = asks_for_a_code(town, nora)
    done = nora.sends(PAGE, recovery_code=nora.codes[5].lower(), code=f"{code[:4]} {code[4:]}")
    assert done.location == "/account/recovery-codes"
    assert states(nora) == {AccessState.ACTIVE}
    assert mails(town.app)[-1]["subject"] == "Your access to CPMS is open again"
    with town.app.app_context():
        assert panic.opened(nora.id) is None


def test_a_code_of_the_sheet_signs_nobody_in_any_more(town: Town, nora: Person) -> None:
    with town.app.app_context():
        assert enrolment.authenticators(nora.id, "recovery_code") == []


@pytest.mark.parametrize("wrong", ["sheet", "mail", "both"])
def test_one_wrong_code_opens_nothing_and_nobody_learns_which(town: Town, nora: Person, wrong: str) -> None:
    code = asks_for_a_code(town, nora)
    other = f"{(int(code) + 1) % 10**8:08d}"
    sheet = nora.codes[1] if wrong == "mail" else "ZZZZZ-ZZZZZ"
    answer = nora.sends(PAGE, recovery_code=sheet, code=code if wrong == "sheet" else other)
    assert answer.status_code == 400
    assert "Look at both again" in words(answer)
    assert states(nora) == {AccessState.LOCKED}


def test_three_answers_to_one_mail_and_then_a_new_one(town: Town, nora: Person) -> None:
    code = asks_for_a_code(town, nora)
    for _ in range(3):
        nora.sends(PAGE, recovery_code="ZZZZZ-ZZZZZ", code=code)
    assert nora.sends(PAGE, recovery_code=nora.codes[1], code=code).status_code == 410
    assert states(nora) == {AccessState.LOCKED}
    assert nora.sends(PAGE, recovery_code=nora.codes[1], code=asks_for_a_code(town, nora)).status_code == 303


def test_a_mailed_code_grows_old_and_only_the_newest_counts(town: Town, nora: Person) -> None:
    old, new = asks_for_a_code(town, nora), asks_for_a_code(town, nora)
    assert nora.sends(PAGE, recovery_code=nora.codes[1], code=old).status_code == 400 or old == new
    page = nora.opens(PAGE)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11)):
        nora.signs_in(MFA)
        late = nora.presses(page, PAGE, recovery_code=nora.codes[1], code=new)
    assert late.status_code == 410
    assert states(nora) == {AccessState.LOCKED}


def test_the_new_device_is_asked_for_first(town: Town, nora: Person) -> None:
    nora.signs_in()
    assert nora.opens(PAGE).location.startswith("/login")


def test_codes_made_after_it_open_nothing_not_even_after_a_second_panic(town: Town) -> None:
    town.coordinator()
    thief = town.person("Nora").holds("HP").panics()
    thief.adds_a_phone()
    saves_codes(thief)
    assert "You have no saved recovery codes" not in words(thief.opens("/saas/locked"))
    thief.signs_in(MFA)
    assert "Only codes that you made before" in words(thief.opens(PAGE))
    thief.panics()
    thief.adds_a_phone()
    thief.signs_in(MFA)
    assert "Only codes that you made before" in words(thief.opens(PAGE))
    assert states(thief) == {AccessState.LOCKED}


def test_the_owners_codes_from_before_survive_a_second_panic(town: Town, nora: Person) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1)):
        saves_codes(nora)
        nora.panics()
        nora.adds_a_phone()
        nora.signs_in(MFA)
        code = asks_for_a_code(town, nora)
        assert nora.sends(PAGE, recovery_code=nora.codes[2], code=code).status_code == 303


def reset(town: Town, person: Person) -> None:
    with town.app.test_request_context("/", base_url="http://localhost:8000"):
        hashed = passwords.hash_of("walnut-lantern-seventeen")
        profile.set_password(db.session.get_one(Account, person.id), hashed, how="reset")


@pytest.mark.parametrize(("days", "closed"), [(-1, True), (-6.9, True), (-7.1, False), (1, True)])
def test_a_password_replaced_through_the_mailbox_closes_it(town: Town, days: float, closed: bool) -> None:
    """Within the week before, or at any time since: else the mailbox would stand for two of the proofs."""
    town.coordinator()
    nora = town.person("Nora").holds("HP")
    start = datetime.now(UTC) + timedelta(days=10)
    with time_machine.travel(start + timedelta(days=min(days, 0))):
        if days < 0:
            reset(town, nora)
    with time_machine.travel(start):
        saves_codes(nora)
        nora.panics()
        nora.adds_a_phone()
    with time_machine.travel(start + timedelta(days=max(days, 0), minutes=5)):
        if days > 0:
            reset(town, nora)
        nora.signs_in(MFA)
        assert ("Your e-mail address" in words(nora.opens(PAGE))) is False
        assert ("the mailbox is no second proof" in words(nora.opens(PAGE))) is closed


def test_the_code_goes_to_an_address_from_before_and_not_to_a_new_one(town: Town, nora: Person) -> None:
    with town.app.app_context(), transaction():
        [known] = db.session.get_one(Account, nora.id).addresses
        known.address = known.normalized = "thief@elsewhere.example"
        known.verified_at = datetime.now(UTC) - timedelta(minutes=1) + timedelta(minutes=2)
    assert "only to an address from well before" in words(nora.opens(PAGE))


def test_sent_often_at_once_it_opens_once(each_town: Town) -> None:
    each_town.coordinator()
    nora = each_town.person("Nora").holds("HP")
    codes = saves_codes(nora)
    nora.panics()
    nora.adds_a_phone()
    nora.signs_in(MFA)
    code = asks_for_a_code(each_town, nora)
    page = nora.opens(PAGE)
    answers: list[int] = []

    def sends() -> None:
        answers.append(nora.presses(page, PAGE, recovery_code=codes[1], code=code).status_code)

    at_work(*[sends] * 3)
    assert answers.count(303) == 1, answers
    assert states(nora) == {AccessState.ACTIVE}
    assert [mail["subject"] for mail in mails(each_town.app)].count("Your access to CPMS is open again") == 1


def boxes(page: TestResponse) -> list[str]:
    """The devices that the page asks about."""
    return re.findall(r'name="mine" value="(\d+)"', page.text)


def test_what_somebody_else_added_meanwhile_goes_with_every_other_session(town: Town, nora: Person) -> None:
    [mine] = [str(one.id) for one in held(town, nora)]
    assert boxes(nora.opens(PAGE)) == []
    with town.app.app_context():
        thieves = str(enrolment.add_confirmed_phone(db.session.get_one(Account, nora.id), "+491713920077").id)
    other = Browser(town.app)
    other.enters(MFA, nora.email)
    saves_codes(nora)
    code = asks_for_a_code(town, nora)
    page = nora.opens(PAGE)
    assert sorted(boxes(page)) == sorted([mine, thieves])
    codes = {"recovery_code": nora.codes[5], "code": code}
    for wrong in ({}, {"mine": "999999"}, {"mine": "x"}):
        refused = nora.sends(PAGE, **codes, **wrong)
        assert "Tick the devices" in refused.text or "choice" in refused.text
        assert states(nora) == {AccessState.LOCKED}
    assert nora.sends(PAGE, **codes, mine=mine).status_code == 303
    assert [str(one.id) for one in held(town, nora)] == [mine]
    assert other.signed_in() is None and nora.opens("/account").status_code == 200


def held(town: Town, person: Person) -> list[Authenticator]:
    with town.app.app_context():
        return enrolment.authenticators(person.id)
