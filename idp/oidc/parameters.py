"""The parameters of an authorization request, read and judged before anything else happens.

The redirect URI comes first: until it is known to be the client's own, an error is a page and never a redirect
(RFC 6749, 4.1.2.1; RFC 9700, 4.11).
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from werkzeug.datastructures import MultiDict

from idp.core.errors import Invalid
from idp.oidc import clients
from idp.oidc.clients import Client

CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{43,128}")
PROMPTS = {"none", "login", "consent", "select_account"}
LONGEST = 2000
# What is kept while a person signs in, or comes back exactly, has a length that we can keep.
LONGEST_OF = {"nonce": 400, "state": LONGEST, "login_hint": 320, "id_token_hint": 8000, "claims": 8000}
MAX_AGE_LONGEST = 10**9
REFUSED = {"request": "request_not_supported", "request_uri": "request_uri_not_supported"}


class ErrorResponse(Exception):
    """The request is answered to the client with an error (RFC 6749, 4.1.2.1; OpenID Connect Core, 3.1.2.6)."""

    def __init__(self, client: Client, target: "Target", error: str, description: str = "") -> None:
        super().__init__(error)
        self.client = client
        self.target = target
        self.error = error
        self.description = description


@dataclass(frozen=True)
class Target:
    """Where and how the answer goes: an address that is registered, and the state to give back."""

    redirect_uri: str
    state: str | None


@dataclass(frozen=True)
class Parameters:
    """An authorization request that may be carried out once the checks are met."""

    client_id: str
    target: Target
    scope: str
    code_challenge: str
    nonce: str | None = None
    prompt: tuple[str, ...] = ()
    max_age: int | None = None
    acr_values: tuple[str, ...] = ()
    acr_claim: dict[str, Any] | None = None
    login_hint: str | None = None
    id_token_hint: str | None = None
    ui_locales: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return what `restored` takes."""
        return asdict(self)


def restored(kept: Mapping[str, Any]) -> Parameters:
    """Return the parameters of a request that waited in the database."""
    tuples = {name: tuple(kept[name]) for name in ("prompt", "acr_values", "ui_locales")}
    return Parameters(**{**kept, **tuples, "target": Target(**kept["target"])})


def read(given: MultiDict[str, str]) -> tuple[Client, Parameters]:
    """Read a request; raise Invalid for a page, ErrorResponse for an answer to the client."""
    client = clients.find(_single(given, "client_id"))
    if client is None:
        raise Invalid("client_unknown")
    redirect_uri = _single(given, "redirect_uri")
    if redirect_uri is None or not client.check_redirect_uri(redirect_uri):
        raise Invalid("redirect_uri_wrong")
    reader = _Reader(client, Target(redirect_uri, given.get("state")), given)
    return client, reader.parameters()


def _single(given: MultiDict[str, str], name: str) -> str | None:
    values = given.getlist(name)
    return values[0] if len(values) == 1 else None


def _listed(values: Any) -> list[Any]:
    """Return a list as it is; anything else as the only element, to be judged with the others."""
    return values if isinstance(values, list) else [values]


class _Reader:
    """Reads one request whose redirect URI is known to be right."""

    def __init__(self, client: Client, target: Target, given: MultiDict[str, str]) -> None:
        self.client = client
        self.target = target
        self.given = given

    def refuse(self, error: str, description: str) -> ErrorResponse:
        return ErrorResponse(self.client, self.target, error, description)

    def parameters(self) -> Parameters:
        self._shape()
        return Parameters(
            client_id=self.client.client_id,
            target=self.target,
            scope=self._scope(),
            code_challenge=self._challenge(),
            nonce=self.given.get("nonce") or None,
            prompt=self._prompt(),
            max_age=self._max_age(),
            acr_values=self._words("acr_values"),
            acr_claim=self._acr_claim(),
            login_hint=self.given.get("login_hint") or None,
            id_token_hint=self.given.get("id_token_hint") or None,
            ui_locales=self._words("ui_locales"),
        )

    def _shape(self) -> None:
        """Refuse repeated parameters (RFC 6749, 3.1), what we do not offer, and what is longer than can be kept."""
        for name, values in self.given.lists():
            if len(values) > 1:
                raise self.refuse("invalid_request", f"{name} is repeated")
            if name in REFUSED and values[0]:
                raise self.refuse(REFUSED[name], f"{name} is not supported")
        too_long = [name for name, longest in LONGEST_OF.items() if len(self.given.get(name, "")) > longest]
        if too_long:
            raise self.refuse("invalid_request", f"{too_long[0]} is too long")
        response_type = self.given.get("response_type")
        if not response_type:
            raise self.refuse("invalid_request", "response_type is missing")
        if response_type != "code":
            raise self.refuse("unsupported_response_type", "only code is supported")
        if self.given.get("response_mode", "query") != "query":
            raise self.refuse("invalid_request", "only the response mode query is supported")

    def _scope(self) -> str:
        scope = self.client.get_allowed_scope(self.given.get("scope", ""))
        if "openid" not in scope.split():
            raise self.refuse("invalid_scope", "the scope openid is required")
        return scope

    def _challenge(self) -> str:
        """PKCE with S256 is required of every client (RFC 7636, 4.3; RFC 9700, 2.1.1)."""
        challenge = self.given.get("code_challenge", "")
        if not CHALLENGE.fullmatch(challenge):
            raise self.refuse("invalid_request", "code_challenge is missing or malformed")
        if self.given.get("code_challenge_method") != "S256":
            raise self.refuse("invalid_request", "code_challenge_method must be S256")
        return challenge

    def _prompt(self) -> tuple[str, ...]:
        prompts = self._words("prompt")
        if set(prompts) - PROMPTS or ("none" in prompts and len(prompts) > 1):
            raise self.refuse("invalid_request", "prompt is not valid")
        return prompts

    def _max_age(self) -> int | None:
        text = self.given.get("max_age")
        if text is None:
            return None
        if not re.fullmatch("[0-9]{1,10}", text) or int(text) > MAX_AGE_LONGEST:
            raise self.refuse("invalid_request", "max_age is not a number of seconds")
        return int(text)

    def _acr_claim(self) -> dict[str, Any] | None:
        """Take the one part of `claims` that decides here (OpenID Connect Core, 5.5.1.1)."""
        text = self.given.get("claims")
        if not text:
            return None
        try:
            claims = orjson.loads(text)
            acr = (claims.get("id_token") or {}).get("acr")
        except (orjson.JSONDecodeError, AttributeError):
            raise self.refuse("invalid_request", "claims is not a JSON object") from None
        if not isinstance(acr, dict):
            return None
        wanted = {name: acr[name] for name in ("essential", "value", "values") if name in acr}
        values = [*_listed(wanted.get("values", [])), wanted.get("value", "")]
        if not all(isinstance(value, str) for value in values):
            raise self.refuse("invalid_request", "the values of acr are not texts")
        return wanted

    def _words(self, name: str) -> tuple[str, ...]:
        return tuple(self.given.get(name, "")[:LONGEST].split())
