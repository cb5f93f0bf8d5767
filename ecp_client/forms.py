"""The forms of this platform."""

import secrets
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from ecp_client.posts import TEXT_LENGTH, TITLE_LENGTH


def _stripped(value: str | None) -> str:
    """One line-ending, no space around."""
    return (value or "").replace("\r\n", "\n").strip()


class PostForm(FlaskForm):
    """A title and a text; `once` stays the same when the form is sent twice."""

    once = HiddenField(validators=[Length(min=8, max=64)], default=lambda: secrets.token_urlsafe(16))
    title = StringField(
        _l("Title"),
        filters=[_stripped],
        validators=[
            DataRequired(_l("Write a title.")),
            Length(max=TITLE_LENGTH, message=_l("The title is too long. Use at most %(max)d characters.")),
        ],
    )
    text = TextAreaField(
        _l("Text"),
        filters=[_stripped],
        validators=[
            DataRequired(_l("Write the text of your post.")),
            Length(max=TEXT_LENGTH, message=_l("The text is too long. Use at most %(max)d characters.")),
        ],
    )

    def visible(self) -> list[Field]:
        """The fields that a person fills in."""
        return [self.title, self.text]

    def typed(self) -> dict[str, Any]:
        """What a person wrote, without the hidden fields."""
        return {"title": self.title.data, "text": self.text.data}
