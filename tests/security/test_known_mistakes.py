"""Mistakes that others made and mended in public, each tried here once, by its name and in its words.

First those of the library that we build on and of its sister, then those of servers like ours. What is a whole table of
its own stands in `tests/protocol/test_algorithms.py`; here each mistake has its line.
"""

import base64
import time
import tracemalloc
import zlib
from collections.abc import Callable

import orjson
import pytest
from flask import Flask
from joserfc.jwk import OctKey, RSAKey

from idp.core.errors import Invalid
from idp.core.levels import MFA
from idp.oidc import clients
from idp.signin.attempt import Wanted
from tests.oidc.relying_party import CALLBACK, ISSUER, answer, register
from tests.protocol.registrations import WANTED, invited, made, managed, sends
from tests.protocol.sites import Site, site
from tests.protocol.stage import Stage, key_set, staged
from tests.protocol.test_algorithms import (
    ATTACKER,
    PLACES,
    PUBLIC,
    Good,
    by,
    by_itself,
    client_of,
    confused,
    encoded,
    in_jwe,
    stripped,
    unsigned,
)
from tests.signin.browser import EMAIL, PHONE, Browser, person

__all__ = ["site"]
SIGNED_BY_CLIENTS = ("request object", "pushed request object", "client assertion")
EVIL = "https://evil.example/"


@pytest.fixture
def stage(app: Flask) -> Stage:
    return staged(app)


def taken(stage: Stage, forge: Callable[[Good], str], places: tuple[str, ...] = tuple(PLACES)) -> list[str]:
    """Return the places that believe a forgery."""
    client = client_of(stage)
    return [name for name in places if PLACES[name][1](stage, client, forge(PLACES[name][0](stage, client)))]


def test_cve_2022_39174_a_signature_that_is_missing_or_zero(stage: Stage) -> None:
    assert taken(stage, stripped) == taken(stage, unsigned("ES256")) == []


def test_cve_2024_37568_a_public_key_taken_as_the_secret_of_an_hmac(stage: Stage) -> None:
    assert taken(stage, confused) == []


def test_cve_2025_59420_critical_headers_that_nobody_understands(stage: Stage) -> None:
    assert taken(stage, by_itself(crit=["bork"], bork="x")) == []


def test_cve_2025_61920_segments_without_end(stage: Stage) -> None:
    client = client_of(stage)
    endless = "x" * 200_000
    for use in (use for name, (_, use) in PLACES.items() if name != "DPoP proof"):
        for text in (f"{endless}.e30.x", f"e30.{endless}.x", f"e30.e30.{endless}", "." * 100_000):
            began = time.process_time()
            assert not use(stage, client, text)
            assert time.process_time() - began < 2


def test_cve_2025_62706_a_small_jwe_that_unpacks_to_a_mountain(stage: Stage) -> None:
    client = client_of(stage)
    shared = OctKey.import_key(b"k" * 32)
    packed = zlib.compress(b" " * 50_000_000)
    bomb = f"{encoded({'alg': 'dir', 'enc': 'A128CBC-HS256', 'zip': 'DEF'})}..{encoded(bytes(16))}.{encoded(packed)}.x"
    small = in_jwe({"alg": "dir", "enc": "A128CBC-HS256", "zip": "DEF"}, b"{}", shared)
    tracemalloc.start()
    try:
        for name, (_, use) in PLACES.items():
            assert not use(stage, client, small)
            assert name == "DPoP proof" or not use(stage, client, bomb)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_cve_2025_68158_an_answer_with_the_state_of_another_browser(app: Flask) -> None:
    """We are a client too, of national eIDs; CPMS and ECP are tried in their own tests of signing in."""
    stranger = app.test_client().get("/eid/example/callback", query_string={"state": "s" * 43, "code": "c"})
    assert stranger.status_code in {400, 404, 410} and "ern_session" not in stranger.headers.get("Set-Cookie", "")


def test_cve_2026_28802_alg_none_in_any_spelling(stage: Stage) -> None:
    for spelling in ("none", "None", "NONE", "nOnE", "", None):
        assert taken(stage, unsigned(spelling)) == []


def test_cve_2026_27962_a_key_that_the_token_brings_along(stage: Stage) -> None:
    places = tuple(name for name in PLACES if name != "DPoP proof")  # which is made to bring one
    assert taken(stage, by(ATTACKER, jwk=PUBLIC), places) == []
    assert taken(stage, by(ATTACKER, jwk=PUBLIC, kid=None), places) == []


def test_cve_2026_28498_a_hash_of_the_access_token_that_is_left_out(stage: Stage) -> None:
    """An ID token that comes with an access token always says which one."""
    client = stage.client()
    tokens = stage.tokens(client)
    for given in (tokens, client.refresh(tokens["refresh_token"]).json):
        assert client.verified(given["id_token"])["at_hash"]


def test_cve_2026_28490_an_oracle_for_rsa1_5(stage: Stage) -> None:
    """What cannot be decrypted here says so in one way, whatever is inside."""
    client = client_of(stage)
    key = RSAKey.generate_key(2048)
    head = {"alg": "RSA1_5", "enc": "A128CBC-HS256"}
    texts = [in_jwe(head, body, key) for body in (b"{}", b"x", b"{" * 100)]
    query = {"client_id": client.client_id, "redirect_uri": CALLBACK}
    told = [answer(stage.browser.get("/oauth2/authorize", query_string={**query, "request": text})) for text in texts]
    assert told[0]["error"] == "invalid_request_object" and told[0] == told[1] == told[2]


@pytest.mark.parametrize("response_type", ["token", "id_token", "code id_token", "bork", "", None])
def test_a_redirect_to_an_unchecked_address_because_the_response_type_is_not_supported(
    stage: Stage, response_type: str | None
) -> None:
    page = stage.browser.get(stage.client().request(response_type=response_type, redirect_uri=EVIL))
    assert page.status_code == 400 and "Location" not in page.headers and "evil" not in page.text


@pytest.mark.parametrize("response_type", ["id_token", "id_token token", "code token", "code id_token token", "code"])
@pytest.mark.parametrize("scope", ["profile", "", None])
def test_cve_2026_44681_a_redirect_to_an_unchecked_address_because_openid_is_missing(
    stage: Stage, response_type: str, scope: str | None
) -> None:
    page = stage.browser.get(stage.client().request(response_type=response_type, scope=scope, redirect_uri=EVIL))
    assert page.status_code == 400 and "Location" not in page.headers


def test_cve_2026_41425_a_sign_in_that_another_site_began_for_somebody(app: Flask) -> None:
    """The attempt belongs to the browser that began it."""
    person(app, EMAIL, PHONE)
    mine, other = Browser(app), Browser(app)
    mine.open("/account/details")
    seen = other.client.get(mine.path)
    assert EMAIL not in seen.text and (seen.status_code != 200 or mine.path.partition("t=")[2] not in seen.text)


def test_cve_2026_27932_a_password_that_takes_a_billion_rounds(stage: Stage) -> None:
    head = {"alg": "PBES2-HS256+A128KW", "enc": "A128CBC-HS256", "p2c": 1000}
    text = in_jwe(head, b"{}", OctKey.import_key("a password of people"))
    first, rest = text.split(".", 1)
    header = orjson.loads(base64.urlsafe_b64decode(first + "=="))
    costly = f"{encoded({**header, 'p2c': 2**31 - 1})}.{rest}"
    began = time.process_time()
    assert taken(stage, lambda _: costly) == []
    assert time.process_time() - began < 10


@pytest.mark.parametrize("address", [
    "http://localhost:80@evil.example/", "http://localhost@evil.example/", "http://localhost.evil.example/",
    "http://127.0.0.1.evil.example/", "http://[::1]@evil.example/", "http://localhost#@evil.example/",
    "http://localhost\\@evil.example/", "https://rp.example:443@evil.example/",
])  # fmt: skip
def test_a_loopback_address_that_leads_elsewhere(app: Flask, address: str) -> None:
    with pytest.raises(Invalid):
        register(app, redirect_uris=[address])


@pytest.mark.parametrize(
    "assertion", ["", ".", "..", "...", "e30.e30.", "bnVsbA.bnVsbA.x", "W10.W10.x", "\x00", "é.é.é", "e30"]
)
def test_a_malformed_assertion_that_nobody_catches(stage: Stage, assertion: str) -> None:
    form = {
        "client_assertion": assertion,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }
    got = stage.app.test_client().post("/oauth2/token", data={**form, "grant_type": "authorization_code"})
    assert got.status_code in {400, 401}


def test_a_client_with_a_secret_that_comes_as_one_without(stage: Stage) -> None:
    client = stage.client()
    form = {"client_id": client.client_id, "grant_type": "authorization_code", "code": stage.code(client)}
    form |= {"redirect_uri": CALLBACK, "code_verifier": client.verifier}
    got = stage.app.test_client().post("/oauth2/token", data=form)
    assert (got.status_code, got.json["error"]) == (401, "invalid_client")


def test_a_request_uri_that_nobody_registered(stage: Stage, site: Site) -> None:
    client = stage.client(token_endpoint_auth_method="private_key_jwt")
    query = {"client_id": client.client_id, "redirect_uri": CALLBACK, "request_uri": f"{site.address}/x"}
    assert answer(stage.browser.get("/oauth2/authorize", query_string=query))["error"] == "invalid_request_uri"
    assert site.visits == 0


def test_pkce_that_falls_back_to_plain_or_to_nothing(stage: Stage) -> None:
    client = stage.client()
    for wrong in ({"code_challenge_method": "plain"}, {"code_challenge_method": None}, {"code_challenge": None}):
        assert answer(stage.browser.get(client.request(**wrong)))["error"] == "invalid_request"
    assert client.redeem(stage.code(client), code_verifier=None).status_code == 400


def test_a_request_parameter_that_is_silently_ignored(stage: Stage) -> None:
    client = stage.client()
    got = answer(stage.browser.get(client.request(request="eyJhbGciOiJub25lIn0.e30.")))
    assert got["error"] in {"request_not_supported", "invalid_request_object"}


def test_cve_2026_9793_an_encrypted_request_that_skips_the_signature_which_the_client_registered(stage: Stage) -> None:
    client = stage.client(token_endpoint_auth_method="private_key_jwt", further={"request_object_signing_alg": "ES256"})
    client.request()
    claims = orjson.dumps({"iss": client.client_id, "aud": ISSUER, "exp": int(time.time()) + 60, **client.sent})
    published = stage.app.test_client().get("/oauth2/jwks").json["keys"]
    ours = next(RSAKey.import_key(key) for key in published if key["kty"] == "RSA")
    for algorithm in ("RSA-OAEP", "RSA-OAEP-256", "RSA1_5"):
        plain = RSAKey.import_key({name: value for name, value in ours.as_dict().items() if name not in {"use", "alg"}})
        text = in_jwe({"alg": algorithm, "enc": "A128CBC-HS256"}, claims, plain)
        query = {"client_id": client.client_id, "redirect_uri": CALLBACK, "request": text}
        got = answer(stage.browser.get("/oauth2/authorize", query_string=query))
        assert got["error"] == "invalid_request_object"


OPERATORS_OWN = {
    "asks_consent": False,
    "profile": "standard",
    "resources": [ISSUER],
    "protects": [ISSUER],
    "application_id": 742,
}


def test_cve_2026_15572_a_client_that_registers_rights_which_only_the_operator_gives(stage: Stage) -> None:
    told = made(stage, **OPERATORS_OWN)
    changed = managed(stage, told, "PUT", {**WANTED, **OPERATORS_OWN, "client_id": told["client_id"]})
    assert changed.status_code == 200
    for shown in (told, changed.json):
        assert not {"asks_consent", "resources", "protects", "application_id"} & set(shown)
    with stage.app.app_context():
        kept = clients.find(told["client_id"])
        assert kept and kept.asks_consent and kept.application_id == 741 and kept.resources == ()
    refused = sends(stage, invited(stage), WANTED | {"grant_types": ["client_credentials"]})
    assert refused.json["error"] == "invalid_client_metadata"


def test_cve_2026_16100_a_metric_for_each_text_that_a_stranger_sends(app: Flask) -> None:
    browser = app.test_client()

    def series() -> int:
        return browser.get("/metrics").text.count("\n")

    for _ in range(2):
        browser.open("/nowhere", method="BORK0")
        browser.get("/nowhere/0")
    before = series()
    for number in range(20):
        browser.open("/nowhere", method=f"BORK{number}")
        browser.get(f"/nowhere/{number}?x={number}")
        browser.get("/oauth2/authorize", query_string={"client_id": f"client-{number}"})
        browser.post("/oauth2/token", data={"grant_type": f"bork-{number}", "client_id": f"c{number}"})
    assert series() - before < 60


def test_a_list_that_shows_people_to_somebody_who_may_not_see_them(app: Flask) -> None:
    """The table of all acts and people stands in `tests/saas/test_policy.py`."""
    person(app, EMAIL, PHONE)
    browser = Browser(app)
    browser.signs_in()
    lists = [rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/admin") and "<" not in rule.rule]
    assert lists
    for address in lists:
        assert browser.client.get(address).status_code in {303, 302, 403, 404, 405}, address


def test_a_forgotten_password_or_a_sign_in_begun_again_that_belongs_to_no_browser(app: Flask) -> None:
    person(app, EMAIL, PHONE)
    mine, other = Browser(app), Browser(app)
    mine.wants(Wanted(level=MFA))
    mine.gives_password()
    at_the_code = mine.path
    assert "verify" in at_the_code
    seen = other.client.get(at_the_code)
    assert seen.status_code in {302, 303, 400, 404, 410} and PHONE[-4:] not in seen.text
    assert other.signed_in() is None


@pytest.mark.parametrize("token", ["eyJhbGciOiJub25lIn0.e30.", "", "null", "undefined", "x"])
def test_a_registration_token_under_alg_none(stage: Stage, token: str) -> None:
    told = made(stage)
    path = told["registration_client_uri"].removeprefix(ISSUER)
    assert sends(stage, token, WANTED).status_code == 401
    assert sends(stage, token, None, path, "GET").status_code == 401


def test_a_management_token_that_opens_the_registration_of_another_client(stage: Stage) -> None:
    mine, other = made(stage), made(stage)
    path = other["registration_client_uri"].removeprefix(ISSUER)
    for method in ("GET", "PUT", "DELETE"):
        wanted = {**WANTED, "client_id": other["client_id"]}
        assert sends(stage, mine["registration_access_token"], wanted, path, method).status_code == 401
    assert managed(stage, other).status_code == 200


def test_an_invitation_to_register_that_opens_the_management_too(stage: Stage) -> None:
    told, invitation = made(stage), invited(stage)
    path = told["registration_client_uri"].removeprefix(ISSUER)
    for method in ("GET", "PUT", "DELETE"):
        assert sends(stage, invitation, {**WANTED, "client_id": told["client_id"]}, path, method).status_code == 401
    assert sends(stage, told["registration_access_token"], WANTED).status_code == 401, "and the other way round"


def test_becoming_somebody_else_by_following_a_link(app: Flask) -> None:
    """Nobody can become somebody else here; and no link alone signs anybody in or out."""
    assert not [rule.rule for rule in app.url_map.iter_rules() if "impersonat" in rule.rule]
    person(app, EMAIL, PHONE)
    browser = Browser(app)
    browser.signs_in()
    for address in ("/logout", "/login", "/account/panic", "/account/sessions", "/device?user_code=BBBB-BBBB"):
        browser.client.get(address)
        assert browser.signed_in() is not None, address


def test_a_download_of_keys_or_requests_without_end(stage: Stage, site: Site) -> None:
    site.body = orjson.dumps(key_set()) + b" " * 100_000
    client = stage.client(token_endpoint_auth_method="private_key_jwt", further={"jwks_uri": f"{site.address}/jwks"})
    assert client.revoke("x").status_code == 401
    wanted = {"request_uris": [f"{site.address}/object"]}
    asking = stage.client(token_endpoint_auth_method="private_key_jwt", further=wanted)
    query = {"client_id": asking.client_id, "redirect_uri": CALLBACK, "request_uri": f"{site.address}/object"}
    assert answer(stage.browser.get("/oauth2/authorize", query_string=query))["error"] == "invalid_request_uri"


def test_forwarded_headers_that_are_believed_from_anybody(app: Flask) -> None:
    """The number of proxies is not enough: they come from where ours stand (`core/proxies.py`)."""
    from idp.core import proxies

    networks = app.extensions["ern_settings"].server.trusted_proxy_networks
    assert not proxies.trusted("203.0.113.9", networks) and proxies.trusted("127.0.0.1", networks)
    heard: dict[str, str] = {}

    def inner(environ: dict[str, str], _: object) -> list[bytes]:
        heard.clear()
        heard.update({name: environ[name] for name in proxies.FORWARDED if name in environ})
        return []

    sent = dict.fromkeys(proxies.FORWARDED, "forged")
    proxies._believing(app, inner)({**sent, "REMOTE_ADDR": "203.0.113.9"}, None)  # type: ignore[arg-type]
    assert heard == {}
    proxies._believing(app, inner)({**sent, "REMOTE_ADDR": "127.0.0.1"}, None)  # type: ignore[arg-type]
    assert set(heard) == set(proxies.FORWARDED) - {proxies.CERTIFICATE_IN_ENVIRON}, "no certificate unless it is wanted"


def test_a_redirect_before_the_address_was_checked(stage: Stage) -> None:
    """Whatever else is wrong with a request, an address that is not the client's gets nothing."""
    client = stage.client()
    wrong = [
        {"response_mode": "bork"}, {"prompt": "bork"}, {"max_age": "x"}, {"claims": "{"}, {"request": "x"},
        {"request_uri": "x"}, {"code_challenge": None}, {"scope": None}, {"registration": "{}"}, {"state": "x" * 3000},
        {"resource": EVIL}, {"dpop_jkt": "x"}, {"client_id": "nobody"},
    ]  # fmt: skip
    for changes in wrong:
        page = stage.browser.get(client.request(redirect_uri=EVIL, **changes))
        assert page.status_code in {400, 404} and "Location" not in page.headers, changes
