"""Two relying parties that we did not write sign people in and read `ern_access` (docs/federate.md)."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import playwright
import pytest
import requests

from tests.support.people import demo
from tests.support.servers import apache, process
from tests.support.servers.system import LOGIN, ROOT, System

NODE = Path(playwright.__file__).parent / "driver" / "node"
SCRIPT = Path(__file__).parent / "openid_client.mjs"
ENTRY = ROOT / "tests/support/vendor/node/node_modules/openid-client/build/index.js"
SCOPE = "openid profile email ern"
# A claim of objects reaches the program behind Apache only with the whole of userinfo.
WITH_USERINFO = (
    "OIDCPassUserInfoAs claims json",
    '<Location /private>\nHeader set X-Userinfo "%{OIDC_userinfo_json}e"\n</Location>',
)


def signed_in(system: System, name: str) -> requests.Session:
    """Return the browser of a person who has entered CPMS, so that other applications ask nothing more."""
    person = demo(system, name)
    person.enters_cpms()
    assert person.page.address.startswith(system.cpms), person.page
    return person.browser.http


def command(system: System, *arguments: str) -> str:
    """Run the operator's command line on the running system's database."""
    env = {**system.place.environ, **system.programs[LOGIN].env, "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-m", "idp.cli", *arguments], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def registered(system: System, redirect_uri: str, *more: str) -> dict[str, str]:
    """Register a client of application 741 as an operator does and return what the command printed."""
    printed = command(
        system, "client", "add", "--name", "Rare Registry", "--redirect-uri", redirect_uri,
        "--post-logout-redirect-uri", redirect_uri, "--application", "741", *more,
    )  # fmt: skip
    return dict(line.split(": ", 1) for line in printed.splitlines())


@contextmanager
def node(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run the relying party until the end of the test."""
    running = subprocess.Popen(
        [NODE, SCRIPT, ENTRY, *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_npm_openid_client_reads_what_a_person_may_do(system: System, algorithm: str) -> None:
    redirect_uri = "http://127.0.0.1:9/callback"
    client = registered(system, redirect_uri, "--id-token-alg", algorithm)
    browser = signed_in(system, "hp.rnd")
    with node(client["issuer"], client["client_id"], client["client_secret"], redirect_uri, SCOPE) as party:
        assert party.stdin and party.stdout and party.stderr
        line = party.stdout.readline()
        assert line, party.stderr.read()
        answer = browser.get(json.loads(line), allow_redirects=False, timeout=20)
        party.stdin.write(answer.headers["Location"] + "\n")
        party.stdin.flush()
        said = party.stdout.readline()
        assert said, party.stderr.read()
    learned = json.loads(said)
    assert learned["claims"]["acr"] == "https://refeds.org/profile/mfa", "the application asks for two factors"
    access = learned["person"]["ern_access"]
    assert [(one["ern"], one["country"], one["hcp"], one["profiles"]) for one in access] == [
        ("ERN-RND", "DE", "DE22", ["HP"])
    ]
    assert access[0]["ecp_member"] is True and access[0]["guest"] is None
    assert learned["person"]["profiles"] == ["HP"] and learned["person"]["email"] == "hp.rnd@demo.example"
    goodbye = browser.get(learned["logout"], allow_redirects=False, timeout=20)
    assert goodbye.headers["Location"] == f"{redirect_uri}?state=bye"
    assert "/login?" in browser.get(f"{system.login}/account", timeout=20).url, "the session is over"


def test_apache_mod_auth_openidc_lets_in_whom_the_claims_allow(system: System, needs_apache: None) -> None:
    port = process.free_port()
    client = registered(system, apache.redirect_uri(port))
    registration = apache.Registration(
        client["issuer"], client["client_id"], client["client_secret"], SCOPE,
        require="Require claim profiles:HP", shown_claims=("ern", "hcp", "profiles"), more=WITH_USERINFO,
    )  # fmt: skip
    with apache.running(registration, port) as site:
        let_in = signed_in(system, "hp.rnd").get(site.private_url, timeout=20)
        assert let_in.text == apache.PRIVATE_PAGE, (let_in.status_code, let_in.text, site.errors())
        assert let_in.headers["X-Claim-ern"] == "ERN-RND" and let_in.headers["X-Claim-hcp"] == "DE22"
        [access] = json.loads(let_in.headers["X-Userinfo"])["ern_access"]
        assert (access["ern"], access["hcp"], access["profiles"]) == ("ERN-RND", "DE22", ["HP"])
        refused = signed_in(system, "researcher.rnd").get(site.private_url, timeout=20)
        assert refused.url.startswith(site.base_url), (refused.url, refused.text)
        assert refused.status_code in (401, 403), refused.text
