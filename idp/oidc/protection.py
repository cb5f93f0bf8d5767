"""Answers that a client wants signed, encrypted, or both: each kind as it registered (OpenID Connect Core, 10)."""

from typing import Any

import orjson
from authlib.oauth2 import OAuth2Error

from idp.oidc import client_keys, encryption, tokens
from idp.oidc.clients import Client
from idp.oidc.encryption import Encryption
from idp.oidc.public_keys import Key


class NoKey(OAuth2Error):
    """The client wants an answer encrypted and shows no key that fits, so it gets none."""

    error = "invalid_request"
    description = "The client has no key to encrypt the answer with."


def make_ready(answer: str, client: Client) -> None:
    """Fetch what will be needed; raise NoKey. Before the act, in which nothing may be fetched and a code is used."""
    how = encryption.registered(answer, client.further)
    if how is not None:
        _key(client, how)


def protected(answer: str, claims: dict[str, Any], kind: str, client: Client, algorithm: str | None = None) -> str:
    """Return claims as a signed JWT of our own `kind`, encrypted if the client registered that; raise NoKey.

    `algorithm` signs unless the client registered another one for this answer.
    """
    wanted = client.further.get(f"{answer}_signed_response_alg", algorithm or client.id_token_signed_response_alg)
    return encrypted(answer, tokens.sign(claims, wanted, kind), client)


def encrypted(answer: str, signed: str, client: Client) -> str:
    """Return a signed JWT inside a JWE (RFC 7519, 11.2: signed first), or as it is; raise NoKey."""
    how = encryption.registered(answer, client.further)
    if how is None:
        return signed
    return encryption.encrypted(signed.encode(), _key(client, how), how, cty="JWT")


def told(answer: str, claims: dict[str, Any], kind: str, client: Client) -> str | None:
    """Return claims as the client registered: signed, encrypted, both; None if it registered neither. Raise NoKey."""
    if f"{answer}_signed_response_alg" in client.further:
        return protected(answer, claims, kind, client)
    how = encryption.registered(answer, client.further)
    return encryption.encrypted(orjson.dumps(claims), _key(client, how), how) if how else None


def _key(client: Client, how: Encryption) -> Key:
    for anew in (False, True):
        for key in client_keys.for_encryption(client, how, anew=anew):
            return key
    raise NoKey
