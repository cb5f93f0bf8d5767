"""What the protocol keeps: clients, keys, authorization requests under way, and the grants that were given."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from idp.accounts.models import Account, UserSession
from idp.core.db import Model, where


class RegisteredClient(Model):
    """A client as it was registered (RFC 7591, 2: the names of its metadata), and its SAAS application."""

    __tablename__ = "oauth_client"

    client_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    client_name: Mapped[str] = mapped_column(String(200))
    secret_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    redirect_uris: Mapped[list[str]] = mapped_column(JSON)
    post_logout_redirect_uris: Mapped[list[str]] = mapped_column(JSON)
    token_endpoint_auth_method: Mapped[str] = mapped_column(String(32))
    id_token_signed_response_alg: Mapped[str] = mapped_column(String(16))
    scope: Mapped[str] = mapped_column(String(400))
    application_id: Mapped[int | None]
    # What else was registered, by the names of RFC 7591, 2; `idp/oidc/client_metadata.py` knows each.
    further: Mapped[dict[str, Any]] = mapped_column(JSON)
    # Of a client that registered itself: the hash of the token with which it looks after its registration.
    registration_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    # The token before it, which counts until the new one is used: the answer that carried that may have been lost.
    previous_registration_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ClientLogo(Model):
    """An image that was found at a client's `logo_uri` when it was registered."""

    __tablename__ = "client_logo"

    client_id: Mapped[str] = mapped_column(ForeignKey("oauth_client.client_id", ondelete="CASCADE"), primary_key=True)
    address: Mapped[str] = mapped_column(String(2000), primary_key=True)
    # SHA-256 of the image: its address on our pages.
    digest: Mapped[bytes] = mapped_column(LargeBinary, index=True)
    content_type: Mapped[str] = mapped_column(String(16))
    body: Mapped[bytes] = mapped_column(LargeBinary)


class ClientInvitation(Model):
    """An initial access token (RFC 7591, 3): the operator lets somebody register clients, for an application or none.

    `decided` is what the operator decides about them all (`client_metadata.BY_OPERATOR`).
    """

    __tablename__ = "client_invitation"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    application_id: Mapped[int | None]
    decided: Mapped[dict[str, Any]] = mapped_column(JSON)
    uses_left: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class UsedOnce(Model):
    """Something that was presented and must not be presented again."""

    __tablename__ = "used_once"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SigningKey(Model):
    """A private key, sealed: it waits until `activated_at`, signs until `retired_at`, and verifies for a while."""

    __tablename__ = "signing_key"
    # Two processes that start on an empty database, or rotate, at the same moment make one key each, not two.
    __table_args__ = (
        Index(
            "uq_signing_key_signs",
            "algorithm",
            unique=True,
            **where("activated_at IS NOT NULL AND retired_at IS NULL"),
        ),
        Index(
            "uq_signing_key_waits",
            "algorithm",
            unique=True,
            **where("activated_at IS NULL"),
        ),
    )

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    algorithm: Mapped[str] = mapped_column(String(16))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]


class ServerSecret(Model):
    """A secret of this server that is made once and never replaced, sealed."""

    __tablename__ = "server_secret"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class AuthorizationRequest(Model):
    """A request of a client that waits for the person: to sign in, or to read a page."""

    __tablename__ = "authorization_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("oauth_client.client_id", ondelete="CASCADE"))
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Consent(Model):
    """What a person lets a client have, once and for all, until it is taken back in My Account."""

    __tablename__ = "consent"
    __table_args__ = (UniqueConstraint("account_id", "client_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    client_id: Mapped[str] = mapped_column(ForeignKey("oauth_client.client_id", ondelete="CASCADE"))
    scope: Mapped[str] = mapped_column(String(400))
    given_at: Mapped[datetime]


class PushedRequest(Model):
    """A request that a client sent ahead and a browser has still to bring (RFC 9126)."""

    __tablename__ = "pushed_request"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("oauth_client.client_id", ondelete="CASCADE"))
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class DeviceAuthorization(Model):
    """A device that waits until its person agrees in a browser (RFC 8628); what was agreed to is a grant."""

    __tablename__ = "device_authorization"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_code_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("oauth_client.client_id", ondelete="CASCADE"))
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON)
    # Where the device is, as far as its address tells: the person may know that it is elsewhere.
    source: Mapped[str] = mapped_column(String(45))
    # How many seconds the device has to wait between two questions, and when the next one may come.
    interval: Mapped[int]
    next_poll_at: Mapped[datetime]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    denied_at: Mapped[datetime | None]
    grant_id: Mapped[int | None] = mapped_column(ForeignKey("authorization_grant.id", ondelete="CASCADE"), index=True)


class AuthorizationGrant(Model):
    """What a person gave a client in one sign-in (RFC 6749, 1.3); its code is redeemed once.

    Access tokens name this row: revoking it, or ending its session, ends them all with one indexed read.
    """

    __tablename__ = "authorization_grant"

    id: Mapped[int] = mapped_column(primary_key=True)
    code_digest: Mapped[bytes] = mapped_column(LargeBinary)
    client_id: Mapped[str] = mapped_column(ForeignKey("oauth_client.client_id", ondelete="CASCADE"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("user_session.id", ondelete="CASCADE"), index=True)
    redirect_uri: Mapped[str] = mapped_column(String(2000))
    scope: Mapped[str] = mapped_column(String(400))
    nonce: Mapped[str | None] = mapped_column(String(400))
    # Claims asked for by name, for `id_token` and `userinfo` (OpenID Connect Core, 5.5).
    claims: Mapped[dict[str, Any]] = mapped_column(JSON)
    # What access tokens may be for (RFC 8707); nothing: us.
    resources: Mapped[list[str]]
    code_challenge: Mapped[str] = mapped_column(String(128))
    # The key that code and refresh token count with (RFC 9449, 10 and 5), by its thumbprint.
    dpop_jkt: Mapped[str | None] = mapped_column(String(43))
    # The certificate that a public client's refresh token counts with, in the same way (RFC 8705, 4).
    x5t: Mapped[str | None] = mapped_column(String(43))
    acr: Mapped[str] = mapped_column(String(64))
    amr: Mapped[list[str]] = mapped_column(JSON)
    auth_time: Mapped[datetime]
    created_at: Mapped[datetime]
    code_expires_at: Mapped[datetime]
    redeemed_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    # Of a grant with offline access: the number of the refresh token that counts now, and how long it does.
    refresh_number: Mapped[int | None]
    refresh_rotated_at: Mapped[datetime | None]
    refresh_used_at: Mapped[datetime | None]
    refresh_expires_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship(lazy="joined")
    session: Mapped[UserSession] = relationship(lazy="joined", overlaps="account")
