"""What is known about models of security keys: names and warnings, from FIDO metadata that the operator loaded.

Nothing is fetched and nothing is shipped: without metadata keys have the names that people give them, and no more.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from idp.core import audit, settings
from idp.core.db import db, transactional
from idp.core.errors import Conflict
from idp.mfa.factor import Rejected, Secret
from idp.mfa.models import KeyModel

if TYPE_CHECKING:
    from idp.mfa.metadata_blob import Blob


@transactional
def replace(blob: "Blob") -> None:
    """Put the models of a verified file in the place of those that are known; raise Conflict if it is an older one."""
    newest = db.session.scalar(select(func.max(KeyModel.blob_number))) or 0
    if blob.number < newest:
        raise Conflict("metadata_older")
    db.session.execute(delete(KeyModel))
    found = {model.aaguid: model for model in blob.models}.values()
    db.session.add_all(
        KeyModel(aaguid=one.aaguid, description=one.description, warning=one.warning, blob_number=blob.number)
        for one in found
    )
    audit.record("mfa.metadata.load", after={"number": blob.number, "models": len(found)})


def names(aaguids: Iterable[str]) -> dict[str, str]:
    """Return the names of those of the models that are known."""
    known = select(KeyModel.aaguid, KeyModel.description).where(KeyModel.aaguid.in_(set(aaguids)))
    return {aaguid: description for aaguid, description in db.session.execute(known) if description}


def check(secret: Secret) -> None:
    """Raise Rejected for a new key of a model that the metadata warn of, unless the operator takes it all the same."""
    if "aaguid" not in secret or not settings.current().security.refuse_withdrawn_keys:
        return
    model = db.session.get(KeyModel, secret["aaguid"])
    if model and model.warning:
        raise Rejected("key_withdrawn", field="credential")
