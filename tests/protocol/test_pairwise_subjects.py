"""Clients that know people by identifiers of their own sector (OpenID Connect Core, 8; Registration, 5)."""

from typing import Any

import orjson
import pytest

from idp.accounts import people, session
from idp.core import jobs
from idp.core.errors import Invalid
from idp.core.levels import SFA
from idp.core.signed import new_token
from idp.oidc import registration
from tests.oidc.relying_party import CALLBACK, answer
from tests.protocol.sites import Site
from tests.protocol.stage import Client, Stage
from tests.signin.browser import EMAIL, person

PAIRWISE = {"subject_type": "pairwise"}
ELSEWHERE = "https://other.example/callback"


def pairwise(stage: Stage, *redirect_uris: str, **further: Any) -> Client:
    client = stage.client(redirect_uris=list(redirect_uris or [CALLBACK]), further={**PAIRWISE, **further})
    client.redirect_uri = redirect_uris[0] if redirect_uris else CALLBACK
    return client


def told(client: Client, tokens: dict[str, Any]) -> set[object]:
    """Every `sub` that a client is told with its tokens."""
    access = client.verified(tokens["access_token"])
    return {
        access["sub"],
        client.verified(tokens["id_token"])["sub"],
        client.userinfo(tokens["access_token"]).json["sub"],
        client.introspect(tokens["access_token"]).json["sub"],
        client.introspect(tokens["refresh_token"]).json["sub"],
    }


def sub_for(stage: Stage, client: Client) -> object:
    (sub,) = told(client, stage.tokens(client))
    return sub


def test_a_sector_knows_a_person_by_one_identifier_everywhere(stage: Stage) -> None:
    """Core, 8.1 and 5.3.2: the same in ID token, UserInfo, access token and introspection, and the next time."""
    first, second = pairwise(stage), pairwise(stage, f"{CALLBACK}/second")
    sub = sub_for(stage, first)
    assert sub == sub_for(stage, first) == sub_for(stage, second)
    refreshed = first.refresh(stage.tokens(first)["refresh_token"]).json
    assert told(first, refreshed) == {sub}


def test_two_sectors_cannot_tell_that_they_know_the_same_person(stage: Stage) -> None:
    """Core, 8.1: not the account's identifier, nothing computed from it without our key, and no other claim tells."""
    here, there, public = pairwise(stage), pairwise(stage, ELSEWHERE), stage.client()
    subs = {sub_for(stage, here), sub_for(stage, there), sub_for(stage, public)}
    assert len(subs) == 3 and stage.uid in subs
    tokens = stage.tokens(here)
    for text in (tokens["access_token"], tokens["id_token"]):
        assert stage.uid not in str(here.verified(text))
    assert stage.uid not in here.userinfo(tokens["access_token"]).text
    assert public.userinfo(stage.tokens(public)["access_token"]).json["preferred_username"] == stage.uid


def test_two_people_are_two_in_a_sector(stage: Stage) -> None:
    client = pairwise(stage)
    first = sub_for(stage, client)
    person(stage.app, "ada@hospital.example")
    stage.proves(SFA, "ada@hospital.example")
    assert sub_for(stage, client) != first
    assert len(str(first)) == 43, "255 characters at most, letters and digits (Core, 2)"


def test_another_process_tells_the_same_identifier(stage: Stage) -> None:
    """Core, 8.1: the key lies in the database, sealed."""
    client = pairwise(stage)
    before = sub_for(stage, client)
    stage.app.extensions.pop("ern_pairwise_key")
    assert sub_for(stage, client) == before


@pytest.mark.parametrize("own", [True, False])
def test_a_hint_of_the_sector_names_the_person(stage: Stage, own: bool) -> None:
    """Core, 3.1.2.1: id_token_hint; an ID token of a public client names the same person, another text nobody."""
    client, public = pairwise(stage), stage.client()
    hints = [stage.tokens(client)["id_token"], stage.tokens(public)["id_token"]] if own else ["x.y.z"]
    for hint in hints:
        got = answer(stage.browser.get(client.request(prompt="none", id_token_hint=hint)))
        assert ("code" in got) is own and got.get("error") == (None if own else "login_required")


@pytest.mark.parametrize("as_the_sector_knows", [True, False])
def test_a_sector_asks_for_a_person_by_its_own_identifier(stage: Stage, as_the_sector_knows: bool) -> None:
    """Core, 5.5.1: the value of sub; the account's identifier names nobody in a sector."""
    client = pairwise(stage)
    sub = sub_for(stage, client) if as_the_sector_knows else stage.uid
    claims = orjson.dumps({"id_token": {"sub": {"value": sub}}}).decode()
    got = answer(stage.browser.get(client.request(prompt="none", claims=claims)))
    assert ("code" in got) is as_the_sector_knows


def test_a_logout_token_names_the_person_as_the_sector_knows_it(stage: Stage, site: Site) -> None:
    """Back-Channel Logout 1.0, 2.4."""
    client = pairwise(stage, backchannel_logout_uri=f"{site.address}/logout")
    sub = sub_for(stage, client)
    with stage.app.app_context():
        session.end_all(people.by_address(EMAIL).id, "signed_out")  # type: ignore[union-attr]
        assert jobs.deliver_next()
    (sent,) = site.forms
    assert client.verified(sent["logout_token"])["sub"] == sub


def test_a_hint_signs_out(stage: Stage) -> None:
    """RP-Initiated Logout 1.0, 2."""
    client = pairwise(stage)
    hint = stage.tokens(client)["id_token"]
    page = stage.browser.get("/oauth2/logout", query_string={"id_token_hint": hint})
    assert page.status_code == 303 and "/logout/done" in page.headers["Location"]


def registers(stage: Stage, **metadata: Any) -> Any:
    with stage.app.app_context():
        token = registration.invite(741, 7, 1)
    wanted = {"client_name": "Rare Registry", "redirect_uris": [CALLBACK], **metadata}
    headers = {"Authorization": f"Bearer {token}"}
    return stage.app.test_client().post("/oauth2/register", json=wanted, headers=headers)


def test_several_hosts_need_an_address_that_binds_them(stage: Stage) -> None:
    """Core, 8.1: else the sector is not clear."""
    with pytest.raises(Invalid):
        pairwise(stage, CALLBACK, ELSEWHERE)
    refused = registers(stage, redirect_uris=[CALLBACK, ELSEWHERE], **PAIRWISE)
    assert refused.status_code == 400 and refused.json["error"] == "invalid_client_metadata"


def test_the_clients_of_a_sector_document_share_its_identifiers(stage: Stage, site: Site) -> None:
    """Registration, 5: every redirect URI stands in it, and its host is the sector."""
    site.body = orjson.dumps([CALLBACK, ELSEWHERE, "https://third.example/"])
    found = registers(stage, redirect_uris=[CALLBACK, ELSEWHERE], sector_identifier_uri=site.address, **PAIRWISE)
    assert found.status_code == 201 and found.json["subject_type"] == "pairwise"
    assert found.json["sector_identifier_uri"] == site.address and site.visits == 1
    one = pairwise(stage, sector_identifier_uri=site.address)
    other = pairwise(stage, ELSEWHERE, sector_identifier_uri=site.address)
    assert sub_for(stage, one) == sub_for(stage, other) != sub_for(stage, pairwise(stage))


BAD_SECTORS = [
    b"[]",
    b'["https://other.example/callback"]',
    b'{"uris": ["x"]}',
    b'"https://rp.example/callback"',
    b"<",
    b"[1]",
]


@pytest.mark.parametrize("body", BAD_SECTORS)
@pytest.mark.parametrize("subject_type", ["pairwise", "public"])
def test_a_sector_takes_nobody_whom_it_does_not_list(stage: Stage, site: Site, body: bytes, subject_type: str) -> None:
    """Registration, 5: else anybody could learn by which identifiers a sector knows people."""
    site.body = body
    refused = registers(stage, sector_identifier_uri=site.address, subject_type=subject_type)
    assert refused.status_code == 400 and refused.json["error"] == "invalid_client_metadata"


@pytest.mark.parametrize("address", ["http://10.0.0.1/", "https://10.0.0.1/", "file:///etc/passwd", 5, "", "//x"])
def test_a_sector_document_is_fetched_with_care(stage: Stage, address: object) -> None:
    assert registers(stage, sector_identifier_uri=address).json["error"] == "invalid_client_metadata"


def test_nothing_is_fetched_for_somebody_without_an_invitation(stage: Stage, site: Site) -> None:
    """RFC 9700, 4.9: the server visits no address for strangers."""
    metadata = {"client_name": "x", "redirect_uris": [CALLBACK], "sector_identifier_uri": site.address}
    headers = {"Authorization": f"Bearer {new_token()}"}
    refused = stage.app.test_client().post("/oauth2/register", json=metadata, headers=headers)
    assert refused.status_code == 401 and site.visits == 0


def test_a_registration_cannot_move_into_a_foreign_sector(stage: Stage, site: Site) -> None:
    """RFC 7592, 2.2: a change is judged like a registration."""
    made = registers(stage, **PAIRWISE).json
    wanted = {name: made[name] for name in ("client_id", "client_name", "redirect_uris")}
    refused = stage.app.test_client().put(
        f"/oauth2/register/{made['client_id']}",
        json={**wanted, **PAIRWISE, "sector_identifier_uri": site.address},
        headers={"Authorization": f"Bearer {made['registration_access_token']}"},
    )
    assert refused.status_code == 400


def test_discovery_tells_of_both_types(stage: Stage) -> None:
    """Discovery, 3."""
    metadata = stage.app.test_client().get("/.well-known/openid-configuration").json
    assert metadata["subject_types_supported"] == ["public", "pairwise"]
