"""A key that shows who made it is believed only as the FIDO metadata of its model say; most keys show nothing."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from idp.core import clock
from idp.core.db import db
from idp.mfa import key_models, metadata_blob
from idp.mfa.models import Authenticator
from tests.mfa.fido_metadata import MetadataService, entry
from tests.signin.browser import Browser, person
from tests.support.identity_server import reconfigured
from tests.support.key_maker import KeyMaker
from tests.support.security_key import SecurityKey

CONTRADICTS = "whose maker does not vouch for it"
UNKNOWN = "Only keys that show who made them"
REGISTERED = "Ward key is registered."


@pytest.fixture(scope="module")
def service() -> MetadataService:
    return MetadataService()


@pytest.fixture(scope="module")
def maker() -> KeyMaker:
    return KeyMaker()


@pytest.fixture
def strict(app: Flask) -> Flask:
    """The same, with an operator who wants known models only."""
    return reconfigured(app, ERN_SECURITY__ONLY_KNOWN_KEYS="true")


def loaded(app: Flask, service: MetadataService, *roots: bytes) -> None:
    blob = service.publishes(entry("FIDO_CERTIFIED_L1", roots=roots))
    with app.app_context():
        key_models.replace(metadata_blob.read(blob, service.root, clock.now()))


def what_is_said(app: Flask, key: SecurityKey) -> str:
    """Register a key; what the page says then."""
    person(app)
    browser = Browser(app)
    browser.enters()
    browser.adds_key(key, "Ward key")
    return browser.words()


def kept(app: Flask) -> list[Authenticator]:
    with app.app_context():
        return list(db.session.scalars(select(Authenticator).where(Authenticator.kind == "security_key")))


def test_a_key_of_its_maker_is_registered_and_the_chain_is_not_kept(
    app: Flask, service: MetadataService, maker: KeyMaker
) -> None:
    loaded(app, service, KeyMaker().root, maker.root)
    assert REGISTERED in what_is_said(app, SecurityKey(maker=maker))
    with app.app_context():
        [one] = db.session.scalars(select(Authenticator).where(Authenticator.kind == "security_key"))
        assert "chain" not in one.secret


@pytest.mark.parametrize("anchor", [0, 1], ids=["the attesting certificate", "the one above it"])
def test_the_metadata_may_name_any_certificate_of_the_chain(
    app: Flask, service: MetadataService, maker: KeyMaker, monkeypatch: pytest.MonkeyPatch, anchor: int
) -> None:
    chain = maker.chain
    monkeypatch.setattr(KeyMaker, "chain", chain)
    loaded(app, service, chain[anchor])
    assert REGISTERED in what_is_said(app, SecurityKey(maker=maker))


class Scribbler(KeyMaker):
    """Puts something behind its certificate that is none."""

    @property
    def chain(self) -> list[bytes]:
        return [super().chain[0], b"no certificate"]


WRONG: dict[str, Callable[[KeyMaker], KeyMaker]] = {
    "another root": lambda _: KeyMaker(),
    "another root of the same name and a stolen batch": lambda true: KeyMaker(batch_key=true.batch_key),
    "what is no certificate": lambda _: Scribbler(),
    "a batch of another model": lambda true: KeyMaker(b"\x01" * 16, 3650, true.root_key, true.between_key),
    "a certificate that is over": lambda true: KeyMaker(true.named, -1, true.root_key, true.between_key),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_chain_that_contradicts_the_metadata_is_refused(
    app: Flask, service: MetadataService, maker: KeyMaker, wrong: str
) -> None:
    loaded(app, service, maker.root)
    assert CONTRADICTS in what_is_said(app, SecurityKey(maker=WRONG[wrong](maker)))
    assert kept(app) == []


@pytest.mark.parametrize("attestation", ["none", "packed"])
def test_a_key_that_shows_no_chain_is_accepted(
    app: Flask, service: MetadataService, maker: KeyMaker, attestation: str
) -> None:
    loaded(app, service, maker.root)
    assert REGISTERED in what_is_said(app, SecurityKey(attestation=attestation))


def test_without_metadata_of_the_model_any_chain_is_accepted(app: Flask, maker: KeyMaker) -> None:
    assert REGISTERED in what_is_said(app, SecurityKey(maker=maker))


def test_an_operator_who_wants_known_models_only_gets_them(
    strict: Flask, service: MetadataService, maker: KeyMaker
) -> None:
    loaded(strict, service, maker.root)
    assert REGISTERED in what_is_said(strict, SecurityKey(maker=maker))


@pytest.mark.parametrize("key", ["none", "self", "another model", "no metadata", "no roots"])
def test_and_no_others(strict: Flask, service: MetadataService, maker: KeyMaker, key: str) -> None:
    if key != "no metadata":
        loaded(strict, service, *([] if key == "no roots" else [maker.root]))
    shown = {
        "none": SecurityKey(attestation="none"),
        "self": SecurityKey(),
        "another model": SecurityKey(aaguid=b"\x01" * 16, maker=KeyMaker(b"\x01" * 16)),
    }
    assert UNKNOWN in what_is_said(strict, shown.get(key) or SecurityKey(maker=maker))
    assert kept(strict) == []
