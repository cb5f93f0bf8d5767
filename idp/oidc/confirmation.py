"""What a token counts with, besides being presented (RFC 7800, 3): a key that is proved, a certificate."""

from collections.abc import Mapping
from typing import Any

from idp.core.values import frozen
from idp.oidc.given import Grant

THUMBPRINTS = {"jkt": "jkt", "x5t": "x5t#S256"}


@frozen
class Confirmation:
    """The thumbprints of a key (RFC 9449, 6.1) and of a certificate (RFC 8705, 3.1)."""

    jkt: str | None = None
    x5t: str | None = None

    def as_claims(self) -> dict[str, dict[str, str]]:
        """Return the claim `cnf`, or nothing for a token that everybody may use."""
        bound = {told: getattr(self, name) for name, told in THUMBPRINTS.items() if getattr(self, name)}
        return {"cnf": bound} if bound else {}

    def met_by(self, shown: "Confirmation") -> bool:
        """Say whether a request shows what is needed here.

        No proof makes up for a token without a key (RFC 9449, 7.2), but a certificate may be shown for other reasons.
        """
        return self.jkt == shown.jkt and self.x5t in (None, shown.x5t)


def read(claims: Mapping[str, Any]) -> Confirmation:
    """Return what a token of ours counts with."""
    bound = claims.get("cnf", {})
    return Confirmation(**{name: bound.get(told) for name, told in THUMBPRINTS.items()})


def fits(grant: Grant, shown: Confirmation) -> bool:
    """Say whether a request shows what a grant's code or refresh token counts with."""
    return grant.dpop_jkt in (None, shown.jkt) and grant.x5t in (None, shown.x5t)
