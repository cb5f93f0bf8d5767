"""Sectors: which clients see the same identifier of a person (OpenID Connect Core, 8.1; Registration, 5)."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import orjson

from idp.core import fetch
from idp.core.errors import Invalid
from idp.core.fetch import FetchRefused

PUBLIC = "public"
PAIRWISE = "pairwise"
SUBJECT_TYPES = (PUBLIC, PAIRWISE)
WRONG = "client_metadata_wrong"


def sector_of(redirect_uris: Sequence[str], further: Mapping[str, Any]) -> str | None:
    """Return the sector of a client with pairwise subjects, which is a host; None for a client with public ones."""
    if further.get("subject_type") != PAIRWISE:
        return None
    return urlsplit(further.get("sector_identifier_uri") or redirect_uris[0]).hostname


def check(redirect_uris: Sequence[str], further: Mapping[str, Any]) -> None:
    """Raise Invalid if the sector is not clear: no host or several, and no address that binds the redirect URIs."""
    hosts = {urlsplit(uri).hostname for uri in redirect_uris}
    unclear = len(hosts) > 1 or None in hosts
    if further.get("subject_type") == PAIRWISE and unclear and "sector_identifier_uri" not in further:
        raise Invalid(WRONG, name="sector_identifier_uri")


def confirm(redirect_uris: Sequence[str], address: object) -> None:
    """Raise Invalid unless the document at a sector identifier URI lists every redirect URI (Registration, 5).

    It binds the clients of several hosts together, and nobody may join a sector that does not know him.
    Must be called outside an act: the document is fetched.
    """
    try:
        listed = orjson.loads(fetch.get(str(address)).body)
    except (FetchRefused, orjson.JSONDecodeError):
        listed = None
    if not isinstance(listed, list) or not set(redirect_uris) <= {uri for uri in listed if isinstance(uri, str)}:
        raise Invalid(WRONG, name="sector_identifier_uri")
