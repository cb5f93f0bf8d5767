"""Hospitals that are not in the list: proposed by people, confirmed or refused by the coordination team."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from sqlalchemy import select

from idp.core import clock
from idp.core.audit import AuditEvent
from idp.core.db import db
from idp.core.errors import Refusal
from idp.core.levels import MFA
from idp.saas import catalogue, organisations, proposals
from idp.saas.catalogue_models import Organisation, OrganisationState, ReferenceVersion
from idp.saas.models import ItemState, Proposal
from idp.saas.proposals import Hospital, Opinion
from tests.saas.people import CPMS, DEEP_LINK, PISA, TUEBINGEN, Person, Town, mails, statements, words

NAME, CITY = "Klinik am Testberg", "Testberg"
PATH = "ERN-RND/DE/DE-klinik-am-testberg"


def second_step(person: Person) -> str:
    return str(person.sends(DEEP_LINK, application=str(CPMS)).location)


def proposing(person: Person, node: str = "ERN-RND/DE") -> str:
    return f"{second_step(person).replace('organisation', 'hospital')}?node={node}"


def state_of(town: Town, path: str = PATH) -> OrganisationState:
    with town.app.app_context():
        return db.session.scalars(select(Organisation.state).where(Organisation.path == path)).one()


def opinion(person: Person, number: int, said: str, reason: str = "") -> int:
    return person.sends(f"/saas/approvals/hospitals/{number}", opinion=said, reason=reason).status_code


def test_the_second_step_says_what_to_do_when_a_hospital_is_missing(town: Town) -> None:
    nora = town.person("Nora")
    second = second_step(nora)
    assert "there you can propose it" in words(nora.opens(second))
    assert "there you can propose it" in words(nora.opens(f"{second}?search=nothinglikethis"))
    page = nora.opens(f"{second}?node=ERN-RND/DE&search=Testberg")
    assert "My hospital is not in this list" in words(page)
    address = second.replace("organisation", "hospital")
    assert f'href="{address}?node=ERN-RND/DE&amp;search=Testberg"' in page.text
    assert 'value="Testberg"' in nora.opens(f"{address}?node=ERN-RND/DE&search=Testberg").text
    assert nora.opens(f"{address}?node=ERN-RND").location == f"{second}?node=ERN-RND"
    assert nora.opens(address).location == second
    assert nora.opens(f"{address}?node=ERN-RND/XX").status_code == 404


def test_a_proposed_hospital_can_be_chosen_at_once_and_the_team_is_told(town: Town) -> None:
    clara, nora = town.coordinator(language="fr"), town.person("Nora")
    third = nora.sends(proposing(nora), name=f"  {NAME}\n", city=CITY).location
    assert third.endswith("/profile")
    page = words(nora.opens(third))
    assert "Klinik am Testberg is proposed to the coordination team of ERN-RND." in page
    [mail] = mails(town.app)
    assert (mail["to"], mail["language"], NAME in mail["text"]) == (clara.email, "fr", True)
    nora.sends(nora.sends(third, profile="HP").location, comment="")
    assert nora.items()[0].organisation.path == PATH
    olaf = town.person("Olaf")
    assert "Klinik am Testberg (request submitted)" in words(olaf.opens(f"{second_step(olaf)}?node=ERN-RND/DE"))
    carl = town.coordinator("Carl")
    assert "(request submitted)" in words(carl.opens("/saas/approvals"))
    assert "1 proposed hospital waits for your decision" in words(carl.opens("/saas/approvals"))
    assert "1 proposed hospital waits for your decision" in words(carl.opens("/saas/"))


def test_nothing_is_granted_before_the_hospital_is_confirmed(town: Town) -> None:
    clara, nora = town.coordinator(), town.person("Nora", "fr")
    number = nora.proposes(NAME, CITY)
    nora.asks("HP", path=PATH)
    address = f"/saas/approvals/{nora.reference()}"
    assert f'href="/saas/approvals/hospitals/{number}"' in clara.opens(address).text
    answer = clara.decides(nora.reference(), "grant", nora.items())
    assert (answer.status_code, "is not confirmed yet" in words(answer)) == (400, True)
    assert "1 person waits" in words(clara.opens("/saas/approvals/hospitals"))
    assert opinion(clara, number, "confirm") == 303
    assert state_of(town) is OrganisationState.ACTIVE
    told = mails(town.app)[-1]
    assert (told["to"], told["language"]) == (nora.email, "fr")
    assert "Nothing waits for you." in words(clara.opens("/saas/approvals/hospitals"))
    clara.decides(nora.reference(), "grant", nora.items())
    assert nora.items()[0].state is ItemState.GRANTED
    assert nora.accesses()[0].organisation.path == PATH
    with town.app.app_context():
        row = db.session.scalars(select(AuditEvent).where(AuditEvent.act == "saas.organisation.confirm")).one()
    assert (row.subject, row.actor, row.object) == (nora.uid, clara.uid, PATH)


def test_a_refused_hospital_leaves_the_list_and_its_requests_are_refused_with_the_reason(town: Town) -> None:
    clara, nora, olaf, pia = (town.coordinator(), *(town.person(name) for name in ("Nora", "Olaf", "Pia")))
    number = nora.proposes(NAME, CITY)
    nora.asks("HP", "Researcher", path=PATH)
    olaf.asks("HP", path=PATH)
    pia.asks("HP")
    before = len(mails(town.app))
    answer = clara.sends(f"/saas/approvals/hospitals/{number}", opinion="refuse", reason=" ")
    assert "Write a message to the person." in words(answer)
    assert 'value="refuse" checked' in answer.text
    assert opinion(clara, number, "refuse", "It is DE22.") == 303
    assert state_of(town) is OrganisationState.CLOSED
    told = mails(town.app)[before:]
    assert sorted(mail["to"] for mail in told) == sorted([nora.email, olaf.email])
    assert all("It is DE22." in mail["text"] for mail in told)
    assert [item.state for item in nora.items()] == [ItemState.REFUSED] * 2
    assert olaf.items()[0].reason == "It is DE22."
    assert pia.items()[0].state is ItemState.SUBMITTED
    assert NAME not in words(olaf.opens(f"{second_step(olaf)}?node=ERN-RND/DE"))
    assert opinion(clara, number, "confirm") == 303
    assert state_of(town) is OrganisationState.CLOSED


def test_a_refused_hospital_can_be_proposed_again(town: Town) -> None:
    clara, nora = town.coordinator(), town.person("Nora")
    opinion(clara, nora.proposes(NAME, CITY), "refuse", "Which one?")
    again = nora.proposes(NAME, CITY)
    assert state_of(town) is OrganisationState.REQUESTED
    assert opinion(clara, again, "confirm") == 303
    assert state_of(town) is OrganisationState.ACTIVE


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": " "}, "Enter the name of the hospital, in words."),
        ({"name": "!!"}, "Enter the name of the hospital, in words."),
        ({"name": "See https://evil.example"}, "Enter the name of the hospital, in words."),
        ({"name": "x" * 201}, "Use at most 200 characters."),
        ({"city": ""}, "Enter the city, in words."),
        ({"city": "y" * 101}, "Use at most 100 characters."),
    ],
)
def test_what_cannot_be_proposed_is_told_and_stays_typed(town: Town, fields: dict[str, str], sentence: str) -> None:
    town.coordinator()
    nora = town.person("Nora")
    typed = {"name": NAME, "city": CITY, **fields}
    answer = nora.sends(proposing(nora), **typed)
    assert (answer.status_code, sentence in words(answer)) == (400, True), words(answer)
    assert all(f'value="{value}"' in answer.text for value in typed.values() if value.strip())
    assert mails(town.app) == []


@pytest.mark.parametrize(
    ("name", "city"),
    [("Uniklinik Tübingen", "Tuebingen"), ("Universitaetsklinikum Tubingen", "Tübingen"), ("Klinik Mitte", "Tübingen")],
)
def test_hospitals_that_look_like_it_are_pointed_out_and_can_be_chosen(town: Town, name: str, city: str) -> None:
    town.coordinator()
    nora = town.person("Nora")
    address = proposing(nora)
    answer = nora.sends(address, name=name, city=city)
    assert answer.status_code == 400
    assert "Is it one of these?" in words(answer)
    assert f'name="organisation" value="{TUEBINGEN}"' in answer.text
    second = address.partition("?")[0].replace("hospital", "organisation")
    assert nora.presses(answer, second, organisation=TUEBINGEN).location.endswith("/profile")
    assert nora.sends(address, name=name, city=city, different="y").status_code == 303


def test_the_same_hospital_is_not_added_twice_but_its_namesake_in_another_city_is(town: Town) -> None:
    town.coordinator()
    nora, olaf = town.person("Nora"), town.person("Olaf")
    nora.proposes(NAME, CITY)
    assert "Is it one of these?" in words(olaf.sends(proposing(olaf), name=NAME.upper(), city=CITY))
    answer = olaf.sends(proposing(olaf), name=NAME.upper(), city=CITY, different="y")
    assert (answer.status_code, "is in the list already" in words(answer)) == (400, True)
    olaf.proposes(NAME, "Bad Beispiel", different="y")
    assert state_of(town, f"{PATH}-bad-beispiel") is OrganisationState.REQUESTED


def test_a_person_proposes_so_many_hospitals_a_day(town: Town) -> None:
    town.coordinator()
    nora = town.person("Nora")
    address = proposing(nora)
    for number in range(proposals.PER_DAY):
        assert nora.sends(address, name=f"Haus {'abcde'[number] * 5}", city="Testberg", different="y").location
    answer = nora.sends(address, name="Haus ffffff", city="Testberg", different="y")
    assert (answer.status_code, "You proposed several hospitals today." in answer.text) == (429, True)


def test_only_the_team_of_the_network_decides_and_nobody_about_his_own(town: Town) -> None:
    clara, chiara, adele = town.coordinator(), town.coordinator("Chiara", PISA), town.administrator()
    number = clara.proposes(NAME, CITY)
    assert [mail["to"] for mail in mails(town.app)] == [adele.email]
    for other in (clara, chiara, town.person("Nora").signs_in(MFA)):
        assert other.opens(f"/saas/approvals/hospitals/{number}").status_code == 404
        page = other.opens("/saas/requestAccess")
        assert other.presses(page, f"/saas/approvals/hospitals/{number}", opinion="confirm").status_code == 404
    assert NAME not in words(chiara.opens("/saas/approvals/hospitals"))
    assert opinion(adele, number, "confirm") == 303


def test_a_stale_proof_is_asked_again_and_the_decision_is_kept(town: Town) -> None:
    clara, nora = town.coordinator(), town.person("Nora")
    address = f"/saas/approvals/hospitals/{nora.proposes(NAME, CITY)}"
    page = clara.opens(address)
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
        answer = clara.presses(page, address, opinion="refuse", reason="Which one?")
        assert answer.location.startswith("/login")
        kept = clara.opens(address).text
    assert "Which one?" in kept
    assert 'value="refuse" checked' in kept
    assert state_of(town) is OrganisationState.REQUESTED


def test_a_confirmed_hospital_survives_new_reference_data(town: Town) -> None:
    clara, nora = town.coordinator(), town.person("Nora")
    opinion(clara, nora.proposes(NAME, CITY), "confirm")
    waiting = nora.proposes("Haus Beispiel", "Bad Beispiel")
    with town.app.app_context():
        db.session.delete(db.session.get_one(ReferenceVersion, catalogue.NAME))
        db.session.commit()
        assert catalogue.load_reference()
    assert state_of(town) is OrganisationState.ACTIVE
    assert opinion(clara, waiting, "confirm") == 303


def test_two_parallel_decisions_and_two_parallel_proposals_have_one_effect(each_town: Town) -> None:
    town = each_town
    clara, carl, nora, olaf = town.coordinator(), town.coordinator("Carl"), town.person("Nora"), town.person("Olaf")
    tokens = [second_step(person).split("/")[3] for person in (nora, olaf)]
    hospital = Hospital("ERN-RND/DE", NAME, CITY, different=True)
    outcomes = at_once(
        town,
        *[lambda p=p, t=t: proposals.propose(p.id, t, hospital) for p, t in zip((nora, olaf), tokens, strict=True)],
    )
    assert sorted(outcomes) == ["Invalid", "done"]
    with town.app.app_context():
        [number] = db.session.scalars(select(Proposal.id)).all()
    before = len(mails(town.app))
    outcomes = at_once(
        town,
        lambda: proposals.decide(clara.approver(), number, Opinion(True)),
        lambda: proposals.decide(carl.approver(), number, Opinion(False, "No.")),
    )
    assert sorted(outcomes) == ["Conflict", "done"]
    assert len(mails(town.app)) == before + 1


def at_once(town: Town, *jobs: Callable[[], object]) -> list[str]:
    start, outcomes = Barrier(len(jobs)), []

    def do(job: Callable[[], object]) -> None:
        with town.app.test_request_context("/", base_url="http://localhost:8000"):
            start.wait()
            try:
                job()
                outcomes.append("done")
            except Refusal as refusal:
                outcomes.append(type(refusal).__name__)

    threads = [Thread(target=do, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes


def test_the_lists_ask_the_same_of_the_database_however_long_they_are(town: Town) -> None:
    clara = town.coordinator()
    counts = []
    for number, name in enumerate(("Nora", "Olaf", "Pia")):
        person = town.person(name)
        person.proposes(f"Haus {'abc'[number] * 6}", f"Ort {'xyz'[number] * 6}", different="y")
        counts.append([_asked(town, clara, page) for page in ("/saas/approvals/hospitals", "/saas/approvals")])
        counts[-1].append(_asked(town, person, proposing(person)))
    assert counts[0] == counts[1] == counts[2]
    assert max(counts[0]) <= 6, counts


def _asked(town: Town, person: Person, address: str) -> int:
    person.opens(address)
    with statements(town.app) as seen:
        assert person.opens(address).status_code == 200
    return len(seen)


def test_the_verb_of_the_tree_takes_countries_only(town: Town) -> None:
    with town.app.app_context():
        for path in ("ERN-RND", TUEBINGEN, "ERN-XYZ/DE"):
            with pytest.raises(Refusal):
                organisations.propose(path, NAME, CITY)
