"""Scopes and nonces in the plans Basic, Implicit, Hybrid and Form Post OP, for each response type and mode.

The name of the suite's module stands in brackets.
"""

import pytest
from flask import Flask

from idp.accounts import people, personal_details
from idp.core.levels import MFA
from tests.protocol.stage import Stage
from tests.protocol.test_openid_plans import CODES, asked, each_type, fields, in_both_modes, told
from tests.protocol.test_response_types import LEGACY, legacy, switched_on
from tests.protocol.test_standard_claims import FURTHER, SCOPES, WORKPLACE
from tests.signin.browser import EMAIL, PHONE, person

WITH_ID_TOKEN = [one for one in LEGACY if "id_token" in one.split()]
# Core, 3.2.2.1 and 3.3.2.1: where an ID token leaves from the authorization endpoint, a nonce is needed.
WITHOUT_NONCE = [one for one in ("code", *LEGACY) if one not in WITH_ID_TOKEN]


@pytest.fixture
def stage(app: Flask) -> Stage:
    """A signed-in person of whom everything is known."""
    stage = Stage(app, person(app, EMAIL, PHONE), app.test_client())
    stage.proves(MFA)
    with app.app_context():
        account = people.by_address(EMAIL)
        assert account
        personal_details.keep_workplace(account, WORKPLACE)
        personal_details.keep_further(account, FURTHER)
    return stage


@in_both_modes
@each_type
def test_a_scope_tells_its_claims_where_the_type_says(stage: Stage, response_type: str, modes: tuple[str, str]) -> None:
    """[scope-profile, scope-email, scope-address, scope-phone, scope-all] Core, 5.4: or in the ID token."""
    switched_on(stage)
    every = f"openid {' '.join(SCOPES)}"
    further = {"profile": "legacy", "response_types": ["code", *LEGACY]}
    client = stage.client(scope=every, further=further)
    for mode in modes:
        for scope, names in [*SCOPES.items(), ("all", set().union(*SCOPES.values()))]:
            wanted = every if scope == "all" else f"openid {scope}"
            got = told(stage, client, response_type, mode, scope=wanted)
            if "access_token" in got:
                claims: dict[str, object] = client.userinfo(got["access_token"]).json
                assert set(claims) == names | {"sub"}
            else:
                claims = client.verified(got["id_token"])
                assert names <= set(claims)
            assert all(claims[name] not in (None, "") for name in names)


@in_both_modes
@pytest.mark.parametrize("response_type", WITH_ID_TOKEN)
def test_a_nonce_is_needed_where_an_id_token_leaves_at_once(
    stage: Stage, response_type: str, modes: tuple[str, str]
) -> None:
    """[ensure-request-without-nonce-fails] Core, 3.2.2.1 and 3.3.2.1."""
    for mode in modes:
        got = fields(stage.browser.get(asked(legacy(stage), response_type, mode, nonce=None)), response_type, mode)
        assert got["error"] == "invalid_request" and not {"id_token", "access_token", "code"} & set(got)


@in_both_modes
@pytest.mark.parametrize("response_type", WITHOUT_NONCE)
def test_a_nonce_may_be_left_out_elsewhere(stage: Stage, response_type: str, modes: tuple[str, str]) -> None:
    """[ensure-request-without-nonce-succeeds-for-code-flow] Core, 3.1.2.1."""
    assert response_type in CODES
    client = legacy(stage)
    for mode in modes:
        got = told(stage, client, response_type, mode, nonce=None)
        assert "nonce" not in client.verified(got["id_token"])
