"""The words for every refusal: what happened, what to do, and a way on."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from flask_babel import lazy_gettext as _l


class Way(Enum):
    """The button under the words."""

    HOME = "home"
    SIGN_IN = "sign_in"
    SPACES = "spaces"
    AGAIN = "again"


@dataclass(frozen=True)
class Words:
    """One error page."""

    title: Any
    text: Any
    way: Way = Way.HOME


LOST = Words(
    _l("This page does not exist"),
    _l("The address may be mistyped, or the page may have been removed. Or it belongs to a network that is not yours."),
    Way.SPACES,
)
TOO_OLD = Words(
    _l("This form is too old"),
    _l("Nothing was saved. Go back in your browser, copy what you typed, and open the form again."),
    Way.SPACES,
)
OURS = Words(
    _l("Something went wrong on our side"),
    _l("Your request was not carried out. It is not your fault. Wait a minute and try again."),
    Way.AGAIN,
)

PAGES = {
    "unreadable": Words(
        _l("We cannot read this request"),
        _l("It contains characters that we do not understand, or came to the wrong address. Start from the home page."),
    ),
    "not_found": LOST,
    "post_gone": Words(
        _l("This post is no longer there"),
        _l("It has been deleted. The other posts of your network are still on the notice board."),
        Way.SPACES,
    ),
    "not_yours": Words(
        _l("Only the author can change this post"),
        _l("You can read it, and write your own post on the notice board."),
        Way.SPACES,
    ),
    "meeting_not_yours": Words(
        _l("Only who announced this meeting can call it off"),
        _l("Write to that person, or ask the coordination team of your network."),
        Way.SPACES,
    ),
    "method": Words(_l("This page cannot be opened in that way"), _l("Start again from your networks."), Way.SPACES),
    "too_large": Words(
        _l("What you sent is too large"),
        _l("Nothing was saved. Go back in your browser, shorten the text, and send it again."),
        Way.SPACES,
    ),
    "form_expired": TOO_OLD,
    "attempt_unknown": Words(
        _l("This sign-in is not known here"),
        _l("It may be too old, or the address is not complete. Nothing happened to your account. Sign in again."),
        Way.SIGN_IN,
    ),
    "attempt_foreign": Words(
        _l("This sign-in began in another browser"),
        _l("For your safety, a sign-in must end in the browser where it began. Sign in again in this browser."),
        Way.SIGN_IN,
    ),
    "attempt_expired": Words(
        _l("This sign-in took too long"),
        _l("Nothing happened to your account. Sign in again."),
        Way.SIGN_IN,
    ),
    "attempt_used": Words(
        _l("This sign-in has already been used"),
        _l("This happens after the back button or a reload. If you are signed in, go on to your networks."),
        Way.SPACES,
    ),
    "code_refused": Words(
        _l("ERN Login did not accept this sign-in"),
        _l("It took too long or was already used. Nothing happened to your account. Sign in again."),
        Way.SIGN_IN,
    ),
    "answer_refused": Words(
        _l("We cannot trust this sign-in"),
        _l("The answer does not fit what we asked ERN Login. You are not signed in here. Sign in again."),
        Way.SIGN_IN,
    ),
    "too_weak": Words(
        _l("ERN Login did not say how you signed in"),
        _l("ECP needs to know how surely you proved who you are. Sign in again, or write to support."),
        Way.SIGN_IN,
    ),
    "not_set_up": Words(
        _l("ECP and ERN Login do not understand each other"),
        _l("This is a fault in the set-up, not yours. Write to support and give the reference below."),
    ),
    "sign_in_failed": Words(
        _l("You are not signed in"),
        _l("The sign-in at ERN Login was not completed. Sign in again when you are ready."),
        Way.SIGN_IN,
    ),
    "issuer_silent": Words(
        _l("ERN Login does not answer"),
        _l("We must ask ERN Login whether you are a member, and it does not answer now. Try again in a minute."),
        Way.AGAIN,
    ),
    "failed": OURS,
}

# Answers that the web framework gives by itself.
STATUS_KEYS = {400: "unreadable", 404: "not_found", 405: "method", 413: "too_large", 415: "unreadable"}
