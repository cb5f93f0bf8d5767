"""The first step in one gesture: a passkey says who it is and proves two factors, in place of the password.

Whether the passkey is unknown, removed, suspended or of a closed account is one answer, as with a wrong password.
"""

from flask import request

from idp.accounts import people
from idp.accounts.models import AccountState
from idp.accounts.session import Proof
from idp.core.errors import Expired, Invalid
from idp.core.limits import Budget, forgive, spend
from idp.mfa import challenges, factors
from idp.mfa.challenges import Asking
from idp.mfa.factor import Rejected, Secret
from idp.mfa.models import Challenge, Purpose
from idp.signin import attempt as attempts
from idp.signin import known_browser, password, steps
from idp.signin.attempt import SignIn

KIND = "security_key"
ANSWER = "credential"


def offered(attempt: SignIn) -> bool:
    """Say whether this sign-in accepts one."""
    return attempt.methods is None or KIND in attempt.methods


def ask(attempt: SignIn) -> Challenge:
    """Ask whoever holds a passkey of ours; only this attempt, in its browser, can answer."""
    asking = Asking(None, Purpose.SIGN_IN, attempts.binding(attempt), attempt.application)
    return challenges.ask_any(asking, KIND, [])


def judge(attempt: SignIn, answer: str) -> None:
    """Go on with the attempt if a passkey answered rightly.

    Raise Invalid("passkey_wrong" or "passkey_late") otherwise, TooMany if this browser or source tried too often, Moved
    if the attempt went on meanwhile. Must not be called inside an act.
    """
    budget = _budget()
    spend(*budget)
    challenge = challenges.current(attempts.binding(attempt), Purpose.SIGN_IN)
    if challenge is None or challenge.account_id is not None or not offered(attempt):
        raise Invalid("passkey_late")

    def passed(used: Challenge, secret: Secret) -> None:
        account = people.held(_owner(used))
        if account.state is not AccountState.ACTIVE:
            raise Rejected("unknown")
        proof = steps.factor_proof(KIND, secret)
        steps.prove(attempt, Proof(proof.acr, proof.amr, methods=proof.methods), account)
        if known_browser.current().marks:
            forgive(*budget)

    try:
        challenges.answer(challenge, {ANSWER: answer[: _longest()]}, passed)
    except Expired:
        raise Invalid("passkey_late") from None
    except Rejected:
        raise Invalid("passkey_wrong") from None


def _owner(used: Challenge) -> int:
    if used.authenticator is None:
        raise RuntimeError("nobody answered")
    return used.authenticator.account_id


def _budget() -> tuple[Budget, ...]:
    """Count as password guesses are counted: a browser that somebody signed in with before has tries of its own."""
    browser = known_browser.current()
    if not browser.marks:
        return password.source_budgets(request.remote_addr)
    return (password.browser_budget(f"{browser.binding.hex()}:passkey"),)


def _longest() -> int:
    return factors.named(KIND).answered[0].longest
