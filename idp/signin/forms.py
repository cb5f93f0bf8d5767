"""The form of the first step."""

import re

from flask_babel import lazy_gettext as _l
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Regexp

from idp.accounts.forms import AccountForm

# The shape only: whether it exists is never told.
ADDRESS_OR_UID = re.compile(r"\s*([^@\s]+@[^@\s]+|[A-Za-z0-9]{8})\s*\Z")
NAME_SOMEBODY = _l("Enter an e-mail address like name@hospital.example, or your 8-character identifier")


class PasswordForm(AccountForm):
    """Who are you, and your password."""

    identifier = StringField(
        _l("E-mail address or identifier"),
        [InputRequired(NAME_SOMEBODY), Regexp(ADDRESS_OR_UID, message=NAME_SOMEBODY)],
    )
    password = PasswordField(_l("Password"), [InputRequired(_l("Enter your password"))])
