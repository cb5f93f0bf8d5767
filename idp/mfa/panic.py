"""PANIC: all that a person proves himself with is taken away at once, and given back slowly (SECURITY.md, 1).

From then on the password signs in, and registers a new device. What needs two factors stays locked until the person is
recognised: that is the upper areas' to know, and this module keeps the record (`Panic`) that they close.
What cannot be undone waits as well, with or without something at stake: the owner reads the mails in the meantime.
What was added since proved no more than the password. So it does not outlive a password that is replaced meanwhile.
"""

from datetime import datetime, timedelta

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import BindParameter, Exists, delete, exists, select, update
from sqlalchemy.orm import InstrumentedAttribute

from idp.accounts import links, notices, people, questions, session
from idp.accounts.models import Account, AccountState
from idp.core import audit, clock, signals, vault
from idp.core.db import db, transactional
from idp.core.outbox import post_sms
from idp.mfa import enrolment, factors
from idp.mfa.models import Authenticator, Challenge, ChallengeState, Panic
from idp.mfa.recovery_codes import RecoveryCodes

# How long an owner who is away may take to read of a PANIC that somebody else pressed.
DOUBT = timedelta(days=30)


@transactional
def press(account_id: int, how: str) -> bool:
    """Take every factor, session, code and token of an account away; say whether this did it.

    Whoever asks for it is the caller's to judge. Pressed twice within moments it happens once; later it happens again.
    `how` is for the audit trail: who pressed.
    """
    account = people.locked(account_id)
    held = enrolment.authenticators(account_id)
    open_sessions = session.open_sessions(account_id, clock.now())
    again = just_pressed(account_id) and not held and not open_sessions
    if again or account.state is AccountState.CLOSED:
        return False
    numbers = [str(one.secret["number"]) for one in held if one.kind == "sms"]
    _remember(account_id, next((one for one in held if one.kind == RecoveryCodes.name), None))
    _take_away(account_id)
    kinds = ", ".join(one.kind for one in held)
    audit.record("mfa.panic", subject=account.uid, before={"factors": kinds}, after={"how": how})
    signals.factors_wiped.send(account_id)
    _tell(account, numbers, how)
    return True


def opened(account_id: int) -> Panic | None:
    """Return the PANIC after which the person is not recognised yet."""
    return db.session.scalar(select(Panic).where(Panic.account_id == account_id, Panic.recognised_at.is_(None)))


def unrecognised(account_id: InstrumentedAttribute[int] | BindParameter[int] | int) -> Exists:
    """Return the condition that a person (an id, or a column of ids) is not recognised since a PANIC."""
    return exists().where(Panic.account_id == account_id, Panic.recognised_at.is_(None))


@transactional
def recognise(account_id: int) -> None:
    """Close the record: the person is recognised."""
    _close(account_id, recognised_at=clock.now())


@transactional
def nothing_at_stake(account_id: int) -> None:
    """Close the record at the moment of the PANIC itself: nobody has to recognise the person, and nobody did."""
    _close(account_id, recognised_at=Panic.pressed_at)


def _close(account_id: int, **when: object) -> None:
    waiting = (Panic.account_id == account_id, Panic.recognised_at.is_(None))
    db.session.execute(update(Panic).where(*waiting).values(sealed=None, code_digest=None, **when))


def just_pressed(account_id: int) -> bool:
    """Say whether this was done moments ago, for the second click on one button."""
    recent = clock.now() - timedelta(seconds=links.AGAIN_SECONDS)
    return bool(db.session.scalar(select(exists().where(Panic.account_id == account_id, Panic.pressed_at >= recent))))


def seal_of(account_id: int) -> str:
    """Return what saved recovery codes are sealed for, once they are no factor any more."""
    return f"panic.{account_id}"


def _remember(account_id: int, codes: Authenticator | None) -> None:
    """Write it down, with the saved recovery codes, which from now on serve for coming back alone.

    While the person is not recognised, what was before the first PANIC stays what counts: codes that were made with a
    device of after it are nobody's proof.
    """
    now: datetime = clock.now()
    known = opened(account_id)
    if known:
        known.pressed_at = now
        return
    sealed = vault.seal_json(seal_of(account_id), codes.secret) if codes else None
    db.session.add(Panic(account_id=account_id, begun_at=now, pressed_at=now, sealed=sealed))
    db.session.flush()


def _take_away(account_id: int) -> None:
    going_on = (ChallengeState.OPEN, ChallengeState.APPROVED)
    open_ones = (Challenge.account_id == account_id, Challenge.state.in_(going_on))
    db.session.execute(update(Challenge).where(*open_ones).values(state=ChallengeState.REPLACED))
    db.session.execute(delete(Authenticator).where(Authenticator.account_id == account_id))
    session.end_all(account_id, "panic")


def _tell(account: Account, numbers: list[str], how: str) -> None:
    """Tell every mailbox and every telephone, each with its own link that freezes the account."""
    notices.tell(account, "mfa/mail/panic", always=True, how=how)
    for number in dict.fromkeys(numbers):
        with force_locale(account.language):
            text = _(
                "ERN Login: all devices of your account %(uid)s were deleted. If it was not you, freeze it: %(link)s",
                uid=account.uid,
                link=notices.not_me(account),
            )
        post_sms(number, text)


@signals.password_reset.connect
def _again(account_id: int) -> None:
    """Take away what was added since a PANIC when the password, which was enough for that, turns out to be no good.

    Nobody gains by it: whoever has the mailbox could press PANIC with the new password.
    """
    if (opened(account_id) or _doubted_until(account_id)) and questions.devices(account_id):
        press(account_id, "reset")


@questions.answers_doubted_until
def _doubted_until(account_id: int) -> datetime | None:
    newest = select(Panic).where(Panic.account_id == account_id).order_by(Panic.pressed_at.desc()).limit(1)
    last = db.session.scalar(newest)
    if last is None or (last.recognised_at and last.recognised_at > last.pressed_at):
        return None
    return last.pressed_at + DOUBT if last.pressed_at + DOUBT > clock.now() else None


@questions.answers_devices
def _devices(account_id: int) -> list[str]:
    held = enrolment.authenticators(account_id)
    return [f"{factors.title_of(one.kind)} ({one.name})" for one in held if one.kind in factors.BY_NAME]
