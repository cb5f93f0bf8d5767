"""What `make run` starts: prepare the databases, run the four servers and the outbox worker, print where they are.

With `--tls` (`make run-tls`) they answer on https behind `idp/tls_front.py`, and themselves listen INSIDE ports higher.
Environment: PORT_BASE (default 8000), DATA_DIR (default var/), DATABASE_URL and REDIS_URL of ERN Login.
Exit code 0 after Ctrl-C or SIGTERM, 1 when a program cannot be prepared or keeps dying, 2 for an unusable environment.
"""

import os
import socket
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from idp import tls_front
from idp.core import configuration
from idp.core.settings import Demo, SettingsError
from idp.prepared import Preparation
from idp.supervisor import Failed, Group, Program, Supervisor, say

ROOT = Path(__file__).parents[1]
NAMES = ("ERN Login", "CPMS", "ECP", "CPMS training")  # at PORT_BASE, PORT_BASE + 1, ...
# What makes the applications.
SERVED = {
    "idp": "idp.app:create_app",
    "cpms_client": "cpms_client.app:create_app",
    "ecp_client": "ecp_client.app:create_app",
}
DATABASES = {"idp": "DATABASE_URL", "cpms_client": "CPMS_DATABASE_URL", "ecp_client": "ECP_DATABASE_URL"}
# Browsers try ::1 for `localhost`, find nobody there and go on to 127.0.0.1: no second address is needed.
HOST = "127.0.0.1"
INSIDE = 100


@dataclass(frozen=True)
class Place:
    """Where everything is: the first of the four ports, the folder of the databases, the environment and settings."""

    port_base: int
    data: Path
    environ: Mapping[str, str]
    demo: Demo
    tls: bool = False

    def address(self, offset: int) -> str:
        """Return the base address of the server at PORT_BASE + offset."""
        return f"{'https' if self.tls else 'http'}://localhost:{self.port_base + offset}"

    def port(self, offset: int) -> int:
        """Return the port on which the server itself listens."""
        return self.port_base + offset + (INSIDE if self.tls else 0)

    def database(self, variable: str, name: str) -> str:
        """Return the database URL that the environment names, else an SQLite file of this name."""
        return self.environ.get(variable) or f"sqlite:///{self.data / name}.sqlite"


def main() -> int:
    """Run everything until Ctrl-C; return the exit code."""
    try:
        place = read_place(os.environ, tls="--tls" in sys.argv[1:])
        refuse_used_ports(place)
        everything = groups(place) + (_front(place) if place.tls else [])
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 2
    say("Preparing the databases and starting the servers ...")
    return Supervisor().run(everything, lambda: say(announcement(place)))


def read_place(environ: Mapping[str, str], *, tls: bool = False) -> Place:
    """Read PORT_BASE and DATA_DIR; raise Failed with one sentence if they cannot be used."""
    given = environ.get("PORT_BASE") or "8000"
    highest = 65536 - len(NAMES) - (INSIDE if tls else 0)
    if not given.isdecimal() or not 1 <= int(given) <= highest:
        raise Failed(f"PORT_BASE must be a number from 1 to {highest}, not {given!r}.")
    data = (ROOT / (environ.get("DATA_DIR") or "var")).resolve()
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Failed(f"DATA_DIR {data} cannot be used: {error.strerror}.") from None
    try:
        demo = configuration.load(environ).demo
    except SettingsError as error:
        raise Failed(str(error)) from None
    return Place(int(given), data, environ, demo, tls)


def refuse_used_ports(place: Place) -> None:
    """Raise Failed if somebody already listens on one of our ports (granian would share it and say nothing)."""
    for port in sorted({place.port_base + n for n in range(len(NAMES))} | {place.port(n) for n in range(len(NAMES))}):
        if _answers(socket.AF_INET, "127.0.0.1", port) or _answers(socket.AF_INET6, "::1", port):
            raise Failed(
                f"Port {port} is in use: stop the program that listens on it, or choose four other ports, "
                f"for example PORT_BASE={place.port_base + 1000} make run."
            )


def groups(place: Place) -> list[Group]:
    """List the programs with the settings that make their addresses and databases fit together."""
    login = {
        "DATABASE_URL": place.database("DATABASE_URL", "idp"),
        "ERN_SERVER__ISSUER": place.address(0),
        "ERN_DEMO__CPMS_URL": place.address(1),
        "ERN_DEMO__ECP_URL": place.address(2),
        "ERN_DEMO__TRAINING_URL": place.address(3),
        **({"ERN_SERVER__TRUSTED_PROXIES": "1", "ERN_SERVER__CLIENT_CERTIFICATES": "true"} if place.tls else {}),
    }
    # Each client takes the secret that ERN Login registers it with, so the two cannot disagree.
    clinical = {"CPMS_ISSUER": place.address(0), "CPMS_ECP_URL": f"{place.address(2)}/"}
    cpms = {
        **clinical,
        "CPMS_BASE_URL": place.address(1),
        "CPMS_TRAINING_URL": f"{place.address(3)}/",
        "CPMS_CLIENT_SECRET": place.demo.cpms_secret,
        "CPMS_DATABASE_URL": place.database("CPMS_DATABASE_URL", "cpms"),
    }
    ecp = {
        "ECP_BASE_URL": place.address(2),
        "ECP_ISSUER": place.address(0),
        "ECP_CPMS_URL": place.address(1),
        "ECP_CLIENT_SECRET": place.demo.ecp_secret,
        "ECP_DATABASE_URL": place.database("ECP_DATABASE_URL", "ecp"),
    }
    training = {
        **clinical,
        "ERN_CPMS_CONFIG": "training",
        "CPMS_BASE_URL": place.address(3),
        "CPMS_CLIENT_SECRET": place.demo.training_secret,
        "CPMS_DATABASE_URL": place.database("CPMS_TRAINING_DATABASE_URL", "cpms-training"),
    }
    worker = Program("Outbox worker", (sys.executable, "-m", "idp.worker"), login)
    return [
        _group(place, 0, "idp", login, worker),
        _group(place, 1, "cpms_client", cpms),
        _group(place, 2, "ecp_client", ecp),
        _group(place, 3, "cpms_client", training),
    ]


def _front(place: Place) -> list[Group]:
    """Return the group of the TLS front; everything started from here trusts its authority from now on."""
    trusted = tls_front.certify(place.data)
    os.environ["SSL_CERT_FILE"] = os.environ["REQUESTS_CA_BUNDLE"] = str(trusted)
    ports = [(place.port_base + offset, place.port(offset)) for offset in range(len(NAMES))]
    return [Group(None, (tls_front.front(place.data, ports),))]


def served(target: str, port: int | str, workers: int | str = 1) -> tuple[str, ...]:
    """Return the command that serves an application."""
    options = ("--host", HOST, "--port", str(port), "--workers", str(workers))
    return (sys.executable, "-m", "idp.web_server", *options, target)


def announcement(place: Place) -> str:
    """Say where everything is and who can sign in."""
    lines = [
        "",
        "Ready. Ctrl-C stops everything.",
        "",
        *(f"  {name:24} {place.address(offset)}" for offset, name in enumerate(NAMES)),
        f"  {'Access requests (SAAS)':24} {place.address(0)}/saas/",
        f"  {'Mails and text messages':24} {place.address(0)}/dev/outbox",
        "",
    ]
    if place.demo.enabled:
        lines += [f"  Demo accounts, all with the password {place.demo.password} (their codes appear in the outbox):"]
        lines += [f"    {person['email']:34} {person['role']}" for person in _demo_people()]
        lines += [""]
    return "\n".join(lines)


def _demo_people() -> list[dict[str, str]]:
    people: list[dict[str, str]] = tomllib.loads((ROOT / "config/demo/people.toml").read_text("utf-8"))["person"]
    return [{"role": "", **person} for person in people]


def _group(place: Place, offset: int, package: str, env: Mapping[str, str], *more: Program) -> Group:
    name, address = NAMES[offset], place.address(offset)
    given = {key: text for key, text in place.environ.items() if key.startswith(("ERN_", "CPMS_", "ECP_"))}
    note = place.data / f"{name.lower().replace(' ', '-')}.prepared"
    preparation = Preparation(package, {**given, **env}, env[DATABASES[package]], note)
    prepare = Program(name, (sys.executable, "-m", f"{package}.cli", "prepare"), env)
    server = Program(name, served(SERVED[package], place.port(offset)), env, f"{address}/readyz")
    return Group(None if preparation.is_current() else prepare, (server, *more), preparation.keep)


def _answers(family: socket.AddressFamily, host: str, port: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.settimeout(1)
            return probe.connect_ex((host, port)) == 0
    except OSError:
        return False  # no IPv6 here


if __name__ == "__main__":
    sys.exit(main())
