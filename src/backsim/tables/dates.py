"""Dates as people write them: which part is the month is told by the whole column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from unicodedata import normalize

ISO = "%Y-%m-%d"
ORDERS = ("%d{0}%m{0}%Y", "%m{0}%d{0}%Y", "%d{0}%m{0}%y", "%m{0}%d{0}%y")
FORMS = {
    "-": (ISO, "%y-%m-%d", *(order.format("-") for order in ORDERS)),
    "/": ("%Y/%m/%d", *(order.format("/") for order in ORDERS)),
    ".": ("%Y.%m.%d", *(order.format(".") for order in ORDERS)),
    " ": ("%Y %b %d", "%d %b %Y", "%d %b %y", "%b %d %Y"),
    "": ("%Y%m%d",),
}
"""The forms in which a date is looked for, by the sign between its parts."""

MONTHS = {
    "Jan": "january januar janner enero gennaio januari janvier janeiro",
    "Feb": "february februar feber febrero febbraio februari fevrier fevereiro",
    "Mar": "march marz maerz mrz marzo maart mrt mars marco",
    "Apr": "april abril aprile avril",
    "May": "may mai mayo maggio mei maio",
    "Jun": "june juni junio giugno juin junho",
    "Jul": "july juli julio luglio juillet julho",
    "Aug": "august agosto augustus aout",
    "Sep": "september septiembre settembre septembre setembro setiembre",
    "Oct": "october oktober octubre ottobre octobre outubro",
    "Nov": "november noviembre novembre novembro",
    "Dec": "december dezember diciembre dicembre decembre dezembro",
}
"""Months in English, German, Spanish, Italian, Dutch, French and Portuguese, or the beginnings of
their names."""
_NAMED = re.compile(r"(?P<before>.*?)[ ./-]*(?P<month>[^\W\d_]{3,})[ ./,-]*(?P<after>.*)")
UNIX = {"seconds": 1.0, "milliseconds": 1e3}
"""Of what a second is how many: since 1970, as computers count."""
UNIX_SPAN = (946_684_800.0, 4_102_444_800.0)
"""Seconds from 1970 to 2000 and to 2100."""
_TEXT = re.compile(
    r"(?P<date>.+?)"
    r"(?:[ T]\s*(?P<time>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?)"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-][0-9]{2}:[0-9]{2}|(?(time)[+-][0-9]{2}(?:[0-9]{2})?|(?!)))?"
)
_SPLIT = re.compile(r"(?P<day>.*%[dmyYbBj])(?P<sign>[ T])(?P<time>%[HI][^ T]*)")
_ZONE = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})?")


Moment = tuple[int, int | None]
"""Microseconds from 1970 on the clock that a moment was written by, and that clock's offset from
UTC in minutes, where it is told."""
EPOCH = datetime(1970, 1, 1)
SECOND = 1_000_000
TURNED = 3
"""Different days, of cells and of texts, from which it is told that cells are turned round."""
AS_WRITTEN = (
    "dates as they were written: texts here have a day above 12 and cells that are dates one up to "
    "12, as where a spreadsheet has read 04/03 as 3 April or 4 March, whichever it is not; import "
    "the column as text, or give its `date_format` if the cells are right"
)


class Ambiguous(Exception):
    """A date can be read in two ways: its text, and the days that it may mean."""

    def __init__(self, text: str, readings: list[str]) -> None:
        super().__init__(text)
        self.text, self.readings = text, readings


class DateReader:
    """Reads the dates of a column in the given form, or in those that its texts are found in.

    There are few different days and few times of day: each is read once.
    """

    def __init__(self, form: str | None) -> None:
        self.form = form
        self.forms: tuple[str, ...] = ()
        self.unix = ""
        """Of what Unix times count, where the column has them; else ""."""
        self._days: dict[str, int] = {}
        self._times: dict[str, Moment] = {}
        self._split = None if form is None else _SPLIT.fullmatch(form)

    def learn(self, texts: Iterable[str], others: Callable[[], Iterable[str]] = tuple) -> None:
        """Find the form of (distinct) texts; `others` tells the dates in the file's other columns.

        Dates that begin with the year are always read.  Raises Ambiguous.
        """
        if self.form is not None:
            return
        texts = list(texts)
        with suppress(ValueError):
            self.unix = unix_times(float(text) for text in texts)
        found = [_decide(group, others) for group in _groups(texts)]
        self.forms = tuple(dict.fromkeys(form for form in found if form))

    def turned_round(self, texts: Iterable[str], cells: Iterable[datetime]) -> bool:
        """Whether cells that are dates have day and month the wrong way round.

        So they do where a spreadsheet opened a file of another country: what it could read became
        another day (3 April of 04/03), and what it could not, as 25/03, stayed text.
        """
        if not self.forms or any(form.startswith("%Y") for form in self.forms):
            return False
        read = [self.read(text)[0] for text in texts if self._is_read(text)]
        written = {(EPOCH + timedelta(microseconds=moment)).date() for moment in read}
        known = {cell.date() for cell in cells}
        if min(len(written), len(known)) < TURNED:
            return False
        apart = max(known) < min(written) or max(written) < min(known)
        return not apart and all(d.day > 12 for d in written) and all(d.day <= 12 for d in known)

    def _is_read(self, text: str) -> bool:
        try:
            self.read(text)
        except (ValueError, OverflowError):
            return False
        return True

    def read(self, text: str) -> Moment:
        """The moment that a text is.  Raises ValueError."""
        place = _end_of_day(text)
        day, time = text[:place], text[place + 1 :]
        if day in self._days and time in self._times:
            seconds, offset = self._times[time]
            return self._days[day] + seconds, offset
        if self.form is None:
            return self._by_forms(text)
        if place < len(text) and self._split is not None and text[place] == self._split["sign"]:
            self._days[day] = since(datetime.strptime(day, self._split["day"]))
            at = datetime.strptime(time, self._split["time"])
            self._times[time] = (since(at.replace(1970, 1, 1, tzinfo=None)), _offset_of(at))
            return self.read(text)
        at = datetime.strptime(text, self.form)
        return since(at.replace(tzinfo=None)), _offset_of(at)

    def _by_forms(self, text: str) -> Moment:
        if self.unix:
            return self.of_unix(float(text)), 0
        parts = _TEXT.fullmatch(text)
        if parts is None:
            raise ValueError(text)
        at = _first(_written(parts["date"]), self.forms)
        if at is None:
            raise ValueError(text)
        time = _microseconds(parts["time"], parts["half"]) if parts["time"] else 0
        offset = _offset(parts["zone"])
        place = _end_of_day(text)
        self._days[text[:place]] = since(at)
        self._times[text[place + 1 :]] = (time, offset)
        return since(at) + time, offset

    def of_unix(self, value: float) -> int:
        """The moment of a Unix time."""
        return round(value * SECOND / UNIX[self.unix])


def unix_times(values: Iterable[float]) -> str:
    """Of what numbers count, if all are Unix times from 2000 to 2099; else ""."""
    known = list(values)
    for unit, scale in UNIX.items():
        low, high = (bound * scale for bound in UNIX_SPAN)
        if known and low <= min(known) and max(known) < high:
            return unit
    return ""


def since(at: datetime) -> int:
    """Microseconds from 1970."""
    return (at - EPOCH) // timedelta(microseconds=1)


def spelt(form: str) -> str:
    """A form as people write it: DD.MM.YYYY."""
    for code, letters in (("%Y", "YYYY"), ("%y", "YY"), ("%m", "MM"), ("%d", "DD"), ("%b", "MMM")):
        form = form.replace(code, letters)
    return form


def check_format(text: str) -> str:
    """A format of dates that has day, month and year, as `strptime` knows them.

    Raises ValueError.
    """
    day = datetime(2031, 12, 29, tzinfo=UTC)
    try:
        if datetime.strptime(day.strftime(text), text).date() == day.date():
            return text
    except (ValueError, OverflowError):
        pass
    raise ValueError("a format with day, month and year, such as %d/%m/%Y")


def _offset_of(at: datetime) -> int | None:
    offset = at.utcoffset()
    return None if offset is None else round(offset.total_seconds() / 60)


def _end_of_day(text: str) -> int:
    """Where the date ends and a time of day begins."""
    colon = text.find(":")
    if colon < 0:
        return len(text)
    return max(text.rfind(" ", 0, colon), text.rfind("T", 0, colon)) % (len(text) + 1)


def _groups(texts: Iterable[str]) -> list[list[str]]:
    """Dates without their times; those with the same sign between their parts together."""
    groups: dict[tuple[str, bool], dict[str, None]] = {}
    for text in dict.fromkeys(text[: _end_of_day(text)] for text in texts):
        parts = _TEXT.fullmatch(text)
        written = _written(parts["date"] if parts else text)
        sign = next((s for s in "-/. " if s in written), "")
        groups.setdefault((sign, _starts_with_year(written)), {})[written] = None
    return [list(group) for group in groups.values()]


def _written(text: str) -> str:
    """A date; with the name of a month, as `31 Mar 2024`."""
    named = _NAMED.fullmatch(text.strip())
    month = _month(named["month"]) if named else ""
    if named is None or not month:
        return text.strip()
    parts = re.split(r"[ ,]+", f"{named['before']} {month} {named['after']}")
    return " ".join(part for part in parts if part not in ("", "de", "del"))


@cache
def _month(word: str) -> str:
    """The English one of a month's name, or of the beginning of only one; else ""."""
    bare = "".join(c for c in normalize("NFKD", word.casefold()) if c.isalpha())
    found = [name for name, words in MONTHS.items() if f" {bare}" in f" {words}"]
    return found[0] if len(found) == 1 else ""


def _decide(group: list[str], others: Callable[[], Iterable[str]]) -> str:
    """The one form that reads a group; "" where no form does.  Raises Ambiguous."""
    sign = next((s for s in "-/. " if s in group[0]), "")
    year_first = _starts_with_year(group[0])
    forms = [form for form in FORMS[sign] if form.startswith("%Y") == year_first]
    reading = {form: [_read(text, form) for text in group] for form in forms}
    # What no form reads is a fault of its own, told where it is read.
    known = [i for i in range(len(group)) if any(reading[form][i] for form in forms)]
    whole = [form for form in forms if all(reading[form][i] for i in known)]
    if not known:
        return ""
    if not whole:  # the form of most; the others are faults where they are read
        return max(forms, key=lambda form: sum(day is not None for day in reading[form]))
    for i in known:
        days = {reading[form][i]: form for form in whole}
        if len(days) > 1:
            said = [form for form in whole if form in _of_others(others, sign)]
            if len(said) == 1:
                return said[0]
            told = [day.date().isoformat() for day in days if day is not None]
            raise Ambiguous(group[i], told)
    return whole[0]


def _starts_with_year(text: str) -> bool:
    return (text[:4].isdigit() and not text[4:5].isdigit()) or (len(text) == 8 and text.isdigit())


def _of_others(others: Callable[[], Iterable[str]], sign: str) -> list[str]:
    """The forms that read all dates of the file's other columns with the same sign."""
    groups = [g for g in _groups(others()) if any(sign and sign in text for text in g)]
    if len(groups) != 1:
        return []
    return [form for form in FORMS[sign] if all(_read(text, form) for text in groups[0])]


def _first(text: str, forms: tuple[str, ...]) -> datetime | None:
    return next((day for form in forms if (day := _read(text, form)) is not None), None)


def _read(text: str, form: str) -> datetime | None:
    if form in (ISO, "%Y%m%d") and len(text) != (10 if form == ISO else 8):
        return None
    try:
        return datetime.fromisoformat(text) if form == ISO else datetime.strptime(text, form)
    except ValueError:
        return None


def _microseconds(text: str, half: str | None) -> int:
    """Microseconds from midnight of a time of day.  Raises ValueError."""
    hours, minutes, *rest = text.replace(",", ".").split(":")
    hour, seconds = int(hours), float(rest[0]) if rest else 0.0
    if half:
        if not 1 <= hour <= 12:
            raise ValueError(text)
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    if hour > 23 or int(minutes) > 59 or seconds >= 61:
        raise ValueError(text)
    return (hour * 3600 + int(minutes) * 60) * SECOND + round(seconds * SECOND)


def _offset(zone: str | None) -> int | None:
    if zone is None:
        return None
    parts = _ZONE.fullmatch(zone)
    if parts is None:
        return 0
    minutes = int(parts[2]) * 60 + int(parts[3] or 0)
    return -minutes if parts[1] == "-" else minutes
