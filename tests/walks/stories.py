"""The stories that walks follow: who does what at which browser, as plain data that hypothesis draws and shrinks."""

from dataclasses import dataclass

from hypothesis import strategies as st

STARTS = (
    *("nobody", "two factors", "panic", "new phone", "newcomer", "administrator", "forgotten"),
    *("app", "asked", "scanning", "lost app"),
    "forgotten",  # once more: a link from a mail is a long way
)
# What is wrong is wrong once in a while, else nobody gets anywhere.
SLIPS = 5
LENGTH = (3, 14)
# How often which move is made; the first is what a story is made small with.
OFTEN = {
    "waits": 4,
    "opens": 18,
    "fills": 60,
    "jumps": 12,
    "reads_mail": 5,
    "confirms": 2,
    "unfreezes": 1,
    "brings_old_cookie": 1,
    "steals": 3,
    "unlinks": 1,
}
BROWSERS = (0, 0, 0, 1)
# Mostly it is the same person as before who sits at a browser (None).
PEOPLE = (*(None,) * 24, 0, 0, 0, 0, 1, 2)
NUMBERS = 64


@dataclass(frozen=True)
class Move:
    """What happens at a browser: `number` chooses among what there is, with the highest `slip` it is done wrongly."""

    does: str
    browser: int = 0
    who: int | None = None
    number: int = 0
    slip: int = 0


def moved(what: tuple[str, int], who: int | None, number: int, slip: int) -> Move:
    """Make a move of what is drawn: what and at which browser, by whom, and how."""
    return Move(*what, who, number, slip)


# Five choices with the one to go on: more than that hypothesis cannot take out of the middle of a story.
MOVES = st.builds(
    moved,
    st.sampled_from([(move, browser) for move, times in OFTEN.items() for browser in BROWSERS for _ in range(times)]),
    st.sampled_from(PEOPLE),
    st.integers(0, NUMBERS - 1),
    st.integers(0, SLIPS - 1),
)
STORY = st.lists(MOVES, min_size=LENGTH[0], max_size=LENGTH[1])
