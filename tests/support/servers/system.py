"""The whole system as real programs on free ports: what `make run` starts, each program to be killed and started alone.

`system` is started once for each kind of database and shared by all tests of a process: they bring their own people.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from idp import launch
from idp.core import configuration
from idp.supervisor import Program
from tests.support.servers import postgres, process

ROOT = Path(__file__).parents[3]
LOGIN, CPMS, ECP, TRAINING = launch.NAMES
WORKER = "Outbox worker"
DATABASES = ("DATABASE_URL", "CPMS_DATABASE_URL", "ECP_DATABASE_URL", "CPMS_TRAINING_DATABASE_URL")
READY_SECONDS = 90.0

# Everybody in a test comes from one address and in a hurry; passwords are hashed cheaply.
HURRIED = {
    "ERN_PASSWORDS__TIME_COST": "1",
    "ERN_PASSWORDS__MEMORY_KIB": "64",
    "ERN_LIMITS__PASSWORD_PER_SOURCE": "100000",
    "ERN_LIMITS__PASSWORD_GLOBAL": "100000",
    "ERN_LIMITS__LINKS_PER_HOUR": "1000",
    "ERN_LIMITS__PAGE_RATE": "100000 per minute",
    "ERN_SMS__PER_MINUTE": "1000",
    "ERN_SMS__PER_TEN_MINUTES": "1000",
    "ERN_SMS__PER_DAY": "1000",
    "ERN_SMS__PER_SOURCE_PER_DAY": "100000",
    "ERN_OUTBOX__POLL_SECONDS": "0.3",
    "ECP_RECHECK_SECONDS": "1",
}


@dataclass
class System:
    """The programs of one system, by name, and those that run."""

    place: launch.Place = field(repr=False)
    programs: dict[str, Program] = field(repr=False)
    running: dict[str, process.Process] = field(default_factory=dict, repr=False)

    @property
    def login(self) -> str:
        """The base address of the identity server."""
        return self.place.address(0)

    @property
    def cpms(self) -> str:
        """The base address of CPMS."""
        return self.place.address(1)

    @property
    def ecp(self) -> str:
        """The base address of ECP."""
        return self.place.address(2)

    @property
    def training(self) -> str:
        """The base address of the CPMS for practising."""
        return self.place.address(3)

    def start(self, *names: str) -> None:
        """Start programs and wait until they answer."""
        for name in names:
            self.running[name] = self._process(self.programs[name])
        for name in names:
            url = self.programs[name].ready_url
            if url:
                self.running[name].wait_until(lambda url=url: process.http_answers(url), READY_SECONDS)

    def kill(self, *names: str) -> None:
        """End programs at once, as `kill -9` of all their processes does."""
        for name in names:
            killed = self.running.pop(name)
            killed.send(9)
            killed.stop()

    def stop(self) -> None:
        """Ask all programs to end, and end them."""
        for one in self.running.values():
            one.popen.terminate()
        for one in self.running.values():
            one.stop()
        self.running.clear()

    def said(self) -> str:
        """Everything that the programs printed, for messages and for the search for stack traces."""
        return "\n".join(path.read_text("utf-8", "replace") for path in sorted(self.place.data.glob("*.log")))

    def state(self) -> str:
        """Tell which programs run, and what was printed last, for the message of a failed test."""
        running = ", ".join(f"{name}: {one.running}" for name, one in self.running.items())
        return f"{running}\n{self.said()[-2000:]}"

    def _process(self, program: Program) -> process.Process:
        log = self.place.data / f"{program.name.replace(' ', '-')}.log"
        return process.start(program.command, log, env={**self.place.environ, **program.env}, cwd=ROOT)


@contextmanager
def running(folder: Path, environ: Mapping[str, str], *names: str) -> Iterator[System]:
    """Prepare the databases and run the programs with these names (all by default) until the end."""
    folder.mkdir(parents=True, exist_ok=True)
    given = {**HURRIED, "ERN_CPMS_CONFIG": str(_cpms_configuration(folder)), **environ}
    place = launch.Place(process.free_ports(len(launch.NAMES)), folder, given, configuration.load(given).demo)
    groups = [group for group in launch.groups(place) if not names or group.programs[0].name in names]
    system = System(place, {program.name: program for group in groups for program in group.programs})
    try:
        _prepare(system, [group.prepare for group in groups if group.prepare])
        system.start(*system.programs)
        yield system
    finally:
        system.stop()


def _cpms_configuration(folder: Path) -> Path:
    """Write CPMS a configuration that asks for rights again each second: most settings are not read from variables."""
    path = folder / "cpms.toml"
    usual = (configuration.CONFIG / "cpms_development.toml").read_text("utf-8")
    path.write_text(f"{usual}\nrecheck_seconds = 1\n", "utf-8")
    return path


def _prepare(system: System, programs: list[Program]) -> None:
    under_way = [system._process(program) for program in programs]
    for one in under_way:
        ended = process.wait_until(lambda one=one: not one.running, READY_SECONDS)
        if not ended or one.popen.returncode:
            one.stop()
            raise process.NotReady(f"{one.popen.args} failed:\n{one.output()[-4000:]}")
        one.stop()


def fresh_databases(kind: str, cluster: Callable[[], postgres.Cluster]) -> dict[str, str]:
    """Make a database for each program on PostgreSQL and name them; on SQLite the files make themselves."""
    if kind == "sqlite":
        return dict.fromkeys(DATABASES, "")
    return {name: cluster().url(cluster().create()) for name in DATABASES}


Systems = Callable[[str], System]


@pytest.fixture(scope="session")
def systems(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Systems]:
    """Give the running system on a kind of database; each is started when first asked for."""
    started: dict[str, System] = {}
    with ExitStack() as ends:

        def system_on(kind: str) -> System:
            if kind not in started:
                urls = fresh_databases(kind, lambda: request.getfixturevalue("postgres_cluster"))
                started[kind] = ends.enter_context(running(tmp_path_factory.mktemp(f"system-{kind}"), urls))
            return started[kind]

        yield system_on


@pytest.fixture
def each_system(systems: Systems, database_kind: str) -> System:
    """The whole system: the test runs once on SQLite and once on PostgreSQL."""
    return systems(database_kind)


@pytest.fixture
def system(systems: Systems) -> System:
    """The whole system on SQLite."""
    return systems("sqlite")
