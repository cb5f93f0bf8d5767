"""What an operator may set: read once, typed, and stopped by the first thing that makes no sense."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

V = TypeVar("V")
ROOT = Path(__file__).resolve().parent.parent
NOT_SECRET = re.compile("development|-only-|never-for-production")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
NEEDED = ("base_url", "issuer", "database_url", "client_id", "client_secret", "secret_key")


class Mode(StrEnum):
    """How strict the program is with itself."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"
    TEST = "test"


class Unusable(Exception):
    """A setting is unknown, missing or wrong; the text is one sentence for the operator."""


@dataclass(frozen=True)
class Settings:
    """Every setting; config/ecp_default.toml explains each."""

    mode: Mode
    base_url: str
    issuer: str
    database_url: str
    client_id: str
    client_secret: str
    secret_key: str
    saas_application: int
    support_email: str
    cpms_url: str
    idle_minutes: int
    session_hours: int
    sign_in_minutes: int
    recheck_seconds: int
    issuer_timeout_seconds: int
    metrics_token: str

    @property
    def secure(self) -> bool:
        """True where cookies and addresses must be https."""
        return self.mode is Mode.PRODUCTION

    @property
    def host(self) -> str:
        """Host and port that requests must name."""
        return urlsplit(self.base_url).netloc

    @property
    def callback_url(self) -> str:
        """The registered redirect URI."""
        return f"{self.base_url}/sign-in/callback"

    @property
    def join_url(self) -> str:
        """The page of ERN Login where a person asks to join an ERN with a hospital."""
        return f"{self.issuer}/saas/requestAccess/application/{self.saas_application}/create.html"

    @property
    def account_url(self) -> str:
        """My Account at ERN Login."""
        return f"{self.issuer}/account"


def load(environ: Mapping[str, str] | None = None, folder: Path = ROOT / "config") -> Settings:
    """The settings of this process; raises Unusable with one sentence."""
    environ = os.environ if environ is None else environ
    name = environ.get("ERN_ECP_CONFIG", "development")
    values = _read(folder / "ecp_default.toml")
    known = set(values)
    layer = folder / f"ecp_{name}.toml"
    if name != Mode.PRODUCTION or layer.exists():
        values |= _checked(_read(layer), known, layer.name)
    given = {key[4:].lower(): text for key, text in environ.items() if key.startswith("ECP_")}
    values |= _checked(given, known, "the environment (ECP_...)")
    typed: dict[str, Any] = {item.name: _typed(item.name, item.type, values[item.name]) for item in fields(Settings)}
    settings = Settings(**typed)
    _judge(settings)
    return settings


def _read(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Unusable(f"There is no settings file {path.name} in the folder config.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unusable(f"The settings file {path.name} cannot be read: {error}.") from None


def _checked(values: Mapping[str, V], known: set[str], place: str) -> dict[str, V]:
    unknown = sorted(set(values) - known)
    if unknown:
        raise Unusable(f"Unknown setting {unknown[0]} in {place}.")
    return dict(values)


def _typed(name: str, kind: object, value: object) -> object:
    if kind is Mode:
        if value not in list(Mode):
            raise Unusable(f"The setting mode must be one of {', '.join(Mode)}.")
        return Mode(str(value))
    if kind is int:
        if isinstance(value, bool) or not str(value).isascii() or not str(value).isdigit() or int(str(value)) < 1:
            raise Unusable(f"The setting {name} must be a whole number above 0.")
        return int(str(value))
    if not isinstance(value, str):
        raise Unusable(f"The setting {name} must be a text in quotes.")
    return value.strip()


def _judge(settings: Settings) -> None:
    for name in NEEDED:
        if not getattr(settings, name):
            raise Unusable(f"The setting {name} is missing: set ECP_{name.upper()}.")
    for name in ("base_url", "issuer"):
        _judge_address(settings, name)
    if settings.recheck_seconds > 60:
        raise Unusable("The setting recheck_seconds must not be above 60.")
    if len(settings.secret_key) < 32:
        raise Unusable("The setting secret_key needs at least 32 characters.")
    if settings.secure and NOT_SECRET.search(f"{settings.secret_key} {settings.client_secret}"):
        raise Unusable("A secret of the development settings must not be used in production.")


def _judge_address(settings: Settings, name: str) -> None:
    address = urlsplit(getattr(settings, name))
    if address.scheme not in ("http", "https") or not address.hostname or address.query or address.fragment:
        raise Unusable(f"The setting {name} must be an address like https://host.")
    if address.path.endswith("/") or (name == "base_url" and address.path):
        raise Unusable(f"The setting {name} must not end with a slash or a path.")
    if settings.secure and address.scheme != "https":
        raise Unusable(f"The setting {name} must begin with https:// in production.")
    if not settings.secure and name == "base_url" and address.hostname not in LOOPBACK:
        raise Unusable("Outside production the setting base_url must name this machine (localhost).")
