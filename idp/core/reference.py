"""The reference number of a request: short enough to read out on the telephone, and in every log line about it."""

import secrets

from flask import g

# Crockford's base 32: no letter that looks like a digit.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def reference() -> str:
    """Return this request's reference, like "7F3K-92QD"; made when it is first asked for."""
    if "reference" not in g:
        letters = "".join(secrets.choice(ALPHABET) for _ in range(8))
        g.reference = f"{letters[:4]}-{letters[4:]}"
    known: str = g.reference
    return known
