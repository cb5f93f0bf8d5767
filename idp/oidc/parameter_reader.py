"""Reads and judges the parameters of an authorization request before anything else happens.

The redirect URI comes first: until it is known to be the client's own, an error is a page and never a redirect
(RFC 6749, 4.1.2.1; RFC 9700, 4.11).
"""

import re
from typing import Any

import orjson

from idp.core.errors import Invalid
from idp.core.fields import Fields
from idp.oidc import resources, response_types
from idp.oidc.claims import CLAIMS
from idp.oidc.clients import Client
from idp.oidc.parameters import ErrorResponse, Parameters, Target
from idp.oidc.resources import InvalidTarget
from idp.oidc.response_types import CODE, ID_TOKEN, TOKEN, gives

THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{43,128}")
PROMPTS = {"none", "login", "consent", "select_account"}
LONGEST = 2000
# What is kept while a person signs in, or comes back exactly, has a length that we can keep.
LONGEST_OF = {"nonce": 400, "state": LONGEST, "login_hint": 320, "id_token_hint": 8000, "claims": 8000}
MAX_AGE_LONGEST = 10**9
OFFLINE = "offline_access"
REFUSED = {"registration": "registration_not_supported"}


def read(client: Client, given: Fields, pushed: str | None = None) -> Parameters:
    """Read the request of a client; raise Invalid for a page, ErrorResponse for an answer to the client."""
    return _Reader(client, target(client, given), given).parameters(pushed)


def target(client: Client, given: Fields) -> Target:
    """Return where and how the answer goes, a refusal too; raise Invalid unless the address is one of the client's."""
    modes = response_types.modes(response_types.named(given.get("response_type", "")))
    mode = modes[0]
    if "response_mode" in given and given["response_mode"] in modes:
        mode = given["response_mode"]
    # JARM, 2.3.4: the default of the response type, signed.
    return Target(redirect_uri(client, given), given.get("state"), f"{modes[0]}.jwt" if mode == "jwt" else mode)


def redirect_uri(client: Client, given: Fields) -> str:
    """Return where the answer goes; raise Invalid unless it is one of the client's addresses, given once."""
    value = given.get("redirect_uri")
    if value is None or "redirect_uri" in given.repeated or not client.check_redirect_uri(value):
        raise Invalid("redirect_uri_wrong")
    return value


def _listed(values: Any) -> list[Any]:
    """Return a list as it is; anything else as the only element, to be judged with the others."""
    return values if isinstance(values, list) else [values]


def _known(asked: dict[str, Any]) -> tuple[str, ...]:
    """Return the claims that we have; others are left out without an error (OpenID Connect Core, 5.5.1)."""
    return tuple(name for name in asked if name in CLAIMS)


class _Reader:
    """Reads one request whose redirect URI is known to be right."""

    def __init__(self, client: Client, target: Target, given: Fields) -> None:
        self.client = client
        self.target = target
        self.given = given

    def refuse(self, error: str, description: str) -> ErrorResponse:
        return ErrorResponse(self.client, self.target, error, description)

    def parameters(self, pushed: str | None) -> Parameters:
        self._shape()
        response_type = self._response_type()
        claims = self._claims()
        return Parameters(
            client_id=self.client.client_id,
            target=self.target,
            scope=self._scope(response_type),
            code_challenge=self._challenge() if gives(response_type, CODE) else "",
            response_type=response_type,
            nonce=self.given.get("nonce") or None,
            prompt=self._prompt(),
            max_age=self._max_age(),
            acr_values=self._words("acr_values") or tuple(self.client.further.get("default_acr_values", ())),
            login_hint=self.given.get("login_hint") or None,
            id_token_hint=self.given.get("id_token_hint") or None,
            ui_locales=self._words("ui_locales"),
            dpop_jkt=self._thumbprint(),
            resources=self._resources(),
            pushed=pushed,
            **claims,
        )

    def _shape(self) -> None:
        """Refuse repeated parameters (RFC 6749, 3.1), what we do not offer, and what is longer than can be kept."""
        for name in self.given.repeated:
            if name != resources.PARAMETER:
                raise self.refuse("invalid_request", f"{name} is repeated")
        for name, error in REFUSED.items():
            if self.given.get(name):
                raise self.refuse(error, f"{name} is not supported")
        for name, longest in LONGEST_OF.items():
            if name in self.given and len(self.given[name]) > longest:
                raise self.refuse("invalid_request", f"{name} is too long")

    def _response_type(self) -> str:
        """Judge what the client wants from here, and how it travels (RFC 6749, 4.1.2.1 and 4.2.2.1)."""
        wanted = response_types.named(self.given.get("response_type", ""))
        modes = response_types.modes(wanted)
        if not wanted:
            raise self.refuse("invalid_request", "response_type is missing")
        if not self.client.check_grant_type("authorization_code"):
            raise self.refuse("unauthorized_client", "this client signs nobody in")
        if wanted not in response_types.offered():
            raise self.refuse("unsupported_response_type", "this response type is not supported")
        if not response_types.may_use(self.client.further, wanted):
            raise self.refuse("unauthorized_client", "the client did not register this response type")
        if self.given.get("response_mode", modes[0]) not in modes:
            raise self.refuse("invalid_request", "the response mode is not supported, or not for this response type")
        self._through_browser(wanted)
        return wanted

    def _through_browser(self, wanted: str) -> None:
        """Refuse what must not go through a browser: an ID token that answers to nobody, a token that needs a key."""
        if gives(wanted, ID_TOKEN) and not self.given.get("nonce"):  # OpenID Connect Core, 3.2.2.1 and 3.3.2.1
            raise self.refuse("invalid_request", "nonce is missing")
        if gives(wanted, TOKEN) and "dpop_jkt" in self.given:
            raise self.refuse("invalid_request", "a token from here counts without a key")

    def _scope(self, response_type: str) -> str:
        scope = self.client.allowed_scopes(self.given.get("scope", ""))
        if "openid" not in scope:
            raise self.refuse("invalid_scope", "the scope openid is required")
        if OFFLINE in scope and not gives(response_type, CODE):
            scope.remove(OFFLINE)  # refresh tokens come for codes only (OpenID Connect Core, 11)
        return " ".join(scope)

    def _challenge(self) -> str:
        """PKCE with S256 is required (RFC 7636, 4.3; RFC 9700, 2.1.1); some may do without, but not otherwise."""
        challenge = self.given.get("code_challenge", "")
        if not self.client.must_challenge and not challenge and "code_challenge_method" not in self.given:
            return ""
        if not CHALLENGE.fullmatch(challenge):
            raise self.refuse("invalid_request", "code_challenge is missing or malformed")
        if self.given.get("code_challenge_method") != "S256":
            raise self.refuse("invalid_request", "code_challenge_method must be S256")
        return challenge

    def _prompt(self) -> tuple[str, ...]:
        prompts = self._words("prompt")
        if not PROMPTS.issuperset(prompts) or ("none" in prompts and len(prompts) > 1):
            raise self.refuse("invalid_request", "prompt is not valid")
        return prompts

    def _max_age(self) -> int | None:
        text = self.given.get("max_age")
        if text is None:
            # What the client registered for requests that say nothing (OpenID Connect Registration, 2).
            return self.client.further.get("default_max_age")
        if not re.fullmatch("[0-9]{1,10}", text) or int(text) > MAX_AGE_LONGEST:
            raise self.refuse("invalid_request", "max_age is not a number of seconds")
        return int(text)

    def _claims(self) -> dict[str, Any]:
        """Read the claims parameter: what is asked for by name, and how (OpenID Connect Core, 5.5)."""
        text = self.given.get("claims")
        if not text:
            return {}
        parts = self._claim_parts(text)
        return {
            "acr_claim": self._acr_claim(parts["id_token"].get("acr")),
            "subject": self._subject(parts["id_token"].get("sub")),
            "id_token_claims": _known(parts["id_token"]),
            "userinfo_claims": _known(parts["userinfo"]),
        }

    def _claim_parts(self, text: str) -> dict[str, dict[str, Any]]:
        try:
            claims = orjson.loads(text)
            parts = {name: claims.get(name) or {} for name in ("id_token", "userinfo")}
        except (orjson.JSONDecodeError, AttributeError):
            raise self.refuse("invalid_request", "claims is not a JSON object") from None
        if not all(isinstance(part, dict) for part in parts.values()):
            raise self.refuse("invalid_request", "claims does not hold JSON objects")
        return parts

    def _acr_claim(self, acr: object) -> dict[str, Any] | None:
        """The level that is asked for (OpenID Connect Core, 5.5.1.1)."""
        if not isinstance(acr, dict):
            return None
        wanted = {name: acr[name] for name in ("essential", "value", "values") if name in acr}
        values = [*_listed(wanted.get("values", [])), wanted.get("value", "")]
        if not all(isinstance(value, str) for value in values):
            raise self.refuse("invalid_request", "the values of acr are not texts")
        return wanted

    def _subject(self, sub: object) -> str | None:
        """The one person whom the client accepts (OpenID Connect Core, 5.5.1)."""
        value = sub.get("value") if isinstance(sub, dict) else None
        if value is not None and not isinstance(value, str):
            raise self.refuse("invalid_request", "the value of sub is not a text")
        return value

    def _resources(self) -> tuple[str, ...]:
        """What the access token shall be for (RFC 8707, 2.1)."""
        if resources.PARAMETER not in self.given:
            return ()
        try:
            return resources.asked(self.client, self.given.every(resources.PARAMETER))
        except InvalidTarget as refused:
            raise self.refuse(refused.error, refused.description) from None

    def _thumbprint(self) -> str | None:
        text = self.given.get("dpop_jkt")
        if text is not None and not THUMBPRINT.fullmatch(text):
            raise self.refuse("invalid_request", "dpop_jkt is not a thumbprint")
        return text

    def _words(self, name: str) -> tuple[str, ...]:
        text = self.given.get(name)
        return tuple(text[:LONGEST].split()) if text else ()
