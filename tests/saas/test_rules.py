"""What can be asked for, and what the person reads when it cannot."""

import pytest
from sqlalchemy import func, select

from idp.core.db import db
from idp.core.errors import Invalid
from idp.saas import organisations
from idp.saas.models import AccessRequest, ItemState
from tests.saas.people import CPMS, DEEP_LINK, ECP, GUEST, MUNICH, PISA, TUEBINGEN, Person, Town, mails, words


def requests(person: Person) -> int:
    with person.app.app_context():
        mine = select(func.count()).where(AccessRequest.account_id == person.id)
        return db.session.scalar(mine) or 0


def test_coordinator_needs_hp_in_the_same_hospital(town: Town) -> None:
    nora = town.person("Nora")
    third = nora.begins()
    answer = nora.sends(third, profile="Coordinator")
    assert answer.status_code == 400
    assert "Coordinator also needs HP in the same hospital. Choose HP as well." in words(answer)
    assert 'value="Coordinator" checked' in answer.text
    assert nora.sends(third, profile=["Coordinator", "HP"]).status_code == 303


def test_dispatcher_may_be_asked_for_when_hp_is_held_in_the_same_hospital_only(town: Town) -> None:
    town.coordinator()
    nora = town.person("Nora").holds("HP", path=MUNICH)
    assert "Dispatcher also needs HP" in words(nora.sends(nora.begins(TUEBINGEN), profile="Dispatcher"))
    nora.holds("HP")
    assert nora.fills_in("Dispatcher").location == "/saas/"


def test_nothing_chosen_says_what_to_choose(town: Town) -> None:
    nora = town.person("Nora")
    assert "Choose an application from the list." in words(nora.sends("/saas/requestAccess", application=""))
    second = nora.sends(DEEP_LINK, application="741").location
    assert "Choose your hospital or guest access" in words(nora.sends(second, organisation="ERN-RND/DE"))
    assert "Choose your hospital or guest access" in words(nora.sends(second, application=""))
    assert "Choose at least one access profile." in words(nora.sends(nora.begins(), application=""))


def test_what_is_held_or_waits_cannot_be_asked_for_again(town: Town) -> None:
    town.coordinator()
    nora = town.person("Nora").holds("HP")
    third = nora.begins()
    assert "You hold it" in words(nora.opens(third))
    assert "You already have the profile HP there" in words(nora.sends(third, profile="HP"))
    nora.asks("Researcher")
    third = nora.begins()
    assert "Waits for a decision" in words(nora.opens(third))
    assert "it waits for a decision" in words(nora.sends(third, profile="Researcher"))


def test_an_unknown_profile_is_refused(town: Town) -> None:
    nora = town.person("Nora")
    assert "Choose access profiles from the list" in words(nora.sends(nora.begins(), profile="Emperor"))
    assert "Choose access profiles from the list" in words(
        nora.sends(nora.begins(GUEST), profile=["HP", "Coordinator"])
    )


def test_a_two_factor_application_asks_for_the_second_factor_first_and_keeps_everything(town: Town) -> None:
    town.coordinator()
    nora = town.person("Nora", phone=False)
    fourth = nora.sends(nora.begins(), profile="HP", membership="y").location
    page = nora.opens(fourth)
    assert "Add a second factor first" in words(page)
    assert f"/account/second-factor?next={fourth}" in page.text
    answer = nora.sends(fourth, comment="Ward 7")
    assert answer.status_code == 400
    assert "This application needs a second factor. Add one first, then send the request." in words(answer)
    assert "Ward 7" in answer.text
    assert requests(nora) == 0
    nora.adds_a_phone()
    assert "Ward 7" in nora.opens(fourth).text
    assert nora.sends(fourth, comment="Ward 7").location == "/saas/"
    assert [item.profile.code for item in nora.items()] == ["HP", "Member"]


def test_the_ecp_alone_needs_no_second_factor(town: Town) -> None:
    town.coordinator()
    nora = town.person("Nora", phone=False)
    assert nora.fills_in("Member", application=ECP).location == "/saas/"


def test_the_ecp_has_no_guests(town: Town) -> None:
    nora = town.person("Nora")
    second = nora.sends("/saas/requestAccess", application=str(ECP)).location
    assert "Guest Access" not in words(nora.opens(f"{second}?node=ERN-RND/DE"))
    assert "This application has no guests." in words(nora.sends(second, organisation=GUEST))


def test_guests_are_not_asked_about_the_ecp(town: Town) -> None:
    nora = town.person("Nora")
    third = nora.begins(GUEST)
    page = words(nora.opens(third))
    assert "Collaborative Platform" not in page
    assert "Coordinator" not in page.replace("coordination", "")


def test_a_request_that_nobody_could_decide_is_refused_with_the_help_desk_and_loses_nothing(town: Town) -> None:
    nora = town.person("Nora")
    answer = nora.fills_in("HP", path=PISA, comment="Ward 7")
    assert answer.status_code == 400
    assert "ReCONNET has no coordination team here yet. Write to the help desk: helpdesk@ern-login.example" in words(
        answer
    )
    assert "Ward 7" in answer.text
    assert requests(nora) == 0
    assert mails(town.app) == []


def test_the_only_coordinator_cannot_decide_about_himself_so_he_cannot_ask(town: Town) -> None:
    clara = town.coordinator()
    with pytest.raises(Invalid, match="nobody_decides"):
        clara.asks("Researcher")


def test_a_coordinator_request_needs_an_administrator_only(town: Town) -> None:
    nora = town.person("Nora")
    with pytest.raises(Invalid, match="nobody_decides"):
        nora.asks("Coordinator", "HP", path=PISA)
    adele = town.administrator()
    nora.asks("Coordinator", "HP", path=PISA)
    assert [mail["to"] for mail in mails(town.app)] == [adele.email]


def test_sending_twice_is_one_request(town: Town) -> None:
    town.coordinator()
    nora = town.person("Nora")
    fourth = nora.sends(nora.begins(), profile="HP").location
    page = nora.opens(fourth)
    for _ in range(2):
        assert nora.presses(page, fourth, comment="").location == "/saas/"
    assert requests(nora) == 1
    assert len(mails(town.app)) == 1
    assert nora.opens(fourth).status_code == 409


def test_going_back_keeps_the_comment_and_the_choices(town: Town) -> None:
    nora = town.person("Nora")
    third = nora.begins()
    fourth = nora.sends(third, profile=["HP", "Researcher"]).location
    assert nora.sends(fourth, comment="Ward 7", go="back").location == third
    assert 'value="Researcher" checked' in nora.opens(third).text
    assert 'id="membership" name="membership" value="y" aria-describedby="membership-help">' in nora.opens(third).text
    assert "Ward 7" in nora.opens(fourth).text
    first = third.replace("profile", "application")
    assert 'selected value="741"' in nora.opens(first).text
    assert "(chosen before)" in words(nora.opens(third.replace("profile", "organisation")))


def test_two_tabs_are_two_requests_in_the_making(town: Town) -> None:
    nora = town.person("Nora")
    one, other = nora.begins(TUEBINGEN), nora.begins(MUNICH)
    assert "DE22" in words(nora.opens(one))
    assert "DE03" in words(nora.opens(other))


def test_signing_in_in_between_comes_back_to_the_same_step_and_keeps_the_comment(town: Town) -> None:
    town.coordinator()
    nora = town.person("Nora")
    fourth = nora.sends(nora.begins(), profile="HP").location
    page = nora.opens(fourth)
    nora.client.delete_cookie("ern_session")
    assert nora.presses(page, fourth, comment="Ward 7").location.startswith("/login?")
    nora.signs_in()
    assert "Ward 7" in nora.opens(fourth).text


def test_the_deep_link_leads_through_sign_in(town: Town) -> None:
    nora = town.person("Nora")
    nora.client.delete_cookie("ern_session")
    assert nora.opens(DEEP_LINK).location.startswith("/login?")


def test_another_persons_draft_is_unknown(town: Town) -> None:
    third = town.person("Nora").begins()
    assert town.person("Olaf").opens(third).status_code == 404


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/saas/requestAccess/application/99999/create.html", 404, "an application that we do not know"),
        ("/saas/requestAccess/application/743/create.html", 400, "AAC does not take requests here"),
        ("/saas/requestAccess/application/99999999999999999999/create.html", 404, "does not exist"),
        ("/saas/requestAccess/nothing/organisation", 404, "Begin again under Request access"),
        ("/saas/requestAccess/nothing/recap", 404, "Begin again under Request access"),
        ("/saas/approvals/nothing", 404, "does not exist"),
    ],
)
def test_unknown_addresses_are_explained(town: Town, path: str, status: int, sentence: str) -> None:
    answer = town.person("Nora").opens(path)
    assert (answer.status_code, sentence in words(answer)) == (status, True), words(answer)


@pytest.mark.parametrize(
    "node", ["ERN-XYZ", "ERN-RND/XX", "ERN-RND/DE/DE99", "../..", "%", "ERN-RND/DE/DE22/x", "x" * 5000]
)
def test_an_unknown_organisation_is_explained(town: Town, node: str) -> None:
    nora = town.person("Nora")
    second = nora.sends(DEEP_LINK, application="741").location
    assert nora.client.get(second, query_string={"node": node}).status_code == 404
    assert nora.sends(second, organisation=node).status_code == 404


def test_steps_cannot_be_jumped_over(town: Town) -> None:
    nora = town.person("Nora")
    second = nora.sends(DEEP_LINK, application="741").location
    recap, profile = second.replace("organisation", "recap"), second.replace("organisation", "profile")
    assert nora.opens(recap).location == profile
    assert nora.opens(profile).location == second


def test_a_comment_of_ten_thousand_characters_is_kept_and_a_longer_one_told(town: Town) -> None:
    clara, nora = town.coordinator(), town.person("Nora")
    long = "ä" * 10_000
    answer = nora.fills_in("HP", comment=long + "b")
    assert "at most 10,000 characters" in words(answer)
    assert long in answer.text
    assert nora.fills_in("HP", comment=long).location == "/saas/"
    assert long in clara.opens(f"/saas/approvals/{nora.reference()}").text


def test_markup_in_a_comment_is_shown_as_text(town: Town) -> None:
    clara, nora = town.coordinator(), town.person("Nora")
    nora.asks("HP", comment="<script>alert(1)</script>")
    page = clara.opens(f"/saas/approvals/{nora.reference()}")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "<script>alert" not in page.text


def test_a_person_has_so_many_requests_a_day(town: Town) -> None:
    town.coordinator()
    nora = town.person("Nora")
    fourth = nora.sends(nora.begins(), profile="HP").location
    page = nora.opens(fourth)
    codes = [nora.presses(page, fourth, comment="").status_code for _ in range(21)]
    assert codes == [303] * 20 + [429]


def test_one_may_withdraw_what_waits_and_ask_again(town: Town) -> None:
    town.coordinator()
    nora, olaf = town.person("Nora"), town.person("Olaf")
    nora.asks("HP")
    [item] = nora.items()
    page = nora.opens("/saas/user-data")
    assert olaf.presses(olaf.opens("/saas/requestAccess"), f"/saas/user-data/withdraw/{item.id}").status_code == 404
    assert nora.presses(page, f"/saas/user-data/withdraw/{item.id}").location == "/saas/user-data"
    assert nora.presses(page, f"/saas/user-data/withdraw/{item.id}").status_code == 409
    assert nora.items()[0].state is ItemState.WITHDRAWN
    nora.asks("HP")
    assert [item.state for item in nora.items()] == [ItemState.WITHDRAWN, ItemState.SUBMITTED]


def test_a_hospital_whose_own_creation_waits_can_already_be_chosen(town: Town) -> None:
    town.coordinator()
    with town.app.app_context():
        path = organisations.propose("ERN-RND/DE", "Klinik am Testberg", "Testberg").path
    nora = town.person("Nora")
    second = nora.sends(DEEP_LINK, application=str(CPMS)).location
    assert "Klinik am Testberg (request submitted)" in words(nora.opens(f"{second}?node=ERN-RND/DE"))
    assert nora.fills_in("HP", path=path).location == "/saas/"
