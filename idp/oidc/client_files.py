"""Clients from a file, for installations that set themselves up the same way again and again."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from idp.core.db import transactional
from idp.core.errors import Invalid
from idp.oidc import client_addresses, clients, logos
from idp.oidc.client_metadata import SECRET_METHODS
from idp.oidc.clients import Registration
from idp.oidc.logos import Logo

COLUMNS = {field.name for field in fields(Registration)} - {"further"}
NEEDED = {"client_id", "client_name", "redirect_uris"}


def keep(text: str) -> list[str]:
    """Make the clients of a file exist exactly as it says, all or none, and return their identifiers.

    What lies at their own addresses is read first, as for any other registration. Raises tomllib.TOMLDecodeError, or
    Invalid with the first thing that is wrong.
    """
    entries = tomllib.loads(text).get("client", [])
    wanted = [_registration(entry) for entry in entries]
    _keep(entries, wanted, [client_addresses.visit(registration) for registration in wanted])
    return [entry["client_id"] for entry in entries]


@transactional
def _keep(
    entries: Sequence[Mapping[str, Any]], wanted: Sequence[Registration], found: Sequence[Mapping[str, Logo]]
) -> None:
    for entry, registration, images in zip(entries, wanted, found, strict=True):
        clients.keep(registration, entry["client_id"], entry.get("client_secret"))
        logos.keep(entry["client_id"], images)


def _registration(entry: Mapping[str, Any]) -> Registration:
    secret = entry.get("token_endpoint_auth_method", SECRET_METHODS[0]) in SECRET_METHODS
    missing = sorted((NEEDED | {"client_secret"} if secret else NEEDED) - entry.keys())
    if missing:
        raise Invalid("client_metadata_wrong", name=missing[0])
    told = {name: value for name, value in entry.items() if name in COLUMNS}
    apart = {"client_id", "client_secret", *COLUMNS}
    further = {name: value for name, value in entry.items() if name not in apart}
    return Registration(**told, further=further)
