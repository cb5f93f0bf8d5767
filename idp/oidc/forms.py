"""The form of the page for devices."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from idp.core.errors import Invalid

UNKNOWN = _l("No device waits for this code. Look at the device: a code counts for some minutes only.")


class DeviceForm(FlaskForm):
    """The code that a device shows."""

    status = 200

    user_code = StringField(
        _l("Code on your device"),
        [InputRequired(_l("Type the code that your device shows.")), Length(max=40, message=UNKNOWN)],
    )

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Turn what the verb refuses into a sentence at the field."""
        try:
            yield
        except Invalid as refusal:
            self.status = refusal.status
            self.user_code.errors = [UNKNOWN]

    def validate(self, extra_validators: Any = None) -> bool:
        """Judge the field; the answer to a form that needs correcting has status 400."""
        right: bool = super().validate(extra_validators)
        self.status = 200 if right else 400
        return right
