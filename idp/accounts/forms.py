"""The forms about accounts: fields, what each accepts, and the sentences that say what to do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from typing import Any

from flask import after_this_request
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, Field, PasswordField, SelectField, StringField, ValidationError
from wtforms.validators import AnyOf, DataRequired, EqualTo, InputRequired, Length, StopValidation

from idp.accounts import people, personal_details
from idp.accounts.sentences import AT_FIELD
from idp.core import languages
from idp.core.errors import Invalid, TooMany
from idp.core.sentences import BY_KEY, BY_STATUS

LONGEST_NAME = 100
# A name goes into mails to addresses that nobody verified yet: it must not smuggle in a link or an address.
NO_NAME = re.compile(r"[<>@/\\|{}\[\]\"=;:\x00-\x1f\x7f]|\w{2}\.\w{2}")


class AccountForm(FlaskForm):
    """A form that tells refusals at their field and keeps what was typed."""

    status = 200

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Turn refusals of the verb into sentences of this form; others pass."""
        try:
            yield
        except (Invalid, TooMany) as refusal:
            self.refuse(refusal)

    def refuse(self, refusal: Invalid | TooMany) -> None:
        """Show a refusal at its field, or for the whole form; the answer gets its status."""
        self.status = refusal.status
        if isinstance(refusal, TooMany):
            self.form_errors.append(_waiting(refusal))
            return
        name, sentence = AT_FIELD[refusal.key]
        text = str(sentence) % refusal.details if refusal.details else str(sentence)
        self[name].errors = [*self[name].errors, text]

    def validate(self, extra_validators: Any = None) -> bool:
        """Judge the fields; the answer to a form that needs correcting has status 400."""
        right: bool = super().validate(extra_validators)
        self.status = 200 if right else 400
        return right


def _waiting(refusal: TooMany) -> str:
    _announce(refusal.retry_after)
    sentence = BY_KEY.get(refusal.key) or BY_STATUS[refusal.status]
    minutes = max(1, ceil(refusal.retry_after / 60))
    wait = ngettext("Try again in about %(num)s minute.", "Try again in about %(num)s minutes.", minutes)
    return f"{sentence.plain({})} {wait}"


def _announce(seconds: int) -> None:
    @after_this_request
    def _retry_after(response: Any) -> Any:
        response.headers["Retry-After"] = str(seconds)
        return response


def _tidy(text: str | None) -> str:
    return " ".join((text or "").split())


def _name(_form: FlaskForm, field: Field) -> None:
    if NO_NAME.search(field.data):
        raise ValidationError(_l("A name has letters only. Leave out signs such as / : @ < >."))


def _email(_form: FlaskForm, field: Field) -> None:
    try:
        people.normalize(field.data)
    except Invalid as refusal:
        raise StopValidation(str(AT_FIELD[refusal.key][1])) from None


def _same_email(form: FlaskForm, field: Field) -> None:
    if field.data.strip().lower() != (form["email"].data or "").strip().lower():
        raise ValidationError(_l("The two e-mail addresses are not the same."))


def name_field(label: Any, missing: Any) -> StringField:
    """Make a field for a part of a name."""
    too_long = Length(max=LONGEST_NAME, message=_l("Use at most %(max)d characters."))
    return StringField(label, [DataRequired(missing), too_long, _name], filters=[_tidy])


def _printable(_form: FlaskForm, field: Field) -> None:
    if not field.data.isprintable():
        raise ValidationError(_l("Use letters, digits and signs only."))


def _line(label: Any, longest: int) -> StringField:
    too_long = Length(max=longest, message=_l("Use at most %(max)d characters."))
    return StringField(label, [too_long, _printable], filters=[_tidy])


def _time_zone(_form: FlaskForm, field: Field) -> None:
    if field.data and field.data not in personal_details.time_zones():
        raise ValidationError(_l("Choose a time zone from the list."))


def language_field() -> SelectField:
    """Make the field for the language of mails."""
    offered = AnyOf(languages.BY_CODE, message=_l("Choose a language from the list."))
    return SelectField(_l("E-mail language"), [offered], choices=languages.choices, validate_choice=False)


class RegisterForm(AccountForm):
    """Create an account."""

    first_name = name_field(_l("First name"), _l("Enter your first name."))
    last_name = name_field(_l("Last name"), _l("Enter your last name."))
    email = EmailField(_l("E-mail"), [DataRequired(_l("Enter your e-mail address.")), _email])
    confirm_email = EmailField(
        _l("Confirm e-mail"), [DataRequired(_l("Enter your e-mail address again.")), _same_email]
    )
    language = language_field()
    privacy = BooleanField(
        _l("I have read and understood the privacy statement"),
        [DataRequired(_l("Read the privacy statement and tick the box."))],
    )


class NewPasswordForm(AccountForm):
    """Choose a password behind a mailed link."""

    new_password = PasswordField(_l("New password"), [InputRequired(_l("Enter a new password."))])
    confirm_password = PasswordField(
        _l("Confirm new password"),
        [
            InputRequired(_l("Enter the new password again.")),
            EqualTo("new_password", _l("The two passwords are not the same. Enter both again.")),
        ],
    )


class ChangePasswordForm(NewPasswordForm):
    """Change the password in the settings."""

    current_password = PasswordField(_l("Current password"), [InputRequired(_l("Enter your current password."))])


class ForgottenForm(AccountForm):
    """Ask for a link to choose a new password."""

    identifier = StringField(
        _l("E-mail address or identifier"), [DataRequired(_l("Enter your e-mail address or your identifier."))]
    )


class EmailForm(AccountForm):
    """Change one's e-mail address."""

    email = EmailField(_l("New e-mail address"), [DataRequired(_l("Enter your new e-mail address.")), _email])
    confirm_email = EmailField(
        _l("Confirm e-mail"), [DataRequired(_l("Enter your e-mail address again.")), _same_email]
    )


class DeleteForm(AccountForm):
    """Say that one means it."""

    sure = BooleanField(
        _l("I understand that this cannot be undone"), [DataRequired(_l("Tick the box if you want to go on."))]
    )


class NamesForm(AccountForm):
    """Change one's names."""

    first_name = name_field(_l("First name"), _l("Enter your first name."))
    last_name = name_field(_l("Last name"), _l("Enter your last name."))


class WorkplaceForm(AccountForm):
    """Tell where one works, and in which time zone; each field may stay empty."""

    street_address = _line(_l("Street and number"), 200)
    postal_code = _line(_l("Postal code"), 20)
    locality = _line(_l("Town"), 100)
    country = _line(_l("Country"), 100)
    zoneinfo = SelectField(
        _l("Time zone"),
        [_time_zone],
        choices=lambda: [("", _l("not given")), *((zone, zone) for zone in personal_details.time_zones())],
        validate_choice=False,
    )


class PreferencesForm(AccountForm):
    """Change how one is written to and asked."""

    language = language_field()
    notify_by_mail = BooleanField(
        _l("Write to me when something about my account changes (we always do when my password changes)")
    )
    warn_applications = BooleanField(_l("Warn me each time an application asks for my identity"))
    always_mfa = BooleanField(_l("Always require multi-factor authentication, also for My Account"))
