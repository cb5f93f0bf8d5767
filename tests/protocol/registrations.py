"""Developers who register clients by invitation, for the tests of registration."""

from typing import Any

from werkzeug.test import TestResponse

from idp.core.db import db, transaction
from idp.oidc import registration
from idp.oidc.models import RegisteredClient
from tests.oidc.relying_party import CALLBACK, ISSUER
from tests.protocol.stage import Stage

WANTED: dict[str, Any] = {"client_name": "Rare Registry", "redirect_uris": [CALLBACK]}


def invited(stage: Stage, uses: int = 1) -> str:
    with stage.app.app_context():
        return registration.invite(741, 7, uses)


def sends(
    stage: Stage, token: str, metadata: Any, path: str = "/oauth2/register", method: str = "POST"
) -> TestResponse:
    headers = {"Authorization": f"Bearer {token}"}
    return stage.app.test_client().open(path, method=method, json=metadata, headers=headers)


def made(stage: Stage, **metadata: Any) -> dict[str, Any]:
    answer = sends(stage, invited(stage), WANTED | metadata)
    assert answer.status_code == 201, answer.json
    return answer.json


def open_to_all(stage: Stage, **metadata: Any) -> dict[str, Any]:
    """Register a client, and let everybody in who has an account: these tests are not about accesses."""
    told = made(stage, **metadata)
    with stage.app.app_context(), transaction():
        db.session.get_one(RegisteredClient, told["client_id"]).application_id = None
    return told


def managed(stage: Stage, told: dict[str, Any], method: str = "GET", metadata: Any = None) -> TestResponse:
    path = told["registration_client_uri"].removeprefix(ISSUER)
    return sends(stage, told["registration_access_token"], metadata, path, method)
