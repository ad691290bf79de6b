"""Numbers as people write them: which sign is the decimal one is told by the whole column."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache

SPACES = " '\u2019\u00a0\u202f"
"""What may stand between thousands whatever the decimal sign is."""


@dataclass(frozen=True, slots=True)
class Style:
    """How numbers are written: the decimal sign; the other sign stands between thousands."""

    decimal: str
    thousands: str

    def read(self, text: str) -> float:
        """The number that a text is.  Raises ValueError."""
        if text.isdecimal() and text.isascii():
            return float(text)
        found = _pattern(self.decimal, self.thousands).fullmatch(text)
        if found is None or not (found["whole"] or found["part"]):
            raise ValueError(text)
        whole = re.sub(r"[^0-9]", "", found["whole"] or "0")
        value = float(f"{whole}.{found['part'] or '0'}{found['power'] or ''}")
        minus = (found["before"] in ("-", "\u2212")) + (found["after"] == "-")
        if minus > 1:
            raise ValueError(text)
        return -value if minus else value


POINT, COMMA = Style(".", ","), Style(",", ".")
STYLES = {".": POINT, ",": COMMA}


@cache
def _pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    groups = rf"[1-9][0-9]{{0,2}}(?:{re.escape(thousands)}[0-9]{{3}})+"
    spaced = rf"[1-9][0-9]{{0,2}}(?:[{SPACES}][0-9]{{3}})+"
    return re.compile(
        rf"(?P<before>[+\-\u2212]?)(?P<whole>{groups}|{spaced}|[0-9]+)?"
        rf"(?:{re.escape(decimal)}(?P<part>[0-9]*))?(?P<power>[eE][+-]?[0-9]{{1,3}})?(?P<after>-?)"
    )


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a column's texts say of the decimal sign: the first text of each kind, or ""."""

    point: str = ""
    """Can be read only with a decimal point."""
    comma: str = ""
    """Can be read only with a decimal comma."""
    unclear: str = ""
    """Two numbers, as the decimal sign may be: 1.200"""

    @property
    def mixed(self) -> bool:
        """Whether no decimal sign reads all of it."""
        return bool(self.point and self.comma)


def evidence(texts: Iterable[str]) -> Evidence:
    """What (distinct) texts say of the decimal sign."""
    found = {"point": "", "comma": "", "unclear": ""}
    for text in texts:
        if "." not in text and "," not in text:
            continue
        by_point, by_comma = _try(text, POINT), _try(text, COMMA)
        if by_point == by_comma:
            continue
        kind = "comma" if by_point is None else "point" if by_comma is None else "unclear"
        found[kind] = found[kind] or text
    return Evidence(**found)


def decide(own: Evidence, others: Collection[Evidence], delimiter: str) -> Style | None:
    """The style of a column, or None where it may be either.

    The column itself decides; or else the file's other numbers; or else commas between the fields,
    which a file with decimal commas would not have.
    """
    if own.mixed:
        return None
    if own.point or own.comma or not own.unclear:
        return COMMA if own.comma else POINT
    point, comma = any(e.point for e in others), any(e.comma for e in others)
    if point != comma:
        return POINT if point else COMMA
    return POINT if delimiter == "," and not comma else None


def readings(text: str) -> str:
    """The two numbers that a text may be, in words."""
    by_point, by_comma = POINT.read(text), COMMA.read(text)
    return f"{by_point:.15g} with a decimal point, {by_comma:.15g} with a decimal comma"


def _try(text: str, style: Style) -> float | None:
    try:
        return style.read(text)
    except ValueError:
        return None
