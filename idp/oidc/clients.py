"""Clients: registered by the operator, read for every request of the protocol."""

import base64
import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any

from sqlalchemy import bindparam, select

from idp.core import audit, clock, vault
from idp.core.db import db, transactional
from idp.core.errors import Conflict, Invalid, NotFound
from idp.core.prepared import Prepared
from idp.core.signed import digest, new_token
from idp.core.values import frozen
from idp.oidc import client_metadata, redirect_uris, said_of_clients, sectors
from idp.oidc.client_metadata import KEY_METHODS, SECRET_METHODS, SIGNING_ALGORITHMS
from idp.oidc.models import RegisteredClient

DEFAULT_SCOPE = "openid profile email ern"
SECRET_SEAL = "client secret"  # noqa: S105 - the name of a place


@frozen
class Client:
    """A client as the protocol needs it: a value that outlives the database session."""

    client_id: str
    client_name: str
    secret_digest: bytes | None
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    token_endpoint_auth_method: str
    id_token_signed_response_alg: str
    scope: str
    application_id: int | None
    further: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fapi(self) -> bool:
        """Whether the client keeps to the FAPI 2.0 Security Profile, and is held to it."""
        return self.further.get("profile") == "fapi2"

    @property
    def application_type(self) -> str:
        """`web`, or `native` for what runs on a person's own device (OpenID Connect Registration, 2; RFC 8252)."""
        return str(self.further.get("application_type", redirect_uris.WEB))

    def may_be_another(self, redirect_uri: str) -> bool:
        """Say whether another program on the person's device could have asked, and get the answer (RFC 8252, 8.6)."""
        return self.application_type == redirect_uris.NATIVE and not redirect_uri.startswith("https://")

    @property
    def must_challenge(self) -> bool:
        """Whether its requests need PKCE: all do, but those of an older client that proves who it is."""
        proves_itself = self.token_endpoint_auth_method in (*SECRET_METHODS, *KEY_METHODS)
        return self.further.get("profile") != "legacy" or not proves_itself

    @property
    def proves_a_key(self) -> bool:
        """Whether the client authenticates with a key of its own, so that nobody else can use what it was given."""
        return self.token_endpoint_auth_method in KEY_METHODS

    def says(self, member: str, language: str) -> str | None:
        """Return what the client says of itself to people of a language (`said_of_clients.MEMBERS`)."""
        return said_of_clients.in_language(self.further, member, language)

    @property
    def asks_consent(self) -> bool:
        """Whether people are asked before this application learns of them."""
        return bool(self.further.get("asks_consent"))

    @property
    def must_push(self) -> bool:
        """Whether its requests count only when they were pushed (RFC 9126, 6; FAPI 2.0 Security Profile, 5.3.2.2)."""
        return self.fapi or bool(self.further.get("require_pushed_authorization_requests"))

    @property
    def must_prove_key(self) -> bool:
        """Whether it gets only tokens that count with a key that it proves (RFC 9449, 5.2)."""
        return bool(self.further.get("dpop_bound_access_tokens"))

    @property
    def must_show_certificate(self) -> bool:
        """Whether it gets only tokens that count with its certificate (RFC 8705, 3.4)."""
        return bool(self.further.get("tls_client_certificate_bound_access_tokens"))

    @property
    def public(self) -> bool:
        """Whether it has nothing to prove itself with (RFC 6749, 2.1)."""
        return self.token_endpoint_auth_method == "none"  # noqa: S105 - the name of a method

    @property
    def must_sign_requests(self) -> bool:
        """Whether its requests count only as signed objects (RFC 9101, 10.5)."""
        return bool(self.further.get("require_signed_request_object"))

    @property
    def resources(self) -> tuple[str, ...]:
        """The resources beside ours that its access tokens may be for (RFC 8707)."""
        return tuple(self.further.get("resources", ()))

    def allowed_scopes(self, wanted: str) -> list[str]:
        """Return the wanted scopes that this client may have, in the order asked (RFC 6749, 3.3)."""
        allowed = self.scope.split()
        return [scope for scope in dict.fromkeys(wanted.split()) if scope in allowed]

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Say whether the address is registered (RFC 9700, 2.1)."""
        return redirect_uris.matches(redirect_uri, self.redirect_uris, self.application_type)

    def check_client_secret(self, client_secret: str) -> bool:
        """Compare in constant time; a secret of 256 random bits needs no slow hash."""
        return self.secret_digest is not None and hmac.compare_digest(self.secret_digest, digest(client_secret))

    def check_grant_type(self, grant_type: str) -> bool:
        """Say whether the client may use the grant type."""
        return grant_type in self.grant_types

    @property
    def grant_types(self) -> tuple[str, ...]:
        """Refresh tokens come with the scope offline_access, and with nothing else."""
        chosen = client_metadata.chosen_grants(self.further)
        return (*chosen, "refresh_token") if "offline_access" in self.scope.split() else chosen


@frozen
class Registration:
    """What is registered (RFC 7591, 2), with the SAAS application that the client belongs to."""

    client_name: str
    redirect_uris: Sequence[str]
    post_logout_redirect_uris: Sequence[str] = ()
    application_id: int | None = None
    token_endpoint_auth_method: str = "client_secret_basic"  # noqa: S105 - the name of a method
    id_token_signed_response_alg: str = "ES256"  # noqa: S105 - the name of an algorithm
    scope: str = DEFAULT_SCOPE
    further: Mapping[str, Any] = field(default_factory=dict)

    @property
    def application_type(self) -> str:
        """`web` or `native`."""
        return str(self.further.get("application_type", redirect_uris.WEB))


def find(client_id: str | None) -> Client | None:
    """Return the client, or None; one read by primary key."""
    found: Client | None = BY_ID.first(client_id=client_id) if client_id else None
    return found


def several(client_ids: Iterable[str]) -> dict[str, Client]:
    """Return the clients that there are of these, by their ids; one read."""
    wanted = select(RegisteredClient).where(RegisteredClient.client_id.in_(set(client_ids)))
    return {row.client_id: value_of(row) for row in db.session.scalars(wanted)}


def registered() -> list[Client]:
    """Return all clients by name."""
    return [
        value_of(row) for row in db.session.scalars(select(RegisteredClient).order_by(RegisteredClient.client_name))
    ]


@transactional
def register(
    registration: Registration, client_id: str | None = None, secret: str | None = None
) -> tuple[Client, str | None]:
    """Register a client and return it with its secret, which is shown once and kept as a hash only.

    Raises Invalid with the first thing that is wrong, Conflict if the identifier is taken.
    """
    check(registration)
    # It is typed on command lines, where a dash begins an option: letters and digits alone.
    client_id = client_id or secrets.token_hex(16)
    if find(client_id):
        raise Conflict("client_exists", client_id=client_id)
    needs_secret = registration.token_endpoint_auth_method in SECRET_METHODS
    secret = (secret or new_token()) if needs_secret else None
    now = clock.now()
    row = RegisteredClient(client_id=client_id, created_at=now, updated_at=now, **_columns(registration, secret))
    db.session.add(row)
    audit.record("oidc.client.register", object=client_id, after={"client_name": registration.client_name})
    return value_of(row), secret


@transactional
def change(client_id: str, registration: Registration) -> Client:
    """Replace what is registered of a client, except its secret; raise Invalid with the first thing that is wrong."""
    check(registration)
    row = db.session.get_one(RegisteredClient, client_id)
    wanted = _columns(registration, None)
    wanted["secret_digest"] = row.secret_digest
    if "sealed_secret" in row.further:
        wanted["further"] = {**registration.further, "sealed_secret": row.further["sealed_secret"]}
    for name, value in wanted.items():
        setattr(row, name, value)
    row.updated_at = clock.now()
    audit.record("oidc.client.change", object=client_id)
    return value_of(row)


@transactional
def rotate_secret(client_id: str) -> str:
    """Give a client a new secret and return it; the old one ends now. Raise NotFound for a client without a secret."""
    row = db.session.get(RegisteredClient, client_id)
    if row is None or row.token_endpoint_auth_method not in SECRET_METHODS:
        raise NotFound("client_unknown")
    secret = new_token()
    row.secret_digest = digest(secret)
    row.further = _with_sealed(row.further, row.token_endpoint_auth_method, secret)
    row.updated_at = clock.now()
    audit.record("oidc.client.rotate_secret", object=client_id)
    return secret


@transactional
def keep(registration: Registration, client_id: str, secret: str | None) -> None:
    """Make a client exist exactly as given (demonstration clients: their addresses may change between starts)."""
    check(registration)
    row = db.session.get(RegisteredClient, client_id)
    if row is None:
        register(registration, client_id, secret)
        return
    wanted = _columns(registration, secret)
    if any(getattr(row, name) != value for name, value in wanted.items()):
        for name, value in wanted.items():
            setattr(row, name, value)
        row.updated_at = clock.now()
        audit.record("oidc.client.change", object=client_id)


@transactional
def remove(client_id: str) -> None:
    """Take a client away with everything it was given; raise NotFound if there is none."""
    row = db.session.get(RegisteredClient, client_id)
    if row is None:
        raise NotFound("client_unknown")
    db.session.delete(row)
    audit.record("oidc.client.remove", object=client_id)


def check(registration: Registration) -> None:
    """Raise Invalid with the first thing that is wrong with a registration."""
    if not registration.redirect_uris and client_metadata.CODES in client_metadata.chosen_grants(registration.further):
        raise Invalid("redirect_uri_missing")
    for uri in (*registration.redirect_uris, *registration.post_logout_redirect_uris):
        redirect_uris.check(uri, registration.application_type)
    if registration.token_endpoint_auth_method not in client_metadata.AUTH_METHODS:
        raise Invalid("auth_method_unknown")
    if registration.id_token_signed_response_alg not in SIGNING_ALGORITHMS:
        raise Invalid("algorithm_unknown")
    client_metadata.check(registration.further, registration.token_endpoint_auth_method)
    if "frontchannel_logout_uri" in registration.further:
        redirect_uris.check_frame(registration.further["frontchannel_logout_uri"], registration.redirect_uris)
    sectors.check(registration.redirect_uris, registration.further)


def _columns(registration: Registration, secret: str | None) -> dict[str, object]:
    return {
        "client_name": registration.client_name,
        "secret_digest": digest(secret) if secret else None,
        "redirect_uris": list(registration.redirect_uris),
        "post_logout_redirect_uris": list(registration.post_logout_redirect_uris),
        "token_endpoint_auth_method": registration.token_endpoint_auth_method,
        "id_token_signed_response_alg": registration.id_token_signed_response_alg,
        "scope": registration.scope,
        "application_id": registration.application_id,
        "further": _with_sealed(registration.further, registration.token_endpoint_auth_method, secret),
    }


def _with_sealed(further: Mapping[str, Any], method: str, secret: str | None) -> dict[str, Any]:
    """For client_secret_jwt a hash is not enough: both sides sign with the secret."""
    if secret is None or method != "client_secret_jwt":
        return dict(further)
    return {**further, "sealed_secret": base64.b64encode(vault.seal(SECRET_SEAL, secret.encode())).decode()}


def value_of(row: RegisteredClient | Any) -> Client:
    """Return the client of a row."""
    return Client(
        row.client_id,
        row.client_name,
        row.secret_digest,
        tuple(row.redirect_uris),
        tuple(row.post_logout_redirect_uris),
        row.token_endpoint_auth_method,
        row.id_token_signed_response_alg,
        row.scope,
        row.application_id,
        row.further,
    )


COLUMNS = [RegisteredClient.__table__.c[name] for name in Client.__dataclass_fields__]
BY_ID = Prepared(select(*COLUMNS).where(RegisteredClient.client_id == bindparam("client_id")), value_of)
