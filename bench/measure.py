"""What one operation costs: repeated for a while, counted one by one, told by the median."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.visitor import Visitor

WARM_UP = 3


@dataclass(frozen=True)
class Cost:
    """Of one operation: the median CPU and wall time of the server in microseconds, and how often it was done."""

    cpu: float
    wall: float
    times: int

    @property
    def per_second(self) -> float:
        """How many of them one core does in a second."""
        return 1e6 / self.cpu


def cost(visitor: Visitor, call: Callable[[], object], seconds: float) -> Cost:
    """Do `call` until `seconds` are over, at least once; what the visitor itself does is not counted."""
    for _ in range(WARM_UP):
        call()
    cpu: list[float] = []
    wall: list[float] = []
    ends = time.monotonic() + seconds
    while not cpu or time.monotonic() < ends:
        before = visitor.cpu, visitor.wall
        call()
        cpu.append(visitor.cpu - before[0])
        wall.append(visitor.wall - before[1])
    return Cost(statistics.median(cpu) * 1e6, statistics.median(wall) * 1e6, len(cpu))


def share(part: Callable[[], object], whole: Cost, seconds: float) -> float:
    """Return how much of an operation's CPU time is this part of it, measured alone (1.0: all of it)."""
    alone: list[float] = []
    ends = time.monotonic() + seconds
    while not alone or time.monotonic() < ends:
        before = time.process_time()
        part()
        alone.append(time.process_time() - before)
    return statistics.median(alone) * 1e6 / whole.cpu


def speed() -> float:
    """Say how fast this core is at this moment, in million loop turns per CPU second: compare only runs like it."""
    turns = 2_000_000
    begun = time.process_time()
    for _ in range(turns):
        pass
    return turns / (time.process_time() - begun) / 1e6
