"""Every setting of the server, typed; what each is for stands in `config/default.toml`."""

from collections.abc import Callable

from flask import Flask, current_app

from idp.core.values import frozen


class SettingsError(Exception):
    """The configuration cannot be used; the message is one sentence for the operator."""


@frozen
class Server:
    """Where the server is and how it may be reached."""

    issuer: str
    environment: str
    secret_key: str
    bind: str
    max_body_bytes: int
    trusted_proxies: int
    trusted_proxy_networks: tuple[str, ...]
    client_certificates: bool
    client_authorities: str
    metrics_token: str


@frozen
class Database:
    """The database: an SQLAlchemy URL, and SQLite's promise at commit (FULL survives a power cut)."""

    url: str
    sqlite_synchronous: str


@frozen
class Vault:
    """Keys for data at rest: base64 of 32 bytes each, the first encrypts, all decrypt."""

    keys: tuple[str, ...]


@frozen
class Session:
    """How long a sign-in lasts."""

    idle_minutes: int
    absolute_hours: int
    attempt_minutes: int
    step_up_minutes: int
    trusted_browser_days: int
    trusted_browser_for_account: bool


@frozen
class Passwords:
    """Argon2id parameters and what a password must be."""

    time_cost: int
    memory_kib: int
    parallelism: int
    permits: int
    min_length: int
    max_length: int
    link_hours: int


@frozen
class Mail:
    """The mail relay; transport `smtp` sends, `outbox` only keeps the message for the outbox page."""

    transport: str
    host: str
    port: int
    security: str
    username: str
    password: str
    sender: str
    sender_name: str
    timeout_seconds: int


@frozen
class SmsRoute:
    """One way to send a text: an account at the provider and its sender."""

    account_sid: str
    auth_token: str
    sender: str


@frozen
class Sms:
    """The text message provider; transport `twilio` sends, `outbox` only keeps the message."""

    transport: str
    account_sid: str
    auth_token: str
    sender: str
    second_account_sid: str
    second_auth_token: str
    second_sender: str
    voice_calls: bool
    status_callback: bool
    api_base: str
    timeout_seconds: int
    prefixes: tuple[str, ...]
    per_minute: int
    per_ten_minutes: int
    per_day: int
    per_source_per_day: int
    total_per_day: int

    @property
    def routes(self) -> tuple[SmsRoute, ...]:
        """The ways to send a text, in the order in which they are tried."""
        first = SmsRoute(self.account_sid, self.auth_token, self.sender)
        if not self.second_sender:
            return (first,)
        second = SmsRoute(
            self.second_account_sid or self.account_sid, self.second_auth_token or self.auth_token, self.second_sender
        )
        return first, second


@frozen
class Push:
    """Pushes to the mobile app; without them it asks by itself while it is open."""

    enabled: bool


@frozen
class Outbox:
    """How messages are retried."""

    poll_seconds: float
    max_attempts: int
    lease_seconds: int


@frozen
class Limits:
    """How many guesses are judged (SECURITY.md, 4)."""

    password_per_account: int
    password_per_browser: int
    password_per_source: int
    password_global: int
    password_window_minutes: int
    challenge_tries: int
    challenge_minutes: int
    challenge_failures_per_day: int
    links_per_hour: int
    requests_per_day: int
    device_codes_per_source: int
    device_codes_global: int
    page_rate: str
    redis_url: str


@frozen
class Saas:
    """The access-request portal."""

    helpdesk: str
    guest_days: int


@frozen
class Security:
    """What the operator demands beyond the rules that always hold."""

    administrators_need: str
    refuse_withdrawn_keys: bool
    only_known_keys: bool


@frozen
class Oidc:
    """Lifetimes of the protocol, in seconds unless the name says otherwise."""

    code_seconds: int
    device_code_seconds: int
    pushed_request_seconds: int
    access_token_seconds: int
    id_token_seconds: int
    key_days: int
    refresh_days: int
    refresh_idle_days: int
    refresh_grace_seconds: int
    entitlement_namespace: str
    session_management: bool
    legacy_response_types: bool


@frozen
class Eid:
    """A provider of national electronic identities (OpenID Connect); `id` stands in addresses, `name` on pages.

    `level`: `sfa` (like the password) or `mfa`; with `mfa_acr` only if the provider says one of these.
    """

    id: str
    name: str
    issuer: str
    client_id: str
    client_secret: str = ""
    scopes: tuple[str, ...] = ("openid",)
    level: str = "sfa"
    mfa_acr: tuple[str, ...] = ()


@frozen
class Demo:
    """The demonstration: people, their password and the addresses of the demonstration clients."""

    enabled: bool
    password: str
    cpms_url: str
    ecp_url: str
    training_url: str
    cpms_secret: str
    ecp_secret: str
    training_secret: str


@frozen
class Settings:
    """All settings, by section; the sections' comments stand in `config/default.toml`."""

    server: Server
    database: Database
    vault: Vault
    session: Session
    passwords: Passwords
    mail: Mail
    sms: Sms
    push: Push
    outbox: Outbox
    limits: Limits
    saas: Saas
    security: Security
    oidc: Oidc
    demo: Demo
    eid: tuple[Eid, ...] = ()

    @property
    def in_production(self) -> bool:
        """Whether real people rely on this server."""
        return self.server.environment == "production"

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies carry Secure and the `__Host-` prefix."""
        return self.server.issuer.startswith("https://")


# The application without the detours of its proxy: a code flow asks for it twenty times.
application: Callable[[], Flask] = current_app._get_current_object  # type: ignore[attr-defined]  # noqa: SLF001


def current() -> Settings:
    """Return the settings of the running application."""
    settings: Settings = application().extensions["ern_settings"]
    return settings


def still(held: Settings) -> Callable[[], bool]:
    """Return what says, outside of a request too, whether these are the settings of the application."""
    extensions = current_app.extensions
    return lambda: held is extensions["ern_settings"]
