"""What people find in the practising environment: for each network three invented patients and one panel."""

from cpms_client import colleagues, networks, panel_people, panels, patients, training
from cpms_client.claims import Visitor
from cpms_client.db import transactional
from cpms_client.panels import PanelRequest
from cpms_client.patients import PatientData
from cpms_client.states import ConsentKind, Sex, Stage, Urgency

CARE = frozenset({ConsentKind.CARE})
PATIENTS = (
    (
        "Bluebird",
        PatientData("Bluebird", Sex.FEMALE, "1979", undiagnosed=True, phenotype="Invented: fatigue, weight loss"),
        CARE | {ConsentKind.REGISTRY},
    ),
    (
        "Larch",
        PatientData("Larch", Sex.MALE, "2011-05", undiagnosed=True, phenotype="Invented: delayed growth"),
        CARE,
    ),
    (
        "Harbour",
        PatientData("Harbour", Sex.UNDETERMINED, "1990", disease="Invented condition for training"),
        frozenset(ConsentKind),
    ),
)
REQUEST = PanelRequest("Invented case for training: which examinations would you add?", Urgency.ROUTINE)


@transactional
def plant() -> None:
    """Make every training account known, and each network's sample patients and panel; repeating it adds nothing."""
    for account in training.accounts():
        colleagues.remember(account.visitor)
    for ern in networks.labels():
        _plant(ern)


def _plant(ern: str) -> None:
    doctor = _person(ern, "hp1")
    enrolled = [
        patients.enrol(doctor, doctor.accesses[0], data, consents, f"training-{name}")
        for name, data, consents in PATIENTS
    ]
    panel = panels.open_panel(doctor, enrolled[0].pseudonym, REQUEST, "training-panel")
    if panel.stage is not Stage.REQUEST:
        return
    panels.take_up(_person(ern, "coordinator"), panel.number)
    for kind in ("hp2", "hp4"):
        panel_people.invite_by_email(doctor, panel.number, _person(ern, kind).email)


def _person(ern: str, kind: str) -> Visitor:
    return training.account(ern, kind).visitor
