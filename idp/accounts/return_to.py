"""Where a person goes on after signing in or registering: a path on this server, never another place."""

import re

LONGEST = 4000
# Browsers read a backslash as a slash and drop control characters, so that "/\evil" would leave this server.
UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")


def local(wish: str | None) -> str:
    """Return `wish` if it is a path on this server, else an empty text."""
    if not wish or len(wish) > LONGEST or UNSAFE.search(wish) or not wish.startswith("/") or wish.startswith("//"):
        return ""
    return wish
