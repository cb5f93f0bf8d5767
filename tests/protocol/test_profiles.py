"""What a client is held to: all of RFC 9700, or OpenID Connect Core alone where the operator says so."""

from idp.oidc.client_metadata import BY_CLIENTS
from tests.oidc.relying_party import answer
from tests.protocol.stage import Stage

NO_CHALLENGE: dict[str, str | None] = {"code_challenge": None, "code_challenge_method": None}
LEGACY = {"profile": "legacy"}


def test_a_client_of_the_standard_profile_needs_pkce(stage: Stage) -> None:
    """RFC 9700, 2.1.1."""
    client = stage.client()
    assert answer(stage.browser.get(client.request(**NO_CHALLENGE)))["error"] == "invalid_request"


def test_an_older_client_may_do_without_pkce(stage: Stage) -> None:
    """OpenID Connect Core, 3.1.2.1 knows no code_challenge."""
    client = stage.client(further=LEGACY)
    code = stage.code(client, **NO_CHALLENGE)
    assert client.redeem(code, code_verifier=None).status_code == 200


def test_a_verifier_without_a_challenge_is_refused(stage: Stage) -> None:
    """RFC 9700, 4.8.2: somebody took the challenge away on the way."""
    client = stage.client(further=LEGACY)
    assert client.redeem(stage.code(client, **NO_CHALLENGE)).status_code == 400


def test_an_older_client_that_uses_pkce_is_held_to_it(stage: Stage) -> None:
    client = stage.client(further=LEGACY)
    assert client.redeem(stage.code(client), code_verifier=None).status_code == 400
    assert client.redeem(stage.code(client), code_verifier="x" * 43).json["error"] == "invalid_grant"
    assert client.redeem(stage.code(client)).status_code == 200
    for changes in ({"code_challenge_method": "plain"}, {"code_challenge_method": None}, {"code_challenge": None}):
        assert answer(stage.browser.get(client.request(**changes)))["error"] == "invalid_request"


def test_an_older_public_client_needs_pkce_all_the_same(stage: Stage) -> None:
    client = stage.client(token_endpoint_auth_method="none", further=LEGACY)
    assert answer(stage.browser.get(client.request(**NO_CHALLENGE)))["error"] == "invalid_request"


def test_no_client_chooses_its_profile_itself(stage: Stage) -> None:
    """RFC 7591, 2: what the operator alone decides is not read from a registration."""
    assert "profile" not in BY_CLIENTS


def test_a_code_without_its_verifier_is_worth_nothing(stage: Stage) -> None:
    """RFC 7636, 4.6; FAPI 2.0 Security Profile, 5.3.2.2: as with a wrong verifier."""
    for further in ({}, LEGACY):
        client = stage.client(further=further)
        for verifier in (None, "", "x" * 43):
            answered = client.redeem(stage.code(client), code_verifier=verifier)
            assert (answered.status_code, answered.json["error"]) == (400, "invalid_grant")
