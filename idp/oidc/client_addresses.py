"""What is read at a client's own addresses when it is registered: its sector and its logo; always outside an act."""

from collections.abc import Mapping

from idp.oidc import clients, logos, sectors
from idp.oidc.clients import Registration
from idp.oidc.logos import Logo


def visit(registration: Registration) -> Mapping[str, Logo]:
    """Return the logos of a registration by their addresses; raise Invalid if what is found there cannot be used."""
    clients.check(registration)
    if "sector_identifier_uri" in registration.further:
        sectors.confirm(registration.redirect_uris, registration.further["sector_identifier_uri"])
    return logos.read(registration.further)
