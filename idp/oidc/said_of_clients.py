"""What clients say of themselves to people, in several languages (RFC 7591, 2.2; OpenID Connect Registration, 2.1)."""

import re
from collections.abc import Mapping
from typing import Any

# Members whose name may end with a language: `client_name#fr`.
MEMBERS = ("client_name", "client_uri", "logo_uri", "policy_uri", "tos_uri")
LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}")
MOST = 60


def bare(name: str) -> str:
    """Return the member that a name is about: the name itself, unless it is one of ours with a language."""
    member, mark, language = name.partition("#")
    return member if mark and member in MEMBERS and LANGUAGE.fullmatch(language) else name


def tagged(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members that name a language."""
    return {name: value for name, value in metadata.items() if bare(name) != name}


def in_language(metadata: Mapping[str, Any], member: str, language: str) -> str | None:
    """Return what is said in a language, else what is said to all (the member without a language)."""
    said = {name.lower(): value for name, value in metadata.items() if bare(name) == member}
    primary = language.partition("-")[0].lower()
    for name in (f"{member}#{language}".lower(), f"{member}#{primary}", member):
        if name in said:
            return str(said[name])
    return next((str(said[name]) for name in sorted(said) if name.startswith(f"{member}#{primary}-")), None)
