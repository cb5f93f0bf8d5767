"""What all forms here share: the form key against double submits, checks with our own sentences, page arguments."""

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import request
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, Optional, ValidationError

from cpms_client import clock, coding
from cpms_client.errors import Refusal
from cpms_client.paging import Wanted

KEY_LENGTH = 64


def stripped(typed: str | None) -> str:
    """Take the blanks around a typed text away; a filter for text fields."""
    return (typed or "").replace("\r\n", "\n").strip()


def text(label: Any, most: int, **options: Any) -> dict[str, Any]:
    """Describe a text field of at most `most` characters; `required` is the sentence to say when it is empty."""
    required = options.pop("required", None)
    checks = [DataRequired(required) if required else Optional(strip_whitespace=True)]
    too_long = _l("This is too long: %(most)s characters at most.", most=most)
    checks += [*options.pop("checks", ()), Length(max=most, message=too_long)]
    return {"label": label, "validators": checks, "filters": [stripped], **options}


def a_date(_form: FlaskForm, field: Field) -> None:
    """Check a date of which the year may be enough."""
    try:
        coding.partial_date(field.data, clock.now().date())
    except ValueError:
        raise ValidationError(_l("Type a past date as day/month/year, or only the year, such as 1979.")) from None


class _OwnSentence:
    """A choice among given values, with our own sentence for any other; that nothing was chosen is another check."""

    def pre_validate(self, _form: FlaskForm) -> None:
        """Refuse a value that is not on offer."""
        known = {choice.value for choice in self.iter_choices()}  # type: ignore[attr-defined]
        data = self.data  # type: ignore[attr-defined]
        if data and str(data) not in known:
            raise ValidationError(_l("Choose one of the values on offer."))


def on_offer(words: Mapping[str, Any]) -> list[SelectChoice]:
    """Make the choices of a field from values and their words."""
    return [SelectChoice(value, label) for value, label in words.items()]


class Select(_OwnSentence, SelectField):
    """A drop-down list."""


class Radios(_OwnSentence, RadioField):
    """Radio buttons."""


class Form(FlaskForm):
    """A form that can show a refusal of a verb in its error summary and keeps what was typed."""

    form_key = HiddenField()

    def key(self) -> str:
        """Give the key that makes this very form count once."""
        typed = str(self.form_key.data or "")
        return typed if 0 < len(typed) <= KEY_LENGTH else secrets.token_urlsafe(16)

    def fresh_key(self) -> str:
        """Give the key to put into the page: the one that came, else a new one."""
        key = self.key()
        self.form_key.data = key
        return key

    def refuse(self, refusal: Refusal, field: str = "") -> None:
        """Show why a verb refused, at a field or for the form as a whole."""
        sentence = str(refusal.message or _l("This could not be done. Nothing was changed."))
        if field:
            self[field].errors = [*self[field].errors, sentence]
        else:
            self.form_errors.append(sentence)


class SearchForm(FlaskForm):
    """A search in a list; it travels in the address, so it needs no protection and keeps nothing."""

    class Meta:
        """Searches change nothing."""

        csrf = False

    q = StringField(_l("Search"), render_kw={"type": "search", "autocomplete": "off", "maxlength": 100})


def wanted() -> Wanted:
    """Read page, number of rows and search words from the address."""
    arguments = request.args
    return Wanted.of(arguments.get("page", ""), arguments.get("size", ""), arguments.get("q", ""))


def list_address(page: int, size: int) -> str:
    """Give the address of another page of the list that is being shown, with its search and its scope."""
    kept = {name: value for name, value in request.args.items() if name not in {"lang", "page", "size"}}
    return f"{request.path}?{urlencode(kept | {'page': page, 'size': size})}"
