"""Figures: the coordinator's key figures for each network, and the researcher's anonymised counts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from statistics import median
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, case, func, select

from cpms_client import clock, policy
from cpms_client.claims import Visitor
from cpms_client.db import db
from cpms_client.errors import NotFound
from cpms_client.models import Panel, Patient
from cpms_client.panel_records import OPEN_STAGES
from cpms_client.policy import Act
from cpms_client.states import ConsentState, Stage

SMALLEST_CELL = 5
LOOK_BACK = timedelta(days=365)
SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class KeyFigures:
    """What a coordinator sees of one network; `days_to_close` is the median over the last year, None without any."""

    ern: str
    patients: int
    hospitals: int
    stages: dict[Stage, int]
    overdue: int
    opened_last_year: int
    days_to_close: float | None

    @property
    def open_panels(self) -> int:
        """Count the panels that are not closed."""
        return sum(self.stages[stage] for stage in OPEN_STAGES)


def key_figures(visitor: Visitor) -> list[KeyFigures]:
    """Count for every network that the visitor coordinates, in three queries; NotFound to anybody else."""
    policy.require_page(visitor, Act.SEE_KPIS)
    erns = sorted({access.ern for access in policy.accesses(visitor, Act.SEE_KPIS)})
    enrolled = {row[0]: row for row in db.session.execute(_enrolled(erns))}
    panels = db.session.execute(_panels(erns)).all()
    spans = db.session.execute(_closed(erns)).all()
    return [_figures(ern, enrolled.get(ern), [row for row in panels if row.ern == ern], spans) for ern in erns]


def _enrolled(erns: Sequence[str]) -> Any:
    counts = (func.count(), func.count(func.distinct(Patient.hcp)))
    return select(Patient.ern, *counts).where(Patient.ern.in_(erns)).group_by(Patient.ern)


def _panels(erns: Sequence[str]) -> Any:
    now = clock.now()
    late = case((Panel.stage.in_(OPEN_STAGES) & (Panel.deadline < now.date()), 1), else_=0)
    recent = case((Panel.opened_at >= now - LOOK_BACK, 1), else_=0)
    sums = (func.count().label("n"), func.sum(late).label("late"), func.sum(recent).label("recent"))
    return select(Panel.ern, Panel.stage, *sums).where(Panel.ern.in_(erns)).group_by(Panel.ern, Panel.stage)


def _closed(erns: Sequence[str]) -> Any:
    columns = (Panel.ern, Panel.opened_at, Panel.closed_at)
    return select(*columns).where(Panel.ern.in_(erns), Panel.closed_at >= clock.now() - LOOK_BACK)


def _figures(ern: str, enrolled: Any, panels: Sequence[Any], spans: Sequence[Any]) -> KeyFigures:
    stages = dict.fromkeys(Stage, 0) | {row.stage: row.n for row in panels}
    days = [(row.closed_at - row.opened_at).total_seconds() / SECONDS_A_DAY for row in spans if row.ern == ern]
    return KeyFigures(
        ern=ern,
        patients=enrolled[1] if enrolled else 0,
        hospitals=enrolled[2] if enrolled else 0,
        stages=stages,
        overdue=sum(row.late for row in panels),
        opened_last_year=sum(row.recent for row in panels),
        days_to_close=round(median(days), 1) if days else None,
    )


class Breakdown(StrEnum):
    """By what a researcher may count."""

    DIAGNOSIS = "diagnosis"
    SEX = "sex"
    STATUS = "status"
    DECADE = "decade"
    ENROLLED = "enrolled"


QUESTIONS: dict[Breakdown, LazyString] = {
    Breakdown.DIAGNOSIS: _l("Diagnosis (ORPHAcode)"),
    Breakdown.SEX: _l("Sex at birth"),
    Breakdown.STATUS: _l("Patient's status"),
    Breakdown.DECADE: _l("Decade of birth"),
    Breakdown.ENROLLED: _l("Year of enrolment"),
}
COLUMNS: dict[Breakdown, ColumnElement[Any]] = {
    Breakdown.DIAGNOSIS: func.coalesce(Patient.orpha, ""),
    Breakdown.SEX: Patient.sex.expression,
    Breakdown.STATUS: Patient.status.expression,
    Breakdown.DECADE: func.substr(Patient.birth, 1, 3),
    Breakdown.ENROLLED: func.extract("year", Patient.enrolled_at),
}


@dataclass(frozen=True)
class Cell:
    """One count; None is a number too small to be shown."""

    value: Any
    count: int | None


@dataclass(frozen=True)
class Counts:
    """The answer to a researcher's query; `total` is None if it could give a hidden cell away."""

    ern: str
    breakdown: Breakdown
    orpha: str | None
    cells: tuple[Cell, ...]
    total: int | None


def researched_networks(visitor: Visitor) -> list[str]:
    """List the networks whose anonymised data the visitor may query."""
    return sorted({access.ern for access in policy.accesses(visitor, Act.QUERY_ANONYMISED)})


def count(visitor: Visitor, ern: str, breakdown: Breakdown, orpha: str | None = None) -> Counts:
    """Count the patients of one's network who agreed to the registry; cells below five are never told.

    Patients who took back the consent to care do not count. NotFound for a network that is not the visitor's.
    """
    if ern not in researched_networks(visitor):
        raise NotFound()
    column = COLUMNS[breakdown]
    agreed = (Patient.registry_consent == ConsentState.GIVEN, Patient.care_consent == ConsentState.GIVEN)
    rows = select(column.label("value"), func.count().label("n")).where(Patient.ern == ern, *agreed)
    if orpha:
        rows = rows.where(Patient.orpha == orpha)
    found = Counter({row.value: row.n for row in db.session.execute(rows.group_by(column))})
    hidden = _hidden(found)
    cells = tuple(Cell(value, None if value in hidden else n) for value, n in found.most_common())
    return Counts(ern, breakdown, orpha, cells, None if hidden or not cells else found.total())


def _hidden(found: Counter[Any]) -> set[Any]:
    """Choose the cells to hide: all small ones, and the next larger beside a single one that could be worked out."""
    small = {value for value, n in found.items() if n < SMALLEST_CELL}
    rest = [(n, value) for value, n in found.items() if value not in small]
    return small | {min(rest, key=lambda pair: pair[0])[1]} if len(small) == 1 and rest else small
