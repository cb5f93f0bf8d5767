"""What follows from the use of a recovery code: the person is told, and a set without codes is out of use."""

from idp.accounts import notices
from idp.core import clock
from idp.mfa import judging
from idp.mfa.factor import Secret
from idp.mfa.models import Authenticator
from idp.mfa.recovery_codes import RecoveryCodes

FEW = 3


def used(authenticator: Authenticator, secret: Secret) -> None:
    """Tell every mailbox that a code was used and how many are left; belongs into the act that used it."""
    left = len(secret["codes"])
    if left == 0:
        authenticator.suspended_at = clock.now()
    notices.tell(authenticator.account, "mfa/mail/recovery_code_used", always=True, left=left, few=left <= FEW)


def register() -> None:
    """Let this follow from each use."""
    judging.AFTER_USE[RecoveryCodes.name] = used
