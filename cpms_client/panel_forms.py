"""The forms for panels: the request, a contribution, invitations, the outcome, and the end."""

from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Optional, ValidationError

from cpms_client import clock, networks, words
from cpms_client.forms import Form, Radios, Select, on_offer, text
from cpms_client.models import Panel
from cpms_client.panels import PanelRequest
from cpms_client.states import Urgency

NO_NAMES = _l("Everybody in the panel reads it. Use the nickname, never a name.")


class Deadline(DateField):
    """A day that the browser's calendar fills in, with our own sentence."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read an ISO day (HTML, date state); keep what was typed if it is none."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_l("Choose a day from the calendar, or type it as year-month-day.")) from None


class RequestForm(Form):
    """What is asked of a panel."""

    question = TextAreaField(
        **text(
            _l("Question to the panel"),
            8000,
            required=_l("Write what you want to know from the panel."),
            description=NO_NAMES,
            render_kw={"rows": 8},
        )
    )
    urgency = Select(_l("Urgency"), choices=on_offer(words.choices(Urgency)), default=Urgency.ROUTINE.value)
    deadline = Deadline(
        _l("Contributions until"), validators=[Optional()], render_kw={"type": "date", "autocomplete": "off"}
    )
    version = HiddenField()

    def validate_deadline(self, field: DateField) -> None:
        """Let the deadline lie ahead."""
        if field.data and field.data < clock.now().date() and field.data != field.object_data:
            raise ValidationError(_l("This day is past. Choose a day from today on."))

    def request(self, further: frozenset[str] = frozenset()) -> PanelRequest:
        """Give the checked values."""
        return PanelRequest(self.question.data, Urgency(self.urgency.data), self.deadline.data, further)

    def read_version(self) -> int:
        """Give the version that the form was made from; nonsense never fits a panel."""
        typed = str(self.version.data or "")
        return int(typed) if typed.isdecimal() and len(typed) < 9 else 0


class OpenForm(RequestForm):
    """A new request, with the further networks that are asked."""

    networks = SelectMultipleField(_l("Further networks"), validate_choice=False)

    def offer(self, own: str) -> None:
        """Fill the list of networks: all but the patient's own, which takes part anyway."""
        self.networks.choices = on_offer({code: name for code, name in networks.labels().items() if code != own})

    def full_request(self) -> PanelRequest:
        """Give the checked values with the networks."""
        return self.request(frozenset(self.networks.data or ()))


def request_form(panel: Panel) -> RequestForm:
    """Make the form for an open request; what was typed wins over what is stored."""
    return RequestForm(obj=panel, data={"urgency": panel.urgency.value})


class ContributionForm(Form):
    """What a member says."""

    text = TextAreaField(
        **text(
            _l("Your contribution"),
            8000,
            required=_l("Write your contribution before you send it."),
            description=NO_NAMES,
            render_kw={"rows": 4},
        )
    )


class OutcomeForm(Form):
    """What the panel advises."""

    text = TextAreaField(
        **text(
            _l("Outcome"),
            8000,
            required=_l("Write the outcome before you lay it before the members."),
            description=NO_NAMES,
            render_kw={"rows": 10},
        )
    )


class CloseForm(Form):
    """Why a panel ends."""

    note = StringField(
        **text(
            _l("Reason"),
            1000,
            description=_l("Needed if the panel ends before its outcome was signed."),
            render_kw={"autocomplete": "off"},
        )
    )


class InviteForm(Form):
    """A colleague by e-mail address."""

    email = StringField(
        **text(
            _l("E-mail address"),
            254,
            required=_l("Type the e-mail address of the colleague."),
            description=_l("The address that the colleague uses to sign in. The person must have entered CPMS before."),
            render_kw={"type": "email", "autocomplete": "off", "inputmode": "email", "autocapitalize": "none"},
        )
    )


class LeadForm(Form):
    """Who leads from now on."""

    seat = Radios(_l("New lead"), validators=[InputRequired(_l("Choose who leads the panel."))])


class NetworkForm(Form):
    """Which further network is asked."""

    ern = Select(_l("Network"), validators=[InputRequired(_l("Choose a network."))])

    def offer(self, taking_part: tuple[str, ...]) -> None:
        """Fill the list with the networks that do not take part yet."""
        left = {code: label for code, label in networks.labels().items() if code not in taking_part}
        self.ern.choices = on_offer({"": _l("Choose a network")} | left)
