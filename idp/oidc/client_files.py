"""Clients from a file, for installations that set themselves up the same way again and again."""

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from idp.core.db import transactional
from idp.core.errors import Invalid
from idp.oidc import clients
from idp.oidc.client_metadata import SECRET_METHODS
from idp.oidc.clients import Registration

COLUMNS = {field.name for field in fields(Registration)} - {"further"}
NEEDED = {"client_id", "client_name", "redirect_uris"}


@transactional
def keep(text: str) -> list[str]:
    """Make the clients of a file exist exactly as it says, all or none, and return their identifiers.

    Raises tomllib.TOMLDecodeError, or Invalid with the first thing that is wrong.
    """
    entries = tomllib.loads(text).get("client", [])
    for entry in entries:
        _keep(entry)
    return [entry["client_id"] for entry in entries]


def _keep(entry: Mapping[str, Any]) -> None:
    secret = entry.get("token_endpoint_auth_method", SECRET_METHODS[0]) in SECRET_METHODS
    missing = sorted((NEEDED | {"client_secret"} if secret else NEEDED) - entry.keys())
    if missing:
        raise Invalid("client_metadata_wrong", name=missing[0])
    told = {name: value for name, value in entry.items() if name in COLUMNS}
    apart = {"client_id", "client_secret", *COLUMNS}
    further = {name: value for name, value in entry.items() if name not in apart}
    clients.keep(Registration(**told, further=further), entry["client_id"], entry.get("client_secret"))
