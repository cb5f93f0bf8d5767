"""Every setting of the server, typed, read once from TOML files and the environment.

Order, later wins: `config/default.toml`, `config/<ERN_CONFIG>.toml` (or a path), environment variables
`ERN_<SECTION>__<KEY>` (lists separated by commas), and the short forms `DATABASE_URL` and `REDIS_URL`.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from flask import current_app

CONFIG = Path(__file__).parents[2] / "config"


class SettingsError(Exception):
    """The configuration cannot be used; the message is one sentence for the operator."""


@dataclass(frozen=True)
class Server:
    """Where the server is and how it may be reached."""

    issuer: str
    environment: str
    secret_key: str
    bind: str
    max_body_bytes: int
    trusted_proxies: int
    metrics_token: str


@dataclass(frozen=True)
class Database:
    """The database: an SQLAlchemy URL, and SQLite's promise at commit (FULL survives a power cut)."""

    url: str
    sqlite_synchronous: str


@dataclass(frozen=True)
class Vault:
    """Keys for data at rest: base64 of 32 bytes each, the first encrypts, all decrypt."""

    keys: tuple[str, ...]


@dataclass(frozen=True)
class Session:
    """How long a sign-in lasts."""

    idle_minutes: int
    absolute_hours: int
    attempt_minutes: int
    step_up_minutes: int


@dataclass(frozen=True)
class Passwords:
    """Argon2id parameters and what a password must be."""

    time_cost: int
    memory_kib: int
    parallelism: int
    permits: int
    min_length: int
    max_length: int
    link_hours: int


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Sms:
    """The text message provider; transport `twilio` sends, `outbox` only keeps the message."""

    transport: str
    account_sid: str
    auth_token: str
    sender: str
    api_base: str
    timeout_seconds: int
    prefixes: tuple[str, ...]
    per_minute: int
    per_ten_minutes: int
    per_day: int
    per_source_per_day: int
    total_per_day: int


@dataclass(frozen=True)
class Outbox:
    """How messages are retried."""

    poll_seconds: float
    max_attempts: int
    lease_seconds: int


@dataclass(frozen=True)
class Limits:
    """How many guesses are judged (see security.md, 4)."""

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
    page_rate: str
    redis_url: str


@dataclass(frozen=True)
class Saas:
    """The access-request portal."""

    helpdesk: str
    guest_days: int
    access_days: int


@dataclass(frozen=True)
class Oidc:
    """Lifetimes of the protocol, in seconds unless the name says otherwise."""

    code_seconds: int
    access_token_seconds: int
    id_token_seconds: int
    refresh_days: int
    key_days: int


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Settings:
    """All settings, by section; the sections' comments stand in `config/default.toml`."""

    server: Server
    database: Database
    vault: Vault
    session: Session
    passwords: Passwords
    mail: Mail
    sms: Sms
    outbox: Outbox
    limits: Limits
    saas: Saas
    oidc: Oidc
    demo: Demo

    @property
    def in_production(self) -> bool:
        """Whether real people rely on this server."""
        return self.server.environment == "production"

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies carry Secure and the `__Host-` prefix."""
        return self.server.issuer.startswith("https://")


# Settings that a production server cannot do without, each with what it is for.
PRODUCTION_NEEDS = {
    ("server", "secret_key"): "signs cookies and forms; at least 32 random characters",
    ("vault", "keys"): "encrypts factor secrets and signing keys; base64 of 32 random bytes",
    ("mail", "host"): "the mail relay that sends links and notices",
    ("mail", "sender"): "the address that mails come from",
    ("sms", "account_sid"): "the text message account",
    ("sms", "auth_token"): "the text message account's secret",
    ("sms", "sender"): "the number or name that texts come from",
    ("saas", "helpdesk"): "the help desk's mail address shown to people",
}
ENVIRONMENTS = ("development", "test", "production")
SHORT_FORMS = {"DATABASE_URL": ("database", "url"), "REDIS_URL": ("limits", "redis_url")}


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; raise SettingsError with one sentence for the operator if they cannot be used."""
    values = _read(CONFIG / "default.toml")
    _merge(values, _read(_chosen(environ.get("ERN_CONFIG", "development"))))
    _merge(values, _from_environment(environ))
    settings = Settings(**{f.name: _section(f, values.pop(f.name, {})) for f in fields(Settings)})
    if values:
        raise SettingsError(f"Unknown section [{sorted(values)[0]}] in the configuration.")
    _check(settings)
    return settings


def current() -> Settings:
    """Return the settings of the running application."""
    settings: Settings = current_app.extensions["ern_settings"]
    return settings


def _chosen(name: str) -> Path:
    return Path(name) if name.endswith(".toml") else CONFIG / f"{name}.toml"


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"The configuration file {path.name} does not exist.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The configuration file {path.name} cannot be read: {error}.") from None


def _merge(base: dict[str, Any], over: dict[str, Any]) -> None:
    for section, values in over.items():
        base.setdefault(section, {}).update(values)


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in environ.items():
        if name in SHORT_FORMS and value:
            section, key = SHORT_FORMS[name]
        elif name.startswith("ERN_") and "__" in name:
            section, key = name[4:].lower().split("__", 1)
        else:
            continue
        found.setdefault(section, {})[key] = value
    return found


def _section(section: Field[Any], values: dict[str, Any]) -> Any:
    kind = section.type
    hints = get_type_hints(kind)
    unknown = sorted(set(values) - set(hints))
    if unknown:
        raise SettingsError(f"Unknown setting {unknown[0]} in section [{section.name}].")
    known = {f.name: f for f in fields(kind)}  # type: ignore[arg-type]
    missing = [name for name in hints if name not in values and known[name].default is MISSING]
    if missing:
        raise SettingsError(f"The setting {missing[0]} in section [{section.name}] is missing.")
    typed = {name: _typed(f"[{section.name}] {name}", hints[name], value) for name, value in values.items()}
    return kind(**typed)  # type: ignore[operator]


def _typed(name: str, hint: Any, value: Any) -> Any:
    if hint == tuple[str, ...]:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else tuple(value)
    try:
        if hint is bool and isinstance(value, str):
            return {"true": True, "1": True, "false": False, "0": False}[value.lower()]
        if isinstance(value, str) and hint in (int, float):
            return hint(value)
    except (KeyError, ValueError):
        raise SettingsError(f"The setting {name} must be of type {hint.__name__}, not {value!r}.") from None
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:
        raise SettingsError(f"The setting {name} must be of type {hint.__name__}, not {value!r}.")
    return value


def _check(settings: Settings) -> None:
    if settings.server.environment not in ENVIRONMENTS:
        raise SettingsError(f"The setting [server] environment must be one of {', '.join(ENVIRONMENTS)}.")
    if settings.in_production:
        _check_production(settings)
    elif settings.server.bind not in ("127.0.0.1", "localhost", "::1"):
        raise SettingsError("A server outside production must listen on a loopback address ([server] bind).")


def _check_production(settings: Settings) -> None:
    empty = [
        f"[{section}] {key} is missing ({why})."
        for (section, key), why in PRODUCTION_NEEDS.items()
        if not getattr(getattr(settings, section), key)
    ]
    if len(settings.server.secret_key) < 32 and settings.server.secret_key:
        empty.append("[server] secret_key is shorter than 32 characters.")
    if not settings.server.issuer.startswith("https://"):
        empty.append("[server] issuer must be an https address.")
    if settings.demo.enabled:
        empty.append("[demo] enabled must be false in production.")
    if "outbox" in (settings.mail.transport, settings.sms.transport):
        empty.append("[mail] and [sms] transport must not be outbox in production.")
    if empty:
        raise SettingsError("\n".join(empty))
