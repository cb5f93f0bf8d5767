"""What the server tells of itself, and logout that a relying party asks for."""

import base64
import json
import threading
from collections.abc import Callable

import pytest
from authlib.oidc.discovery import OpenIDProviderMetadata
from flask import Flask
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy import delete, select

from idp.core.db import db, transaction
from idp.oidc import keys
from idp.oidc.models import SigningKey
from tests.oidc.relying_party import AFTER_LOGOUT, ISSUER, RelyingParty, answer, register
from tests.signin.browser import Browser


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"])
def test_the_metadata_is_valid_and_every_endpoint_exists(app: Flask, path: str) -> None:
    """OpenID Connect Discovery 1.0, 3; RFC 8414, 2 (https aside: this is loopback)."""
    page = app.test_client().get(path)
    told = page.json
    secure = {
        name: value.replace("http://", "https://") if isinstance(value, str) else value for name, value in told.items()
    }
    OpenIDProviderMetadata(secure).validate()
    assert told["issuer"] == ISSUER
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["authorization_response_iss_parameter_supported"] is True
    assert set(told["id_token_signing_alg_values_supported"]) == {"ES256", "RS256"}
    for name, address in told.items():
        if name.endswith(("_endpoint", "_uri")):
            assert app.test_client().open(address.removeprefix(ISSUER), method="HEAD").status_code != 404, name
    assert page.headers["Access-Control-Allow-Origin"] == "*" and "max-age" in page.headers["Cache-Control"]
    again = app.test_client().get(path, headers={"If-None-Match": page.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/oauth2/jwks"])
def test_pages_of_others_may_read_what_is_public_and_no_header_contradicts_itself(app: Flask, path: str) -> None:
    for page in (app.test_client().get(path), app.test_client().get(path)):
        assert page.headers.getlist("Cross-Origin-Resource-Policy") == ["cross-origin"]
        names = [name for name, _ in page.headers]
        assert len(names) == len(set(names))
    assert app.test_client().get("/privacy").headers.getlist("Cross-Origin-Resource-Policy") == ["same-origin"]


def test_the_key_set_holds_public_keys_only(app: Flask) -> None:
    keys = app.test_client().get("/oauth2/jwks").json["keys"]
    assert {key["alg"] for key in keys} == {"ES256", "RS256"}
    assert all(key["use"] == "sig" and key["kid"] and "d" not in key for key in keys)


def hint(browser: Browser, relying_party: RelyingParty) -> str:
    code = answer(browser.client.get(relying_party.request()))["code"]
    return relying_party.redeem(code).json["id_token"]


def logout(browser: Browser, **parameters: str):
    return browser.client.get("/oauth2/logout", query_string=parameters)


def test_logout_with_a_hint_ends_the_session_and_goes_back(signed_in: Browser, relying_party: RelyingParty) -> None:
    """RP-Initiated Logout 1.0, 2 and 3."""
    page = logout(
        signed_in, id_token_hint=hint(signed_in, relying_party), post_logout_redirect_uri=AFTER_LOGOUT, state="s1"
    )
    assert page.headers["Location"] == f"{AFTER_LOGOUT}?state=s1"
    assert signed_in.signed_in() is None
    assert answer(signed_in.client.get(relying_party.request(prompt="none")))["error"] == "login_required"


def test_an_unregistered_address_is_not_redirected_to(signed_in: Browser, relying_party: RelyingParty) -> None:
    token = hint(signed_in, relying_party)
    for address in ("https://evil.example/", f"{AFTER_LOGOUT}?x=1", "https://rp.example"):
        page = logout(signed_in, id_token_hint=token, post_logout_redirect_uri=address)
        assert "rp.example" not in page.headers.get("Location", "") and "evil" not in page.headers.get("Location", "")


@pytest.mark.parametrize("parameters", [{}, {"state": "s"}, {"post_logout_redirect_uri": AFTER_LOGOUT}])
def test_without_a_hint_the_person_is_asked(signed_in: Browser, parameters: dict[str, str]) -> None:
    """RP-Initiated Logout 1.0, 6."""
    assert logout(signed_in, **parameters).headers["Location"] == "/logout"
    assert signed_in.signed_in() is not None


def test_a_hint_that_is_not_ours_is_an_error(signed_in: Browser, relying_party: RelyingParty) -> None:
    claims = {"iss": ISSUER, "sub": "n1", "aud": relying_party.client_id, "sid": "s"}
    forged = jwt.encode({"alg": "ES256", "typ": "JWT"}, claims, ECKey.generate_key("P-256"))
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).rstrip(b"=").decode()
    unsigned = f"{head}.{forged.split('.')[1]}."
    for wrong in (forged, unsigned, "x", ""):
        page = logout(signed_in, id_token_hint=wrong, post_logout_redirect_uri=AFTER_LOGOUT)
        assert "rp.example" not in page.headers.get("Location", "")
    assert signed_in.signed_in() is not None


def test_a_hint_for_another_client_than_named_is_an_error(
    app: Flask, signed_in: Browser, relying_party: RelyingParty
) -> None:
    page = logout(signed_in, id_token_hint=hint(signed_in, relying_party), client_id=register(app).client_id)
    assert page.status_code == 400 and signed_in.signed_in() is not None


def test_a_hint_for_a_session_of_another_browser_asks_first(
    app: Flask, signed_in: Browser, relying_party: RelyingParty
) -> None:
    other = Browser(app)
    other.signs_in()
    page = logout(other, id_token_hint=hint(signed_in, relying_party), post_logout_redirect_uri=AFTER_LOGOUT)
    assert page.headers["Location"] == "/logout" and other.signed_in() is not None


def test_logout_without_a_session_just_goes_back(app: Flask, signed_in: Browser, relying_party: RelyingParty) -> None:
    token = hint(signed_in, relying_party)
    page = logout(Browser(app), id_token_hint=token, post_logout_redirect_uri=AFTER_LOGOUT)
    assert page.headers["Location"] == AFTER_LOGOUT


def test_processes_that_start_together_on_an_empty_database_share_their_keys(each_app: Flask) -> None:
    with each_app.app_context(), transaction() as begun:
        begun.execute(delete(SigningKey))
    threads = [threading.Thread(target=in_context, args=(each_app, keys.ensure)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with each_app.app_context():
        made = db.session.scalars(select(SigningKey)).all()
        assert sorted(key.algorithm for key in made) == ["ES256", "ES256", "RS256", "RS256"]


def in_context(app: Flask, call: Callable[[], None]) -> None:
    with app.app_context():
        call()
