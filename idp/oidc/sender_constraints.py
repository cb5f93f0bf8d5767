"""Who has to bind its tokens to what it can prove, and to which of it (FAPI 2.0 Security Profile, 5.3.2.1-4)."""

from authlib.oauth2.rfc6749 import InvalidRequestError
from flask import Request

from idp.oidc import dpop, mutual_tls
from idp.oidc.clients import Client
from idp.oidc.confirmation import Confirmation
from idp.oidc.dpop import ProofRefused


def shown(request: Request, access_token: str | None = None) -> Confirmation:
    """Return the key that a request proves and the certificate that it shows.

    Raises ProofRefused. Must be called outside an act: each proof counts once, which is written down at once.
    """
    return Confirmation(dpop.proved(request, access_token), mutual_tls.thumbprint(request))


def binding(client: Client, proved: Confirmation) -> Confirmation:
    """Return what the tokens of a request will count with.

    A certificate binds only where the client wants it (RFC 8705, 3.4), or has no other way. Raises ProofRefused or
    InvalidRequestError if this client gets no token that a thief could use.
    """
    if client.must_show_certificate and proved.x5t is None:
        raise InvalidRequestError("this client has to show its certificate")
    if client.must_prove_key and proved.jkt is None:
        raise ProofRefused("this client needs a proof")
    if client.fapi and proved == Confirmation():
        raise InvalidRequestError("this client has to prove a key, or to show a certificate")
    by_certificate = client.must_show_certificate or (client.fapi and proved.jkt is None)
    return Confirmation(proved.jkt, proved.x5t if by_certificate else None)
