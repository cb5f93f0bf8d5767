"""CPMS and ECP reach the identity server through the proxy of the hospital, which learns no secret."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from cpms_client import settings as cpms_settings
from cpms_client.errors import IdentityUnreachable
from cpms_client.identity_server import IdentityServer
from ecp_client import settings as ecp_settings
from ecp_client.errors import IssuerSilent
from ecp_client.issuer import Issuer

Asks = Callable[[str], object]


@dataclass
class Recorder:
    """A server that notes what it is asked, and hangs up."""

    address: str
    heads: list[str] = field(default_factory=list)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with socket.create_server(("127.0.0.1", 0)) as door:
        found = Recorder(f"127.0.0.1:{door.getsockname()[1]}")

        def note() -> None:
            with suppress(OSError):
                while True:
                    visitor, _ = door.accept()
                    with visitor:
                        found.heads.append(visitor.recv(4096).decode())

        listener = threading.Thread(target=note, daemon=True)
        listener.start()
        yield found
        door.shutdown(socket.SHUT_RDWR)
        listener.join(5)


def cpms(issuer: str) -> None:
    with pytest.raises(IdentityUnreachable):
        IdentityServer(replace(cpms_settings.load({"ERN_CPMS_CONFIG": "test"}), issuer=issuer)).metadata()


def ecp(issuer: str) -> None:
    with pytest.raises(IssuerSilent):
        Issuer(replace(ecp_settings.load({}), issuer=issuer)).metadata()


@pytest.fixture(params=[cpms, ecp])
def asks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Asks:
    """Ask an identity server, in vain, from a host whose environment names no proxy yet."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "NETRC"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    found: Asks = request.param
    return found


def test_https_is_tunnelled_through_the_proxy_of_the_host(
    asks: Asks, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{recorder.address}")
    asks("https://login.example")
    assert recorder.heads[0].startswith("CONNECT login.example:443 ")


def test_hosts_that_the_operator_excepts_are_asked_directly(
    asks: Asks, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{recorder.address}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    asks("https://127.0.0.1:9")
    assert recorder.heads == []


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY"])
def test_what_is_spoken_plainly_stays_on_this_machine(
    asks: Asks, recorder: Recorder, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, f"http://{recorder.address}")
    asks("http://127.0.0.1:9")
    assert recorder.heads == []


def test_a_password_that_the_host_keeps_for_the_address_is_not_sent(
    asks: Asks, recorder: Recorder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    asks(f"http://{recorder.address}")
    assert recorder.heads[0].startswith("GET /.well-known/openid-configuration ")
    assert "authorization" not in recorder.heads[0].lower()
