"""Brings the reference data of `config/reference/` into the database: networks, countries, hospitals, applications."""

import hashlib
import json
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from idp.core.configuration import CONFIG
from idp.core.db import Model, db, transactional, upsert
from idp.core.levels import MFA, SFA
from idp.saas.catalogue_models import (
    Application,
    Organisation,
    OrganisationKind,
    OrganisationState,
    Profile,
    ReferenceVersion,
)
from idp.saas.models import Proposal
from idp.saas.words import fold

FOLDER = CONFIG / "reference"
FILES = ("erns", "other_networks", "countries", "hcps", "applications", "profiles")
LAYOUT = "3"  # rises when the same files are stored in another way
NAME = "saas"
LEVELS = {"sfa": SFA, "mfa": MFA}
GUEST_CODE = "0000"
GUEST_NAME = "Guest Access"
Row = dict[str, Any]


@transactional
def load_reference(folder: Path = FOLDER) -> bool:
    """Make the catalogue what the files say; return False if it already was.

    Organisations that are no longer in the files are closed, never removed: accesses and decisions name them.
    """
    contents = {name: (folder / f"{name}.json").read_bytes() for name in FILES}
    digest = hashlib.sha256(LAYOUT.encode() + b"".join(contents.values())).hexdigest()
    loaded = db.session.get(ReferenceVersion, NAME)
    if loaded is not None and loaded.digest == digest:
        return False
    data = {name: json.loads(content) for name, content in contents.items()}
    _load_applications(data["applications"], data["profiles"])
    _load_organisations(data)
    _upsert(ReferenceVersion, [{"name": NAME, "digest": digest}], ["name"])
    return True


def _load_applications(applications: list[Row], profiles: list[Row]) -> None:
    rows = [
        {
            "id": found["id"],
            "name": found["name"],
            "short_name": found["short_name"],
            "position": position,
            "takes_requests": found["open"],
            "takes_guests": found["takes_guests"],
            "level": LEVELS[found["level"]],
            "locked_after_panic": found["after_panic"] == "lock",
            "trusted_browsers": found["trusted_browsers"],
            "text_messages": found["text_messages"],
            "membership_id": found["membership"],
        }
        for position, found in enumerate(applications)
    ]
    rows.sort(key=lambda row: row["membership_id"] is not None)  # an application comes after the one it names
    _upsert(Application, rows, ["id"])
    _upsert(
        Profile,
        [
            {
                "application_id": found["application"],
                "status": "active",
                "position": position,
                **{
                    name: found[name]
                    for name in ("code", "description", "decided_by", "decides", "needs", "for_guests")
                },
            }
            for position, found in enumerate(profiles)
        ],
        ["application_id", "code"],
    )


def _load_organisations(data: dict[str, list[Row]]) -> None:
    networks = data["erns"] + data["other_networks"]
    confirmed = select(Proposal.organisation_id).where(
        Proposal.accepted.is_(True)
    )  # in no file, and confirmed by a team
    there = select(Organisation.path).where(Organisation.state == OrganisationState.ACTIVE)
    before = set(db.session.scalars(there.where(Organisation.id.not_in(confirmed))))
    ids: dict[str, int] = {}
    for level in (
        [_network(found) for found in networks],
        [_country(network, found) for network in networks for found in data["countries"]],
        [_guest(network, found) for network in networks for found in data["countries"]],
        [_provider(found) for found in data["hcps"]],
    ):
        for position, row in enumerate(sorted(level, key=lambda row: row.pop("order")), len(ids)):
            row |= {"position": position, "parent_id": ids.get(row["path"].rpartition("/")[0])}
        _upsert(Organisation, level, ["path"])
        ids |= dict(db.session.execute(select(Organisation.path, Organisation.id)).all())
        before -= {row["path"] for row in level}
    for path in before:
        closing = update(Organisation).where(Organisation.path == path).values(state=OrganisationState.CLOSED)
        db.session.execute(closing)


def _network(found: Row) -> Row:
    label = found["saas_label"]
    # The order of the list of networks in SAAS: capitals before small letters.
    return _node(OrganisationKind.NETWORK, found["code"], label, order=label, words=f"{label} {found['name']}")


def _country(network: Row, found: Row) -> Row:
    path = f"{network['code']}/{found['code']}"
    return _node(OrganisationKind.COUNTRY, path, found["name"], order=found["name"], words=found["name"])


def _guest(network: Row, country: Row) -> Row:
    path = f"{network['code']}/{country['code']}/{GUEST_CODE}"
    return _node(OrganisationKind.GUEST, path, GUEST_NAME, order="", words=f"{GUEST_CODE} {GUEST_NAME}") | {
        "code": GUEST_CODE
    }


def _provider(found: Row) -> Row:
    path = f"{found['ern']}/{found['country']}/{found['reference']}"
    words = " ".join(filter(None, (found["code"], found["name"], found.get("city"))))
    order = (found["code"] is None, found["code"] or fold(found["name"]))
    node = _node(OrganisationKind.PROVIDER, path, found["name"], order=order, words=words)
    return node | {"code": found["code"], "city": found.get("city"), "membership": found.get("membership")}


def _node(kind: OrganisationKind, path: str, name: str, *, order: Any, words: str) -> Row:
    return {
        "path": path,
        "network": path.partition("/")[0],
        "kind": kind,
        "state": OrganisationState.ACTIVE,
        "reference": path.rpartition("/")[2],
        "code": None,
        "name": name,
        "city": None,
        "membership": None,
        "words": fold(words),
        "order": order,
    }


def _upsert(model: type[Model], rows: list[Row], key: list[str]) -> None:
    statement = upsert(model.__table__, db.session())
    changed = {name: statement.excluded[name] for name in rows[0] if name not in key}
    db.session.execute(statement.on_conflict_do_update(index_elements=key, set_=changed), rows)


def applications() -> list[Application]:
    """Return the catalogue in its order."""
    return list(db.session.scalars(select(Application).order_by(Application.position)))
