"""What people read while they sign in: why we ask, and what was refused."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from idp.accounts.event_words import EVENTS, EventWords
from idp.core.sentences import BY_KEY, Sentence

# By the `reason` of SignInRequired; areas above add theirs.
REASONS: dict[str, Any] = {
    "administrator": _l("Platform administrators prove who they are with a security key or a passkey."),
    "always_mfa": _l("Your account always asks for two factors."),
    "change_email": _l("You are about to change the e-mail address of your account."),
    "change_factors": _l("You are about to change how you prove who you are."),
    "change_password": _l("You are about to change your password."),
    "close": _l("You are about to delete your account."),
    "export": _l("You are about to download everything that we keep about you."),
    "link_eid": _l("You are about to change with which eID you can sign in."),
    "first_factor": _l("You are about to add a second factor to your account."),
    "panic": _l("You are about to delete all your devices."),
    "weaken": _l("You are about to make your account easier to enter."),
}
ANY_REASON = _l("What you want to do next needs a fresh proof that it is you.")
# What the first step refuses; each is one sentence, whatever the reason.
AT_FIRST: dict[str, Any] = {
    "sign_in_wrong": _l("E-mail address, identifier or password is not right."),
    "passkey_wrong": _l(
        "This passkey is not accepted here. It may have been removed. "
        "Sign in with your password, and look at your keys in My Account."
    ),
    "passkey_late": _l("The passkey was used too late. Try again, or sign in with your password."),
}

BY_KEY.update(
    {
        "eid_refused": Sentence(
            _l("The eID could not be read"),
            _l("%(name)s did not confirm who you are. Nothing was changed. Try again, or use another way."),
        ),
        "eid_unlinked": Sentence(
            _l("This eID opens no account"),
            _l("It is not linked to an account. Sign in with your password, then link it under Manage my eIDs."),
        ),
        "eid_taken": Sentence(
            _l("This eID belongs to another account"),
            _l("One eID belongs to one account. Unlink it there first. Nothing was changed."),
        ),
        "no_such_browser": Sentence(
            _l("This browser is not in your list"),
            _l("It may have been removed in another window, or its time is over. Open the list to see what is there."),
        ),
        "cookies_needed": Sentence(
            _l("Your browser keeps no cookies"),
            _l("Signing in needs cookies. Allow them for this address, then open the page again."),
        ),
    }
)
EVENTS.update(
    {
        "signin.password.pass": EventWords(_l("The right password was given.")),
        "signin.password.fail": EventWords(_l("A wrong password was given.")),
    }
)


def reason(why: str, application: str | None) -> Any:
    """Return why a signed-in person is asked again."""
    if application and why not in REASONS:
        return _("%(application)s asks for one more proof that it is you.", application=application)
    return REASONS.get(why, ANY_REASON)
