"""An identity server that is incomplete, and a secret key that was changed: CPMS stays closed and goes on."""

from dataclasses import replace

import pytest

from cpms_client.app import assemble
from tests.support.cpms_browser import close, csrf, sign_in


def well_known(issuer):
    return issuer.issuer + "/.well-known/openid-configuration"


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"])
def test_a_discovery_document_without_an_endpoint_is_not_used(client, issuer, name):
    issuer.twist_metadata = lambda metadata: metadata.pop(name)
    assert client.get("/sign-in").status_code == 503


def test_a_key_set_that_is_none_signs_nobody_in(client, issuer):
    issuer.twist_metadata = lambda metadata: metadata.update(jwks_uri=well_known(issuer))
    assert sign_in(client).status_code == 502


def test_an_answer_without_an_id_token_signs_nobody_in(client, issuer):
    issuer.make_id_token = lambda claims: None
    assert sign_in(client).status_code == 502


def test_an_issuer_without_a_logout_page_lets_the_person_log_out_here(client, issuer):
    issuer.twist_metadata = lambda metadata: metadata.pop("end_session_endpoint")
    sign_in(client)
    home = client.post("/sign-out", data={"csrf_token": csrf(client)}).location
    assert home.startswith("/?state=")
    assert "You are logged out" in client.get(home).text


def test_after_a_change_of_the_secret_key_everybody_signs_in_again(app, settings, client, issuer):
    sign_in(client)
    token = client.get_cookie("cpms_session").value
    changed = assemble(replace(settings, secret_key="another-key-another-key-another-key"))
    browser = changed.test_client()
    browser.set_cookie("cpms_session", token)
    assert browser.get("/dashboard").status_code == 303
    assert sign_in(browser).status_code == 303
    assert browser.get("/dashboard").status_code == 200
    close(changed)
