"""What a page is told that waits for the person's device."""

from typing import Any

from flask_babel import gettext as _

from idp.core import clock
from idp.mfa.models import Challenge, ChallengeState
from idp.mfa.sentences import span


def progress(challenge: Challenge | None) -> dict[str, Any]:
    """Return whether the page still waits or can go on, the seconds left, and the same in words."""
    if challenge is None or challenge.state is not ChallengeState.OPEN:
        return {"state": "go"}
    seconds = seconds_left(challenge)
    return {"state": "waiting", "seconds": seconds, "left": left(challenge)}


def seconds_left(challenge: Challenge) -> int:
    """Return how long a challenge can still be answered."""
    return max(0, int((challenge.expires_at - clock.now()).total_seconds()))


def left(challenge: Challenge) -> str:
    """Return the same as people say it."""
    minutes, seconds = divmod(seconds_left(challenge), 60)
    parts = [span(minutes * 60)] if minutes else []
    parts += [span(seconds)] if seconds or not minutes else []
    return str(_("Time left: %(time)s", time=" ".join(parts)))
