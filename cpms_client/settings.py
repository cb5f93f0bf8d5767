"""What an operator can set: one frozen value, read once from TOML and the environment; a mistake stops the start."""

import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NoReturn, get_args, get_origin
from urllib.parse import urlsplit

CONFIG = Path(__file__).parent.parent / "config"
ROOT = CONFIG.parent
NAMED = {"development": "cpms_development.toml", "test": "cpms_test.toml", "training": "training.toml"}
ENVIRONMENTS = ("development", "test", "training", "production")
FROM_ENVIRONMENT = (
    "base_url",
    "issuer",
    "database_url",
    "client_id",
    "client_secret",
    "secret_key",
    "ecp_url",
    "training_url",
    "help_desk",
    "metrics_token",
)
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Settings:
    """All settings; `config/cpms_default.toml` says what each one means."""

    environment: str
    base_url: str
    issuer: str
    client_id: str
    client_secret: str
    secret_key: str
    database_url: str
    cookie_prefix: str
    application_id: int
    ecp_url: str
    help_desk: str
    training_url: str
    languages: tuple[str, ...]
    idle_minutes: int
    absolute_hours: int
    recheck_seconds: int
    attempt_minutes: int
    kept_form_minutes: int
    fetch_seconds: float
    clock_skew_seconds: int
    max_body_bytes: int
    metrics_token: str

    @property
    def training(self) -> bool:
        """Whether this is the practising environment."""
        return self.environment == "training"

    @property
    def public(self) -> bool:
        """Whether real people may meet this server: then TLS, secure cookies and real secrets are required."""
        return self.environment == "production"

    @property
    def host(self) -> str:
        """The only Host that requests may name."""
        return urlsplit(self.base_url).netloc

    @property
    def request_access_url(self) -> str:
        """The deep link that asks for access to CPMS."""
        return self.at_issuer(f"/saas/requestAccess/application/{self.application_id}/create.html")

    def at_issuer(self, path: str) -> str:
        """Address a page of the identity server by its path, such as `/account`."""
        return self.issuer.rstrip("/") + path

    def cookie(self, name: str) -> str:
        """Name a cookie; outside development browsers bind it to this host (RFC 6265bis, 4.1.3.2)."""
        return f"{'__Host-' if self.public else ''}{self.cookie_prefix}_{name}"


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings that ERN_CPMS_CONFIG names; stops the program with one sentence and exit 2 on a mistake."""
    return settle(_values(environ))


def settle(values: Mapping[str, Any]) -> Settings:
    """Turn raw values into checked settings; stops the program with one sentence and exit 2 on a mistake."""
    known = {field.name: field.type for field in fields(Settings)}
    for key in values:
        if key not in known:
            stop(f'CPMS does not know the setting "{key}"; config/cpms_default.toml lists every one.')
    settings = Settings(**{key: _typed(key, values[key], known[key]) for key in known})
    _check(settings)
    return settings


def stop(sentence: str) -> NoReturn:
    """Say why the program cannot start, and leave with exit 2."""
    sys.stderr.write(sentence + "\n")
    raise SystemExit(2)


def _values(environ: Mapping[str, str]) -> dict[str, Any]:
    name = environ.get("ERN_CPMS_CONFIG", "development")
    values = _read(CONFIG / "cpms_default.toml") | _read(CONFIG / NAMED[name] if name in NAMED else Path(name))
    overrides = {key: environ.get("CPMS_" + key.upper()) for key in FROM_ENVIRONMENT}
    return values | {key: text for key, text in overrides.items() if text}


def _read(path: Path) -> dict[str, Any]:
    if path.suffix != ".toml" or not path.is_file():
        stop(f'ERN_CPMS_CONFIG must be one of {", ".join(NAMED)} or a path to a .toml file; "{path}" is neither.')
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as mistake:
        stop(f"{path.name} cannot be read: {mistake}.")


def _typed(key: str, value: Any, wanted: Any) -> Any:
    if get_origin(wanted) is tuple:
        if isinstance(value, list) and value and all(isinstance(item, get_args(wanted)[0]) for item in value):
            return tuple(value)
    elif wanted is float and type(value) in (int, float):
        return float(value)
    elif type(value) is wanted:
        return value.rstrip("/") if key == "base_url" else value
    stop(f'The setting "{key}" has a value of the wrong kind.')


def _check(settings: Settings) -> None:
    if settings.environment not in ENVIRONMENTS:
        stop(f'The setting "environment" must be one of {", ".join(ENVIRONMENTS)}.')
    for key in ("base_url", "issuer", "ecp_url"):
        _check_address(key, getattr(settings, key), settings.public)
    for key in ("client_id", "client_secret", "secret_key", "database_url", "help_desk"):
        if not getattr(settings, key):
            stop(f'CPMS needs the setting "{key}" (or CPMS_{key.upper()} in the environment).')
    if len(settings.secret_key) < 32:
        stop('The setting "secret_key" must have 32 characters or more.')
    if settings.public:
        _check_production(settings)
    elif urlsplit(settings.base_url).hostname not in LOOPBACK:
        stop(f"CPMS in {settings.environment} refuses the public address {settings.base_url}; use localhost.")


def _check_address(key: str, address: str, public: bool) -> None:
    parts = urlsplit(address)
    schemes = ("https",) if public else ("https", "http")
    if parts.scheme not in schemes or not parts.netloc or parts.query or parts.fragment:
        stop(f'The setting "{key}" must be an address that begins with {" or ".join(schemes)}://.')


def _check_production(settings: Settings) -> None:
    for key in ("client_secret", "secret_key"):
        value = getattr(settings, key)
        if "development" in value or "-only-" in value:
            stop(f'The setting "{key}" still has its development value; production needs its own.')
