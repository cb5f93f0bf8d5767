"""What people read when something about their account is refused: the field it stands at, and what to do."""

from flask_babel import lazy_gettext as _l

from idp.core.sentences import BY_KEY, BY_STATUS, Sentence

AT_FIELD = {
    "email_invalid": ("email", _l("Enter an e-mail address in the form name@hospital.example.")),
    "email_same": ("email", _l("This is your address already. Enter another one.")),
    "password_short": ("new_password", _l("Use at least %(length)s characters.")),
    "password_long": ("new_password", _l("Use at most %(length)s characters.")),
    "password_common": (
        "new_password",
        _l(
            "Many people use this password, so it is guessed first. "
            "Choose another, for example three or four words that do not belong together."
        ),
    ),
    "password_simple": (
        "new_password",
        _l(
            "This password is one pattern repeated. "
            "Choose another, for example three or four words that do not belong together."
        ),
    ),
    "password_personal": (
        "new_password",
        _l(
            "This password is made of your name, your address or the name of this service. "
            "Choose words that do not belong to you."
        ),
    ),
    "password_wrong": ("current_password", _l("This is not your current password. Enter it again.")),
}

BY_KEY.update(
    {
        "mailed_link": Sentence(
            _l("Too many mails in a short time"),
            _l(
                "We sent several mails to this address already. "
                "Look into your mailbox, also into the folder for unwanted mail."
            ),
        ),
        "password_change": Sentence(
            _l("Too many tries in a short time"),
            _l("Your current password was wrong too often. Nothing was changed."),
        ),
        "last_administrator": Sentence(
            _l("Your account is needed"),
            _l(
                "You are the last platform administrator. "
                "Ask the operator to make somebody else an administrator first, then delete your account."
            ),
        ),
        "after_panic": Sentence(
            _l("This has to wait, for your protection"),
            _l(
                "All your devices were deleted, and the password alone is enough for that. So until %(until)s nobody "
                "can delete this account, download its data, change its e-mail address or link an eID. Nothing "
                "was changed. If an application is locked, open it: its page says who can confirm at once that it is "
                "you, and then you need not wait. You can choose a new password and add a device now."
            ),
        ),
        "busy": BY_STATUS[503],
    }
)
