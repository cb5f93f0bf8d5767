"""Lending the right to decide: the page of the coordinators, who may what, until when, and who is told."""

from datetime import date, timedelta

import pytest
import time_machine
from sqlalchemy import select

from idp.accounts.models import Account
from idp.core import clock, signals
from idp.core.audit import AuditEvent
from idp.core.db import db, transaction
from idp.core.errors import Conflict, Invalid, NotFound, SignInRequired
from idp.core.levels import MFA, SFA
from idp.saas import accesses, decisions, delegation
from idp.saas.decisions import Ruling, Verdict
from idp.saas.delegation import Loan
from idp.saas.models import Access, Delegation
from tests.saas.people import MUNICH, PISA, TUEBINGEN, Person, Town, mails, statements, words

PAGE = "/saas/delegations"
GERMANY = "ERN-RND/DE"


def day(days: int) -> date:
    return (clock.now() + timedelta(days=days)).date()


def lend(lender: Person, person: str, path: str, until: date | None) -> int:
    with lender.app.test_request_context("/", base_url="http://localhost:8000"):
        return delegation.lend(lender.approver(), Loan(person, path, until)).id


def living(town: Town) -> list[Delegation]:
    with town.app.app_context():
        return list(db.session.scalars(select(Delegation).where(Delegation.ended_at.is_(None))))


def test_a_coordinator_lends_and_takes_back_on_the_page_and_both_are_told(town: Town) -> None:
    clara, dora = town.coordinator(language="fr"), town.person("Dora", "en")
    page = clara.sends(PAGE, person=f" {dora.email.upper()} ", scope=GERMANY, until=day(30).isoformat())
    assert page.location == PAGE
    assert {(mail["to"], mail["language"]) for mail in mails(town.app)} == {(dora.email, "en"), (clara.email, "fr")}
    to_dora = next(mail["text"] for mail in mails(town.app) if mail["to"] == dora.email)
    assert "Clara Vasseur" in to_dora
    assert "Germany, ERN-RND" in to_dora
    assert "http://localhost:8000/saas/approvals" in to_dora
    assert dora.email in words(clara.opens(PAGE))
    [made] = living(town)
    assert dora.signs_in(MFA).opens("/saas/approvals").status_code == 200
    assert clara.sends(PAGE, end=str(made.id)).location == PAGE
    assert living(town) == []
    assert dora.opens("/saas/approvals").status_code == 404
    assert [mail["to"] for mail in mails(town.app)].count(dora.email) == 2
    with town.app.app_context():
        trail = db.session.scalars(select(AuditEvent).where(AuditEvent.act.startswith("saas.delegation"))).all()
    assert [(row.act, row.subject, row.actor) for row in trail] == [
        ("saas.delegation.lend", dora.uid, clara.uid),
        ("saas.delegation.end", dora.uid, clara.uid),
    ]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"person": ""}, "Enter the person's e-mail address or identifier."),
        ({"person": "nobody@hospital.example"}, "Nobody with this e-mail address or identifier has an account here."),
        ({"person": "n0000000"}, "Nobody with this e-mail address or identifier has an account here."),
        ({"person": "clara@hospital.example"}, "That is you."),
        ({"person": "carl@hospital.example"}, "decides for the whole network already"),
        ({"scope": ""}, "Choose a country or a hospital from the list."),
        ({"scope": "ERN-RND"}, "Choose a country or a hospital from the list."),
        ({"scope": "ERN-RND/DE/0000"}, "Choose a country or a hospital from the list."),
        ({"until": ""}, "Enter a day from today on, within one year."),
        ({"until": "31.12."}, "Enter a day from today on, within one year."),
        ({"until": "2020-01-01"}, "Enter a day from today on, within one year."),
        ({"until": "9999-12-31"}, "Enter a day from today on, within one year."),
    ],
)
def test_what_cannot_be_lent_is_told_and_what_was_typed_stays(
    town: Town, fields: dict[str, str], sentence: str
) -> None:
    clara, dora = town.coordinator(), town.person("Dora")
    town.coordinator("Carl")
    typed = {"person": dora.uid, "scope": TUEBINGEN, "until": day(30).isoformat(), **fields}
    answer = clara.sends(PAGE, **typed)
    assert (answer.status_code, sentence in words(answer)) == (400, True), words(answer)
    for value in filter(None, (typed["person"], typed["until"])):
        assert f'value="{value}"' in answer.text
    assert typed["scope"] != TUEBINGEN or f'selected value="{TUEBINGEN}"' in answer.text
    assert living(town) == []
    assert mails(town.app) == []


def test_nothing_of_another_network_can_be_lent_or_ended(town: Town) -> None:
    clara, chiara, dora = town.coordinator(), town.coordinator("Chiara", PISA), town.person("Dora")
    assert clara.sends(PAGE, person=dora.uid, scope=PISA, until=day(3).isoformat()).status_code == 404
    assert PISA not in clara.opens(PAGE).text
    made = lend(chiara, dora.uid, PISA, day(3))
    for other in (clara, town.coordinator("Carl", PISA)):
        assert other.sends(PAGE, end=str(made)).status_code == 404
    assert "Chiara Vasseur" in words(other.opens(PAGE))
    assert "Dora" not in words(clara.opens(PAGE))
    for nonsense in ("0", "-1", "x", "99999999999999999999"):
        assert chiara.sends(PAGE, end=nonsense).status_code == 404
    assert len(living(town)) == 1


def test_a_delegate_decides_below_the_lent_hospital_as_long_as_the_lender_coordinates(town: Town) -> None:
    clara, dora, nora, olaf = (town.coordinator(), town.person("Dora"), town.person("Nora"), town.person("Olaf"))
    adele = town.administrator()
    lend(clara, dora.email, TUEBINGEN, day(30))
    with town.app.app_context():
        assert db.session.get_one(Account, dora.id).always_mfa, "who decides about others always shows two factors"
    dora.signs_in(MFA)
    nora.asks("HP")
    olaf.asks("HP", path=MUNICH)
    assert {dora.email, clara.email} <= {mail["to"] for mail in mails(town.app)}
    assert "Nora" in words(dora.opens("/saas/approvals"))
    assert "Olaf" not in words(dora.opens("/saas/approvals"))
    dora.decides(nora.reference(), "grant", nora.items())
    assert nora.items()[0].decided_as == "delegate"
    with town.app.test_request_context("/", base_url="http://localhost:8000"):
        seen = {item.id: item.version for item in olaf.items()}
        with pytest.raises(NotFound):
            decisions.decide(dora.approver(), olaf.reference(), Ruling(Verdict.GRANT, seen))
        for held in clara.accesses():
            if held.profile.code == "Coordinator":
                accesses.revoke(adele.approver(), held.id, "Left.")
    assert dora.opens("/saas/approvals").status_code == 404


def test_a_delegate_cannot_delegate_nor_see_the_page(town: Town) -> None:
    clara, dora, olaf = town.coordinator(), town.person("Dora"), town.person("Olaf")
    lend(clara, dora.email, GERMANY, day(30))
    dora.signs_in(MFA)
    assert dora.opens(PAGE).status_code == 404
    assert PAGE not in dora.opens("/saas/").text
    with pytest.raises(NotFound):
        lend(dora, olaf.email, TUEBINGEN, day(3))


def test_a_delegation_never_outlives_the_lenders_own_right(town: Town) -> None:
    clara, dora = town.coordinator(), town.person("Dora")
    with town.app.app_context(), transaction():
        for held in db.session.scalars(select(Access).where(Access.account_id == clara.id)):
            held.valid_until = clock.now() + timedelta(days=10)
    answer = clara.sends(PAGE, person=dora.uid, scope=GERMANY, until=day(20).isoformat())
    assert "Your own right ends before." in words(answer)
    assert clara.sends(PAGE, person=dora.uid, scope=GERMANY, until=day(8).isoformat()).location == PAGE
    dora.signs_in(MFA)
    assert dora.opens("/saas/approvals").status_code == 200
    with time_machine.travel(clock.now() + timedelta(days=12), tick=False):
        assert dora.signs_in(MFA).opens("/saas/approvals").status_code == 404


def test_the_last_day_counts_to_its_end(town: Town) -> None:
    with time_machine.travel("2026-12-01T10:00:00+00:00", tick=False):
        clara, dora = town.coordinator(), town.person("Dora")
        lend(clara, dora.uid, GERMANY, date(2026, 12, 1))
        assert "1 December 2026" in words(clara.opens(PAGE))
    with time_machine.travel("2026-12-01T23:59:00+00:00", tick=False):
        assert dora.signs_in(MFA).opens("/saas/approvals").status_code == 200
    with time_machine.travel("2026-12-02T01:00:00+00:00", tick=False):
        assert dora.signs_in(MFA).opens("/saas/approvals").status_code == 404
        assert "Nobody yet" in words(clara.signs_in(MFA).opens(PAGE))


def test_a_form_sent_twice_lends_once(town: Town) -> None:
    clara, dora = town.coordinator(), town.person("Dora")
    typed = {"person": dora.uid, "scope": GERMANY, "until": day(5).isoformat()}
    assert clara.sends(PAGE, **typed).status_code == 303
    assert "decides there already" in words(clara.sends(PAGE, **typed))
    assert "decides there already" in words(clara.sends(PAGE, **{**typed, "scope": TUEBINGEN}))
    assert len(living(town)) == 1


def test_a_delegation_can_be_taken_back_once(town: Town) -> None:
    clara, dora = town.coordinator(), town.person("Dora")
    made = lend(clara, dora.uid, GERMANY, day(30))
    with town.app.test_request_context("/", base_url="http://localhost:8000"):
        delegation.take_back(clara.approver(), made)
        with pytest.raises(Conflict):
            delegation.take_back(clara.approver(), made)
    assert "has ended already" in clara.client.get(clara.sends(PAGE, end=str(made)).location).text


def test_a_stale_or_weak_proof_is_asked_again_and_what_was_typed_is_kept(town: Town) -> None:
    clara, dora = town.coordinator(), town.person("Dora")
    made = lend(clara, dora.uid, TUEBINGEN, day(30))
    page = clara.opens(PAGE)
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
        answer = clara.presses(page, PAGE, person=dora.uid, scope=MUNICH, until=day(9).isoformat())
        assert answer.location.startswith("/login")
        assert clara.presses(page, PAGE, end=str(made)).location.startswith("/login")
        kept = clara.opens(PAGE).text
        assert f'value="{dora.uid}"' in kept
        assert f'selected value="{MUNICH}"' in kept
    assert len(living(town)) == 1
    with town.app.test_request_context("/"), pytest.raises(SignInRequired):
        delegation.lend(clara.approver(SFA), Loan(dora.uid, MUNICH, day(9)))


def test_a_closed_account_neither_decides_nor_lends_any_more(town: Town) -> None:
    clara, dora = town.coordinator(), town.person("Dora")
    lend(clara, dora.uid, GERMANY, day(30))
    with town.app.app_context(), transaction():
        signals.account_closed.send(dora.id)
    assert living(town) == []


def test_the_form_does_not_tell_name_by_name_who_has_an_account(town: Town) -> None:
    clara = town.coordinator()
    with town.app.test_request_context("/"):
        for number in range(delegation.PER_HOUR):
            with pytest.raises(Invalid):
                delegation.lend(clara.approver(), Loan(f"somebody{number}@hospital.example", GERMANY, day(3)))
    answer = clara.sends(PAGE, person="one.more@hospital.example", scope=GERMANY, until=day(3).isoformat())
    assert (answer.status_code, "Too many tries" in answer.text or "try again later" in answer.text.lower()) == (
        429,
        True,
    )


def test_the_list_asks_the_same_of_the_database_however_long_it_is(town: Town) -> None:
    clara = town.coordinator()
    counts = []
    for name in ("Dora", "Dirk", "Dana"):
        lend(clara, town.person(name).uid, TUEBINGEN if name == "Dora" else MUNICH, day(30))
        with statements(town.app) as seen:
            assert clara.opens(PAGE).status_code == 200
        counts.append(len(seen))
    assert len(set(counts)) == 1, counts
    assert counts[0] <= 6
