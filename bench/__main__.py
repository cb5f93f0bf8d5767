"""`python -m bench`: operations a second and CPU time per operation of the hot paths, pages, start and memory.

In the first two tables server time is measured around the WSGI application inside this process, so that neither the
client nor the load of the machine counts; then the protocol comes over HTTP, as it is served. PostgreSQL's own
processes are never counted. Settings come from the environment as usual (`ERN_DATABASE__SQLITE_SYNCHRONOUS=FULL`
measures durable commits).
"""

import argparse
import logging
import tempfile
from pathlib import Path

from bench import pages, served, server
from bench.measure import Cost, cost, share, speed
from bench.operations import operations
from bench.population import PASSWORD, Population, populated
from bench.visitor import Visitor
from idp.accounts import passwords


def main() -> None:
    """Measure and print."""
    wanted = _arguments()
    for database in wanted.database.split(","):
        _measure(database, wanted)


def _measure(database: str, wanted: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder, populated(database, Path(folder), wanted.accounts) as place:
        logging.getLogger("idp").setLevel(logging.WARNING)
        print(f"{database}, {wanted.accounts} accounts; {speed():.0f} million loop turns per CPU second\n")
        visitor = Visitor(place.app)
        hot = operations(place, visitor)
        costs = {name: cost(visitor, call, wanted.seconds) for name, call in hot.items()}
        _table("operation", costs)
        _hashing(place, costs["login flow"], wanted.seconds)
        _table("page", pages.costs(place, wanted.seconds / 4))
        for workers in wanted.workers:
            _rates(workers, served.measure(place, workers, wanted.seconds))
        for _ in range(wanted.starts):
            _start(server.measure(place.environ))
        print(f"at the end {speed():.0f} million loop turns per CPU second")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the identity server's hot paths.")
    parser.add_argument("--database", default="sqlite,postgresql", help="which, one after the other")
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each operation is repeated")
    parser.add_argument("--workers", type=_numbers, default="1,2", help="how many the server has, run after run")
    parser.add_argument("--starts", type=int, default=3, help="how often the server is started")
    return parser.parse_args()


def _numbers(text: str) -> list[int]:
    found = [int(part) for part in text.split(",") if part.strip().isdigit()]
    if len(found) != len(text.split(",")) or 0 in found:
        raise argparse.ArgumentTypeError("give whole numbers from 1 on with commas between them, as 1,2")
    return found


def _table(title: str, costs: dict[str, Cost]) -> None:
    print(f"{title:34} {'a second':>9} {'CPU us':>9} {'wall us':>9} {'times':>7}")
    for name, one in costs.items():
        print(f"{name:34} {one.per_second:9.0f} {one.cpu:9.0f} {one.wall:9.0f} {one.times:7}")
    print()


def _hashing(place: Population, login: Cost, seconds: float) -> None:
    with place.app.app_context():
        hashing = share(lambda: passwords.hash_of(PASSWORD), login, seconds)
    print(f"the login flow reaches {hashing:.0%} of the core's rate of Argon2id alone\n")


def _rates(workers: int, rates: dict[str, served.Rate]) -> None:
    print(f"{f'over HTTP, {workers} worker(s)':34} {'a second':>9} {'CPU us':>9}")
    for name, one in rates.items():
        print(f"{name:34} {one.per_second:9.0f} {one.cpu or 0:9.0f}")
    print()


def _start(start: server.Start) -> None:
    cpu = " + ".join(f"{one:.0f}" for one in start.cpu)
    pss = " + ".join(f"{one:.1f}" for one in start.pss)
    told = f"; CPU {cpu} ms, idle PSS {pss} MiB" if start.cpu else ""
    print(f"start to the first 200 in {start.seconds:.2f} s{told}")


if __name__ == "__main__":
    main()
