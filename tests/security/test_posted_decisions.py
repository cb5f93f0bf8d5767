"""What a page never offered is not taken from a form that was made up."""

import pytest

from idp.core.errors import Expired
from idp.saas import access_requests
from idp.saas.wishes import Wish
from tests.saas.people import CPMS, PISA, TUEBINGEN, Town


def test_a_member_never_becomes_a_guest_by_a_field_of_the_decision(town: Town) -> None:
    coordinator, member = town.coordinator(), town.person("Mona")
    member.asks("HP")
    coordinator.decides(member.reference(), "grant", member.items(), guest="virtual_centre")
    assert [(access.profile.code, access.guest) for access in member.accesses()] == [("HP", None)]


def test_the_verb_itself_sends_no_draft_of_somebody_else(town: Town) -> None:
    town.coordinator()
    owner, thief = town.person("Olga"), town.person("Theo")
    token = owner.begins().split("/")[-2]
    with town.app.app_context(), pytest.raises(Expired):
        access_requests.submit(thief.id, Wish(CPMS, TUEBINGEN, ("HP",)), token)
    assert thief.items() == []


def test_a_request_that_was_sent_is_not_given_to_another_who_sends_its_draft(town: Town) -> None:
    town.coordinator()
    owner, thief = town.person("Olga"), town.person("Theo")
    third = owner.begins()
    fourth = owner.sends(third, profile=["HP"]).location
    owner.sends(fourth)
    with town.app.app_context(), pytest.raises(Expired):
        access_requests.submit(thief.id, Wish(CPMS, TUEBINGEN, ("HP",)), third.split("/")[-2])


def test_fields_that_the_steps_do_not_have_change_nothing(town: Town) -> None:
    town.coordinator()
    person = town.person("Mona")
    third = person.begins()
    extra = {"account_id": "1", "state": "granted", "application": "742", "organisation": PISA, "request_id": "1"}
    fourth = person.sends(third, profile=["HP"], **extra).location
    person.sends(fourth, decided_by_id=str(person.id), **extra)
    [item] = person.items()
    assert (item.account_id, item.application_id, item.organisation.path, item.state.value, item.decided_by_id) == (
        person.id,
        CPMS,
        TUEBINGEN,
        "submitted",
        None,
    )


def test_nobody_decides_about_himself_with_a_second_request_of_his_own_in_hand(town: Town) -> None:
    """A coordinator of two networks asks in the one and decides in the other: each request is judged by itself."""
    both = town.coordinator("Clara").holds("Coordinator", "HP", path=PISA)
    other = town.coordinator("Carl", path=PISA)
    other.asks("HP", path=TUEBINGEN)
    both.asks("Dispatcher", path=PISA)
    foreign, own = other.items()[-1], both.items()[-1]
    both.decides(other.reference(), "grant", [foreign, own])
    assert [access.organisation.path for access in other.accesses()] == [PISA, PISA]
    assert "Dispatcher" not in {access.profile.code for access in both.accesses()}
    assert both.sends(f"/saas/approvals/{other.reference()}").status_code != 404
    assert both.opens(f"/saas/approvals/{both.reference()}").status_code == 404
