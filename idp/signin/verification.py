"""The second step: choosing a verification method and answering it, or adding the first one."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from idp.core.errors import NotFound
from idp.core.values import frozen
from idp.mfa import challenges, denials, enrolment, factors
from idp.mfa.challenges import Asking
from idp.mfa.factor import AnyOf, Factor, Secret
from idp.mfa.models import Authenticator, Challenge, Purpose
from idp.signin import attempt as attempts
from idp.signin import steps, trusted_browsers
from idp.signin.attempt import SignIn
from idp.signin.models import AttemptState


@frozen
class Method:
    """One choice: the factor, what it is done with, the value of the form, and whether it was used last time."""

    factor: Factor
    authenticators: list[Authenticator]
    value: str
    last_used: bool


def methods(attempt: SignIn) -> list[Method]:
    """Return what this account has and this application accepts, the strongest first."""
    held = [one for one in enrolment.authenticators(steps.person_of(attempt).id) if not one.suspended_at]
    latest = max((one.last_used_at for one in held if one.last_used_at), default=None)
    found: list[Method] = []
    for factor in steps.usable(attempt):
        own = [one for one in held if one.kind == factors.kept_as(factor)]
        # Those that are asked together are one choice.
        for place, asked in enumerate([own] if own and isinstance(factor, AnyOf) else [[one] for one in own]):
            # The first has the plain name; a second phone number is told apart by its id.
            value = factor.name if place == 0 else f"{factor.name}:{asked[0].id}"
            last = latest is not None and _last_used(asked[0], factor) == latest
            found.append(Method(factor, asked, value, last and not any(method.last_used for method in found)))
    return found


def _last_used(authenticator: Authenticator, factor: Factor) -> datetime | None:
    """Return when it was used with this factor, if that was its last use; one device serves several."""
    same = (authenticator.last_used_as or authenticator.kind) == factor.name
    return authenticator.last_used_at if same else None


def choose(attempt: SignIn, value: str) -> Challenge:
    """Ask with a method; raise NotFound for one that is not offered, TooMany if no more may be sent."""
    method = next((method for method in methods(attempt) if method.value == value), None)
    if method is None:
        raise NotFound("no_such_factor")
    asking = _asking(attempt, Purpose.SIGN_IN)
    if isinstance(method.factor, AnyOf):
        return challenges.ask_any(asking, method.factor.name, method.authenticators)
    return challenges.ask(asking, method.authenticators[0], method.factor.name)


def again(attempt: SignIn, challenge: Challenge, *, spoken: bool = False) -> Challenge:
    """Ask once more with the same method, by telephone call if `spoken`; raise as `choose` does."""
    asking = replace(_asking(attempt, challenge.purpose), spoken=spoken)
    if challenge.purpose is Purpose.ENROL:
        return enrolment.again(asking, challenge)
    if challenge.authenticator is None:
        return choose(attempt, challenge.kind)
    return challenges.ask(asking, challenge.authenticator, challenge.kind)


def open_challenge(attempt: SignIn, purpose: Purpose = Purpose.SIGN_IN) -> Challenge | None:
    """Return what this attempt can answer now."""
    found = challenges.current(attempts.binding(attempt), purpose)
    return found if found and _is_for(attempt, found) else None


def waiting(attempt: SignIn) -> Challenge | None:
    """Return what this attempt waits for, whoever looks at it; None if it is somewhere else by now."""
    if attempt.account is None or attempt.state is not AttemptState.OPEN or attempts.expired(attempt):
        return None
    return open_challenge(attempt) or open_challenge(attempt, Purpose.ENROL)


def give_up_denied(attempt: SignIn) -> bool:
    """End an attempt of which its person said on a device that it is somebody else's; say whether it is one."""
    if not denials.denied(attempts.binding(attempt)):
        return False
    attempts.cancel(attempt)
    return True


def answer(attempt: SignIn, challenge: Challenge, given: Mapping[str, str], *, trust: bool = False) -> None:
    """Go on with the attempt if the answer is right, and `trust` this browser from now on where that is offered.

    Raise Rejected, Expired and TooMany as `challenges.answer` does, Moved if the attempt went on meanwhile.
    """

    def passed(used: Challenge, secret: Secret) -> None:
        if not _is_for(attempt, used):
            raise attempts.Moved
        if trust and used.authenticator_id and steps.may_trust(attempt):
            trusted_browsers.trust(steps.account_of(attempt), used.authenticator_id)
        steps.prove(attempt, steps.factor_proof(used.kind, secret))

    challenges.answer(challenge, given, passed)


def begin_first(attempt: SignIn, kind: str, fields: Mapping[str, str]) -> Challenge:
    """Begin adding the first factor; raise Rejected and TooMany as `enrolment.begin` does."""
    return enrolment.begin(_asking(attempt, Purpose.ENROL), kind, fields)


def confirm_first(attempt: SignIn, challenge: Challenge, given: Mapping[str, str]) -> None:
    """Add the first factor and go on with the attempt, in one act; raise as `enrolment.confirm` does."""

    def added(factor: Authenticator) -> None:
        if not _is_for(attempt, factor):
            raise attempts.Moved
        steps.prove(attempt, steps.factor_proof(factor.kind, challenges.secret_of(factor)))

    enrolment.confirm(challenge, given, first=True, then=added)


def _is_for(attempt: SignIn, asked: Challenge | Authenticator) -> bool:
    """Say whether it belongs to the person who signs in now: another one may have signed in here in between."""
    return asked.account_id == steps.person_of(attempt).id


def _asking(attempt: SignIn, purpose: Purpose) -> Asking:
    return Asking(steps.account_of(attempt), purpose, attempts.binding(attempt), attempt.application)
