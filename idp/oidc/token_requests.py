"""What a grant takes, and what it says: a request to the token endpoint, and what its tokens are to open."""

from collections.abc import Sequence

from idp.core.fields import Fields
from idp.core.values import frozen
from idp.oidc import resources
from idp.oidc.clients import Client
from idp.oidc.confirmation import Confirmation
from idp.oidc.given import Grant
from idp.oidc.tokens import Terms


@frozen
class TokenRequest:
    """Who asks, as it was proved; what was sent, in the body alone; what the tokens will count with."""

    client: Client
    form: Fields
    bound: Confirmation

    def terms(self, scope: str, given: Sequence[str] | None) -> Terms:
        """Return what the access token is to open: at most the resources that were `given` (None: the client's own).

        Raises InvalidTarget (RFC 8707, 2.2).
        """
        allowed = resources.granted(self.client, given)
        return Terms(scope, resources.audience(allowed, self.form.every(resources.PARAMETER)), self.bound)


@frozen
class Allowed:
    """What the access token opens; whose it is (None: the client's own); the nonce that the ID token repeats."""

    terms: Terms
    grant: Grant | None = None
    nonce: str | None = None
