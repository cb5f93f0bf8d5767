"""Every algorithm is one of a list, and nothing that a JWT brings along is trusted, wherever we take one.

A generated table: each forgery at each place (RFC 8725, 3.1 to 3.11; RFC 7515, 4.1.11; RFC 7516, 4.1).
"""

import base64
import time
import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc import jwe, jws
from joserfc.errors import SecurityWarning
from joserfc.jwe import JWERegistry
from joserfc.jwk import ECKey, OctKey, RSAKey
from werkzeug.test import TestResponse

from idp.oidc import keys
from tests.oidc.relying_party import CALLBACK, ISSUER
from tests.protocol.certificates import OWN
from tests.protocol.stage import ASSERTION_TYPE, KEYS, Client, Stage
from tests.protocol.test_dpop import TOKEN, proof

Header = dict[str, Any]
ATTACKER = ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})
ATTACKER_RSA = RSAKey.generate_key(2048, {"kid": "rsa"})


@dataclass(frozen=True)
class Good:
    """A JWT that a place takes: header, claims, the key that signs it (None: only we have it), and its public half."""

    header: Header
    claims: dict[str, Any]
    key: Any
    public: bytes


def encoded(part: object) -> str:
    raw = part if isinstance(part, bytes) else orjson.dumps(part)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(good: Good, header: Header, key: Any) -> str:
    """Sign by hand whatever the header says: a library would refuse half of it."""
    algorithm = header.get("alg")
    known = algorithm if algorithm in {"ES256", "HS256", "RS256", "PS256", "EdDSA"} else "ES256"
    input_ = f"{encoded(header)}.{encoded(good.claims)}"
    model = jws.JWSRegistry.algorithms[known]
    return f"{input_}.{encoded(model.sign(input_.encode(), key))}"


def by(key: Any, **header: Any) -> Callable[[Good], str]:
    """A forgery: signed with a key of the attacker, with these members in the header."""
    return lambda good: signed(good, {**good.header, **header}, key)


def unsigned(algorithm: object) -> Callable[[Good], str]:
    return lambda good: f"{encoded({**good.header, 'alg': algorithm})}.{encoded(good.claims)}."


def by_itself(**header: Any) -> Callable[[Good], str]:
    """Rightly signed, with members that nobody asked for; of our own tokens only we could make such a one."""
    return lambda good: signed(good, {**good.header, **header}, good.key or ATTACKER)


def confused(good: Good) -> str:
    """The public key as the secret of an HMAC."""
    return signed(good, {**good.header, "alg": "HS256"}, OctKey.import_key(good.public))


def stripped(good: Good) -> str:
    return f"{encoded(good.header)}.{encoded(good.claims)}.{encoded(bytes(64))}"


def in_jwe(header: Header, payload: bytes, key: Any) -> str:
    """Encrypt with whatever the header says, weak or not."""
    names = [header["alg"], header["enc"], "DEF"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        return jwe.encrypt_compact(header, payload, key, registry=JWERegistry(algorithms=names))


def encrypted(algorithm: str, key: Any, **header: Any) -> Callable[[Good], str]:
    """A JWE that holds the claims without any signature."""
    head = {"alg": algorithm, "enc": "A128CBC-HS256", "cty": "JWT", **header}
    return lambda good: in_jwe(head, orjson.dumps(good.claims), key)


PUBLIC = ATTACKER.as_dict(private=False)
CHAIN = [base64.b64encode(OWN.certificate.public_bytes(Encoding.DER)).decode()]
FORGERIES: dict[str, Callable[[Good], str]] = {
    "alg none": unsigned("none"),
    "alg None": unsigned("None"),
    "alg nOnE": unsigned("nOnE"),
    "alg empty": unsigned(""),
    "alg missing": unsigned(None),
    "alg a list": unsigned(["none"]),
    "no signature under a good algorithm": unsigned("ES256"),
    "zeros for a signature": stripped,
    "the public key as a shared secret": confused,
    "an empty shared secret": by(OctKey.import_key(b"\x00" * 32), alg="HS256"),
    "a key of the attacker": by(ATTACKER),
    "an RSA key of the attacker": by(ATTACKER_RSA, alg="RS256"),
    "the attacker's key in jwk": by(ATTACKER, jwk=PUBLIC, kid=None),
    "the attacker's address in jku": by(ATTACKER, jku="https://evil.example/jwks"),
    "the attacker's address in x5u": by(ATTACKER, x5u="https://evil.example/x"),
    "the attacker's certificate in x5c": by(ATTACKER, x5c=CHAIN),
    "a kid that is a path": by(ATTACKER, kid="../../../dev/null"),
    "a kid that is a question": by(ATTACKER, kid="' OR 1=1 --"),
    "a kid that is no text": by(ATTACKER, kid={"a": 1}),
    "an unknown extension in crit": by_itself(crit=["urn:example:unknown"], **{"urn:example:unknown": True}),
    "a known name in crit": by_itself(crit=["kid"]),
    "an empty crit": by_itself(crit=[]),
    "b64 false": by_itself(crit=["b64"], b64=False),
    "jku of the signer": by_itself(jku="https://rp.example/jwks"),
    "x5u of the signer": by_itself(x5u="https://rp.example/x"),
    "x5c of the signer": by_itself(x5c=CHAIN),
    "zip in a signature": by_itself(zip="DEF"),
    "a JWE with a password": encrypted("PBES2-HS256+A128KW", OctKey.import_key("a password of people"), p2c=1000),
    "a JWE for our key by RSA1_5": encrypted("RSA1_5", ATTACKER_RSA),
    "a JWE for our key by RSA-OAEP": encrypted("RSA-OAEP", ATTACKER_RSA),
    "a JWE under a shared key": encrypted("dir", OctKey.import_key(b"k" * 32)),
    "a JWE that is packed": encrypted("dir", OctKey.import_key(b"k" * 32), zip="DEF"),
    "a packed text": lambda good: encoded(zlib.compress(orjson.dumps(good.claims) * 1000)) + "..",
    "four parts": lambda good: stripped(good) + ".x",
    "a JWS as JSON": lambda good: orjson.dumps({"payload": encoded(good.claims), "signatures": []}).decode(),
}


def of_client(client: Client, **changes: Any) -> Good:
    now = int(time.time())
    claims = {"iss": client.client_id, "aud": ISSUER, "iat": now, "exp": now + 60, "jti": f"{time.monotonic_ns()}"}
    public = orjson.dumps(KEYS["ES256"].as_dict(private=False))
    return Good({"alg": "ES256", "kid": "ec"}, {**claims, **changes}, KEYS["ES256"], public)


def of_ours(stage: Stage, text: str) -> Good:
    """A token of ours as its owner sees it: nobody else has the key."""
    head, body, _ = (base64.urlsafe_b64decode(part + "==") for part in text.split("."))
    with stage.app.app_context():
        header = orjson.loads(head)
        public = next(key for key in keys.ring().all if key.kid == header["kid"])
    return Good(header, orjson.loads(body), None, orjson.dumps(public.as_dict(private=False)))


Place = tuple[Callable[[Stage, Client], Good], Callable[[Stage, Client, str], bool]]


def believed(got: TestResponse) -> bool:
    return got.status_code < 400 and "error=" not in got.headers.get("Location", "")


def asks(stage: Stage, client: Client, text: str) -> bool:
    query = {"client_id": client.client_id, "redirect_uri": CALLBACK, "request": text}
    return believed(stage.browser.get("/oauth2/authorize", query_string=query))


def pushes(stage: Stage, client: Client, text: str) -> bool:
    return believed(client.posts("/oauth2/par", request=text))


def proves(stage: Stage, client: Client, text: str) -> bool:
    form = {"client_assertion": text, "client_assertion_type": ASSERTION_TYPE, "token": "x"}
    return believed(stage.app.test_client().post("/oauth2/revoke", data=form))


def binds(stage: Stage, client: Client, text: str) -> bool:
    form = {"grant_type": "client_credentials"}
    shown = client.proof()
    got = stage.app.test_client().post(
        "/oauth2/token", data={**shown["data"], **form}, headers={"DPoP": text.encode("utf-8").decode("latin-1")}
    )
    return believed(got)


def hints(stage: Stage, client: Client, text: str) -> bool:
    """With a hint that names nobody the person would have to sign in again."""
    page = stage.browser.get(client.request(id_token_hint=text, prompt="none"))
    return "code=" in page.headers.get("Location", "")


def leaves(stage: Stage, client: Client, text: str) -> bool:
    return believed(stage.app.test_client().get("/oauth2/logout", query_string={"id_token_hint": text}))


def opens(stage: Stage, client: Client, text: str) -> bool:
    return believed(client.userinfo(text))


def is_active(stage: Stage, client: Client, text: str) -> bool:
    return bool(client.introspect(text).json["active"])


def dpop_good(stage: Stage, client: Client) -> Good:
    head, body, _ = (base64.urlsafe_b64decode(part + "==") for part in proof("POST", TOKEN).split("."))
    return Good(orjson.loads(head), orjson.loads(body), KEYS["ES256"], of_client(client).public)


def request_good(stage: Stage, client: Client) -> Good:
    client.request()
    return of_client(client, **client.sent)


PLACES: dict[str, Place] = {
    "request object": (request_good, asks),
    "pushed request object": (request_good, pushes),
    "client assertion": (lambda _, client: of_client(client, sub=client.client_id), proves),
    "DPoP proof": (dpop_good, binds),
    "ID token hint": (lambda stage, client: of_ours(stage, stage.tokens(client)["id_token"]), hints),
    "logout hint": (lambda stage, client: of_ours(stage, stage.tokens(client)["id_token"]), leaves),
    "access token at UserInfo": (lambda stage, client: of_ours(stage, stage.tokens(client)["access_token"]), opens),
    "access token at introspection": (
        lambda stage, client: of_ours(stage, stage.tokens(client)["access_token"]),
        is_active,
    ),
}
# A DPoP proof brings its key along: with whatever key, it proves that key and no other (RFC 9449, 4.3).
OWN_KEY = {"the attacker's key in jwk"}


def client_of(stage: Stage) -> Client:
    both = {"grant_types": ["client_credentials", "authorization_code"]}
    scope = "openid profile email offline_access registry.read"
    return stage.client(token_endpoint_auth_method="private_key_jwt", further=both, scope=scope)


@pytest.mark.parametrize("place", PLACES)
def test_no_forgery_is_believed_anywhere(stage: Stage, place: str) -> None:
    make, use = PLACES[place]
    client = client_of(stage)
    tried = {name: forge for name, forge in FORGERIES.items() if not (place == "DPoP proof" and name in OWN_KEY)}
    good = make(stage, client)
    believed_ones = []
    for name, forge in tried.items():
        good = make(stage, client) if good.key is not None else good
        if use(stage, client, forge(good)):
            believed_ones.append(name)
    assert believed_ones == []


@pytest.mark.parametrize("place", [name for name in PLACES if "token" not in name and "hint" not in name])
def test_the_same_text_without_the_forgery_is_believed(stage: Stage, place: str) -> None:
    """Else the table would prove nothing."""
    make, use = PLACES[place]
    client = client_of(stage)
    assert use(stage, client, by_itself()(make(stage, client)))


@pytest.mark.parametrize("place", [name for name in PLACES if "token" in name or "hint" in name])
def test_our_own_token_is_believed(stage: Stage, place: str) -> None:
    _, use = PLACES[place]
    client = client_of(stage)
    tokens = stage.tokens(client)
    assert use(stage, client, tokens["access_token" if place.startswith("access") else "id_token"])


def test_discovery_names_no_weak_algorithm(stage: Stage) -> None:
    """RFC 8725, 3.2."""
    told = stage.browser.get("/.well-known/openid-configuration").json
    named = {
        name for member, names in told.items() if "alg_values" in member or "enc_values" in member for name in names
    }
    assert not {name for name in named if name in {"none", "RSA1_5", "dir"} or name.startswith(("PBES2", "HS1"))}
