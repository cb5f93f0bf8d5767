"""Which claims a scope opens, and that it opens no others (docs/federate.md)."""

from flask import Flask

from idp.accounts import people
from idp.oidc import claims, clients
from idp.oidc.clients import Registration
from idp.saas import catalogue
from idp.saas.direct_grants import Gift, grant_directly
from idp.saas.models import GuestKind
from tests.oidc.relying_party import CALLBACK
from tests.signin.browser import EMAIL, PHONE, person

GERMANY = "ERN-RND/DE"


def opened(app: Flask, scope: str, application_id: int | None = None) -> dict[str, object]:
    with app.app_context():
        registration = Registration(
            "X", [CALLBACK], application_id=application_id, scope="openid ern entitlements phone"
        )
        client, _ = clients.register(registration)
        return claims.for_scope(people.by_address(EMAIL), client, scope)  # type: ignore[arg-type]


def give(app: Flask, *gifts: Gift) -> None:
    person(app)
    with app.app_context():
        catalogue.load_reference()
        for gift in gifts:
            grant_directly(people.by_address(EMAIL), gift)  # type: ignore[arg-type]


def test_a_scope_opens_its_claims_and_no_others(app: Flask) -> None:
    uid = person(app, EMAIL, PHONE)
    assert opened(app, "openid") == {"sub": uid}
    assert set(opened(app, "openid email")) == {"sub", "email", "email_verified"}
    assert opened(app, "phone") == {"sub": uid, "phone_number": PHONE, "phone_number_verified": True}
    assert opened(app, "unknown") == {"sub": uid}


def test_a_person_without_a_phone_has_no_phone_claims(app: Flask) -> None:
    uid = person(app)
    assert opened(app, "phone") == {"sub": uid}


def test_a_client_without_an_application_learns_of_no_access(app: Flask) -> None:
    give(app, Gift(741, "ERN-RND/DE/DE22", ("HP",), "demo"))
    assert set(opened(app, "openid ern entitlements")) == {"sub"}


def test_the_pairs_of_hospital_and_profile_are_kept(app: Flask) -> None:
    give(
        app,
        Gift(741, "ERN-RND/DE/DE22", ("HP", "Coordinator"), "demo"),
        Gift(741, "ReCONNET/IT/IT08", ("HP",), "demo"),
        Gift(742, "ERN-RND/DE/DE22", ("Member",), "demo"),
    )
    told = opened(app, "openid ern", 741)
    assert [
        (one["ern"], one["country"], one["hcp"], one["profiles"], one["ecp_member"]) for one in told["ern_access"]
    ] == [
        ("ERN-RND", "DE", "DE22", ["Coordinator", "HP"], True),
        ("ReCONNET", "IT", "IT08", ["HP"], False),
    ]
    assert told["ern"] == ["ERN-RND", "ReCONNET"] and told["hcp"] == ["DE22", "IT08"]
    assert told["profiles"] == ["Coordinator", "HP"] and isinstance(told["ern_access_version"], int)


def test_a_client_sees_the_accesses_of_its_own_application_only(app: Flask) -> None:
    give(app, Gift(741, "ERN-RND/DE/DE22", ("HP",), "demo"))
    assert opened(app, "openid ern", 742)["ern_access"] == []


def test_guests_are_told_apart_and_share_a_code(app: Flask) -> None:
    give(app, Gift(741, "ERN-RND/DE/0000", ("HP",), "demo", GuestKind.VIRTUAL_CENTRE))
    [access] = opened(app, "openid ern", 741)["ern_access"]
    assert (access["hcp"], access["guest"]) == ("0000", "virtual_centre")


def test_research_infrastructures_get_one_urn_for_each_profile(app: Flask) -> None:
    """AARC-G069."""
    give(app, Gift(741, "ERN-RND/DE/DE22", ("HP", "Panel Manager HCP"), "demo"))
    assert opened(app, "openid entitlements", 741)["eduperson_entitlement"] == [
        "urn:example:ern-login:group:ERN-RND:DE22:role=HP",
        "urn:example:ern-login:group:ERN-RND:DE22:role=Panel%20Manager%20HCP",
    ]
