"""What a client learns of a person: one function per scope, nothing that the scope does not name."""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from idp.accounts import personal_details
from idp.accounts.personal_details import FURTHER
from idp.core import settings
from idp.mfa import enrolment
from idp.oidc.clients import Client
from idp.oidc.given import Holder
from idp.oidc.sectors import PAIRWISE
from idp.oidc.subjects import subject_of
from idp.saas import access

Claims = dict[str, Any]

ADDRESS = ("formatted", "street_address", "postal_code", "locality", "country")
# OpenID Connect Core, 5.4.
PROFILE = (
    *("name", "given_name", "family_name", "preferred_username", "locale", "updated_at", "zoneinfo"),
    *FURTHER,
)


def for_scope(account: Holder, client: Client, scope: str) -> Claims:
    """Return the claims of UserInfo (OpenID Connect Core, 5.3.2) for the granted scope."""
    claims: Claims = {"sub": subject_of(account.uid, client)}
    for name in scope.split():
        if name in SCOPES:
            claims.update(SCOPES[name][0](account, client))
    return claims


def by_name(account: Holder, client: Client, names: Sequence[str]) -> Claims:
    """Return claims that were asked for by name, of the scopes that the client may have (OpenID Connect Core, 5.5)."""
    allowed = client.scope.split()
    scopes = {CLAIMS[name] for name in names if name in CLAIMS}
    told = for_scope(account, client, " ".join(scope for scope in scopes if scope in allowed))
    return {name: told[name] for name in names if name in told}


def _nothing(account: Holder, client: Client) -> Claims:
    return {}


def _profile(account: Holder, client: Client) -> Claims:
    # The identifier would tell clients of two sectors that they speak of one person.
    known_by_uid = client.further.get("subject_type") != PAIRWISE
    return {
        "name": account.name,
        "given_name": account.first_name,
        "family_name": account.last_name,
        **({"preferred_username": account.uid} if known_by_uid else {}),
        "locale": account.language,
        "updated_at": int(account.updated_at.timestamp()),
        **personal_details.further_of(account.id),
    }


def _email(account: Holder, client: Client) -> Claims:
    return {"email": account.email, "email_verified": True} if account.email else {}


def _address(account: Holder, client: Client) -> Claims:
    """Where the person works; members that nobody filled in are left out (OpenID Connect Core, 5.1.1)."""
    workplace = personal_details.workplace_of(account.id)
    members = {name: getattr(workplace, name) for name in ADDRESS}
    told = {name: value for name, value in members.items() if value}
    return {"address": told} if told else {}


def _phone(account: Holder, client: Client) -> Claims:
    number = enrolment.phone_number(account.id)
    return {"phone_number": number, "phone_number_verified": True} if number else {}


def _ern(account: Holder, client: Client) -> Claims:
    """The accesses to the client's own SAAS application, and to no other (docs/federate.md)."""
    if client.application_id is None:
        return {}
    held = access.accesses_for(account.id, client.application_id)
    return {
        "ern_access": [
            {
                "ern": one.ern,
                "country": one.country,
                "hcp": one.hcp_code,
                "hcp_name": one.hcp_name,
                "profiles": list(one.profiles),
                "guest": one.guest,
                "ecp_member": one.ecp_member,
            }
            for one in held
        ],
        "ern": sorted({one.ern for one in held}),
        "hcp": sorted({one.hcp_code for one in held}),
        "profiles": sorted({profile for one in held for profile in one.profiles}),
        "ern_access_version": access.access_version(account.id),
    }


def _entitlements(account: Holder, client: Client) -> Claims:
    """One URN for each network, hospital and profile (AARC-G069, 2)."""
    if client.application_id is None:
        return {}
    held = access.accesses_for(account.id, client.application_id)
    namespace = settings.current().oidc.entitlement_namespace
    return {
        "eduperson_entitlement": [
            f"{namespace}:group:{_urn(one.ern)}:{_urn(one.hcp_code)}:role={_urn(profile)}"
            for one in held
            for profile in one.profiles
        ]
    }


def _urn(text: str) -> str:
    return quote(text, safe="")


# Scope -> (what gives its claims, their names for the metadata).
SCOPES: dict[str, tuple[Callable[[Holder, Client], Claims], tuple[str, ...]]] = {
    "openid": (_nothing, ("sub",)),
    "profile": (_profile, PROFILE),
    "email": (_email, ("email", "email_verified")),
    "address": (_address, ("address",)),
    "phone": (_phone, ("phone_number", "phone_number_verified")),
    "ern": (_ern, ("ern_access", "ern", "hcp", "profiles", "ern_access_version")),
    "offline_access": (_nothing, ()),
    "entitlements": (_entitlements, ("eduperson_entitlement",)),
}

# Claim -> the scope that opens it.
CLAIMS = {name: scope for scope, (_, names) in SCOPES.items() for name in names if scope != "openid"}
