"""Forms made from the fields that a factor declares, and its sentences for what it rejects."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import Regexp, ValidationError

from idp.core.errors import Expired, TooMany
from idp.mfa import deliveries, factors
from idp.mfa.factor import Factor, Field, Rejected
from idp.mfa.models import Challenge
from idp.mfa.sentences import waiting

# What the button "Call me instead" sends in the place of "Send a new code".
CALL = "call"


class FactorForm(FlaskForm):
    """A form of a factor; `over` says that its challenge can no longer be answered."""

    status = 200
    over = False

    def validate(self, extra_validators: Any = None) -> bool:
        """Judge the fields; the answer to a form that needs correcting has status 400."""
        right: bool = super().validate(extra_validators)
        self.status = 200 if right else 400
        return right


class RenameForm(FlaskForm):
    """What its owner calls something from now on."""

    status = 200

    device_name = StringField(
        _l("Name of the key or device"),
        [Regexp(r"\s*\S.{0,63}\Z", message=_l("Give it a name of at most 64 characters, so that you know it again."))],
    )

    def validate(self, extra_validators: Any = None) -> bool:
        """Judge the field; the answer to a form that needs correcting has status 400."""
        right: bool = super().validate(extra_validators)
        self.status = 200 if right else 400
        return right


class Matches:
    """A validator: the typed text looks as the field's pattern says."""

    def __init__(self, field: Field) -> None:
        self.field = field

    def __call__(self, _form: FlaskForm, field: StringField) -> None:
        """Refuse what cannot be right, before it costs a try."""
        typed = field.data or ""
        if len(typed) > self.field.longest or not self.field.pattern.fullmatch(typed.strip()):
            raise ValidationError(self.field.wrong)


def offer(kind: str, **typed: str) -> FactorForm:
    """Return the form that begins enrolling, holding what was typed before."""
    return _form(factors.named(kind).offered, typed)


def answer(kind: str) -> FactorForm:
    """Return the form that answers a challenge."""
    return _form(factors.named(kind).answered, {})


def values(form: FactorForm) -> dict[str, str]:
    """Return what was typed, without the form's own token."""
    return {name: value.strip() for name, value in form.data.items() if name != "csrf_token"}


def shown(challenge: Challenge) -> bool:
    """Say whether the page that was posted showed the challenge as it is now, if it says what it showed."""
    return request.form.get("state", challenge.state) == challenge.state


@contextmanager
def telling(form: FactorForm, kind: str) -> Iterator[None]:
    """Turn what a verb refuses into sentences at the form's fields: wrong, too often, too late."""
    try:
        yield
    except Rejected as wrong:
        told = sentence(factors.named(kind), wrong)
        if wrong.details["field"] in form:
            field = form[wrong.details["field"]]
            field.errors = [*field.errors, told]
        else:
            form.form_errors.append(told)
        form.over = wrong.details.get("tries_left") == 0
        form.status = wrong.status
    except Expired:
        form.over = True
    except TooMany as refusal:
        if refusal.key not in deliveries.BUDGETS:
            raise
        form.form_errors.append(waiting(refusal))
        form.status = refusal.status


def sentence(factor: Factor, wrong: Rejected) -> str:
    """Return a factor's sentence for what it rejected, with the tries left if they are counted."""
    text = str(factor.sentences[wrong.key])
    left = wrong.details.get("tries_left")
    if not left:
        return text
    rest = ngettext("You have %(num)d try left.", "You have %(num)d tries left.", left)
    return f"{text} {rest}"


def _form(fields: tuple[Field, ...], typed: Mapping[str, str]) -> FactorForm:
    members = {field.name: StringField(field.label, [Matches(field)]) for field in fields}
    made: FactorForm = type("FactorForm", (FactorForm,), members)(data=dict(typed))
    return made
