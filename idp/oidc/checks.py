"""CHECKS: what must be true before a client gets a code, in the order in which a person is asked for it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from idp.accounts.open_session import AnySession
from idp.core.levels import SFA, reaches
from idp.core.values import frozen
from idp.oidc import consents, tokens
from idp.oidc.clients import Client
from idp.oidc.parameters import Parameters
from idp.oidc.subjects import subject_of
from idp.saas import access


@frozen
class Asked:
    """One look at a request: who asks for what since when, the level it needs, and the session at hand.

    `methods`: the names of the factors that the application accepts (None: all); `trusting`: in a browser that the
    person trusts no second factor is needed.
    `agreed_by`: the uid of the person who just said that the application may know who it is.
    """

    client: Client
    parameters: Parameters
    since: datetime
    level: str
    session: AnySession | None
    now: datetime
    trusting: bool = False
    methods: list[str] | None = None
    agreed_by: str | None = None


@frozen
class Check:
    """`unmet` says whether the person still has to do something on `page`; with prompt=none the client gets `error`."""

    name: str
    unmet: Callable[[Asked], bool]
    page: str
    error: str


def first_unmet(asked: Asked) -> Check | None:
    """Return the first check that is not met, or None."""
    for check in CHECKS:
        if check.unmet(asked):
            return check
    return None


def _no_session(asked: Asked) -> bool:
    return asked.session is None


def _other_person(asked: Asked) -> bool:
    """The client means somebody else than the one who is signed in (OpenID Connect Core, 3.1.2.1 and 5.5.1)."""
    hint, wanted = asked.parameters.id_token_hint, asked.parameters.subject
    if asked.session is None:
        return False
    uid = asked.session.account.uid
    if hint is not None and not tokens.hints_at(hint, uid):
        return True
    return wanted is not None and wanted != subject_of(uid, asked.client)


def _asked_to_sign_in_again(asked: Asked) -> bool:
    wanted = {"login", "select_account"} & set(asked.parameters.prompt)
    return bool(wanted) and asked.session is not None and asked.session.auth_time < asked.since


def _too_old(asked: Asked) -> bool:
    """`max_age` counts from the last sign-in; 0 asks for one now (OpenID Connect Core, 3.1.2.1)."""
    age = asked.parameters.max_age
    if age is None or asked.session is None or asked.session.auth_time >= asked.since:
        return False
    return asked.now - asked.session.auth_time > timedelta(seconds=age)


def _too_weak(asked: Asked) -> bool:
    if asked.level == SFA:
        return False
    if asked.session is None or not reaches(asked.session.acr, asked.level):
        return True
    return asked.methods is not None and not set(asked.session.methods) & set(asked.methods)


def _no_access(asked: Asked) -> bool:
    application_id = asked.client.application_id
    return application_id is not None and (
        asked.session is None or not access.has_access(asked.session.account_id, application_id)
    )


def _no_consent(asked: Asked) -> bool:
    account_id = asked.session.account_id if asked.session else 0
    return consents.missing(asked.client, asked.parameters, account_id, asked.since)


def _device_unconfirmed(asked: Asked) -> bool:
    """Who typed a code may have got it from somebody else: the person says yes to each device (RFC 8628, 5.4)."""
    return asked.parameters.target.user_code is not None and (
        asked.session is None or asked.agreed_by != asked.session.account.uid
    )


def _unwarned(asked: Asked) -> bool:
    """Some people want to be asked each time; what they answer is not remembered."""
    person = asked.session.account if asked.session else None
    return person is not None and person.warn_applications and asked.agreed_by != person.uid


CHECKS = (
    Check("login", _no_session, "sign_in", "login_required"),
    Check("person", _other_person, "sign_in_again", "login_required"),
    Check("prompt", _asked_to_sign_in_again, "sign_in_again", "login_required"),
    Check("age", _too_old, "sign_in_again", "login_required"),
    Check("level", _too_weak, "sign_in", "login_required"),
    Check("access", _no_access, "no_access", "access_denied"),
    Check("consent", _no_consent, "consent", "consent_required"),
    Check("device", _device_unconfirmed, "device", "interaction_required"),
    Check("warning", _unwarned, "warn", "interaction_required"),
)
