"""The steps of a sign-in, in their order; a step-up is the same list with a higher wanted level."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from flask import url_for

from idp.accounts import administrators, people, session
from idp.accounts.models import Account, AccountState, UserSession
from idp.accounts.open_session import AnyAccount
from idp.accounts.session import Proof
from idp.core import clock, settings
from idp.core.db import db, transactional
from idp.core.levels import MFA, PHR, SFA, reaches, stronger
from idp.core.values import frozen
from idp.mfa import enrolment, factors
from idp.mfa.factor import Factor, Secret
from idp.signin import eid_links, known_browser, trusted_browsers
from idp.signin.attempt import SignIn, again, by_id, expired, move
from idp.signin.models import AttemptState

PASSWORD_AMR = "pwd"  # noqa: S105 - RFC 8176
MFA_AMR = "mfa"
# No registered value fits (RFC 8176): it stays inside, tokens do not tell it.
EID_AMR = "eid"
# The reasons of those that ask somebody who is about to decide about others (`session.require_acting`).
ACTING = frozenset({"administrator", "approvals"})


@frozen
class Step:
    """A page of the way: its name, whether it is still needed, and its endpoint."""

    name: str
    needed: Callable[[SignIn], bool]
    endpoint: str


def needs_password(attempt: SignIn) -> bool:
    """Say whether the password has to be given: here, unless this browser's session has one that still counts."""
    if gave_password(attempt):
        return False
    open_session = credited(attempt)
    if open_session is None or _older(open_session.auth_time, attempt.max_age):
        return True
    if wanted_level(attempt) == SFA:
        return _older(open_session.proved_at, attempt.within)
    # Whoever finds an open session must not be able to add a first factor of his own to it.
    fresh = settings.current().session.step_up_minutes * 60
    return _older(open_session.auth_time, fresh) and needs_first_factor(attempt)


def needs_factor(attempt: SignIn) -> bool:
    """Say whether a second factor has to be shown.

    One that was shown before counts only together with the password of its session: else a password given again
    would make an old factor look fresh.
    """
    level = wanted_level(attempt)
    if level == SFA or any(reaches(proof["acr"], level) for proof in attempt.proofs):
        return False
    open_session = credited(attempt)
    if gave_password(attempt) or open_session is None or not reaches(open_session.acr, level):
        return True
    ages = [age for age in (attempt.max_age, attempt.within) if age is not None]
    fresh = min(ages, default=None)
    return _older(open_session.proved_at, fresh) or not _was_accepted(attempt, open_session, last=fresh is not None)


def needs_first_factor(attempt: SignIn) -> bool:
    """Say whether a factor has to be added before one can be shown."""
    return needs_factor(attempt) and not enrolment.authenticators(person_of(attempt).id)


STEPS = (
    Step("password", needs_password, "signin.login"),
    Step("add_factor", needs_first_factor, "signin.add_factor"),
    Step("verify", needs_factor, "signin.verify"),
)


def next_step(attempt: SignIn) -> Step | None:
    """Return the first step that is still needed; None when everything wanted is proved."""
    return next((step for step in STEPS if step.needed(attempt)), None)


def elsewhere(attempt: SignIn, name: str) -> str | None:
    """Return the address where an attempt is, or None if it is at the step with this name."""
    if attempt.state is AttemptState.DONE:
        return attempt.return_to
    if attempt.state is AttemptState.CANCELLED:
        return attempt.cancel_to or attempt.return_to
    if expired(attempt):
        return again(attempt)
    step = next_step(attempt)
    if step is None:
        _finish(attempt)
        return attempt.return_to
    return None if step.name == name else url_for(step.endpoint, t=attempt.public_id)


@transactional
def prove(attempt: SignIn, proof: Proof, account: AnyAccount | None = None) -> str:
    """Add a proof; in the same act the session begins, or is strengthened, if nothing more is needed.

    `account` is whose password it was, locked: what somebody else proved before no longer counts. Return the address
    where the attempt is then; raise Moved if it went on meanwhile.
    """
    attempt = attempt if account else by_id(attempt.id)
    before = [] if account else attempt.proofs
    person = account or people.held(person_of(attempt).id)
    shown = {
        "acr": proof.acr,
        "amr": list(proof.amr),
        "methods": list(proof.methods),
        "who": proof.with_password,
        "at": clock.now().isoformat(),
    }
    attempt = replace(attempt, account_id=person.id, proofs=[*before, shown], account=person)
    step = next_step(attempt)
    if step is None:
        _finish(attempt)
        return attempt.return_to
    move(attempt)
    return url_for(step.endpoint, t=attempt.public_id)


def factor_proof(kind: str, secret: Secret) -> Proof:
    """Return what a second factor proves, with its secret."""
    amr = (*factors.amr_of(kind, secret), MFA_AMR)
    return Proof(factors.named(kind).level, amr, with_password=False, methods=(kind,))


def account_of(attempt: SignIn) -> Account:
    """Return the account of who signs in."""
    return db.session.get_one(Account, person_of(attempt).id)


def person_of(attempt: SignIn) -> AnyAccount:
    """Return who signs in: whoever proved something here, else the person of the session that counts."""
    if attempt.account:
        return attempt.account
    open_session = credited(attempt)
    if open_session is None:
        raise RuntimeError("nobody gave a password yet")
    return open_session.account


def credited(attempt: SignIn) -> UserSession | None:
    """Return the session whose proofs count here: that of the same person, unless all is to be proved anew."""
    open_session = session.current()
    if attempt.force or open_session is None:
        return None
    return open_session if attempt.account_id in (None, open_session.account_id) else None


def password_age(attempt: SignIn) -> int | None:
    """Return the seconds since the password of a session that counts here; None if it was given in this attempt."""
    open_session = credited(attempt)
    if open_session is None or gave_password(attempt):
        return None
    return int((clock.now() - open_session.auth_time).total_seconds())


def wanted_level(attempt: SignIn) -> str:
    """Return the level to reach: what was wanted, what the person always wants, and two factors if the session has two.

    A trusted browser lowers the first two, where the application accepts it. The last one keeps a
    password given again from making a two-factor session look fresh.
    """
    level = attempt.level
    open_session = session.current()
    account = attempt.account or (open_session.account if open_session else None)
    if account and account.always_mfa and enrolment.authenticators(account.id):
        level = stronger(level, MFA)
    if account and level == MFA and _accepts_trust(attempt) and trusted_browsers.vouches(account):
        level = SFA
    if open_session and account and account.id == open_session.account_id:
        level = stronger(level, MFA if reaches(open_session.acr, MFA) else SFA)
    if account and account.is_administrator and administrators.has_key(account):
        level = PHR
    return level


def needs_key(attempt: SignIn) -> bool:
    """Say whether the person is an administrator for whom nothing but a security key will do."""
    return administrators.must_resist_phishing(person_of(attempt))


def may_trust(attempt: SignIn) -> bool:
    """Say whether the person may ask not to be asked again in this browser: at a plain sign-in, where it counts."""
    return _accepts_trust(attempt) and trusted_browsers.may_trust(person_of(attempt))


def usable(attempt: SignIn) -> list[Factor]:
    """Return the factors that this attempt accepts, the strongest first.

    A platform administrator proves nothing by text message once there is another factor; the administration takes
    none at all, unless the operator says so (SECURITY.md, 4).
    """
    accepted = factors.accepted(wanted_level(attempt), attempt.methods)
    account = person_of(attempt)
    has_better = account.is_administrator and enrolment.beyond_texts(account.id)
    if has_better or (attempt.reason in ACTING and administrators.refuses_texts(account)):
        return [factor for factor in accepted if factor.name in factors.but_text_messages()]
    return accepted


@transactional
def _finish(attempt: SignIn) -> None:
    """End the attempt and give its proofs to the session, in one act."""
    move(attempt, state=AttemptState.DONE, ended_at=clock.now())
    if not attempt.proofs:
        return
    account = person_of(attempt)
    amr = dict.fromkeys(value for proof in attempt.proofs for value in proof["amr"])
    methods = tuple(dict.fromkeys(method for proof in attempt.proofs for method in proof.get("methods", ())))
    with_password = any(proof["who"] for proof in attempt.proofs)
    # Mostly just now; earlier where what was wanted besides is no longer asked for.
    at = datetime.fromisoformat(attempt.proofs[-1]["at"])
    proof = Proof(_reached(attempt), tuple(amr), with_password, methods, at)
    open_session = session.current()
    if open_session and open_session.account_id == account.id:
        session.strengthen(open_session, proof, instead=reaches(proof.acr, MFA))
    else:
        session.start(account, proof)
    known_browser.remember(account.uid)
    if _accepts_trust(attempt) and proof.acr == SFA and trusted_browsers.vouches(account):
        trusted_browsers.used(account)


def _accepts_trust(attempt: SignIn) -> bool:
    """Say whether a trusted browser may spare the second factor: never where something fresh is asked for."""
    fresh = attempt.force or attempt.max_age is not None or attempt.within is not None
    return attempt.trusting and not fresh


def gave_password(attempt: SignIn) -> bool:
    """Say whether a password was given here since the account has it, or in its place a passkey or a linked eID."""
    account = attempt.account
    if account is None or account.state is not AccountState.ACTIVE:
        return False
    if any(EID_AMR in proof["amr"] for proof in attempt.proofs) and not eid_links.linked(account.id):
        return False
    given = [datetime.fromisoformat(proof["at"]) for proof in attempt.proofs if proof["who"]]
    return any(moment >= account.password_changed_at for moment in given)


def _reached(attempt: SignIn) -> str:
    level = SFA
    for proof in attempt.proofs:
        level = stronger(level, proof["acr"])
    return level


def _older(moment: datetime, seconds: int | None) -> bool:
    return seconds is not None and clock.now() - moment > timedelta(seconds=seconds)


def _was_accepted(attempt: SignIn, open_session: UserSession, *, last: bool) -> bool:
    """Say whether a factor of the session is one that this attempt accepts: the `last` one, where it has to be fresh.

    The factors themselves are compared, since several share a value of `amr`.
    """
    by_eid = EID_AMR in open_session.amr and attempt.methods is None
    shown = open_session.methods[-1:] if last else open_session.methods
    return by_eid or any(factor.name in shown for factor in usable(attempt))
