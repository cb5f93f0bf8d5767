"""Signing in and out at an identity server that is sometimes wrong, slow, gone or hostile."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from joserfc import jwt
from joserfc.jwk import OctKey
from sqlalchemy import select

from cpms_client import clock
from cpms_client.db import db
from cpms_client.models import Colleague
from cpms_client.sessions import Session
from tests.support.cpms_browser import begin, csrf, sign_in
from tests.support.fake_issuer import access, ec_key, path_of, rsa_key


def later(**time):
    return time_machine.travel(clock.now() + timedelta(**time), tick=True)


def sessions(app):
    with app.app_context():
        return list(db.session.scalars(select(Session)))


def test_a_person_signs_in_and_arrives_where_the_person_wanted_to_go(client, issuer):
    back = sign_in(client, "/sign-in?return_to=/help")
    assert (back.status_code, back.location) == (303, "/help")
    assert "Lena Hartwig" in client.get("/help").text


def test_the_request_asks_for_code_pkce_nonce_and_two_factors(client, issuer):
    sign_in(client)
    wishes = issuer.wishes
    assert wishes["response_type"] == "code"
    assert wishes["code_challenge_method"] == "S256"
    assert wishes["scope"] == "openid profile email ern"
    assert wishes["acr_values"] == "https://refeds.org/profile/mfa"
    assert wishes["redirect_uri"] == "http://localhost/sign-in/callback"
    assert len(wishes["state"]) >= 43
    assert len(wishes["nonce"]) >= 43


def test_discovery_and_keys_are_fetched_once_for_many_sign_ins(client, issuer):
    for _ in range(3):
        sign_in(client)
    assert issuer.asked.count("openid-configuration") == 1
    assert issuer.asked.count("jwks") == 1


def test_the_session_cookie_is_new_at_each_sign_in_and_the_old_session_is_gone(app, client, issuer):
    sign_in(client)
    first = client.get_cookie("cpms_session")
    sign_in(client)
    second = client.get_cookie("cpms_session")
    assert first.value != second.value
    assert second.http_only
    assert second.same_site == "Lax"
    assert len(sessions(app)) == 1


def test_tokens_and_cookies_do_not_lie_readable_in_the_database(app, client, issuer, folder):
    sign_in(client)
    cookie = client.get_cookie("cpms_session").value
    stored = b"".join(path.read_bytes() for path in folder.iterdir())
    assert cookie.encode() not in stored
    assert next(iter(issuer.tokens)).encode() not in stored
    assert b"eyJ" not in stored


def test_who_entered_becomes_known_to_colleagues_and_who_could_not_enter_does_not(app, client, issuer):
    sign_in(client)
    issuer.person.sub, issuer.person.accesses = "n00nobody", []
    sign_in(app.test_client())
    with app.app_context():
        assert list(db.session.scalars(select(Colleague.sub))) == ["n00axup3"]


LIES = {
    "another issuer": lambda claims: claims.update(iss="https://evil.example"),
    "no issuer": lambda claims: claims.pop("iss"),
    "another audience": lambda claims: claims.update(aud="ecp"),
    "an empty audience": lambda claims: claims.update(aud=[]),
    "two audiences without a party": lambda claims: claims.update(aud=["cpms", "ecp"]),
    "another authorised party": lambda claims: claims.update(aud=["cpms", "ecp"], azp="ecp"),
    "another party for one audience": lambda claims: claims.update(azp="ecp"),
    "another nonce": lambda claims: claims.update(nonce="x"),
    "no nonce": lambda claims: claims.pop("nonce"),
    "expired": lambda claims: claims.update(exp=claims["iat"] - 60),
    "no expiry": lambda claims: claims.pop("exp"),
    "an endless expiry": lambda claims: claims.update(exp=float("nan")),
    "issued in a minute": lambda claims: claims.update(iat=claims["iat"] + 60),
    "no auth_time": lambda claims: claims.pop("auth_time"),
    "an auth_time that is a text": lambda claims: claims.update(auth_time="now"),
    "an auth_time in the future": lambda claims: claims.update(auth_time=claims["iat"] + 60),
    "no subject": lambda claims: claims.pop("sub"),
    "an empty subject": lambda claims: claims.update(sub=""),
    "a subject that is a number": lambda claims: claims.update(sub=5),
    "an endless subject": lambda claims: claims.update(sub="n" * 256),
}


@pytest.mark.parametrize("lie", LIES)
def test_an_id_token_that_lies_signs_nobody_in(app, client, issuer, lie):
    issuer.twist_claims = LIES[lie]
    answer = sign_in(client)
    assert answer.status_code == 502
    assert "could not be confirmed" in answer.text
    assert sessions(app) == []


def forged(issuer, claims):
    return jwt.encode({"alg": "RS256", "kid": "one"}, claims, rsa_key("foreign"))


def by_secret(issuer, claims):
    secret = OctKey.import_key("cpms-development-secret-never-for-production")
    return jwt.encode({"alg": "HS256", "kid": "one"}, claims, secret)


def unsigned(issuer, claims):
    _head, body, _signature = issuer.signed(claims).split(".")
    return f"eyJhbGciOiJub25lIiwia2lkIjoib25lIn0.{body}."


def without_kid(issuer, claims):
    return jwt.encode({"alg": "RS256"}, claims, rsa_key("one"))


def unknown_kid(issuer, claims):
    return jwt.encode({"alg": "RS256", "kid": "nobody knows"}, claims, rsa_key("one"))


FORGERIES = {
    "a foreign signature": forged,
    "the client secret as key": by_secret,
    "alg none": unsigned,
    "no kid": without_kid,
    "an unknown kid": unknown_kid,
    "a list as kid": lambda issuer, claims: issuer.signed(claims).replace("eyJ", "eyK", 1),
    "not a token": lambda issuer, claims: "abc",
    "an empty token": lambda issuer, claims: "",
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_id_token_signs_nobody_in(app, client, issuer, forgery):
    issuer.make_id_token = lambda claims: FORGERIES[forgery](issuer, claims)
    assert sign_in(client).status_code == 502
    assert sessions(app) == []


def test_a_token_signed_with_the_issuers_elliptic_key_is_believed(client, issuer):
    issuer.key = ec_key("elliptic")
    assert sign_in(client).status_code == 303


def test_a_clock_that_differs_by_eight_seconds_is_tolerated(client, issuer):
    issuer.twist_claims = lambda claims: claims.update(iat=claims["iat"] + 8, auth_time=claims["iat"] + 8)
    assert sign_in(client).status_code == 303


def test_several_audiences_are_believed_when_cpms_is_the_authorised_party(client, issuer):
    issuer.twist_claims = lambda claims: claims.update(aud=["cpms", "other"], azp="cpms")
    assert sign_in(client).status_code == 303


def test_a_rotated_key_is_found_by_fetching_the_keys_again(client, issuer):
    sign_in(client)
    issuer.key = rsa_key("two")
    issuer.published = [rsa_key("one"), rsa_key("two")]
    with later(seconds=11):
        assert sign_in(client).status_code == 303
    assert issuer.asked.count("jwks") == 2


def test_unknown_keys_do_not_make_cpms_hammer_the_identity_server(client, issuer):
    issuer.make_id_token = lambda claims: unknown_kid(issuer, claims)
    for _ in range(4):
        sign_in(client)
    assert issuer.asked.count("jwks") == 1


def test_userinfo_about_somebody_else_signs_nobody_in(app, client, issuer):
    issuer.twist_person = lambda claims: claims.update(sub="n00other")
    assert sign_in(client).status_code == 502
    assert sessions(app) == []


CALLBACK_LIES = {
    "another issuer": lambda answer: answer.update(iss="https://evil.example"),
    "no issuer though promised": lambda answer: answer.pop("iss"),
    "no code": lambda answer: answer.pop("code"),
    "a made-up code": lambda answer: answer.update(code="made-up"),
}


@pytest.mark.parametrize("lie", CALLBACK_LIES)
def test_a_callback_that_lies_signs_nobody_in(app, client, issuer, lie):
    issuer.twist_callback = CALLBACK_LIES[lie]
    assert sign_in(client).status_code == 502
    assert sessions(app) == []


def test_an_issuer_that_never_promised_iss_may_leave_it_out(client, issuer):
    issuer.twist_metadata = lambda metadata: metadata.pop("authorization_response_iss_parameter_supported")
    issuer.twist_callback = lambda answer: answer.pop("iss")
    assert sign_in(client).status_code == 303


ERRORS = {
    "access_denied": (403, "Request access to CPMS"),
    "login_required": (400, "not signed in"),
    "interaction_required": (400, "has a question"),
    "consent_required": (400, "consent"),
    "unmet_authentication_requirements": (403, "second factor"),
    "temporarily_unavailable": (503, "busy"),
    "server_error": (502, "had a problem"),
    "invalid_request": (502, "did not work"),
    "<script>alert(1)</script>": (502, "did not work"),
}


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_of_the_identity_server_becomes_a_plain_page_with_a_way_on(client, issuer, error):
    issuer.authorization_error = error
    answer = sign_in(client, "/sign-in?return_to=/help")
    status, words = ERRORS[error]
    assert answer.status_code == status
    assert words in answer.text
    assert "/sign-in?return_to=/help" in answer.text
    assert "<script>" not in answer.text


LOCKED = {"error_contacts": "Clara Vasseur, Žofie <b>Nováková</b>"}


def test_who_is_locked_after_panic_reads_who_can_open_it_and_where_to_ask_them(client, issuer):
    issuer.authorization_error = "access_denied"
    issuer.twist_callback = lambda answer: answer.update(LOCKED, error_uri=issuer.issuer + "/saas/locked")
    answer = sign_in(client, "/sign-in?return_to=/help")
    assert answer.status_code == 403
    assert "Your access to CPMS is locked" in answer.text
    assert "<li>Clara Vasseur</li><li>Žofie &lt;b&gt;Nováková&lt;/b&gt;</li>" in answer.text
    assert f'href="{issuer.issuer}/saas/locked"' in answer.text
    assert "/sign-in?return_to=/help" in answer.text
    assert "Request access" not in answer.text.partition("<main")[2]


def test_where_nobody_can_open_it_the_help_desk_is_named(client, issuer):
    issuer.authorization_error = "access_denied"
    issuer.twist_callback = lambda answer: answer.update(error_uri=issuer.issuer + "/saas/locked", error_contacts="")
    assert "Nobody of your network can open it at this moment" in sign_in(client).text


@pytest.mark.parametrize("page", ["https://evil.example/saas/locked", "javascript:alert(1)", "", "//evil.example"])
def test_a_page_elsewhere_is_never_linked(client, issuer, page):
    issuer.authorization_error = "access_denied"
    issuer.twist_callback = lambda answer: answer.update(error_uri=page, error_contacts="Eve")
    answer = sign_in(client)
    assert "Request access to CPMS" in answer.text
    assert "evil" not in answer.text and "Eve" not in answer.text


def test_a_callback_is_good_for_one_time_and_the_back_button_leads_on(app, client, issuer):
    callback = begin(client)
    assert client.get(callback).status_code == 303
    again = client.get(callback)
    assert again.status_code == 400
    assert "already done" in again.text
    assert 'href="/start"' in again.text
    assert len(sessions(app)) == 1


def test_of_parallel_callbacks_exactly_one_signs_in(app, client, issuer):
    callback = begin(client)
    cookie = client.get_cookie("cpms_form").value

    def call(_number):
        browser = app.test_client()
        browser.set_cookie("cpms_form", cookie)
        return browser.get(callback).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(call, range(8)))
    assert answers == [303] + [400] * 7
    assert len(sessions(app)) == 1


def test_a_callback_of_another_browser_is_refused(app, client, issuer):
    callback = begin(client)
    thief = app.test_client().get(callback)
    assert thief.status_code == 400
    assert "did not begin here" in thief.text
    assert sessions(app) == []


@pytest.mark.parametrize(
    "address", ["/sign-in/callback", "/sign-in/callback?state=x&code=y", "/sign-in/callback?state=a&state=b"]
)
def test_a_callback_out_of_the_blue_is_refused(client, issuer, address):
    assert client.get(address).status_code == 400


@pytest.mark.parametrize("age", ["-1", "1" * 30, "x", "", "1.5"])
def test_a_senseless_max_age_is_ignored(client, issuer, age):
    assert sign_in(client, "/sign-in?max_age=" + age).status_code == 303
    assert "max_age" not in issuer.wishes


def test_an_endless_code_never_reaches_the_identity_server(client, issuer):
    issuer.twist_callback = lambda answer: answer.update(code="x" * 5000)
    assert sign_in(client).status_code == 502
    assert "token" not in issuer.asked


def test_a_sign_in_that_took_too_long_ends_with_a_way_on(app, client, issuer):
    callback = begin(client)
    with later(minutes=31):
        answer = client.get(callback)
    assert answer.status_code == 400
    assert "took too long" in answer.text
    assert sessions(app) == []


def test_two_tabs_sign_in_independently(client, issuer):
    first, second = begin(client, "/sign-in?return_to=/help"), begin(client, "/sign-in?return_to=/privacy")
    assert client.get(second).location == "/privacy"
    assert client.get(first).location == "/help"


ELSEWHERE = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "/" + "x" * 2000,
    "/a\nb",
    "",
]


@pytest.mark.parametrize("wish", ELSEWHERE)
def test_nobody_is_sent_to_another_server_after_signing_in(client, issuer, wish):
    client.get("/")
    away = client.get("/sign-in", query_string={"return_to": wish})
    import requests

    back = requests.get(away.location, allow_redirects=False, timeout=5)
    assert client.get(path_of(back.headers["Location"])).location == "/start"


@pytest.mark.parametrize("endpoint", ["openid-configuration", "token", "userinfo", "jwks"])
def test_an_identity_server_that_fails_gives_a_page_and_a_later_try_succeeds(app, client, issuer, endpoint):
    issuer.failing = {endpoint}
    answer = client.get("/sign-in") if endpoint == "openid-configuration" else sign_in(client)
    assert answer.status_code == 503
    assert "cannot be reached" in answer.text
    assert sessions(app) == []
    issuer.failing = set()
    assert sign_in(client).status_code == 303


def test_a_discovery_document_of_another_issuer_is_not_used(client, issuer):
    issuer.twist_metadata = lambda metadata: metadata.update(issuer="https://evil.example")
    assert client.get("/sign-in").status_code == 503


def test_signing_out_ends_the_session_here_and_leads_to_the_issuers_logout(app, client, issuer):
    sign_in(client)
    old = client.get_cookie("cpms_session").value
    away = client.post("/sign-out", data={"csrf_token": csrf(client)})
    wishes = {name: values[0] for name, values in parse_qs(urlsplit(away.location).query).items()}
    assert away.location.startswith(issuer.issuer + "/oauth2/logout?")
    assert wishes["post_logout_redirect_uri"] == "http://localhost/"
    assert wishes["client_id"] == "cpms"
    assert wishes["id_token_hint"].startswith("eyJ")
    assert "You are logged out" in client.get("/?state=" + wishes["state"]).text
    assert "You are logged out" not in client.get("/?state=guessed").text
    assert sessions(app) == []
    client.set_cookie("cpms_session", old)
    assert "Lena Hartwig" not in client.get("/").text


def test_signing_out_works_while_the_identity_server_is_gone(app, client, issuer):
    sign_in(client)
    token = csrf(client)
    issuer.failing = {"openid-configuration"}
    with later(hours=2):
        away = client.post("/sign-out", data={"csrf_token": token})
        assert away.location.startswith("/?state=")
        page = client.get(away.location).text
    assert "you may still be signed in there" in page
    assert sessions(app) == []


def test_signing_out_needs_the_form_and_never_follows_a_link(app, client, issuer):
    sign_in(client)
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out").status_code == 400
    assert len(sessions(app)) == 1


def test_a_posted_form_waits_until_the_same_person_is_back(app, client, issuer):
    sign_in(client)
    token = csrf(client)
    with later(hours=2):
        away = client.post("/test-note?a=1", data={"csrf_token": token, "text": "Ünïcode <b>", "tag": ["x", "y"]})
        assert away.status_code == 303
        back = sign_in(client, away.location)
        page = client.get(back.location).text
        assert re.search(r'<form method="post" action="/test-note\?a=1">', page)
        assert 'name="text" value="Ünïcode &lt;b&gt;"' in page
        assert page.count('name="tag"') == 2
        fields = {"csrf_token": re.findall(r'name="csrf_token" value="([^"]+)"', page)[-1], "text": "again"}
        assert client.post("/test-note", data=fields).text == "again"
        issuer.person.sub = "n00other"
        stranger = app.test_client()
        sign_in(stranger)
        assert stranger.get(back.location).status_code == 404


def test_a_grave_act_asks_for_a_fresh_sign_in_and_the_issuer_must_give_one(client, issuer):
    issuer.auth_age = 3600
    sign_in(client)
    away = client.get("/test-grave")
    assert away.status_code == 303
    stale = sign_in(client, away.location)
    assert issuer.wishes["max_age"] == "600"
    assert stale.status_code == 502
    issuer.auth_age = 1
    assert sign_in(client, away.location).location == "/test-grave"
    assert client.get("/test-grave").text == "done"


def test_sessions_end_after_an_idle_hour_and_after_twelve_hours_at_most(client, issuer):
    sign_in(client)
    with later(minutes=59):
        assert client.get("/test-who").status_code == 200
    with later(minutes=120):
        assert client.get("/test-who").status_code == 303
    with later(hours=0):
        sign_in(client)
    for hour in range(1, 24):
        with later(minutes=55 * hour):
            answer = client.get("/test-who").status_code
        if answer != 200:
            break
    assert 55 * hour >= 12 * 60 > 55 * (hour - 1)


def test_rights_are_asked_again_after_a_minute_and_not_before(client, issuer):
    sign_in(client)
    for seconds, expected in ((10, 1), (50, 1), (61, 2), (70, 2), (130, 3)):
        with later(seconds=seconds):
            client.get("/test-who")
        assert issuer.asked.count("userinfo") == expected, seconds


def test_a_changed_right_counts_within_a_minute(client, issuer):
    sign_in(client)
    issuer.person.accesses = [access(hcp="DE03")]
    with later(seconds=61):
        assert "DE03" in client.get("/test-who").text
    issuer.person.accesses = []
    with later(seconds=122):
        assert client.get("/test-who").status_code == 403


def test_no_data_is_shown_while_the_identity_server_is_gone_and_nothing_is_lost(client, issuer):
    sign_in(client)
    token = csrf(client)
    issuer.failing = {"userinfo"}
    with later(seconds=59):
        assert client.get("/test-who").status_code == 200
    with later(seconds=61):
        closed = client.get("/test-who")
        assert closed.status_code == 503
        assert "DE22" not in closed.text
        kept = client.post("/test-note", data={"csrf_token": token, "text": "precious"})
        assert kept.status_code == 503
        issuer.failing = set()
        assert client.get("/test-who").status_code == 200
        way_back = re.search(r'href="(/kept/[^"]+)"', kept.text).group(1)
        assert "precious" in client.get(way_back).text


def test_a_revoked_access_token_leads_to_a_new_sign_in_and_back(client, issuer):
    sign_in(client)
    issuer.forget_tokens()
    with later(seconds=61):
        away = client.get("/test-who?page=2")
        assert away.status_code == 303
        assert sign_in(client, away.location).location == "/test-who?page=2"
