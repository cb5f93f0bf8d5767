"""The forms of the reports: the researcher's query travels in the address, so it can be kept as a bookmark."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import ValidationError

from cpms_client import coding
from cpms_client.forms import Select, on_offer, text
from cpms_client.reports import QUESTIONS, Breakdown


class QueryForm(FlaskForm):
    """What to count, and for which disease."""

    class Meta:
        """Queries change nothing."""

        csrf = False

    ern = Select(_l("Network"))
    by = Select(_l("Count by"), choices=on_offer({member.value: label for member, label in QUESTIONS.items()}))
    orpha = StringField(
        **text(
            _l("Only this ORPHAcode"),
            20,
            description=_l("Such as ORPHA:98757."),
            render_kw={"autocomplete": "off", "autocapitalize": "off"},
        )
    )

    def offer(self, erns: list[str]) -> None:
        """Fill the list of networks."""
        self.ern.choices = on_offer({ern: ern for ern in erns})
        self.ern.data = self.ern.data or erns[0]
        self.by.data = self.by.data or Breakdown.DIAGNOSIS.value

    def validate_orpha(self, field: Any) -> None:
        """Check the shape of the ORPHAcode."""
        try:
            coding.orpha_code(field.data)
        except ValueError:
            raise ValidationError(_l("An ORPHAcode is a number of up to 7 digits, such as ORPHA:98757.")) from None

    def code(self) -> str | None:
        """Give the checked ORPHAcode, if one was typed."""
        return coding.orpha_code(self.orpha.data) if self.orpha.data else None
