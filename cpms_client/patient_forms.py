"""The forms for patients: the common data elements and the consents, with checks that say what to do."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, ValidationError

from cpms_client import clock, coding, words
from cpms_client.claims import Access
from cpms_client.forms import Form, Radios, Select, a_date, on_offer, text
from cpms_client.models import Patient
from cpms_client.patients import PatientData
from cpms_client.states import AgeKind, ConsentKind, LifeStatus, Sex

OFF = {"autocomplete": "off"}
DATE_HINT = _l("Day/month/year, such as 12/05/1979, or only the year.")


class PatientForm(Form):
    """The common data elements of one patient."""

    nickname = StringField(
        **text(
            _l("Nickname"),
            60,
            required=_l("Choose a nickname for the patient."),
            description=_l("A word that you and the panel use. Never a real name, initials or a number."),
            render_kw=OFF | {"autocapitalize": "off"},
        )
    )
    sex = Radios(
        _l("Sex at birth"),
        choices=on_offer(words.choices(Sex)),
        validators=[InputRequired(_l("Choose the patient's sex at birth."))],
    )
    birth = StringField(
        **text(
            _l("Year or date of birth"),
            10,
            required=_l("Type the year of birth."),
            checks=[a_date],
            description=_l("The year is enough, such as 1979. A full date is shown to the treating hospital only."),
            render_kw=OFF,
        )
    )
    status = Select(_l("Patient's status"), choices=on_offer(words.choices(LifeStatus)), default=LifeStatus.ALIVE.value)
    death = StringField(
        **text(
            _l("Date of death"),
            10,
            checks=[a_date],
            description=_l("Only if the patient is dead. The year is enough."),
            render_kw=OFF,
        )
    )
    first_contact = StringField(
        **text(_l("First contact with specialised centre"), 10, checks=[a_date], description=DATE_HINT, render_kw=OFF)
    )
    onset = Select(_l("Age at onset"), choices=on_offer(words.choices(AgeKind)), default=AgeKind.UNDETERMINED.value)
    onset_date = StringField(
        **text(_l("Date of onset"), 10, checks=[a_date], description=_l("If you chose Date above."), render_kw=OFF)
    )
    diagnosed = Select(
        _l("Age at diagnosis"), choices=on_offer(words.choices(AgeKind)), default=AgeKind.UNDETERMINED.value
    )
    diagnosed_date = StringField(
        **text(_l("Date of diagnosis"), 10, checks=[a_date], description=_l("If you chose Date above."), render_kw=OFF)
    )
    undiagnosed = BooleanField(_l("Undiagnosed case"))
    disease = StringField(
        **text(_l("Rare disease"), 200, description=_l("Leave empty for an undiagnosed case."), render_kw=OFF)
    )
    orpha = StringField(
        **text(_l("ORPHAcode"), 20, description=_l("Such as ORPHA:98757."), render_kw=OFF | {"autocapitalize": "off"})
    )
    genetic = StringField(
        **text(_l("Genetic diagnosis"), 500, description=_l("In HGVS, HGNC or OMIM terms."), render_kw=OFF)
    )
    phenotype = TextAreaField(
        **text(
            _l("Phenotype"),
            4000,
            description=_l("One sign a line, with its HPO identifier if you know it, such as: Ataxia HP:0001251"),
            render_kw={"rows": 5},
        )
    )
    sample = BooleanField(_l("A biological sample is available for research"))
    biobank = StringField(**text(_l("Biobank"), 200, description=_l("Where the sample is stored."), render_kw=OFF))
    disability = TextAreaField(
        **text(
            _l("Functioning and disability"),
            2000,
            description=_l("A profile or score according to ICF, such as WHODAS II."),
            render_kw={"rows": 3},
        )
    )

    def validate_status(self, field: Any) -> None:
        """Let a date of death stand only beside the status Dead."""
        if self.death.data and field.data != LifeStatus.DEAD.value:
            raise ValidationError(_l("There is a date of death: choose Dead, or empty the date."))

    def validate_onset(self, field: Any) -> None:
        """Ask for a date where Date was chosen, and for nothing else."""
        _word_or_date(field, self.onset_date)

    def validate_diagnosed(self, field: Any) -> None:
        """Ask for a date where Date was chosen, and for nothing else."""
        _word_or_date(field, self.diagnosed_date)

    def validate_undiagnosed(self, field: Any) -> None:
        """Want either a diagnosis or the word that there is none."""
        if field.data and (self.disease.data or self.orpha.data):
            raise ValidationError(_l("Either give the diagnosis, or tick Undiagnosed case: not both."))
        if not field.data and not self.disease.data:
            raise ValidationError(_l("Type the name of the rare disease, or tick Undiagnosed case."))

    def validate_orpha(self, field: Any) -> None:
        """Check the shape of the ORPHAcode."""
        try:
            coding.orpha_code(field.data)
        except ValueError:
            raise ValidationError(_l("An ORPHAcode is a number of up to 7 digits, such as ORPHA:98757.")) from None

    def validate_phenotype(self, field: Any) -> None:
        """Check the shape of every HPO identifier."""
        try:
            coding.features(field.data)
        except ValueError as wrong:
            # A lazy text counts as markup in a template; what was typed must come as plain text, to be escaped.
            line = str(wrong)[:80]
            sentence = gettext("An HPO identifier has 7 digits, such as HP:0001251. Look at: %(line)s", line=line)
            raise ValidationError(sentence) from None

    def validate_birth(self, field: Any) -> None:
        """Let nothing happen before the birth."""
        later = (self.death, self.first_contact, self.onset_date, self.diagnosed_date)
        dates = [known for known in (_date(other.data) for other in later) if known]
        born = _date(field.data)
        if born and any(known[: len(born)] < born[: len(known)] for known in dates):
            raise ValidationError(_l("Another date on this page is before the birth. Look at the dates again."))

    def patient_data(self) -> PatientData:
        """Give the checked values."""
        onset, diagnosed = AgeKind(self.onset.data), AgeKind(self.diagnosed.data)
        return PatientData(
            nickname=self.nickname.data,
            sex=Sex(self.sex.data),
            birth=_date(self.birth.data) or "",
            status=LifeStatus(self.status.data),
            death=_date(self.death.data),
            first_contact=_date(self.first_contact.data),
            onset=onset,
            onset_date=_date(self.onset_date.data),
            diagnosed=diagnosed,
            diagnosed_date=_date(self.diagnosed_date.data),
            undiagnosed=self.undiagnosed.data,
            disease=self.disease.data,
            orpha=coding.orpha_code(self.orpha.data) if self.orpha.data else None,
            genetic=self.genetic.data,
            phenotype=self.phenotype.data,
            sample=self.sample.data,
            biobank=self.biobank.data,
            disability=self.disability.data,
        )


def _date(typed: str | None) -> str | None:
    try:
        return coding.partial_date(typed or "", clock.now().date())
    except ValueError:
        return None


def _word_or_date(kind: Any, day: Any) -> None:
    if kind.data == AgeKind.DATE.value and not day.data:
        raise ValidationError(_l("You chose Date: type the date or the year below."))
    if kind.data != AgeKind.DATE.value and day.data:
        raise ValidationError(_l("There is a date below: choose Date, or empty it."))


class EnrolForm(PatientForm):
    """A new patient: where, who, and what the patient agreed to."""

    place = Select(
        _l("Enrol for"),
        validators=[InputRequired(_l("Choose the network and hospital that treat the patient."))],
        description=_l("The network and hospital that treat the patient."),
    )
    care = BooleanField(
        _l("The patient (or the legal representative) gave written consent to share these data for care"),
        validators=[InputRequired(_l("Without consent to care the patient cannot be enrolled."))],
    )
    registry = BooleanField(_l("The patient agrees that the data enter the registry, without name, for research"))
    research = BooleanField(_l("The patient agrees to be contacted for research"))

    def offer(self, places: tuple[Access, ...]) -> None:
        """Fill the list of networks and hospitals."""
        self.place.choices = on_offer({_key(access): _named(access) for access in places})
        self._places = {_key(access): access for access in places}
        if len(places) == 1 and self.place.data is None:
            self.place.data = _key(places[0])

    def chosen_place(self) -> Access:
        """Give the network and hospital that were chosen; the form was checked before."""
        return self._places[self.place.data]

    def only_place(self) -> str:
        """Name the network and hospital if there is no choice."""
        return _named(*self._places.values()) if len(self._places) == 1 else ""

    def consents(self) -> frozenset[ConsentKind]:
        """Give the consents that were ticked."""
        return frozenset(kind for kind in ConsentKind if self[kind.value].data)


def _key(access: Access) -> str:
    return f"{access.ern} {access.hcp} {access.country}"


def _named(access: Access) -> str:
    return f"{access.ern}, {access.hcp} {access.hcp_name}"


class EditForm(PatientForm):
    """The data of a patient who is enrolled already, and the version that was read."""

    version = HiddenField()

    def read_version(self) -> int:
        """Give the version that the form was made from; nonsense never fits a record."""
        typed = str(self.version.data or "")
        return int(typed) if typed.isdecimal() and len(typed) < 9 else 0


def edit_form(patient: Patient) -> EditForm:
    """Make the form for a patient; what was typed wins over what is stored."""
    dates = ("birth", "death", "first_contact", "onset_date", "diagnosed_date")
    typed = {name: coding.as_typed(getattr(patient, name)) for name in dates}
    enums = {name: getattr(patient, name).value for name in ("sex", "status", "onset", "diagnosed")}
    return EditForm(obj=patient, data=typed | enums)
