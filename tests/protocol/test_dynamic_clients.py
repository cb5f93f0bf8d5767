"""What a client registers counts in what follows (OpenID Connect Registration, 2; RFC 7591; the plan Dynamic OP)."""

import json
import re
import struct
from typing import Any

import pytest
from click.testing import CliRunner

from idp.client_commands import client as commands
from tests.oidc.relying_party import CALLBACK, ISSUER, answer
from tests.protocol.registrations import WANTED, invited, made, managed, open_to_all, sends
from tests.protocol.sites import Site
from tests.protocol.stage import KEYS, Client, Stage, key_set
from tests.protocol.test_consent import says_yes

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + bytes(20)
APP = "com.example.registry:/callback"


def client_of(stage: Stage, told: dict[str, Any], **more: Any) -> Client:
    return Client(stage.app, told["client_id"], told.get("client_secret"), **more)


def asked_page(stage: Stage, client: Client, **parameters: str) -> str:
    """What somebody reads who is not signed in."""
    return stage.app.test_client().get(client.request(**parameters), follow_redirects=True).text


ECHOED: list[dict[str, Any]] = [
    {"application_type": "native"}, {"application_type": "web"}, {"client_uri": "https://rp.example/"},
    {"policy_uri": "https://rp.example/privacy", "policy_uri#fr": "https://rp.example/fr/donnees"},
    {"tos_uri": "https://rp.example/terms"}, {"client_name#fr": "Registre rare", "client_name#pt-BR": "Registro"},
    {"contacts": ["help@rp.example"]}, {"software_id": "rare-registry", "software_version": "2.1"},
    {"default_max_age": 600}, {"default_max_age": 0}, {"require_auth_time": True}, {"default_acr_values": ["phr"]},
    {"request_uris": ["https://rp.example/request#abc"]}, {"initiate_login_uri": "https://rp.example/start"},
    {"jwks_uri": "https://rp.example/jwks"}, {"token_endpoint_auth_signing_alg": "PS256"},
    {"backchannel_logout_uri": "https://rp.example/out", "backchannel_logout_session_required": True},
]  # fmt: skip


@pytest.mark.parametrize("metadata", ECHOED, ids=lambda metadata: next(iter(metadata)))
def test_what_was_registered_is_told_and_read_back(stage: Stage, metadata: dict[str, Any]) -> None:
    """RFC 7591, 3.2.1; RFC 7592, 2.1 and 3; third-party-initiated login: `3rd_party-init-login`."""
    told = made(stage, **metadata)
    read = managed(stage, told).json
    for name, value in metadata.items():
        assert told[name] == value and read[name] == value
    assert read["registration_access_token"] == told["registration_access_token"]
    assert read["registration_client_uri"] == told["registration_client_uri"]


WRONG: list[tuple[dict[str, Any], str]] = [
    # Third-party-initiated login has to be https (OpenID Connect Registration, 2): `3rd_party-init-login-nohttps`.
    ({"initiate_login_uri": "http://rp.example/start"}, "invalid_client_metadata"),
    ({"initiate_login_uri": "http://localhost/start"}, "invalid_client_metadata"),
    ({"client_uri": "javascript:alert(1)"}, "invalid_client_metadata"),
    ({"policy_uri#fr": "javascript:alert(1)"}, "invalid_client_metadata"),
    ({"client_name#fr": ""}, "invalid_client_metadata"),
    ({"client_name#fr": "a\u202eb"}, "invalid_client_metadata"),
    ({f"client_name#a{chr(97 + i % 26)}{chr(97 + i // 26)}": "x" for i in range(61)}, "invalid_client_metadata"),
    ({"client_name": "  "}, "invalid_client_metadata"),
    ({"contacts": "help@rp.example"}, "invalid_client_metadata"),
    ({"software_id": 5}, "invalid_client_metadata"),
    ({"default_max_age": -1}, "invalid_client_metadata"),
    ({"default_max_age": True}, "invalid_client_metadata"),
    ({"default_max_age": "600"}, "invalid_client_metadata"),
    ({"default_acr_values": "phr"}, "invalid_client_metadata"),
    ({"require_auth_time": "yes"}, "invalid_client_metadata"),
    ({"request_uris": [5]}, "invalid_client_metadata"),
    ({"token_endpoint_auth_signing_alg": "none"}, "invalid_client_metadata"),
    # A fragment is an invalid_redirect_uri (RFC 7591, 3.2.2): `registration redirect-uri-regfrag`.
    ({"redirect_uris": [f"{CALLBACK}#foo=bar"]}, "invalid_redirect_uri"),
    ({"redirect_uris": [f"{CALLBACK}#"]}, "invalid_redirect_uri"),
    ({"redirect_uris": ["https://rp.example:99999/"]}, "invalid_redirect_uri"),
    # What a native application may be reached at (RFC 8252, 7 and 8.4).
    ({"redirect_uris": [APP]}, "invalid_redirect_uri"),
    ({"application_type": "native", "redirect_uris": ["registry:/callback"]}, "invalid_redirect_uri"),
    ({"application_type": "native", "redirect_uris": ["com.example.registry://host/callback"]}, "invalid_redirect_uri"),
    ({"application_type": "native", "redirect_uris": ["com.example.registry:callback"]}, "invalid_redirect_uri"),
    ({"application_type": "native", "redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
    ({"application_type": "native", "redirect_uris": ["http://rp.example/callback"]}, "invalid_redirect_uri"),
    ({"application_type": "native", "redirect_uris": ["http://127.0.0.1.evil.example/"]}, "invalid_redirect_uri"),
    ({"application_type": "native", "redirect_uris": [f"{APP}#x"]}, "invalid_redirect_uri"),
    ({"application_type": "native", "post_logout_redirect_uris": ["x:/y"]}, "invalid_redirect_uri"),
]


@pytest.mark.parametrize(("metadata", "error"), WRONG)
def test_what_cannot_be_kept_is_refused(stage: Stage, metadata: dict[str, Any], error: str) -> None:
    refused = sends(stage, invited(stage), WANTED | metadata)
    assert (refused.status_code, refused.json.get("error")) == (400, error)


MATCHES: list[tuple[str, list[str], str, bool]] = [
    # Character by character, the query included: `redirect-uri-query-OK`, `-mismatch`, `-added`.
    ("web", ["https://rp.example/cb?a=1"], "https://rp.example/cb?a=1", True),
    ("web", ["https://rp.example/cb?a=1"], "https://rp.example/cb?a=2", False),
    ("web", ["https://rp.example/cb?a=1"], "https://rp.example/cb", False),
    ("web", ["https://rp.example/cb"], "https://rp.example/cb?a=1", False),
    ("web", ["https://rp.example/cb"], "https://rp.example/CB", False),
    ("web", ["http://127.0.0.1:9/cb"], "http://127.0.0.1:10/cb", False),
    # The port of a loopback address is free for what runs on the person's device (RFC 8252, 7.3), nothing else is.
    ("native", ["http://127.0.0.1/cb"], "http://127.0.0.1:51004/cb", True),
    ("native", ["http://127.0.0.1:1/cb"], "http://127.0.0.1/cb", True),
    ("native", ["http://[::1]/cb"], "http://[::1]:51004/cb", True),
    ("native", ["http://127.0.0.1/cb"], "http://127.0.0.1:51004/cb2", False),
    ("native", ["http://127.0.0.1/cb"], "http://127.0.0.1:51004@evil.example/cb", False),
    ("native", ["http://127.0.0.1/cb"], "http://127.0.0.1:evil/cb", False),
    ("native", ["http://127.0.0.1/cb"], "http://127.0.0.1.evil.example/cb", False),
    ("native", ["http://127.0.0.1/cb"], "http://localhost:51004/cb", False),
    ("native", ["https://rp.example/cb"], "https://rp.example:444/cb", False),
    ("native", [APP], APP, True),
    ("native", [APP], f"{APP}2", False),
]


@pytest.mark.parametrize(("kind", "registered", "sent", "good"), MATCHES)
def test_an_answer_goes_to_a_registered_address_alone(
    stage: Stage, kind: str, registered: list[str], sent: str, good: bool
) -> None:
    """RFC 6749, 3.1.2.3: else there is a page, and no redirect."""
    told = open_to_all(stage, application_type=kind, redirect_uris=registered)
    client = client_of(stage, told, redirect_uri=sent)
    page = stage.browser.get(client.request(prompt="none"))
    if good:
        assert page.status_code == 303 and page.headers["Location"].startswith(sent)
    else:
        assert page.status_code == 400 and "Location" not in page.headers


def test_with_two_addresses_the_request_says_which(stage: Stage) -> None:
    """OpenID Connect Core, 3.1.2.1: `ensure-redirect-uri-in-authorization-request`."""
    told = made(stage, redirect_uris=[CALLBACK, f"{CALLBACK}2"])
    page = stage.browser.get(client_of(stage, told).request(redirect_uri=None))
    assert page.status_code == 400 and "Location" not in page.headers


def test_a_public_application_on_a_device_is_asked_about_each_time(stage: Stage) -> None:
    """RFC 8252, 8.6: nobody can know that it is the same one."""
    metadata = {"application_type": "native", "token_endpoint_auth_method": "none", "redirect_uris": [APP, CALLBACK]}
    told = open_to_all(stage, scope="openid", **metadata)
    by_scheme = client_of(stage, told, method="none", redirect_uri=APP)
    page = stage.browser.get(by_scheme.request())
    for _ in range(2):
        assert says_yes(stage, page).headers["Location"].startswith(f"{APP}?code=")
        page = stage.browser.get(by_scheme.request())
        assert page.status_code == 200 and 'id="consent-accept"' in page.text
    by_site = client_of(stage, told, method="none")
    assert "code" in answer(stage.browser.get(by_site.request())), "nobody else answers at its site"


def test_the_sign_in_page_shows_logo_and_links(stage: Stage, site: Site) -> None:
    """`registration-logo-uri`, `-policy-uri`, `-tos-uri`: shown to the person, the image from our own address."""
    site.body = PNG
    told = open_to_all(
        stage, logo_uri=f"{site.address}/logo", client_uri="https://rp.example/", tos_uri="https://rp.example/terms",
        policy_uri="https://rp.example/privacy", **{"policy_uri#fr": "https://rp.example/donnees"},
    )  # fmt: skip
    assert site.visits == 1
    page = asked_page(stage, client_of(stage, told))
    for link in ("https://rp.example/", "https://rp.example/terms", "https://rp.example/privacy"):
        assert re.search(rf'href="{link}" rel="noopener[^"]*"', page), link
    assert site.address not in page
    shown = re.search(r'<img class="logo" src="(/client-logos/[0-9a-f]{64})"', page)
    assert shown
    image = stage.app.test_client().get(shown[1])
    assert (image.data, image.mimetype, image.headers["X-Content-Type-Options"]) == (PNG, "image/png", "nosniff")
    assert "Set-Cookie" not in image.headers and site.visits == 1
    french = asked_page(stage, client_of(stage, told), ui_locales="fr")
    assert "https://rp.example/donnees" in french and "https://rp.example/privacy" not in french


def test_a_name_is_shown_in_the_language_of_the_page(stage: Stage) -> None:
    """RFC 7591, 2.2."""
    client = client_of(stage, open_to_all(stage, **{"client_name#fr": "Registre rare"}))
    french = asked_page(stage, client, ui_locales="fr")
    assert "Registre rare" in french and '<html lang="fr">' in french, "the pages of the sign-in are in it too"
    assert "Registre rare" not in asked_page(stage, client) and "Rare Registry" in asked_page(stage, client)


@pytest.mark.parametrize("body", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html>", b"", PNG + bytes(70_000)])
def test_what_is_no_small_image_is_not_taken_for_a_logo(stage: Stage, site: Site, body: bytes) -> None:
    site.body = body
    refused = sends(stage, invited(stage), {**WANTED, "logo_uri": f"{site.address}/logo"})
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_client_metadata")


def test_a_logo_goes_with_its_registration(stage: Stage, site: Site) -> None:
    site.body = PNG
    told = open_to_all(stage, logo_uri=f"{site.address}/logo")
    shown = re.search(r'src="(/client-logos/[0-9a-f]+)"', asked_page(stage, client_of(stage, told)))
    assert shown
    assert managed(stage, told, "PUT", {**WANTED, "client_id": told["client_id"]}).status_code == 200
    assert stage.app.test_client().get(shown[1]).status_code == 404
    for nothing in ("x", "00", "0" * 64):
        assert stage.app.test_client().get(f"/client-logos/{nothing}").status_code == 404


def test_a_logo_that_cannot_be_reached_hinders_nobody(stage: Stage) -> None:
    told = open_to_all(stage, logo_uri="http://127.0.0.1:9/logo")
    assert 'class="logo"' not in asked_page(stage, client_of(stage, told))


def test_nothing_is_fetched_for_somebody_without_an_invitation(stage: Stage, site: Site) -> None:
    wanted = {**WANTED, "logo_uri": f"{site.address}/logo", "sector_identifier_uri": f"{site.address}/sector"}
    assert sends(stage, "made-up", wanted).status_code == 401
    told = made(stage)
    path = f"/oauth2/register/{told['client_id']}"
    assert sends(stage, "made-up", {**wanted, "client_id": told["client_id"]}, path, "PUT").status_code == 401
    assert site.visits == 0


SECTORS: list[tuple[Any, bool]] = [
    # OpenID Connect Registration, 5: `registration-sector-uri`, `registration-sector-bad`.
    ([CALLBACK], True),
    ([CALLBACK, "https://other.example/cb"], True),
    (["https://other.example/cb"], False),
    ([f"{CALLBACK}/"], False),
    ([], False),
    ({CALLBACK: 1}, False),
    (CALLBACK, False),
    ([5, None], False),
]


@pytest.mark.parametrize(("listed", "good"), SECTORS)
def test_a_sector_lists_every_redirect_uri(stage: Stage, site: Site, listed: Any, good: bool) -> None:
    site.body = json.dumps(listed).encode()
    got = sends(stage, invited(stage), {**WANTED, "sector_identifier_uri": f"{site.address}/sector"})
    assert (got.status_code, got.json.get("error")) == ((201, None) if good else (400, "invalid_client_metadata"))
    assert site.visits == 1


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/sector", "ftp://rp.example/", "https://10.0.0.1/sector", 5])
def test_a_sector_that_cannot_be_read_is_refused(stage: Stage, address: object) -> None:
    refused = sends(stage, invited(stage), {**WANTED, "sector_identifier_uri": address})
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_client_metadata")


def test_a_changed_registration_is_held_to_its_sector_again(stage: Stage, site: Site) -> None:
    site.body = json.dumps([CALLBACK]).encode()
    sector = {"sector_identifier_uri": f"{site.address}/sector"}
    told = made(stage, **sector)
    more = {**WANTED, **sector, "client_id": told["client_id"], "redirect_uris": [CALLBACK, "https://evil.example/"]}
    assert managed(stage, told, "PUT", more).json["error"] == "invalid_client_metadata"
    assert managed(stage, told).json["redirect_uris"] == [CALLBACK]


def test_keys_are_read_at_their_address_and_again_for_a_key_not_seen_before(stage: Stage, site: Site) -> None:
    """`registration-jwks-uri`, `refresh-token-rp-key-rotation` (OpenID Connect Core, 10.1.1)."""
    site.body = json.dumps(key_set(KEYS["ES256"])).encode()
    told = made(stage, token_endpoint_auth_method="private_key_jwt", jwks_uri=f"{site.address}/jwks")
    first = client_of(stage, told, method="private_key_jwt", key=KEYS["ES256"])
    assert first.revoke("x").status_code == 200 and first.revoke("x").status_code == 200
    assert site.visits == 1, "they are kept"
    site.body = json.dumps(key_set(KEYS["PS256"])).encode()
    second = client_of(stage, told, method="private_key_jwt", key=KEYS["PS256"], algorithm="PS256")
    stage.app.extensions["ern_client_keys"].clear()
    assert second.revoke("x").status_code == 200
    assert first.revoke("x").status_code == 401, "the old one is gone from there"


def test_an_assertion_may_be_meant_for_the_issuer(stage: Stage) -> None:
    """`ensure-client-assertion-with-iss-aud-succeeds` (RFC 7523, 3)."""
    told = made(stage, token_endpoint_auth_method="private_key_jwt", jwks=key_set())
    client = client_of(stage, told, method="private_key_jwt", key=KEYS["ES256"])
    assert client.assertion(aud=ISSUER)
    assert client.revoke("x").status_code == 200


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_id_tokens_are_signed_as_registered(stage: Stage, algorithm: str) -> None:
    """`idtoken-rs256`; RS256 without a wish (OpenID Connect Registration, 2)."""
    told = made(stage, id_token_signed_response_alg=algorithm)
    assert told["id_token_signed_response_alg"] == algorithm
    assert made(stage)["id_token_signed_response_alg"] == "RS256"


def test_a_registered_age_counts_where_a_request_names_none(stage: Stage) -> None:
    """OpenID Connect Registration, 2: default_max_age; the request wins."""
    client = stage.client(further={"default_max_age": 0})
    assert answer(stage.browser.get(client.request(prompt="none")))["error"] == "login_required"
    assert "code" in answer(stage.browser.get(client.request(prompt="none", max_age="10000")))


def test_a_registered_level_counts_where_a_request_names_none(stage: Stage) -> None:
    """OpenID Connect Registration, 2: default_acr_values."""
    client = stage.client(further={"default_acr_values": ["https://refeds.org/profile/mfa"]})
    assert answer(stage.browser.get(client.request(prompt="none")))["error"] == "login_required"
    sfa = "https://refeds.org/profile/sfa"
    assert "code" in answer(stage.browser.get(client.request(prompt="none", acr_values=sfa)))


def test_a_token_for_a_registration_is_replaced_when_it_was_used_to_change_it(stage: Stage) -> None:
    """RFC 7592, 3: the old one counts until the new one came, for its answer may have been lost."""
    told = made(stage)
    wanted = {**WANTED, "client_id": told["client_id"]}
    lost = managed(stage, told, "PUT", wanted).json
    again = managed(stage, told, "PUT", wanted).json
    tokens = {one["registration_access_token"] for one in (told, lost, again)}
    assert len(tokens) == 3
    assert managed(stage, lost).status_code == 401, "nobody has it"
    assert managed(stage, again).status_code == 200
    assert managed(stage, told).status_code == 401 and managed(stage, again).status_code == 200


CALLS: list[tuple[list[str], str]] = [
    (["--redirect-uri", "http://rp.example/"], "not https: http://rp.example/"),
    (["--redirect-uri", "https://rp.example/#x"], "cannot be kept: https://rp.example/#x"),
    (["--redirect-uri", CALLBACK, "--post-logout-redirect-uri", "x"], "cannot be kept: x"),
    (["--redirect-uri", CALLBACK, "--initiate-login-uri", "http://rp.example/"], "initiate_login_uri"),
    (["--redirect-uri", CALLBACK, "--auth-method", "private_key_jwt"], "jwks is missing"),
    (["--redirect-uri", CALLBACK, "--profile", "fapi2"], "needs a key"),
]


@pytest.mark.parametrize(("options", "said"), CALLS)
def test_the_command_line_says_what_is_wrong(stage: Stage, options: list[str], said: str) -> None:
    with stage.app.app_context():
        told = CliRunner().invoke(commands, ["add", "--name", "X", *options])
    assert told.exit_code == 1 and said in told.output


def test_the_operator_registers_with_a_file_and_looks_at_it(stage: Stage, tmp_path: Any) -> None:
    file = tmp_path / "client.json"
    file.write_text(json.dumps({"policy_uri": "https://rp.example/privacy", "client_name#fr": "Registre"}))
    options = ["--name", "X", "--redirect-uri", APP, "--application-type", "native", "--metadata", str(file)]
    with stage.app.app_context():
        told = CliRunner().invoke(commands, ["add", *options, "--auth-method", "none"]).output
        client_id = told.rpartition("client_id: ")[2].strip()
        assert client_id.isalnum(), "a dash at its beginning would be an option of the next command"
        shown = CliRunner().invoke(commands, ["show", client_id]).output
        for line in ('application_type: "native"', 'client_name#fr: "Registre"', "auth_method: none", APP):
            assert line in shown
        assert CliRunner().invoke(commands, ["remove", client_id]).exit_code == 0
        for command in ("show", "remove", "rotate-secret"):
            gone = CliRunner().invoke(commands, [command, client_id])
            assert gone.exit_code == 1 and "There is no such client" in gone.output
        file.write_text("[]")
        assert "is not a JSON object" in CliRunner().invoke(commands, ["add", *options]).output
