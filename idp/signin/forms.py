"""The form of the first step."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from typing import Any

from flask import Response, after_this_request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Regexp

from idp.core.errors import Invalid, TooMany
from idp.core.sentences import BY_STATUS
from idp.signin.sentences import AT_FIRST

# The shape only: whether it exists is never told.
ADDRESS_OR_UID = re.compile(r"\s*([^@\s]+@[^@\s]+|[A-Za-z0-9]{8})\s*\Z")
NAME_SOMEBODY = _l("Enter an e-mail address like name@hospital.example, or your 8-character identifier.")


class PasswordForm(FlaskForm):
    """Who are you, and your password."""

    status = 200

    identifier = StringField(
        _l("E-mail address or identifier"),
        [InputRequired(NAME_SOMEBODY), Regexp(ADDRESS_OR_UID, message=NAME_SOMEBODY)],
        id="login-identifier",
    )
    password = PasswordField(_l("Password"), [InputRequired(_l("Enter your password."))], id="login-password")

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Turn what the verb refuses into one sentence at no field, so that it does not tell what was wrong."""
        try:
            yield
        except Invalid as refusal:
            self.status = refusal.status
            self.form_errors.append(str(AT_FIRST[refusal.key]))
        except TooMany as refusal:
            self.status = refusal.status
            self.form_errors.append(_waiting(refusal))

    def validate(self, extra_validators: Any = None) -> bool:
        """Judge the fields; the answer to a form that needs correcting has status 400."""
        right: bool = super().validate(extra_validators)
        self.status = 200 if right else 400
        return right


def _waiting(refusal: TooMany) -> str:
    @after_this_request
    def _retry_after(answer: Response) -> Response:
        answer.headers["Retry-After"] = str(refusal.retry_after)
        return answer

    wait = _("Try again in about %(minutes)s minutes.", minutes=max(1, ceil(refusal.retry_after / 60)))
    return f"{BY_STATUS[refusal.status].plain({})} {wait}"
