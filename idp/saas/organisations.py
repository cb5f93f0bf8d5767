"""The tree of organisations as people see it: names in their language, lists level by level, and search."""

from dataclasses import replace
from functools import lru_cache

from babel import Locale
from flask_babel import get_locale, gettext
from sqlalchemy import ColumnElement, and_, func, or_, select

from idp.core import audit
from idp.core.db import db, transactional
from idp.core.errors import Invalid, NotFound
from idp.core.values import frozen
from idp.saas.catalogue_models import Organisation, OrganisationKind, OrganisationState
from idp.saas.paging import USUAL_SIZE, Page, last_page
from idp.saas.words import alike, distinctive, fold, search_words

# Where SAAS says it otherwise than the language data.
USUAL_NAMES = {"CZ": "Czech Republic"}


@frozen
class Wanted:
    """Which rows a list shows: found by a search, on which page, with guests or not."""

    search: str = ""
    page: int = 1
    per_page: int = USUAL_SIZE
    guests: bool = True


def country_name(code: str) -> str:
    """Return a country's name in the language of the page."""
    return _names((get_locale() or Locale("en")).language).get(code, code)


@lru_cache
def _names(language: str) -> dict[str, str]:
    own = USUAL_NAMES if language == "en" else {}
    return {code: name for code, name in Locale(language).territories.items() if len(code) == 2} | own


def label(organisation: Organisation) -> str:
    """Return the name in a list: "DE22 - University Hospital", "0000 Guest Access", "Allemagne"."""
    if organisation.kind is OrganisationKind.COUNTRY:
        return country_name(organisation.reference)
    if organisation.kind is OrganisationKind.GUEST:
        name = gettext("Guest Access")
        return f"{organisation.code} {name}"
    return f"{organisation.code} - {organisation.name}" if organisation.code else organisation.name


def place(organisation: Organisation) -> str:
    """Return where an organisation is: "ERN-RND, Germany"."""
    return ", ".join(filter(None, (organisation.network, organisation.country and country_name(organisation.country))))


def details(organisation: Organisation) -> str:
    """Return what stands behind "Details" in a list."""
    if organisation.kind is OrganisationKind.NETWORK:
        return str(gettext("European Reference Network. Contact: the coordination team of the network."))
    if organisation.kind is OrganisationKind.COUNTRY:
        return str(gettext("Open it to see the hospitals of the network in this country."))
    if organisation.kind is OrganisationKind.GUEST:
        return str(gettext("For clinicians outside the network: consult only, for a limited time."))
    memberships = {
        "full member": gettext("Full member"),
        "affiliated partner": gettext("Affiliated partner"),
        "hub": gettext("Hub of the network"),
    }
    known = (place(organisation), organisation.city, memberships.get(organisation.membership or ""))
    return ". ".join(filter(None, known)) + "."


def find(path: str) -> Organisation:
    """Return the organisation of a path; raise NotFound if there is none."""
    found = db.session.scalar(select(Organisation).where(Organisation.path == path))
    if found is None or found.state is OrganisationState.CLOSED:
        raise NotFound("organisation_unknown")
    return found


def trail(path: str) -> list[Organisation]:
    """Return the nodes from the top down to `path`, it included; raise NotFound if it does not exist; one query."""
    if not path:
        return []
    parts = path.split("/")
    wanted = ["/".join(parts[: depth + 1]) for depth in range(min(len(parts), 3))]
    open_ones = Organisation.state != OrganisationState.CLOSED
    nodes = list(db.session.scalars(select(Organisation).where(Organisation.path.in_(wanted), open_ones)))
    if path not in {node.path for node in nodes}:
        raise NotFound("organisation_unknown")
    return sorted(nodes, key=lambda node: len(node.path))


def listing(node: Organisation | None, wanted: Wanted) -> Page[Organisation]:
    """Return one page of what lies directly under a node (None: the networks), or of what a search finds below it.

    One query, however many rows there are; a page beyond the last one is the first.
    """
    words = search_words(wanted.search)
    if node is not None and node.kind is OrganisationKind.NETWORK and not words:
        return _countries(node, wanted)
    rows = select(Organisation).where(*_shown(node, words), *([] if wanted.guests else [_NO_GUESTS]))
    numbered = rows.add_columns(func.count().over()).order_by(Organisation.position).limit(wanted.per_page)
    found = db.session.execute(numbered.offset((wanted.page - 1) * wanted.per_page)).all()
    if not found and wanted.page > 1:
        return listing(node, replace(wanted, page=1))
    return Page([row[0] for row in found], found[0][1] if found else 0, wanted.page, wanted.per_page)


@transactional
def propose(country: str, name: str, city: str | None = None) -> Organisation:
    """Add a hospital whose membership is not confirmed yet; it can already be chosen for requests.

    `country` is the path of a country in a network. Raises NotFound for another path, Invalid if it is there already.
    """
    # The row of the country is the lock: of two who propose the same at once the second is told so.
    parent = db.session.scalar(select(Organisation).where(Organisation.path == country).with_for_update())
    if parent is None or parent.kind is not OrganisationKind.COUNTRY or parent.state is OrganisationState.CLOSED:
        raise NotFound("organisation_unknown")
    proposed = _proposed(parent, name, city)
    proposed.state, proposed.name, proposed.city = OrganisationState.REQUESTED, name, city
    proposed.words = fold(f"{name} {city or ''}")
    db.session.add(proposed)
    db.session.flush()
    audit.record("saas.organisation.propose", object=proposed.path, after={"name": name, "city": city})
    return proposed


def _proposed(parent: Organisation, name: str, city: str | None) -> Organisation:
    """Return a new node, or one that was closed; a hospital of the same name in another city is another one."""
    for words in (name, f"{name} {city or ''}"):
        reference = f"{parent.reference}-{fold(words).replace(' ', '-')}"[:160]
        path = f"{parent.path}/{reference}"
        known = db.session.scalar(select(Organisation).where(Organisation.path == path))
        if known is None:
            return _node_below(parent, reference)
        if known.state is OrganisationState.CLOSED:
            return known
        if fold(known.city or "") == fold(city or ""):
            break
    raise Invalid("organisation_exists")


def _node_below(parent: Organisation, reference: str) -> Organisation:
    last = db.session.scalar(select(func.max(Organisation.position))) or 0
    return Organisation(
        parent_id=parent.id,
        path=f"{parent.path}/{reference}",
        network=parent.network,
        kind=OrganisationKind.PROVIDER,
        reference=reference,
        position=last + 1,
    )


def similar(country: str, name: str, city: str) -> list[Organisation]:
    """Return the hospitals of a country whose name or city looks like what was typed; one query."""
    hospitals = select(Organisation).where(
        Organisation.path.startswith(f"{country}/", autoescape=True),
        Organisation.kind == OrganisationKind.PROVIDER,
        Organisation.state != OrganisationState.CLOSED,
    )
    wanted = distinctive(f"{name} {city}")
    there = db.session.scalars(hospitals.order_by(Organisation.position))
    return [
        found for found in there if wanted & distinctive(f"{found.name} {found.city or ''}") or alike(name, found.name)
    ]


def full_name(organisation: Organisation) -> str:
    """Return the name with where it is: "DE22 - University Hospital, ERN-RND, Germany", "Germany, ERN-RND"."""
    inside = organisation.kind in (OrganisationKind.PROVIDER, OrganisationKind.GUEST)
    return f"{label(organisation)}, {place(organisation) if inside else organisation.network}"


_NO_GUESTS = Organisation.kind != OrganisationKind.GUEST


def _shown(node: Organisation | None, words: list[str]) -> list[ColumnElement[bool]]:
    shown: list[ColumnElement[bool]] = [Organisation.state != OrganisationState.CLOSED]
    if not words:
        level = Organisation.kind == OrganisationKind.NETWORK if node is None else Organisation.parent_id == node.id
        return [*shown, level]
    if node is not None:
        shown.append(Organisation.path.startswith(f"{node.path}/", autoescape=True))
    spoken = [code for code in _names((get_locale() or Locale("en")).language) if _spoken(code, words)]
    in_language = (Organisation.kind == OrganisationKind.COUNTRY) & Organisation.reference.in_(spoken)
    return [*shown, or_(and_(*(Organisation.words.contains(word) for word in words)), in_language)]


def _spoken(code: str, words: list[str]) -> bool:
    name = fold(country_name(code))
    return all(word in name for word in words)


def _countries(network: Organisation, wanted: Wanted) -> Page[Organisation]:
    """Countries are few, and their order depends on the language: they are sorted here."""
    under = select(Organisation).where(
        Organisation.parent_id == network.id, Organisation.state != OrganisationState.CLOSED
    )
    everything = sorted(db.session.scalars(under), key=lambda country: fold(label(country)))
    page = last_page(len(everything), wanted.page, wanted.per_page)
    start = (page - 1) * wanted.per_page
    return Page(everything[start : start + wanted.per_page], len(everything), page, wanted.per_page)
