"""What is known about models of security keys: names, warnings and who attests them, from loaded FIDO metadata.

Nothing is fetched and nothing is shipped: without metadata keys have the names that people give them, and no more.
"""

import importlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from idp.core import audit, clock, settings
from idp.core.db import db, transactional
from idp.core.errors import Conflict
from idp.mfa.factor import Rejected, Secret
from idp.mfa.models import KeyModel

if TYPE_CHECKING:
    from idp.mfa.metadata_blob import Blob

# By name: only keys that show who made them need it.
ATTESTATION = "idp.mfa.attestation"


@transactional
def replace(blob: "Blob") -> None:
    """Put the models of a verified file in the place of those that are known; raise Conflict if it is an older one."""
    newest = db.session.scalar(select(func.max(KeyModel.blob_number))) or 0
    if blob.number < newest:
        raise Conflict("metadata_older")
    db.session.execute(delete(KeyModel))
    found = {model.aaguid: model for model in blob.models}.values()
    db.session.add_all(
        KeyModel(
            aaguid=one.aaguid,
            description=one.description,
            warning=one.warning,
            blob_number=blob.number,
            roots=list(one.roots),
        )
        for one in found
    )
    audit.record("mfa.metadata.load", after={"number": blob.number, "models": len(found)})


def names(aaguids: Iterable[str]) -> dict[str, str]:
    """Return the names of those of the models that are known."""
    known = select(KeyModel.aaguid, KeyModel.description).where(KeyModel.aaguid.in_(set(aaguids)))
    return {aaguid: description for aaguid, description in db.session.execute(known) if description}


def checked(secret: Secret) -> Secret:
    """Return a new secret as it is kept, without the chain by which a key shows who made it.

    Raise Rejected for a key of a model that the metadata warn of, unless the operator takes it all the same, and for
    one whose chain does not end where the metadata of its model say. A key that shows no chain, or whose model is not
    known, is as good as its owner says, unless the operator wants known models only.
    """
    chain = secret.get("chain", [])
    kept = {name: value for name, value in secret.items() if name != "chain"}
    if "aaguid" not in secret:
        return kept
    demanded, model = settings.current().security, db.session.get(KeyModel, secret["aaguid"])
    if model and model.warning and demanded.refuse_withdrawn_keys:
        raise Rejected("key_withdrawn", field="credential")
    shown = bool(model and model.roots and chain)
    if model and shown and not _vouched(model, chain):
        raise Rejected("key_contradicts", field="credential")
    if demanded.only_known_keys and not shown:
        raise Rejected("key_unknown", field="credential")
    return kept


def _vouched(model: KeyModel, chain: list[str]) -> bool:
    vouched: bool = importlib.import_module(ATTESTATION).vouched(chain, model.roots, model.aaguid, clock.now())
    return vouched
