"""The browser as we know it again: one long-lived signed cookie with a random name and marks of who signed in there.

The marks mean nothing to others: on a shared computer the cookie does not tell who uses it.
"""

import hashlib
from dataclasses import replace

from flask import Response, g

from idp.core import incoming, settings
from idp.core.driver import held
from idp.core.signed import digest, new_token, sign, unsign
from idp.core.values import frozen

PURPOSE = "browser"
SECONDS = 365 * 24 * 3600
MOST_MARKS = 20


@frozen
class Browser:
    """What the cookie says: the browser's name, and a mark for each account that signed in here, the last one first."""

    name: str
    marks: tuple[str, ...] = ()
    is_new: bool = False

    @property
    def binding(self) -> bytes:
        """What the database keeps of the name."""
        return digest(self.name)

    def knows(self, uid: str) -> bool:
        """Say whether this person signed in here before."""
        return self._mark(uid) in self.marks

    def remembering(self, uid: str) -> "Browser":
        """Return the browser once this person signed in here."""
        others = [mark for mark in self.marks if mark != self._mark(uid)]
        return replace(self, marks=(self._mark(uid), *others)[:MOST_MARKS])

    def _mark(self, uid: str) -> str:
        return hashlib.sha256(f"{self.name}:{uid}".encode()).hexdigest()[:16]


def current() -> Browser:
    """Return this request's browser; one that we do not know gets its name with the answer."""
    if "browser" not in g:
        kept = unsign(PURPOSE, incoming.current().jar.get(cookie_name(), ""), SECONDS)
        g.browser = Browser(kept["name"], tuple(kept["marks"])) if kept else Browser(new_token(), is_new=True)
        if not kept:
            g.browser_changed = True
    found: Browser = g.browser
    return found


def remember(uid: str) -> None:
    """Note that this person signed in here."""
    g.browser = current().remembering(uid)
    g.browser_changed = True


def cookie_name() -> str:
    """Return the cookie's name; outside plain http it is bound to the host (RFC 6265bis, 4.1.3.2)."""
    return "__Host-browser" if settings.current().secure_cookies else "browser"


def set_cookie(answer: Response) -> Response:
    """Give the browser its cookie when it is new or changed."""
    if held().get("browser_changed"):
        kept = sign(PURPOSE, {"name": g.browser.name, "marks": g.browser.marks})
        secure = settings.current().secure_cookies
        answer.set_cookie(cookie_name(), kept, SECONDS, secure=secure, httponly=True, samesite="Lax", path="/")
    return answer
