"""After PANIC: locked until an approver has recognised the person, and no right to decide about others meanwhile."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import time_machine

from idp.core.audit import AuditEvent
from idp.core.db import db
from idp.core.levels import MFA
from idp.mfa import enrolment, panic
from idp.oidc import refused
from idp.saas import access, recognition
from idp.saas.authority import authority_of
from idp.saas.models import AccessState
from tests.accounts.browser import at_work
from tests.oidc.relying_party import answer, register
from tests.saas.people import CPMS, ECP, MUNICH, PISA, TUEBINGEN, Person, Town, mails, statements, words

IDENTITIES = "/saas/approvals/identities"


def states(person: Person) -> list[AccessState]:
    return [held.state for held in person.accesses()]


def recognises(approver: Person, person: Person) -> int:
    """Open the page, once the person has a new device, and press the button; the answer's status."""
    with person.app.app_context():
        has_device = bool(enrolment.authenticators(person.id))
    if not has_device:
        person.adds_a_phone()
    page = approver.opens(f"{IDENTITIES}/{person.uid}")
    if page.status_code != 200:
        return page.status_code
    return approver.presses(page, f"{IDENTITIES}/{person.uid}").status_code


def is_open(town: Town, person: Person) -> bool:
    with town.app.app_context():
        return panic.opened(person.id) is not None


def may_decide(town: Town, person: Person) -> bool:
    from idp.accounts.models import Account

    with town.app.app_context():
        return authority_of(db.session.get_one(Account, person.id)).exists


def comes_back(person: Person) -> Person:
    """Register a new phone, and sign in with it."""
    person.adds_a_phone()
    return person.signs_in(MFA)


def test_what_needs_two_factors_is_locked_and_opened_by_the_own_network(town: Town) -> None:
    clara, nora = town.coordinator(), town.person("Nora").holds("HP").holds("Member", application=ECP)
    nora.panics()
    assert states(nora) == [AccessState.LOCKED, AccessState.ACTIVE]
    comes_back(nora)
    assert "Locked: PANIC" in words(nora.opens("/saas/user-data"))
    assert "Can be opened by: Clara Vasseur" in words(nora.opens("/saas/locked"))
    assert "Nora Vasseur" in words(clara.opens(IDENTITIES))
    assert recognises(clara, nora) == 303
    assert states(nora) == [AccessState.ACTIVE, AccessState.ACTIVE]
    assert not is_open(town, nora)
    told = mails(town.app)[-1]
    assert (told["to"], told["subject"]) == (nora.email, "Your access to CPMS is open again")
    with town.app.app_context():
        trail = Counter((event.act, event.actor, event.subject) for event in db.session.query(AuditEvent))
    assert trail["saas.identity.confirm", clara.uid, nora.uid] == 1
    assert recognises(clara, nora) == 404, "nothing is left to confirm"


def test_the_list_of_people_asks_the_same_of_the_database_however_long_it_is(town: Town) -> None:
    clara, counts = town.coordinator(), []
    for name in ("Nora", "Noe", "Nina"):
        holder = town.person(name).holds("HP").holds("HP", path=MUNICH).panics()
        holder.adds_a_phone()
        with statements(town.app) as seen:
            assert f"{name} Vasseur" in words(clara.opens(IDENTITIES))
        counts.append(len(seen))
    assert len(set(counts)) == 1, counts
    assert counts[0] <= 6


def test_the_application_learns_who_can_open_what_is_locked_and_nothing_of_another_application(town: Town) -> None:
    town.coordinator("Žofie"), town.coordinator("Piero", path=PISA)
    nora = town.person("Nora").holds("HP").panics()
    comes_back(nora)
    cpms = register(town.app, application_id=CPMS)
    at_once = answer(nora.client.get(cpms.request(prompt="none")))
    assert (at_once["error"], at_once["error_description"]) == ("access_denied", refused.LOCKED)
    assert at_once["error_uri"] == "http://localhost:8000/saas/locked"
    assert at_once["error_contacts"] == "Žofie Vasseur"
    page = nora.opens(cpms.request())
    back = re.search(r'href="([^"]+/cancel[^"]*)"', page.text)
    assert back and answer(nora.opens(back[1]))["error_contacts"] == "Žofie Vasseur"
    ecp = register(town.app, application_id=ECP)
    assert "error_uri" not in answer(nora.client.get(ecp.request(prompt="none")))


def test_who_never_had_an_access_is_refused_without_a_word_about_locks(town: Town) -> None:
    nora = town.person("Nora").panics()
    comes_back(nora)
    got = answer(nora.client.get(register(town.app, application_id=CPMS).request(prompt="none")))
    assert (got["error"], got["error_description"]) == ("access_denied", "access")
    assert not {"error_uri", "error_contacts"} & set(got)


def test_nobody_is_recognised_before_a_new_device_is_there(town: Town) -> None:
    """Else whoever knows the password would register the first device, and be in."""
    clara, nora = town.coordinator(), town.person("Nora").holds("HP").panics()
    page = clara.opens(f"{IDENTITIES}/{nora.uid}")
    assert "Wait until a new one is registered" in words(page)
    refused = clara.presses(page, f"{IDENTITIES}/{nora.uid}")
    assert refused.status_code == 409
    assert states(nora) == [AccessState.LOCKED]


def test_the_approvers_are_told_at_once_each_with_a_link_that_freezes(town: Town) -> None:
    clara, chiara = town.coordinator(), town.coordinator("Chiara", PISA)
    nora = town.person("Nora", "fr").holds("HP").panics()
    told = [mail for mail in mails(town.app) if "deleted all devices" in mail["subject"]]
    assert [mail["to"] for mail in told] == [clara.email]
    assert nora.uid in told[0]["text"] and "/account/not-me/" in told[0]["text"]
    assert chiara.email not in {mail["to"] for mail in told}


def test_nobody_else_recognises(town: Town) -> None:
    town.coordinator()
    chiara, adele, olaf = town.coordinator("Chiara", PISA), town.administrator(), town.person("Olaf").holds("HP")
    nora = comes_back(town.person("Nora").holds("HP").panics())
    olaf.signs_in(MFA)
    for other in (chiara, adele, olaf, nora):
        assert recognises(other, nora) == 404, other.name
    assert states(nora) == [AccessState.LOCKED]
    assert "Nora" not in words(chiara.opens(IDENTITIES))


def test_an_approver_opens_only_what_lies_in_the_own_network(town: Town) -> None:
    clara, chiara = town.coordinator(), town.coordinator("Chiara", PISA)
    nora = town.person("Nora").holds("HP").holds("HP", path=PISA).panics()
    assert recognises(clara, nora) == 303
    assert states(nora) == [AccessState.ACTIVE, AccessState.LOCKED]
    assert is_open(town, nora)
    assert recognises(chiara, nora) == 303
    assert states(nora) == [AccessState.ACTIVE, AccessState.ACTIVE]
    assert not is_open(town, nora)


def test_a_stale_proof_is_asked_for_again(town: Town) -> None:
    clara, nora = town.coordinator(), town.person("Nora").holds("HP").panics()
    page = clara.opens(f"{IDENTITIES}/{nora.uid}")
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11)):
        answer = clara.presses(page, f"{IDENTITIES}/{nora.uid}")
    assert answer.location.startswith("/login")
    assert states(nora) == [AccessState.LOCKED]


def test_a_password_alone_reads_nothing_of_it(town: Town) -> None:
    clara, nora = town.coordinator(), town.person("Nora").holds("HP").panics()
    clara.signs_in()
    assert clara.opens(f"{IDENTITIES}/{nora.uid}").location.startswith("/login")


def test_the_way_round_over_the_page_of_one_access_is_closed(town: Town) -> None:
    clara, nora = town.coordinator(), town.person("Nora").holds("HP").holds("Researcher")
    first, second = (f"/saas/approvals/accesses/{held.id}" for held in nora.accesses())
    clara.sends(first, act="lock", reason="On leave.")
    nora.panics()
    for address in (first, second):
        refused = clara.sends(address, act="unlock")
        assert refused.status_code == 409
        assert "not recognised yet" in words(refused)
    assert states(nora) == [AccessState.LOCKED, AccessState.LOCKED]
    recognises(clara, nora)
    assert states(nora) == [AccessState.LOCKED, AccessState.ACTIVE], "what the team locked stays as it was"
    clara.sends(first, act="unlock")
    assert states(nora) == [AccessState.ACTIVE, AccessState.ACTIVE]


def test_a_yes_to_a_request_from_before_opens_nothing_until_the_person_is_recognised(town: Town) -> None:
    clara, nora = town.coordinator(), town.person("Nora")
    nora.asks("HP")
    nora.panics()
    assert is_open(town, nora), "a yes on the way would open something"
    clara.decides(nora.reference(), "grant", nora.items())
    assert states(nora) == [AccessState.LOCKED]
    with town.app.app_context():
        assert not access.has_access(nora.id, CPMS)
    recognises(clara, nora)
    assert states(nora) == [AccessState.ACTIVE]


def test_a_new_request_with_the_new_device_opens_nothing_either(town: Town) -> None:
    clara, nora = town.coordinator(), town.person("Nora").holds("HP")
    comes_back(nora.panics())
    nora.asks("HP", path=MUNICH)
    clara.decides(nora.reference(), "grant", nora.items()[-1:])
    assert states(nora) == [AccessState.LOCKED, AccessState.LOCKED]


def test_who_has_nothing_at_stake_need_not_be_recognised(town: Town) -> None:
    nora = town.person("Nora").holds("Member", application=ECP).panics()
    assert not is_open(town, nora)
    clara = town.coordinator()
    comes_back(nora).asks("HP")
    clara.decides(nora.reference(), "grant", nora.items()[-1:])
    assert states(nora)[-1] is AccessState.ACTIVE


def test_who_decides_about_others_decides_nothing_until_recognised(town: Town) -> None:
    adele, clara, dora = town.administrator(), town.coordinator(), town.coordinator("Dora")
    nora = town.person("Nora").holds("HP").panics()
    comes_back(clara.panics())
    assert not may_decide(town, clara)
    assert recognises(clara, nora) == 404
    assert recognises(dora, clara) == 303, "the team recognises the clinician"
    assert states(clara) == [AccessState.LOCKED, AccessState.ACTIVE]
    assert not may_decide(town, clara), "the right to decide is the administrator's to give back"
    assert recognises(adele, clara) == 303
    assert states(clara) == [AccessState.ACTIVE, AccessState.ACTIVE]
    assert may_decide(town, clara)


def test_the_only_coordinator_is_recognised_by_the_administrator_altogether(town: Town) -> None:
    adele, clara = town.administrator(), town.coordinator()
    clara.panics()
    assert recognises(adele, clara) == 303
    assert states(clara) == [AccessState.ACTIVE, AccessState.ACTIVE]


def test_a_delegate_without_an_access_decides_nothing_until_recognised(town: Town) -> None:
    clara, olaf = town.coordinator(), town.person("Olaf")
    day = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    lent = clara.sends("/saas/delegations", person=olaf.email, scope=TUEBINGEN, until=day)
    assert lent.status_code == 303, words(lent)
    assert may_decide(town, olaf)
    comes_back(olaf.panics())
    assert not may_decide(town, olaf)
    assert recognises(clara, olaf) == 303
    assert may_decide(town, olaf)


def test_an_administrator_is_one_again_when_another_one_says_so(town: Town) -> None:
    adele, ben = town.administrator(), town.administrator("Ben")
    comes_back(adele.panics())
    assert adele.opens("/admin/").status_code == 404
    assert recognises(adele, adele) == 404
    assert recognises(ben, adele) == 303
    assert adele.opens("/admin/").status_code == 200


def test_the_person_asks_with_one_button_and_not_without_end(town: Town) -> None:
    clara, nora = town.coordinator(language="fr"), town.person("Nora").holds("HP")
    comes_back(nora.panics())
    before = len(mails(town.app))
    for _ in range(3):
        nora.sends("/saas/locked")
    told = mails(town.app)[before:]
    assert [(mail["to"], mail["language"]) for mail in told] == [(clara.email, "fr")] * 2
    assert f"{IDENTITIES}/{nora.uid}" in told[0]["text"]
    assert "The coordination team has your wish" in words(nora.opens("/saas/locked"))


def test_pressed_by_two_approvers_at_once_it_opens_once(each_town: Town) -> None:
    clara, dora = each_town.coordinator(), each_town.coordinator("Dora")
    nora = each_town.person("Nora").holds("HP").panics()
    with each_town.app.app_context():
        before = access.access_version(nora.id)
    at_work(*[lambda one=one: recognises(one, nora) for one in (clara, dora, clara, dora)])
    assert states(nora) == [AccessState.ACTIVE]
    with each_town.app.app_context():
        assert access.access_version(nora.id) == before + 1
    assert Counter(mail["subject"] for mail in mails(each_town.app))["Your access to CPMS is open again"] == 1


def test_the_page_before_names_what_will_be_locked(town: Town) -> None:
    nora = town.person("Nora").holds("HP")
    assert "CPMS (ERN-RND)" in words(nora.opens("/account/panic"))


def test_the_list_is_made_for_the_approver(town: Town) -> None:
    clara = town.coordinator()
    town.person("Nora").holds("HP").panics()
    town.person("Olaf").holds("HP", path=PISA).panics()
    from idp.accounts.models import Account

    with town.app.app_context():
        found = recognition.waiting(authority_of(db.session.get_one(Account, clara.id)))
        assert [one.person.first_name for one in found] == ["Nora"]
