"""Requests as nobody sends them by accident: drawn from what the server knows, then bent, doubled, cut and blown up."""

import base64
import json
from collections.abc import Sequence
from random import Random
from typing import Any
from urllib.parse import quote

MARK = "7f3a"
SCRIPT = f"\"'><svg/onload=alert({MARK})>"
ODD = (
    *("", " ", "0", "-1", "1.5", "1e309", "9" * 30, "true", "null", "[]", "{}", '""', "\x00", "a\x00b", "\ud800"),
    *(
        "\u202e\u200b",
        "\ufeff",
        "ﬀ",
        "i̇",
        "٣",
        "🧬" * 40,
        "a" * 5000,
        "a" * 20_000,
        "%",
        "%00",
        "%zz",
        "%ff%fe",
        "../" * 20,
    ),
    *(
        "..\\..\\",
        "//evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
    ),
    *("/%09/evil.example", "/\\evil.example", "http:evil.example", "https:///evil.example", "a\r\nX-Injected: 1"),
    *("a%0d%0aX-Injected: 1", SCRIPT, f"</title><script>{MARK}</script>", "{{7*7}}", "${7*7}", "%(x)s", "%s%n", "{0}"),
    *("' or 1=1 --", '"; drop table account; --', "(" * 3000, "[" * 3000, '{"a":' * 900, "S256", "openid " * 500),
    *("\u00e9", "x y", "x\ty", "\x7f", "\x1b[31m", "-", "_", ".", "..", "*", "?", "#", ";", ",", "=", "a=b&c=d"),
)
NAMES = (
    *("client_id", "client_secret", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce"),
    *("prompt", "max_age", "acr_values", "claims", "claims_locales", "ui_locales", "login_hint", "id_token_hint"),
    *("request", "request_uri", "registration", "code_challenge", "code_challenge_method", "code_verifier", "code"),
    *("grant_type", "refresh_token", "token", "token_type_hint", "access_token", "post_logout_redirect_uri"),
    *("client_assertion", "client_assertion_type", "dpop_jkt", "logout_token", "sid", "iss", "display", "resource"),
    *("authorization_details", "t", "next", "lang", "method", "again", "choose", "change", "identifier", "password"),
    *("email", "new_password", "confirm_password", "current_password", "phone_number", "device_name", "credential"),
    *("pin", "number", "token", "q", "page", "size", "node", "sort", "csrf_token", "application", "organisation"),
    *("profile", "comment", "item", "decision", "reason", "valid_until", "session", "sure", "language", "send"),
)
HEADERS = (
    *("Authorization", "DPoP", "Accept", "Accept-Language", "Accept-Encoding", "Content-Type", "Content-Encoding"),
    *("Origin", "Referer", "User-Agent", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded"),
    *("X-CSRFToken", "X-Requested-With", "If-None-Match", "If-Modified-Since", "Range", "X-HTTP-Method-Override"),
    *("X-Twilio-Signature", "X-Original-URL", "Sec-Fetch-Site", "Expect", "Cookie", "ERN-Device", "ERN-Signature"),
)
TYPES = (
    *(
        "application/x-www-form-urlencoded",
        "application/json",
        "multipart/form-data",
        "multipart/form-data; boundary=x",
    ),
    *(
        "text/plain",
        "application/x-www-form-urlencoded; charset=utf-16",
        "application/jwt",
        "application/jose",
        "x",
        "",
    ),
)
METHODS = (
    "GET",
    "GET",
    "GET",
    "POST",
    "POST",
    "POST",
    "POST",
    "HEAD",
    "PUT",
    "DELETE",
    "OPTIONS",
    "PATCH",
    "TRACE",
    "X",
)


class Bent:
    """Draws what a request is made of; the same `chance` draws the same."""

    def __init__(self, chance: Random, values: Sequence[str], tokens: Sequence[str]) -> None:
        self.chance, self.values, self.tokens = chance, values, tokens

    def value(self) -> str:
        """Draw a value: bent from an odd or a known one, or an object."""
        if self.chance.randrange(3) == 0:
            return self.jose()
        return self.bend(self.chance.choice(self.chance.choice((self.values, ODD))))

    def bend(self, text: str) -> str:
        """Cut, double, turn or lengthen a text."""
        place = self.chance.randint(0, len(text))
        odd = self.chance.choice(ODD)[:2000]
        ways = (
            lambda: text[:place],
            lambda: text + text,
            lambda: text[:place] + odd + text[place:],
            text.swapcase,
            lambda: text[::-1],
            lambda: text + odd,
            lambda: quote(text, safe="", errors="surrogatepass"),
            lambda: text * self.chance.choice((2, 50)),
        )
        return self.chance.choice(ways)()[:40_000]

    def jose(self) -> str:
        """Draw a token: a known one bent in a part, or one of our own making."""
        if self.tokens and self.chance.random() < 0.5:
            parts = self.chance.choice(self.tokens).split(".")
            place = self.chance.randrange(len(parts))
            parts[place] = self.bend(parts[place])[:5000]
            return ".".join(parts[: self.chance.choice((1, 2, 3, 3, 3, 5))])
        header = {
            "alg": self.chance.choice(("none", "HS256", "ES256", "RS256", "PS256", "dir", "", 5, None, ["ES256"]))
        }
        for name in self.chance.sample(
            ("kid", "typ", "crit", "jwk", "jku", "x5u", "x5c", "zip", "enc", "b64", "epk"), 2
        ):
            header[name] = self.thing(2)
        claims = {name: self.thing(2) for name in self.chance.sample(CLAIMS, 5)}
        payload = claims if self.chance.random() < 0.9 else self.thing(2)
        parts = [_base64(_json(header)), _base64(_json(payload)), _base64(self.chance.randbytes(64))]
        return ".".join(parts + [""] * self.chance.choice((0, 0, 0, 2)))

    def thing(self, depth: int) -> Any:
        """Draw anything that JSON can say."""
        kind = self.chance.randrange(9 if depth else 6)
        simple = (
            None,
            True,
            self.chance.choice((0, -1, 2**31, 2**63, 10**400, 1.5, 1e300)),
            "",
            "x",
            self.chance.choice(ODD),
        )
        if kind < 6:
            return simple[kind]
        if kind == 6:
            return [self.thing(depth - 1) for _ in range(self.chance.randrange(4))]
        return {self.chance.choice((*CLAIMS, *NAMES, "kty", "crv", "x", "y")): self.thing(depth - 1) for _ in range(3)}

    def authorization(self) -> str:
        """Draw credentials."""
        scheme = self.chance.choice(("Basic", "Bearer", "DPoP", "bearer", "Digest", "Basic Basic", ""))
        pair = f"{self._any()[:500]}:{self._any()[:500]}".encode("utf-8", "surrogatepass")
        text = base64.b64encode(pair).decode() if scheme.startswith("Basic") else self.jose()
        return line(f"{scheme} {text if self.chance.random() < 0.8 else self._any()}"[:6000])

    def _any(self) -> str:
        return self.chance.choice((*ODD, *self.values)) if self.chance.random() < 0.6 else self.value()

    def object(self, names: Sequence[str]) -> bytes:
        """Draw JSON: an object with these members, seldom something else."""
        return _json({name: self.thing(3) for name in names} if self.chance.random() < 0.75 else self.thing(3))

    def bytes(self, sensible: bytes) -> bytes:
        """Draw a body that is nothing, or a little, or what another type would be."""
        return self.chance.choice((sensible, b"\xff\xfe\x00", b"--x\r\n\r\n", self.chance.randbytes(300), b"{"))


CLAIMS = (
    *("iss", "sub", "aud", "exp", "iat", "nbf", "jti", "nonce", "acr", "amr", "auth_time", "azp", "sid", "events"),
    *("client_id", "response_type", "redirect_uri", "scope", "claims", "max_age", "htm", "htu", "ath", "cnf"),
    *("redirect_uris", "jwks", "jwks_uri", "token_endpoint_auth_method", "grant_types", "contacts", "logo_uri"),
)


def _json(thing: Any) -> bytes:
    return json.dumps(thing).encode()


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def line(text: str) -> str:
    """Return what of a text one line of Latin-1 can hold."""
    return "".join(char for char in text if char.isprintable() and ord(char) < 256)
