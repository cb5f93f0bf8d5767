"""How hypothesis draws walks and requests, and makes a failing one small: the same number draws the same ones.

Nothing is drawn while something runs: an example is plain data, which is printed and can be taken once more.
"""

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

SEED = os.environ.get("SEED", "1")
SEARCHING = settings(
    database=None,
    deadline=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
    print_blob=False,
)
# The first example of a search is the simplest one, and after ten it mostly repeats parts of what it had: begin anew.
AT_ONCE = 10


def search(name: str, examples: int, does: Callable[..., None], **drawn: SearchStrategy[Any]) -> None:
    """Do this with so many examples at least; what fails is made small, and told with its name and SEED."""
    searched = settings(SEARCHING, max_examples=AT_ONCE + 1)(given(**drawn)(does))
    for number in range(-(-examples // AT_ONCE)):
        try:
            seed(f"{SEED}.{name}.{number}")(searched)()
        except Exception as error:
            error.add_note(f"SEED={SEED}, {name}, search {number}")
            raise
