"""An authorization request as values: who asks for what, and where the answer goes (RFC 6749, 4.1.1)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from idp.core.values import frozen
from idp.oidc.clients import Client
from idp.oidc.response_types import CODE


class ErrorResponse(Exception):
    """The request is answered to the client with an error (RFC 6749, 4.1.2.1; OpenID Connect Core, 3.1.2.6)."""

    def __init__(self, client: Client, target: "Target", error: str, description: str = "", **more: str) -> None:
        """`more`: parameters beside `error` and `error_description`, such as `error_uri`."""
        super().__init__(error)
        self.client = client
        self.target = target
        self.error = error
        self.description = description
        self.more = more


@frozen
class Target:
    """Where and how the answer goes: an address that is registered, and the state to give back."""

    redirect_uri: str
    state: str | None
    mode: str = "query"
    # Of a device without a browser: the code that it shows; then there is no address (RFC 8628).
    user_code: str | None = None


@frozen
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
    # Claims asked for by name (OpenID Connect Core, 5.5): for the ID token, for UserInfo; and the `sub` it must be.
    id_token_claims: tuple[str, ...] = ()
    userinfo_claims: tuple[str, ...] = ()
    subject: str | None = None
    # The key that the code is to count with (RFC 9449, 10).
    dpop_jkt: str | None = None
    # What the access token is to be for (RFC 8707); nothing: us.
    resources: tuple[str, ...] = ()
    response_type: str = CODE
    # The pushed request that this came from, to be used up with the answer (RFC 9126, 4).
    pushed: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what `restored` takes."""
        return {**vars(self), "target": vars(self.target)}


def restored(kept: Mapping[str, Any]) -> Parameters:
    """Return the parameters of a request that waited in the database."""
    tuples = {name: tuple(value) for name, value in kept.items() if isinstance(value, list)}
    return Parameters(**{**kept, **tuples, "target": Target(**kept["target"])})


def for_device(wish: Parameters, user_code: str) -> Parameters:
    """Return what a device wants as a request of the browser in which its code was typed."""
    return replace(wish, target=replace(wish.target, user_code=user_code))
