"""The hot paths, each as one complete operation that is checked; a table names them."""

import base64
import hashlib
import itertools
import json
import secrets
from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urlsplit

from sqlalchemy import select

from bench.population import CALLBACK, OWN_SCOPE, PASSWORD, PROGRAM, SCOPE, Population
from bench.visitor import Answer, Unexpected, Visitor
from idp.core.db import db
from idp.core.outbox import Channel, Message, content_of

Operation = Callable[[], object]
WIZARD = "/saas/requestAccess/application/741/create.html"


def operations(place: Population, visitor: Visitor) -> dict[str, Operation]:
    """Return the operations by name; all of them are made by `visitor`, who is a signed-in person from now on."""
    emails = itertools.cycle(place.with_phone)
    sign_in(visitor, next(emails), PASSWORD)
    step = second_step(visitor)
    return {
        **protocol(place, visitor),
        "sign-in page": lambda: _as_nobody(visitor, lambda: expect(visitor.follow(visitor.get("/login")))),
        "login flow, text message": lambda: _as_nobody(visitor, lambda: sign_in(visitor, next(emails), PASSWORD)),
        "SAAS home": lambda: expect(visitor.get("/saas/")),
        "wizard, step 2": lambda: expect(visitor.get(step)),
    }


def protocol(place: Population, visitor: Visitor) -> dict[str, Operation]:
    """Return what applications cause; `visitor` is signed in from now on."""
    emails = itertools.cycle(place.with_password_alone)
    sign_in(visitor, next(emails), PASSWORD)
    tokens = code_flow(place, visitor)
    token = str(tokens["access_token"])
    own = {"grant_type": "client_credentials", "scope": OWN_SCOPE}
    return {
        "discovery": lambda: expect(visitor.get("/.well-known/openid-configuration")),
        "JWKS": lambda: expect(visitor.get("/oauth2/jwks")),
        "client credentials": lambda: expect(visitor.post("/oauth2/token", own, authorization=basic(place, PROGRAM))),
        "refresh": refreshing(place, visitor, str(tokens["refresh_token"])),
        "introspection": lambda: expect(
            visitor.post("/oauth2/introspect", {"token": token}, authorization=basic(place))
        ),
        "userinfo": lambda: expect(visitor.get("/oauth2/userinfo", authorization=f"Bearer {token}")),
        "code flow": lambda: code_flow(place, visitor),
        "login flow": lambda: _as_nobody(visitor, lambda: login_flow(place, visitor, next(emails))),
    }


def login_flow(place: Population, visitor: Visitor, email: str) -> None:
    """Come from an application, sign in with the password, and go back to it with a code for tokens."""
    address, verifier = _request(place)
    page = visitor.follow(visitor.get(address))
    _redeem(place, visitor, visitor.send(page, identifier=email, password=PASSWORD), verifier)


def expect(answer: Answer, status: int = 200) -> Answer:
    """Return the answer; raise Unexpected if it has another status."""
    if answer.status != status:
        raise Unexpected(f"{answer.path} answered {answer.status}")
    return answer


def sign_in(visitor: Visitor, email: str, password: str) -> None:
    """Sign in with the password and a text message, from the page to the session."""
    page = visitor.follow(visitor.get("/login"))
    page = visitor.send(page, identifier=email, password=password)
    if page.path.startswith("/login/verify"):
        page = visitor.send(page, method="sms")
        page = visitor.send(page, code=_newest_code(visitor))
    if "ern_session" not in visitor.cookies or page.path.startswith("/login"):
        raise Unexpected(f"{email} was not signed in but is at {page.path}")


def code_flow(place: Population, visitor: Visitor) -> dict[str, object]:
    """Live session, authorization request with PKCE, code, tokens with an ID token."""
    address, verifier = _request(place)
    return _redeem(place, visitor, visitor.follow(visitor.get(address)), verifier)


def _request(place: Population) -> tuple[str, str]:
    """Return an authorization request and the verifier of its challenge (RFC 7636)."""
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code", "client_id": place.client_id, "redirect_uri": CALLBACK,
        "scope": SCOPE,
        "state": "s", "nonce": "n", "code_challenge": challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    return f"/oauth2/authorize?{urlencode(query)}", verifier


def _redeem(place: Population, visitor: Visitor, back: Answer, verifier: str) -> dict[str, object]:
    """Redeem the code that came back to the application."""
    form = {
        "grant_type": "authorization_code", "code": parse_qs(urlsplit(back.location).query)["code"][0],
        "redirect_uri": CALLBACK, "code_verifier": verifier,
    }  # fmt: skip
    answer = expect(visitor.post("/oauth2/token", form, authorization=basic(place)))
    tokens: dict[str, object] = json.loads(answer.body)
    if "id_token" not in tokens:
        raise Unexpected("no ID token came")
    return tokens


def basic(place: Population, client_id: str = "") -> str:
    """Return the header with which a client proves itself."""
    return "Basic " + base64.b64encode(f"{client_id or place.client_id}:{place.client_secret}".encode()).decode()


def refreshing(place: Population, visitor: Visitor, first: str) -> Operation:
    """Return an operation that uses the refresh token which the last one gave."""
    kept = [first]

    def refresh() -> None:
        form = {"grant_type": "refresh_token", "refresh_token": kept[-1]}
        answer = json.loads(expect(visitor.post("/oauth2/token", form, authorization=basic(place))).body)
        kept[:] = [str(answer["refresh_token"])]

    return refresh


def second_step(visitor: Visitor) -> str:
    """Begin a request for CPMS and return the address of its second step."""
    page = expect(visitor.get(WIZARD))
    return visitor.post(page.path, {"csrf_token": page.token, "application": "741"}).location


def _as_nobody(visitor: Visitor, call: Callable[[], object]) -> None:
    kept, visitor.cookies = visitor.cookies, {}
    try:
        call()
    finally:
        visitor.cookies = kept


def _newest_code(visitor: Visitor) -> str:
    newest = select(Message).where(Message.channel == Channel.SMS).order_by(Message.id.desc()).limit(1)
    with visitor.app.app_context():
        content = content_of(db.session.scalars(newest).one())
    if content is None or content.code is None:
        raise Unexpected("no code was sent")
    return content.code
