"""Clients of the FAPI 2.0 plans: each way to prove, to bind, to ask and to be answered."""

import time
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from joserfc import jwt
from werkzeug.test import TestResponse

from tests.oidc.relying_party import ISSUER, answer
from tests.protocol.certificates import GOOD, OWN, SUBJECT
from tests.protocol.stage import OFFLINE, Client, Stage
from tests.protocol.test_dpop import EC, TOKEN, USERINFO, proof
from tests.protocol.test_responses_and_claims import opened

KEYED, OWN_CERTIFICATE, VOUCHED = "private_key_jwt", "self_signed_tls_client_auth", "tls_client_auth"


@dataclass(frozen=True)
class Plan:
    """How a client authenticates, whether its tokens count with a DPoP key, how it asks and is answered."""

    method: str
    dpop: bool
    signed: bool = False
    mode: str | None = None


# Named as on the page of results (docs/conformance.md).
PLANS = {
    "private_key_jwt and DPoP": Plan(KEYED, dpop=True),
    "private_key_jwt and certificates": Plan(KEYED, dpop=False),
    "mutual TLS and DPoP": Plan(OWN_CERTIFICATE, dpop=True),
    "mutual TLS and certificates": Plan(OWN_CERTIFICATE, dpop=False),
    "mutual TLS by an authority and DPoP": Plan(VOUCHED, dpop=True),
    "mutual TLS by an authority and certificates": Plan(VOUCHED, dpop=False),
    "signed requests": Plan(KEYED, dpop=True, signed=True),
    "signed answers (JARM)": Plan(KEYED, dpop=True, mode="jwt"),
}
each_plan = pytest.mark.parametrize("plan", PLANS)
each_plan_with_assertions = pytest.mark.parametrize(
    "plan", [name for name, plan in PLANS.items() if plan.method == KEYED]
)
each_plan_with_proofs = pytest.mark.parametrize("plan", [name for name, plan in PLANS.items() if plan.dpop])


@dataclass
class Party:
    """A client of a plan, and what it does; None takes a parameter away."""

    stage: Stage
    client: Client
    plan: Plan

    def posts(self, path: str, given: str | None, fields: dict[str, Any], **changes: str | None) -> TestResponse:
        shown = self.client.proof()
        data = {**shown["data"], **fields, **changes}
        kept = {name: value for name, value in data.items() if value is not None}
        headers = {**shown["headers"], **({"DPoP": given} if given else {})}
        return self.client.app.test_client().post(path, data=kept, headers=headers)

    def asks(self, **changes: str | None) -> dict[str, str]:
        """The next request's parameters, in a request object if that is the plan."""
        self.client.request(**{"scope": OFFLINE, "response_mode": self.plan.mode, **changes})
        return {"request": self.object()} if self.plan.signed else self.client.sent

    def object(self, *, key: Any = None, header: dict[str, Any] | None = None, **changes: Any) -> str:
        """The client's next request as a request object."""
        now = int(time.time())
        head = {"alg": "ES256", "kid": "ec", "typ": "oauth-authz-req+jwt", **(header or {})}
        claims = {
            "iss": self.client.client_id,
            "aud": ISSUER,
            "exp": now + 300,
            "nbf": now,
            **self.client.sent,
            **changes,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(head, kept, key or self.client.key, algorithms=[head["alg"]], default_type=None)

    def pushes(self, given: str | None = None, **changes: str | None) -> TestResponse:
        return self.posts("/oauth2/par", given, self.asks(**changes))

    def opens(self, pushed: TestResponse, browser: FlaskClient | None = None, **more: str) -> TestResponse:
        assert pushed.status_code == 201, pushed.json
        query = {"client_id": self.client.client_id, "request_uri": pushed.json["request_uri"], **more}
        return (browser or self.stage.browser).get("/oauth2/authorize", query_string=query)

    def answered(self, page: TestResponse) -> dict[str, Any]:
        """What came back, opened if it is signed."""
        got = answer(page)
        return opened(self.client, got["response"]) if self.plan.mode else got  # type: ignore[return-value]

    def code(self, given: str | None = None, **changes: str | None) -> str:
        return str(self.answered(self.opens(self.pushes(given, **changes)))["code"])

    def redeems(self, code: str, *, bare: bool = False, key: Any = EC, **changes: str | None) -> TestResponse:
        """Redeem a code; bare: without what tokens would count with."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.client.redirect_uri}
        return self._asks_for_tokens({**form, "code_verifier": self.client.verifier}, bare, key, changes)

    def refreshes(self, token: str, *, bare: bool = False, key: Any = EC) -> TestResponse:
        return self._asks_for_tokens({"grant_type": "refresh_token", "refresh_token": token}, bare, key, {})

    def _asks_for_tokens(self, form: dict[str, str], bare: bool, key: Any, changes: Any) -> TestResponse:
        kept = self.client.certificate
        if bare and not self.plan.dpop:
            self.client.certificate = ""
        given = proof("POST", TOKEN, key=key) if self.plan.dpop and not bare else None
        got = self.posts("/oauth2/token", given, form, **changes)
        self.client.certificate = kept
        return got

    def tokens(self, **changes: str | None) -> dict[str, Any]:
        got = self.redeems(self.code(**changes))
        assert got.status_code == 200, got.json
        return got.json

    def userinfo(self, token: str, scheme: str = "", given: str | None = None) -> TestResponse:
        """Ask whose token it is, with what it counts with."""
        headers = {"X-Client-Certificate": self.client.certificate} if self.client.certificate else {}
        headers["Authorization"] = f"{scheme or ('DPoP' if self.plan.dpop else 'Bearer')} {token}"
        if self.plan.dpop:
            headers["DPoP"] = given or proof("GET", USERINFO, token=token)
        return self.client.app.test_client().get("/oauth2/userinfo", headers=headers)


def party(stage: Stage, name: str) -> Party:
    """A client of a plan."""
    plan = PLANS[name]
    further: dict[str, Any] = {"profile": "fapi2"}
    if plan.method == OWN_CERTIFICATE:
        further["jwks"] = OWN.key_set()
    if plan.method == VOUCHED:
        further["tls_client_auth_subject_dn"] = SUBJECT
    if plan.dpop and plan.method != KEYED:
        further["dpop_bound_access_tokens"] = True
    if plan.signed:
        further["require_signed_request_object"] = True
    client = stage.client(token_endpoint_auth_method=plan.method, further=further)
    if plan.method != KEYED or not plan.dpop:
        client.certificate = (GOOD if plan.method == VOUCHED else OWN).header
    return Party(stage, client, plan)
