"""Codes and dates of the rare-disease field: ORPHAcodes, HPO terms, dates of which only the year may be known."""

import re
from dataclasses import dataclass
from datetime import date

ORPHA = re.compile(r"(?:ORPHA\s*:?\s*)?(\d{1,7})", re.IGNORECASE)
HPO = re.compile(r"HP\s*:\s*(\d{7})", re.IGNORECASE)
HPO_ATTEMPT = re.compile(r"\bHP\s*[:_]?\s*\d+\b|\bHP\s*:\s*\S*", re.IGNORECASE)
TYPED_DATE = re.compile(r"(?:(?:(\d{1,2})[./-])?(\d{1,2})[./-])?(\d{4})")
ISO_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
FIRST_YEAR = 1900


@dataclass(frozen=True)
class Feature:
    """One sign or symptom: words, and the HPO identifier where it is known."""

    label: str
    hpo: str | None


def orpha_code(typed: str) -> str:
    """Bring an ORPHAcode to the shape `ORPHA:98757`; raise ValueError if it cannot be one."""
    found = ORPHA.fullmatch(typed.strip())
    if not found or int(found[1]) == 0:
        raise ValueError("not an ORPHAcode")
    return f"ORPHA:{int(found[1])}"


def feature(line: str) -> Feature:
    """Read one line such as `Ataxia HP:0001251`; raise ValueError if it holds a malformed HPO identifier."""
    found = HPO.search(line)
    rest = HPO.sub("", line, count=1).strip(" \t,;()-")
    if HPO_ATTEMPT.search(rest) or (found and line[found.end() : found.end() + 1].isdigit()):
        raise ValueError(line.strip())
    return Feature(rest, f"HP:{found[1]}" if found else None)


def features(text: str) -> tuple[Feature, ...]:
    """Read a phenotype, one feature a line; raise ValueError naming the first line that is not right."""
    return tuple(feature(line) for line in text.splitlines() if line.strip())


def partial_date(typed: str, latest: date) -> str:
    """Read `1979`, `05/1979`, `12/05/1979` or ISO; give `1979`, `1979-05` or `1979-05-12`; raise ValueError otherwise.

    Days come before months, as in the set of common data elements; `latest` is the last possible day (today).
    """
    text = typed.strip()
    if found := TYPED_DATE.fullmatch(text):
        day, month, year = found.groups()
    elif found := ISO_DATE.fullmatch(text):
        year, month, day = found.groups()
    else:
        raise ValueError("not a date")
    known = date(int(year), int(month or 1), int(day or 1))
    if known.year < FIRST_YEAR or known > latest:
        raise ValueError("out of range")
    return known.isoformat()[: 10 if day else 7 if month else 4]


def as_typed(partial: str | None) -> str:
    """Turn a stored `1979-05-12` back into the `12/05/1979` of the form."""
    return "/".join(reversed((partial or "").split("-")))
