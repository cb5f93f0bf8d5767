"""Signing keys are replaced while people sign in, and no application notices (OpenID Connect Core, 10.1.1)."""

import json
import re
import threading
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.federation.test_federation import command, signed_in
from tests.support.servers.system import System

REDIRECT_URI = "http://127.0.0.1:9/callback"
VERIFIER = "v" * 64
ROTATIONS = 3
TOKENS_BETWEEN = 6  # at least, with each key
LONGEST_SECONDS = 120


@dataclass
class Application:
    """A client that keeps the keys as long as their headers allow, and reads them again for a key not seen before."""

    system: System
    algorithm: str
    browser: requests.Session
    client_id: str = ""
    secret: str = ""
    keys: KeySet | None = None
    keys_over: float = 0.0
    read: int = 0
    kids: list[str] = field(default_factory=list)

    def registers(self) -> None:
        printed = command(
            self.system, "client", "add", "--name", self.algorithm, "--redirect-uri", REDIRECT_URI,
            "--id-token-alg", self.algorithm, "--scope", "openid",
        )  # fmt: skip
        told = dict(line.split(": ", 1) for line in printed.splitlines())
        self.client_id, self.secret = told["client_id"], told["client_secret"]

    def signs_people_in(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self.signs_in()

    def signs_in(self) -> None:
        challenge = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code", "client_id": self.client_id, "redirect_uri": REDIRECT_URI, "scope": "openid",
            "prompt": "none", "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        login = self.system.login
        back = self.browser.get(f"{login}/oauth2/authorize?{urlencode(query)}", allow_redirects=False, timeout=20)
        form = {
            "grant_type": "authorization_code", "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER,
            "code": parse_qs(urlsplit(back.headers["Location"]).query)["code"][0],
        }  # fmt: skip
        got = requests.post(f"{login}/oauth2/token", data=form, auth=(self.client_id, self.secret), timeout=20).json()
        self.kids.append(self.verified(got["id_token"]))
        bearer = {"Authorization": f"Bearer {got['access_token']}"}
        assert requests.get(f"{login}/oauth2/userinfo", headers=bearer, timeout=20).status_code == 200

    def verified(self, token: str) -> str:
        """Return the name of the key that verifies the token; raise if none does."""
        kid = named(token)
        if time.monotonic() > self.keys_over or kid not in self.known():
            self.reads_keys()
        assert kid in self.known(), f"{kid} is not published"
        jwt.decode(token, self.keys, algorithms=[self.algorithm])
        return kid

    def known(self) -> set[str]:
        return {str(key.kid) for key in self.keys} if self.keys else set()

    def reads_keys(self) -> None:
        answer = requests.get(f"{self.system.login}/oauth2/jwks", timeout=20)
        age = re.search(r"max-age=(\d+)", answer.headers["Cache-Control"])
        assert age
        self.read += 1
        self.keys, self.keys_over = KeySet.import_key_set(answer.json()), time.monotonic() + int(age[1])


def named(token: str) -> str:
    """The key that a token names in its head."""
    head = token.partition(".")[0]
    return str(json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"])


def waits_until(applications: list[Application], running: list[Future[None]], met: int, deadline: float) -> None:
    """Wait until each application had enough tokens of so many keys; one that failed ends the waiting."""
    while time.monotonic() < deadline and not any(one.done() for one in running):
        often = [[count for count in Counter(one.kids).values() if count >= TOKENS_BETWEEN] for one in applications]
        if all(len(keys) >= met for keys in often):
            return
        time.sleep(0.05)


def test_no_application_notices_that_keys_are_replaced(system: System) -> None:
    applications = [Application(system, algorithm, signed_in(system, "hp.rnd")) for algorithm in ("ES256", "RS256")]
    for one in applications:
        one.registers()
    stop, deadline = threading.Event(), time.monotonic() + LONGEST_SECONDS
    with ThreadPoolExecutor(len(applications)) as pool:
        running = [pool.submit(one.signs_people_in, stop) for one in applications]
        try:
            for turn in range(ROTATIONS):
                waits_until(applications, running, turn + 1, deadline)
                command(system, "rotate-keys")
                # Others read the keys all the while; so the server sees the rotation before its minute is over.
                requests.get(f"{system.login}/oauth2/jwks", timeout=20)
            waits_until(applications, running, ROTATIONS + 1, deadline)
        finally:
            stop.set()
        for done in running:
            done.result(60)
    for one in applications:
        assert len(set(one.kids)) == ROTATIONS + 1, "each rotation was met on the way"
        assert one.read <= ROTATIONS, "and the keys were read for those that were new, not for each token"
