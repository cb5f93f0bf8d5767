"""The three entry conditions: who enters, and what the others are told."""

from datetime import timedelta

import pytest
import time_machine

from cpms_client import clock, entry
from cpms_client.entry import Condition
from tests.support.cpms_browser import sign_in
from tests.support.fake_issuer import MFA, Person, access

GUEST = {"hcp": "0000", "hcp_name": "Guest Access", "profiles": [], "ecp_member": False}
SFA = "https://refeds.org/profile/sfa"

CASES = {
    "all three fulfilled": (Person(), ()),
    "a phishing-resistant sign-in": (Person(acr="phr"), ()),
    "a password only": (Person(acr=SFA), (Condition.SECOND_FACTOR,)),
    "a level nobody stated": (Person(acr=None), (Condition.SECOND_FACTOR,)),
    "a level nobody knows": (Person(acr="urn:strong"), (Condition.SECOND_FACTOR,)),
    "no access": (Person(accesses=[]), (Condition.ACCESS, Condition.ECP_MEMBERSHIP)),
    "no ECP membership": (Person(accesses=[access(ecp_member=False)]), (Condition.ECP_MEMBERSHIP,)),
    "an ECP membership that is a text": (Person(accesses=[access(ecp_member="yes")]), (Condition.ECP_MEMBERSHIP,)),
    "a guest who consults": (Person(accesses=[access(**GUEST, guest="consult")]), ()),
    "a guest with Virtual Centre": (Person(accesses=[access(**GUEST, guest="virtual_centre")]), ()),
    "one access of two matches": (Person(accesses=[access(ecp_member=False), access(hcp="DE03")]), ()),
    "nothing at all": (Person(acr=SFA, accesses=[]), tuple(Condition)),
}


@pytest.mark.parametrize("case", CASES)
def test_the_conditions_are_judged_one_by_one(client, issuer, case):
    issuer.person, missing = CASES[case]
    sign_in(client)
    page = client.get("/test-who")
    assert page.status_code == (403 if missing else 200)
    if not missing:
        return
    assert "You cannot enter CPMS yet" in page.text
    assert page.text.count(">Missing: <") == len(missing)
    assert page.text.count(">Fulfilled: <") == 3 - len(missing)
    assert page.text.count("ecl-link--primary") == 2, "one primary button besides the skip link"


def test_only_accesses_that_open_cpms_count_and_all_of_them_do(client, issuer):
    issuer.person.accesses = [access(), access(hcp="DE03"), access(ern="EURO-NMD", ecp_member=False)]
    sign_in(client)
    assert client.get("/test-who").text == "n00axup3 ERN-RND/DE22 ERN-RND/DE03"


def test_each_missing_condition_has_its_button(client, issuer):
    issuer.person = Person(acr=SFA, accesses=[])
    sign_in(client)
    page = client.get("/test-who?a=1").text
    assert 'href="/sign-in?return_to=/test-who?a%3D1"' in page
    assert f'href="{issuer.issuer}/saas/requestAccess/application/741/create.html"' in page
    assert 'href="http://localhost:8002/"' in page
    assert 'href="/test-who?a=1"' in page


def test_the_ecp_explanation_names_network_and_hospital(client, issuer):
    issuer.person.accesses = [access(ecp_member=False)]
    sign_in(client)
    page = client.get("/test-who").text
    assert "You are not a member of ERN-RND for DE22" in page
    assert "HP at DE22, ERN-RND" in page


def test_a_granted_access_opens_cpms_at_the_next_try_without_a_minutes_wait(client, issuer):
    issuer.person.accesses = []
    sign_in(client)
    assert client.get("/test-who").status_code == 403
    issuer.person.accesses = [access()]
    with time_machine.travel(clock.now() + timedelta(seconds=3)):
        assert client.get("/test-who").status_code == 200


def test_a_refused_person_sees_no_menu_but_can_log_out(client, issuer):
    issuer.person = Person(acr=SFA)
    sign_in(client)
    page = client.get("/test-who").text
    assert "ecl-tabs" not in page
    assert 'action="/sign-out"' in page


MALFORMED = [
    None,
    "ERN-RND",
    {"ern": "ERN-RND"},
    ["ERN-RND"],
    [access(ern=5)],
    [access(ern="")],
    [access(hcp="x" * 300)],
    [access(profiles="HP")],
    [access(profiles=[1])],
    [access(profiles=[])],
    [access(guest="king")],
    [{"ern": "ERN-RND"}],
]


@pytest.mark.parametrize("claim", MALFORMED)
def test_a_claim_that_is_not_as_agreed_opens_nothing(claim):
    verdict = entry.judge(MFA, {"ern_access": claim})
    assert verdict.missing == (Condition.ACCESS, Condition.ECP_MEMBERSHIP)


def test_one_malformed_access_does_not_spoil_the_others():
    verdict = entry.judge(MFA, {"ern_access": [{"ern": 5}, access()]})
    assert [opening.hcp for opening in verdict.opening] == ["DE22"]


def test_a_person_without_a_name_is_shown_by_identifier(client, issuer):
    issuer.twist_person = lambda claims: claims.pop("name")
    sign_in(client)
    assert "n00axup3" in client.get("/").text
