"""FIDO metadata: what is signed under the operator's root counts; models get their names, warned ones are refused."""

from pathlib import Path

import pytest
from flask import Flask

from idp import cli
from idp.core import clock
from idp.core.db import db
from idp.mfa import key_models, metadata_blob
from idp.mfa.models import KeyModel
from tests.mfa.fido_metadata import MODEL, MetadataService, entry
from tests.signin.browser import Browser, person
from tests.support.identity_server import reconfigured
from tests.support.security_key import SecurityKey


@pytest.fixture(scope="module")
def service() -> MetadataService:
    return MetadataService()


def loaded(app: Flask, service: MetadataService, *statuses: str) -> None:
    with app.app_context():
        key_models.replace(metadata_blob.read(service.publishes(entry(*statuses)), service.root, clock.now()))


def test_a_signed_file_is_read(service: MetadataService) -> None:
    blob = metadata_blob.read(service.publishes(entry("FIDO_CERTIFIED_L1")), service.root, clock.now())
    assert (blob.number, str(blob.next_update)) == (7, "2027-01-01")
    assert [(one.aaguid, one.description, one.warning) for one in blob.models] == [(MODEL, "Harbour Key 5", "")]


@pytest.mark.parametrize(
    "spoil", ["another root", "a changed byte", "another host", "an old signer", "garbage", "none"]
)
def test_what_is_not_signed_under_the_root_is_refused(service: MetadataService, spoil: str) -> None:
    blob, root = service.publishes(entry("REVOKED")), service.root
    if spoil == "another root":
        root = MetadataService(key=service.key).root
    elif spoil == "a changed byte":
        blob = blob.replace(b".", b".A", 1)
    elif spoil == "another host":
        blob = MetadataService("mds.example.org", 30, service.root_key, service.key).publishes()
    elif spoil == "an old signer":
        blob = MetadataService(service.host, -1, service.root_key, service.key).publishes()
    elif spoil == "garbage":
        blob = b"not.a.blob"
    else:
        blob = service.publishes(alg="none")
    with pytest.raises(metadata_blob.Untrusted):
        metadata_blob.read(blob, root, clock.now())


def test_the_list_of_keys_names_their_models(app: Flask, service: MetadataService) -> None:
    loaded(app, service, "FIDO_CERTIFIED")
    person(app)
    browser = Browser(app)
    browser.enters()
    browser.adds_key(SecurityKey(), "Blue key")
    browser.open("/account/security-keys")
    assert "Blue key Harbour Key 5" in browser.words()


@pytest.mark.parametrize("status", metadata_blob.WARNINGS)
def test_a_model_with_a_warning_is_not_registered(app: Flask, service: MetadataService, status: str) -> None:
    loaded(app, service, "FIDO_CERTIFIED", status)
    person(app)
    browser = Browser(app)
    browser.enters()
    browser.adds_key(SecurityKey())
    assert "The maker of this model or its testers have warned of it." in browser.words()
    browser.open("/account/security-keys")
    assert "Confirmed" not in browser.words()


def test_an_operator_may_take_it_all_the_same(app: Flask, service: MetadataService) -> None:
    loaded(app, service, "REVOKED")
    lenient = reconfigured(app, ERN_SECURITY__REFUSE_WITHDRAWN_KEYS="false")
    person(lenient)
    browser = Browser(lenient)
    browser.enters()
    browser.adds_key(SecurityKey(), "Old key")
    assert "Old key is registered." in browser.words()


def test_an_operator_loads_a_file_and_never_an_older_one(
    app: Flask,
    service: MetadataService,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ERN_CONFIG", "test")
    monkeypatch.setenv("DATABASE_URL", app.config["SQLALCHEMY_DATABASE_URI"])

    def command(blob: bytes) -> object:
        """Run the command in this process; what it ends with: a status, or the sentence of a refusal (status 1)."""
        (tmp_path / "blob.jwt").write_bytes(blob)
        (tmp_path / "root.pem").write_bytes(service.root)
        with pytest.raises(SystemExit) as end:
            cli.main(["metadata", "load", str(tmp_path / "blob.jwt"), "--root", str(tmp_path / "root.pem")])
        return end.value.code

    assert command(service.publishes(entry("REVOKED"), number=9)) in (None, 0)
    assert capsys.readouterr().out == "Number 9: 1 models, 1 with a warning. Next: 2027-01-01.\n"
    assert "older than the one" in str(command(service.publishes(number=8)))
    assert str(command(MetadataService(key=service.key).publishes(number=10))).startswith("Nothing was loaded: ")
    with app.app_context():
        assert [(one.blob_number, one.warning) for one in db.session.query(KeyModel)] == [(9, "REVOKED")]
