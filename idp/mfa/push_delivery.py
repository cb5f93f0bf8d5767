"""Sending a push: the worker's part, with what push services answer (RFC 8030, 5 and 7.3)."""

import importlib

import orjson
from sqlalchemy import delete

from idp.core import clock, fetch, jobs, settings, vault
from idp.core.db import db, transactional
from idp.core.fetch import FetchRefused, Unreachable
from idp.core.mail import Undeliverable
from idp.mfa import app_keys, mobile_app
from idp.mfa.models import PushSubscription
from idp.mfa.push import KIND, SEAL

# By name: what encrypts pushes takes a while to load, and is not there where no pushes are sent.
MESSAGES = "idp.mfa.push_message"
GONE = frozenset({404, 410})


def deliver(to: str, details: str) -> None:
    """Send one push (the worker calls this); a subscription that the service no longer knows is forgotten.

    Raise Undeliverable if trying again is of no use, OSError if it may help.
    """
    content = orjson.loads(details)
    if clock.now().timestamp() > content["until"]:
        raise Undeliverable("too late: the request is over")
    found = db.session.get(PushSubscription, int(to))
    if found is None:
        raise Undeliverable("the device takes no pushes any more")
    subscription, told = vault.unseal_json(SEAL, found.sealed), orjson.dumps(content["told"])
    made = importlib.import_module(MESSAGES).make(subscription, told, app_keys.vapid(), _contact())
    try:
        status = fetch.send(subscription["endpoint"], made.body, made.headers)
    except Unreachable as error:
        raise ConnectionError(str(error)) from None
    except FetchRefused as error:
        raise Undeliverable(str(error)) from None
    if status in GONE:
        _forget(found.authenticator_id)
    _check(status)


def _check(status: int) -> None:
    if status in (200, 201, 202, 204):
        return
    if status == 429 or status >= 500:
        raise ConnectionError(f"the push service answered {status}")
    raise Undeliverable(f"the push service answered {status}")


@transactional
def _forget(authenticator_id: int) -> None:
    db.session.execute(delete(PushSubscription).where(PushSubscription.authenticator_id == authenticator_id))


def _contact() -> str:
    """Return whom a push service may write to (RFC 8292, 2.1)."""
    helpdesk = settings.current().saas.helpdesk
    return f"mailto:{helpdesk}" if helpdesk else mobile_app.issuer()


jobs.CALLS[KIND] = deliver
