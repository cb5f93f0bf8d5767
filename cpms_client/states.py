"""The words that a patient, a consent, a panel and an invitation may stand at, as they are stored."""

from enum import StrEnum


class Sex(StrEnum):
    """Common data element 2.2."""

    FEMALE = "female"
    MALE = "male"
    UNDETERMINED = "undetermined"
    FOETUS = "foetus"


class LifeStatus(StrEnum):
    """Common data element 3.1."""

    ALIVE = "alive"
    DEAD = "dead"
    LOST = "lost"
    OPTED_OUT = "opted_out"


class AgeKind(StrEnum):
    """Common data elements 5.1 and 5.2: an age is a word or a date."""

    UNDETERMINED = "undetermined"
    ANTENATAL = "antenatal"
    BIRTH = "birth"
    DATE = "date"


class ConsentKind(StrEnum):
    """What a patient may agree to."""

    CARE = "care"
    REGISTRY = "registry"
    RESEARCH = "research"


class ConsentState(StrEnum):
    """Where one consent stands."""

    GIVEN = "given"
    NOT_GIVEN = "not_given"
    WITHDRAWN = "withdrawn"


class Stage(StrEnum):
    """Where a panel stands, in the order of the page."""

    REQUEST = "request"
    SELECTION = "selection"
    ASSESSMENT = "assessment"
    OUTCOME = "outcome"
    SIGN_OFF = "sign_off"
    CLOSED = "closed"
    ARCHIVED = "archived"


class Urgency(StrEnum):
    """How soon advice is needed."""

    ROUTINE = "routine"
    SOON = "soon"
    URGENT = "urgent"


class SeatState(StrEnum):
    """Where an invitation to a panel stands."""

    INVITED = "invited"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    REMOVED = "removed"
