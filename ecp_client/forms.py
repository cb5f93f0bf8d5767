"""The forms of this platform."""

import secrets
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, StringField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, Length

from ecp_client import clock
from ecp_client.meetings import PLACE_LENGTH
from ecp_client.posts import TEXT_LENGTH, TITLE_LENGTH

# The networks meet across time zones: one of them is written and read by all.
ZONE = ZoneInfo("Europe/Brussels")
FURTHEST = timedelta(days=3 * 365)


def _stripped(value: str | None) -> str:
    """One line-ending, no space around."""
    return (value or "").replace("\r\n", "\n").strip()


def _title() -> StringField:
    too_long = Length(max=TITLE_LENGTH, message=_l("The title is too long. Use at most %(max)d characters."))
    return StringField(_l("Title"), filters=[_stripped], validators=[DataRequired(_l("Write a title.")), too_long])


class Noted(FlaskForm):
    """A form whose `once` stays the same when it is sent twice."""

    once = HiddenField(validators=[Length(min=8, max=64)], default=lambda: secrets.token_urlsafe(16))

    def visible(self) -> list[Field]:
        """The fields that a person fills in."""
        return [field for field in self if field.name not in {"once", "csrf_token"}]

    def typed(self) -> dict[str, Any]:
        """What a person wrote, without the hidden fields."""
        return {field.name: field.data for field in self.visible()}


class PostForm(Noted):
    """A title and a text."""

    title = _title()
    text = TextAreaField(
        _l("Text"),
        filters=[_stripped],
        validators=[
            DataRequired(_l("Write the text of your post.")),
            Length(max=TEXT_LENGTH, message=_l("The text is too long. Use at most %(max)d characters.")),
        ],
    )


class MeetingForm(Noted):
    """What, when (Brussels time) and where."""

    title = _title()
    day = StringField(_l("Day"), filters=[_stripped], validators=[DataRequired(_l("Choose a day."))])
    time = StringField(_l("Time"), filters=[_stripped], validators=[DataRequired(_l("Choose a time."))])
    place = StringField(
        _l("Place or link"),
        filters=[_stripped],
        validators=[
            DataRequired(_l("Say where the meeting is.")),
            Length(max=PLACE_LENGTH, message=_l("The place is too long. Use at most %(max)d characters.")),
        ],
    )

    def starts_at(self) -> datetime:
        """The beginning; raises ValueError for what is no day and time."""
        local = datetime.strptime(f"{self.day.data} {self.time.data}", "%Y-%m-%d %H:%M")  # noqa: DTZ007 - next line
        return local.replace(tzinfo=ZONE)

    def validate_day(self, field: Field) -> None:
        """A day that exists, from now on."""
        try:
            datetime.strptime(field.data, "%Y-%m-%d")  # noqa: DTZ007 - only a day
        except ValueError:
            raise ValidationError(_l("Write the day like 2026-11-30.")) from None

    def validate_time(self, field: Field) -> None:
        """A time of day, and together with the day a moment that is still to come."""
        try:
            datetime.strptime(field.data, "%H:%M")  # noqa: DTZ007 - only a time
        except ValueError:
            raise ValidationError(_l("Write the time like 17:00.")) from None
        if not self.day.errors and not clock.now() < self.starts_at() < clock.now() + FURTHEST:
            raise ValidationError(_l("Choose a moment that is still to come, within three years."))
