"""Where a person belongs: the claims of ERN Login turned into rows, and read again."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel import Locale, UnknownLocaleError
from sqlalchemy import update

from ecp_client.db import db
from ecp_client.errors import NotFound
from ecp_client.models import Membership, Person

SEARCHED_LANGUAGES = ("en", "fr")


@dataclass(frozen=True)
class Place:
    """One access of this platform: an ERN with a hospital; `country` is an ISO 3166-1 code."""

    ern: str
    country: str
    hcp: str
    hcp_name: str
    profiles: tuple[str, ...]


def places(claims: dict[str, Any]) -> list[Place]:
    """The memberships that the claims carry; what is not well-formed, or a guest's, gives no right."""
    found = claims.get("ern_access")
    entries = found if isinstance(found, list) else []
    unique = {(place.ern, place.hcp): place for place in map(_place, entries) if place}
    return [unique[key] for key in sorted(unique)]


def record(person: Person, claims: dict[str, Any], now: datetime) -> None:
    """Make the person's name and memberships what ERN Login says now; lost ones go, kept ones keep their date."""
    identifier = _text(claims.get("preferred_username"), 255) or person.subject
    # This write comes first: it makes parallel readings of one person's claims wait for each other.
    mine = update(Person).where(Person.id == person.id)
    db.session.execute(mine.values(name=_name(claims), identifier=identifier))
    db.session.refresh(person)
    known = {(membership.ern, membership.hcp): membership for membership in person.memberships}
    wanted = places(claims)
    for place in wanted:
        membership = known.get((place.ern, place.hcp))
        if membership is None:
            membership = Membership(ern=place.ern, hcp=place.hcp, since=now)
            person.memberships.append(membership)
        _fill(membership, place, person.name)
    kept = {(place.ern, place.hcp) for place in wanted}
    for key, membership in known.items():
        if key not in kept:
            person.memberships.remove(membership)


def networks(person: Person) -> list[str]:
    """The codes of the ERNs of this person, each once."""
    return sorted({membership.ern for membership in person.memberships})


def inside(person: Person, ern: str) -> None:
    """Stops everybody who does not belong to this ERN; raises NotFound, so nobody learns what exists."""
    if ern not in networks(person):
        raise NotFound


def plain(text: str) -> str:
    """A text without case and accents, for sorting and searching alike on every database."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def country_name(code: str, language: str) -> str:
    """The name of a country in a language, or its code if nobody knows it."""
    try:
        return str(Locale.parse(language).territories.get(code.upper(), code))
    except (UnknownLocaleError, ValueError):
        return code


def _fill(membership: Membership, place: Place, name: str) -> None:
    membership.country, membership.hcp_name = place.country, place.hcp_name
    if membership.profiles != list(place.profiles):
        membership.profiles = list(place.profiles)
    countries = {country_name(place.country, language) for language in SEARCHED_LANGUAGES}
    membership.sort_key = plain(name)[:200]
    membership.search_key = plain(" ".join((name, place.hcp, place.hcp_name, place.country, *sorted(countries))))


def _place(entry: object) -> Place | None:
    if not isinstance(entry, dict) or entry.get("guest") is not None:
        return None
    profiles = entry.get("profiles")
    place = Place(
        ern=_text(entry.get("ern"), 64),
        country=_text(entry.get("country"), 8),
        hcp=_text(entry.get("hcp"), 64),
        hcp_name=_text(entry.get("hcp_name"), 300),
        profiles=tuple(sorted(_text(item, 64) for item in profiles)) if isinstance(profiles, list) else (),
    )
    complete = place.ern and place.country and place.hcp and place.hcp != "0000"
    return place if complete else None


def _name(claims: dict[str, Any]) -> str:
    parts = (_text(claims.get("given_name"), 100), _text(claims.get("family_name"), 100))
    whole = _text(claims.get("name"), 200) or " ".join(part for part in parts if part)
    return whole or _text(claims.get("preferred_username"), 200) or "-"


def _text(value: object, longest: int) -> str:
    """A claim as one clean line."""
    return "".join(c for c in value if c.isprintable()).strip()[:longest] if isinstance(value, str) else ""
