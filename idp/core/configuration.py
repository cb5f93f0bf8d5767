"""Read the settings once from TOML files and the environment, and refuse what cannot be used.

Order, later wins: `config/default.toml`, `config/<ERN_CONFIG>.toml` (or a path), environment variables
`ERN_<SECTION>__<KEY>` (lists separated by commas), and the short forms `DATABASE_URL` and `REDIS_URL`.
"""

import importlib.util
import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any, get_type_hints

from idp.core.settings import Eid, Server, Settings, SettingsError

CONFIG = Path(__file__).parents[2] / "config"

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
EID_NAME = re.compile(r"[a-z0-9-]{1,32}")
EID_LEVELS = ("sfa", "mfa")
ENVIRONMENTS = ("development", "test", "production")
ADMINISTRATORS_NEED = ("phr", "mfa", "any")
SHORT_FORMS = {"DATABASE_URL": ("database", "url"), "REDIS_URL": ("limits", "redis_url")}


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; raise SettingsError with one sentence for the operator if they cannot be used."""
    values = _read(CONFIG / "default.toml")
    _merge(values, _read(_chosen(environ.get("ERN_CONFIG", "development"))))
    _merge(values, _from_environment(environ))
    eid = _eid_providers(values.pop("eid", []), values.pop("eid_secrets", {}))
    sections = [section for section in fields(Settings) if section.name != "eid"]
    settings = Settings(**{f.name: _section(f, values.pop(f.name, {})) for f in sections}, eid=eid)
    if values:
        raise SettingsError(f"Unknown section [{sorted(values)[0]}] in the configuration.")
    _check(settings)
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
        if isinstance(values, list):
            base[section] = values
        else:
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


def _eid_providers(tables: list[dict[str, Any]], secrets: dict[str, str]) -> tuple[Eid, ...]:
    """Read the tables [[eid]]; the secret of a provider may stand in the environment, as ERN_EID_SECRETS__<ID>."""
    found = tuple(_filled("eid", Eid, {**each, **_secret(str(each.get("id")), secrets)}) for each in tables)
    for each in found:
        if not EID_NAME.fullmatch(each.id) or sum(other.id == each.id for other in found) > 1:
            raise SettingsError(f"The setting [eid] id must be a short name of its own, not {each.id!r}.")
        if each.level not in EID_LEVELS:
            raise SettingsError(f"The setting [eid] level must be one of {', '.join(EID_LEVELS)}.")
    return found


def _secret(provider: str, secrets: dict[str, str]) -> dict[str, str]:
    return {"client_secret": secrets[provider]} if provider in secrets else {}


def _section(section: Field[Any], values: dict[str, Any]) -> Any:
    return _filled(section.name, section.type, values)


def _filled(name: str, kind: Any, values: dict[str, Any]) -> Any:
    hints = get_type_hints(kind)
    unknown = sorted(set(values) - set(hints))
    if unknown:
        raise SettingsError(f"Unknown setting {unknown[0]} in section [{name}].")
    known = {f.name: f for f in fields(kind)}
    missing = [key for key in hints if key not in values and known[key].default is MISSING]
    if missing:
        raise SettingsError(f"The setting {missing[0]} in section [{name}] is missing.")
    return kind(**{key: _typed(f"[{name}] {key}", hints[key], value) for key, value in values.items()})


def _typed(name: str, hint: Any, value: Any) -> Any:
    if hint == tuple[str, ...]:
        parts = value.split(",") if isinstance(value, str) else value
        return tuple(part.strip() for part in parts if part.strip())
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
    if settings.push.enabled and importlib.util.find_spec("pywebpush") is None:
        raise SettingsError('The setting [push] enabled needs the extra "push" (pywebpush).')
    if settings.security.administrators_need not in ADMINISTRATORS_NEED:
        raise SettingsError(f"The setting [security] administrators_need must be {' or '.join(ADMINISTRATORS_NEED)}.")
    _check_proxies(settings.server)
    if settings.in_production:
        _check_production(settings)
    elif settings.server.bind not in ("127.0.0.1", "localhost", "::1"):
        raise SettingsError("A server outside production must listen on a loopback address ([server] bind).")


def _check_proxies(server: Server) -> None:
    try:
        for network in server.trusted_proxy_networks:
            ipaddress.ip_network(network)
    except ValueError:
        raise SettingsError("The setting [server] trusted_proxy_networks must be networks like 10.0.0.0/24.") from None
    if server.client_authorities and not Path(server.client_authorities).is_file():
        raise SettingsError("The file of the setting [server] client_authorities does not exist.")


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
    if settings.security.administrators_need == "any":
        empty.append("[security] administrators_need must be phr or mfa in production.")
    if settings.demo.enabled:
        empty.append("[demo] enabled must be false in production.")
    if "outbox" in (settings.mail.transport, settings.sms.transport):
        empty.append("[mail] and [sms] transport must not be outbox in production.")
    if empty:
        raise SettingsError("\n".join(empty))
