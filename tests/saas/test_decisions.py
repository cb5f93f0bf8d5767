"""Decisions: by whom, once, with what mail, and what they open."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from idp.accounts.models import Account, AccountState
from idp.core import clock
from idp.core.audit import AuditEvent
from idp.core.db import db, transaction
from idp.core.errors import Conflict, Invalid, NotFound, Refusal, SignInRequired
from idp.core.levels import SFA
from idp.saas import access, access_requests, accesses, decisions
from idp.saas.access_requests import MOVES, Decision
from idp.saas.decisions import Ruling, Verdict
from idp.saas.models import Access, AccessState, GuestKind, ItemState, RequestItem
from idp.saas.policy import Approver
from tests.saas.people import CPMS, GUEST, PISA, TUEBINGEN, Person, Town, mails, words


def ruling(items: list[RequestItem], verdict: Verdict = Verdict.GRANT, **more: object) -> Ruling:
    return Ruling(verdict, {item.id: item.version for item in items}, **more)  # type: ignore[arg-type]


def decide(town: Town, approver: Approver, person: Person, made: Ruling) -> None:
    with town.app.app_context(), town.app.test_request_context("/", base_url="http://localhost:8000"):
        decisions.decide(approver, person.reference(), made)


def test_each_item_can_be_decided_alone(town: Town) -> None:
    clara, nora = town.coordinator(), town.person("Nora")
    nora.asks("HP", "Researcher", membership="y")
    hp, researcher, member = nora.items()
    clara.decides(nora.reference(), "grant", [hp, member])
    clara.decides(nora.reference(), "refuse", [researcher], reason="Not a researcher.")
    assert [item.state for item in nora.items()] == [ItemState.GRANTED, ItemState.REFUSED, ItemState.GRANTED]
    assert [held.profile.code for held in nora.accesses()] == ["HP", "Member"]
    subjects = [(mail["to"], mail["subject"]) for mail in mails(town.app)[1:]]
    assert subjects == [
        (nora.email, "Your access to CPMS is granted"),
        (nora.email, "Your request for CPMS is refused"),
    ]
    assert "Not a researcher." in words(nora.opens("/saas/user-data"))


def test_a_refusal_needs_a_reason_and_keeps_what_was_chosen(town: Town) -> None:
    clara, nora = town.coordinator(), town.person("Nora")
    nora.asks("HP")
    answer = clara.decides(nora.reference(), "refuse", nora.items())
    assert answer.status_code == 400
    assert "Write a message to the person." in words(answer)
    assert 'value="refuse" checked' in answer.text
    assert nora.items()[0].state is ItemState.SUBMITTED


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"decision": ""}, "Choose a decision."),
        ({"decision": "grant", "item": "x"}, "Choose at least one profile"),
        ({"decision": "grant", "until": "2020-01-01"}, "Enter a date after today"),
        ({"decision": "grant", "until": "soon"}, "Enter a date after today"),
        ({"decision": "refuse", "reason": "x" * 10_001}, "Use at most 10,000 characters"),
    ],
)
def test_a_decision_that_lacks_something_is_told(town: Town, fields: dict[str, str], sentence: str) -> None:
    clara, nora = town.coordinator(), town.person("Nora")
    nora.asks("HP")
    [item] = nora.items()
    answer = clara.sends(f"/saas/approvals/{nora.reference()}", **{"item": f"{item.id}:1", **fields})
    assert answer.status_code == 400
    assert sentence in words(answer)


def test_a_question_goes_to_the_person_and_the_answer_comes_back(town: Town) -> None:
    clara, nora = town.coordinator(language="fr"), town.person("Nora")
    nora.asks("HP")
    clara.decides(nora.reference(), "ask", nora.items(), reason="Which ward?")
    assert nora.items()[0].state is ItemState.ASKED
    assert (mails(town.app)[-1]["to"], "Which ward?" in mails(town.app)[-1]["text"]) == (nora.email, True)
    assert "Waits for an answer" in words(nora.opens("/saas/user-data"))
    address = f"/saas/user-data/answer/{nora.reference()}"
    assert "Write an answer" in words(nora.sends(address, answer=" "))
    assert "The answer is too long" in words(nora.sends(address, answer="x" * 10_001))
    assert nora.sends(address, answer="Ward 7").location == "/saas/user-data"
    assert nora.sends(address, answer="Ward 7").status_code == 409
    assert nora.items()[0].state is ItemState.SUBMITTED
    assert (mails(town.app)[-1]["to"], mails(town.app)[-1]["language"]) == (clara.email, "fr")
    assert "Ward 7" in words(clara.opens(f"/saas/approvals/{nora.reference()}"))
    assert town.person("Olaf").opens(address).status_code == 404


def test_a_second_decision_is_told_who_decided(town: Town) -> None:
    clara, carl, nora = town.coordinator(), town.coordinator("Carl"), town.person("Nora")
    nora.asks("HP")
    items = nora.items()
    page = carl.opens(f"/saas/approvals/{nora.reference()}")
    clara.decides(nora.reference(), "grant", items)
    path = f"/saas/approvals/{nora.reference()}"
    carl.presses(page, path, decision="refuse", reason="No.", item=f"{items[0].id}:1")
    assert "decided or changed by Clara Vasseur" in words(carl.opens(path))
    assert nora.items()[0].state is ItemState.GRANTED
    assert len([mail for mail in mails(town.app) if mail["to"] == nora.email]) == 1


def test_a_decision_on_what_was_seen_before_an_answer_is_not_carried_out(town: Town) -> None:
    clara, nora = town.coordinator(), town.person("Nora")
    nora.asks("HP")
    seen = nora.items()
    clara.decides(nora.reference(), "ask", seen, reason="Which ward?")
    nora.sends(f"/saas/user-data/answer/{nora.reference()}", answer="Ward 7")
    with pytest.raises(Conflict):
        decide(town, clara.approver(), nora, ruling(seen))


def test_a_stale_or_weak_proof_is_asked_again_and_what_was_typed_is_kept(town: Town) -> None:
    clara, nora = town.coordinator(), town.person("Nora")
    nora.asks("HP")
    path = f"/saas/approvals/{nora.reference()}"
    page = clara.opens(path)
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
        answer = clara.presses(page, path, decision="refuse", reason="Call me.", item=f"{nora.items()[0].id}:1")
        assert answer.location.startswith("/login")
        assert nora.items()[0].state is ItemState.SUBMITTED
        again = clara.opens(path)
        assert "Call me." in again.text
        assert 'value="refuse" checked' in again.text
    with pytest.raises(SignInRequired):
        decide(town, clara.approver(SFA), nora, ruling(nora.items()))


def test_approvals_are_not_shown_with_a_password_alone(town: Town) -> None:
    clara = town.coordinator().signs_in(SFA)
    assert clara.opens("/saas/approvals").location.startswith("/login")


def test_who_lost_the_right_meanwhile_decides_nothing(town: Town) -> None:
    clara, carl, nora = town.coordinator(), town.coordinator("Carl"), town.person("Nora")
    adele = town.administrator()
    nora.asks("HP")
    coordinator = next(held for held in carl.accesses() if held.profile.code == "Coordinator")
    with town.app.test_request_context("/", base_url="http://localhost:8000"):
        accesses.revoke(adele.approver(), coordinator.id, "Left the network.")
    with pytest.raises(NotFound):
        decide(town, carl.approver(), nora, ruling(nora.items()))
    decide(town, clara.approver(), nora, ruling(nora.items()))


def test_a_closed_or_frozen_approver_decides_nothing(town: Town) -> None:
    clara, nora = town.coordinator(), town.person("Nora")
    nora.asks("HP")
    with town.app.app_context(), transaction():
        db.session.get_one(Account, clara.id).state = AccountState.FROZEN
    with pytest.raises(NotFound):
        decide(town, clara.approver(), nora, ruling(nora.items()))


def test_items_of_another_request_cannot_be_slipped_in(town: Town) -> None:
    clara, nora, olaf = town.coordinator(), town.person("Nora"), town.person("Olaf")
    nora.asks("HP")
    olaf.asks("HP")
    with pytest.raises(NotFound):
        decide(town, clara.approver(), nora, ruling([*nora.items(), *olaf.items()]))
    assert {item.state for item in [*nora.items(), *olaf.items()]} == {ItemState.SUBMITTED}


def test_the_administrator_decides_coordinator_with_hp_and_not_without(town: Town) -> None:
    adele, nora = town.administrator(), town.person("Nora")
    nora.asks("Coordinator", "HP", path=PISA)
    coordinator, hp = nora.items()
    with pytest.raises(Invalid):
        decide(town, adele.approver(), nora, ruling([coordinator]))
    assert nora.items()[0].state is ItemState.SUBMITTED
    decide(town, adele.approver(), nora, ruling([coordinator, hp]))
    assert [held.profile.code for held in nora.accesses()] == ["Coordinator", "HP"]
    olaf = town.person("Olaf")
    olaf.asks("HP", path=PISA)
    assert (
        nora.signs_in("https://refeds.org/profile/mfa").opens(f"/saas/approvals/{olaf.reference()}").status_code == 200
    )
    assert adele.opens(f"/saas/approvals/{olaf.reference()}").status_code == 404


def test_a_coordinator_does_not_decide_about_coordinator(town: Town) -> None:
    clara, nora = town.coordinator(), town.person("Nora")
    town.administrator()
    nora.asks("Coordinator", "HP")
    coordinator, hp = nora.items()
    with pytest.raises(NotFound):
        decide(town, clara.approver(), nora, ruling([coordinator, hp]))
    decide(town, clara.approver(), nora, ruling([hp]))


def test_guests_get_ninety_days_and_only_the_team_gives_the_virtual_centre(town: Town) -> None:
    clara, greta = town.coordinator(), town.person("Greta")
    greta.asks("HP", path=GUEST)
    answer = clara.decides(greta.reference(), "grant", greta.items(), guest="virtual_centre")
    assert answer.status_code == 303
    [held] = greta.accesses()
    assert held.guest is GuestKind.VIRTUAL_CENTRE
    assert held.valid_until is not None
    assert held.valid_until - held.valid_from == timedelta(days=90)
    with town.app.app_context():
        [grant] = access.accesses_for(greta.id, CPMS)
        assert (grant.hcp_code, grant.guest, grant.ecp_member) == ("0000", GuestKind.VIRTUAL_CENTRE, False)
        assert access.accesses_for(greta.id, CPMS, clock.now() + timedelta(days=90, seconds=1)) == []


def test_a_chosen_end_holds_until_that_day_is_over(town: Town) -> None:
    clara, nora = town.coordinator(), town.person("Nora")
    nora.asks("HP")
    last = (clock.now() + timedelta(days=30)).date()
    clara.decides(nora.reference(), "grant", nora.items(), until=last.isoformat())
    [held] = nora.accesses()
    assert held.valid_until is not None
    assert timedelta(0) <= held.valid_until - clock.now() - timedelta(days=30) <= timedelta(days=2)


def test_every_access_comes_from_a_granted_item_and_every_decision_has_its_audit_row(town: Town) -> None:
    clara, nora = town.coordinator(), town.person("Nora")
    nora.asks("HP", membership="y")
    clara.decides(nora.reference(), "grant", nora.items())
    with town.app.app_context():
        for held in db.session.scalars(select(Access)):
            assert held.item.state is ItemState.GRANTED
            assert held.item.decided_as
        rows = db.session.scalars(select(AuditEvent).where(AuditEvent.act == "saas.item.granted")).all()
        told = {row.object: (row.subject, row.actor, row.acr) for row in rows}
    for item in nora.items():
        assert told[f"item:{item.id}"] == (nora.uid, clara.uid, "https://refeds.org/profile/mfa")


def test_two_parallel_decisions_have_one_effect(each_town: Town) -> None:
    town = each_town
    clara, carl, nora = town.coordinator(), town.coordinator("Carl"), town.person("Nora")
    nora.asks("HP", membership="y")
    grant, refuse = ruling(nora.items()), ruling(nora.items(), Verdict.REFUSE, reason="No.")
    outcomes = at_once(
        lambda: decide(town, clara.approver(), nora, grant), lambda: decide(town, carl.approver(), nora, refuse)
    )
    assert sorted(outcomes) == ["Conflict", "done"]
    states = {item.state for item in nora.items()}
    assert states in ({ItemState.GRANTED}, {ItemState.REFUSED})
    assert len(nora.accesses()) == (2 if states == {ItemState.GRANTED} else 0)
    assert len([mail for mail in mails(town.app) if mail["to"] == nora.email]) == 1


def test_one_request_sent_from_two_windows_at_once_is_one(each_town: Town) -> None:
    town = each_town
    town.coordinator()
    nora = town.person("Nora")
    fourth = nora.sends(nora.begins(), profile="HP").location
    page = nora.opens(fourth)
    outcomes = at_once(*[lambda: str(nora.presses(page, fourth, comment="").status_code) for _ in range(4)])
    assert outcomes == ["303"] * 4
    assert len(nora.items()) == 1
    assert len(mails(town.app)) == 1


def test_the_same_wish_from_two_drafts_at_once_is_one(each_town: Town) -> None:
    town = each_town
    town.coordinator()
    nora = town.person("Nora")
    recaps = [nora.sends(nora.begins(), profile="HP").location for _ in range(2)]
    page = nora.opens(recaps[0])
    outcomes = at_once(*[lambda to=to: str(nora.presses(page, to, comment="").status_code) for to in recaps])
    assert sorted(outcomes) == ["303", "400"]
    assert len(nora.items()) == 1


def at_once(*jobs: Callable[[], object]) -> list[str]:
    """Do all jobs at the same moment; returns what came of each: its result, "done" or the refusal's name."""
    start, outcomes = Barrier(len(jobs)), []

    def do(job: Callable[[], object]) -> None:
        start.wait()
        try:
            outcomes.append(str(job() or "done"))
        except Refusal as refusal:
            outcomes.append(type(refusal).__name__)

    threads = [Thread(target=do, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.lists(st.sampled_from(list(ItemState)), max_size=5))
def test_an_item_only_ever_moves_along_the_table(town: Town, path: list[ItemState]) -> None:
    with town.app.app_context():
        known = db.session.scalar(select(Account.id))
    nora = known or town.person("Nora").id
    with town.app.app_context():
        person = db.session.get_one(Account, nora)
        with suppress(Undone), transaction():
            item = _fresh_item(person)
            for wanted in path:
                before, version = item.state, item.version
                try:
                    access_requests.move(item, wanted, version, Decision(person.id, "test"))
                except Conflict:
                    assert wanted not in MOVES[before]
                    assert (item.state, item.version) == (before, version)
                else:
                    assert wanted in MOVES[before]
                    assert (item.state, item.version) == (wanted, version + 1)
            raise Undone


class Undone(Exception):
    """Leave nothing of this act."""


def _fresh_item(person: Account) -> RequestItem:
    from idp.core.signed import new_token
    from idp.saas import organisations, wishes
    from idp.saas.catalogue_models import Profile
    from idp.saas.models import AccessRequest

    profile = db.session.scalars(select(Profile)).first()
    assert profile
    item = wishes.item_for(person.id, organisations.find(TUEBINGEN), profile)
    request = AccessRequest(
        reference=new_token(),
        account_id=person.id,
        comment="",
        language="en",
        form_key=new_token(),
        submitted_at=clock.now(),
        items=[item],
    )
    db.session.add(request)
    db.session.flush()
    return item


def test_states_that_are_over_lead_nowhere() -> None:
    over = (ItemState.GRANTED, ItemState.REFUSED, ItemState.WITHDRAWN)
    assert all(MOVES[state] == () for state in over)
    assert set(MOVES) == set(ItemState)
    assert set(accesses.MOVES) == set(AccessState)
