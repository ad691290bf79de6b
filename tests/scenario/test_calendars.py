"""Calendars as arithmetic of dates: which days are closed, and on which something happens."""

from __future__ import annotations

import datetime
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backsim.api import simulate
from backsim.errors import InputError
from backsim.scenario import from_dict
from backsim.scenario.calendars import (
    after_work,
    closed_times,
    days_worked,
    moments,
    open_from,
    working_days,
)
from backsim.scenario.schema import Calendar, Dates

MONDAY = datetime.date(2024, 1, 1)
DAYS = st.dates(datetime.date(1999, 12, 1), datetime.date(2030, 1, 1))
WEEK = st.sets(st.sampled_from(["monday", "tuesday", "thursday", "saturday", "sunday"]), min_size=1)


def calendar(**fields: Any) -> Calendar:
    return Calendar.model_validate(fields)


def dates(on: Any, hour: float = 0.0) -> Dates:
    return Dates.model_validate({"on": on, "hour": hour})


def test_the_closed_times_of_a_fortnight():
    works = calendar(
        holidays=("2024-01-03", "2023-12-25"),
        closures=({"first": "2023-12-27", "last": "2024-01-01"},),
    )
    assert closed_times(works, MONDAY, 14).tolist() == [[0, 1], [2, 3], [5, 7], [12, 14]]
    assert closed_times(None, MONDAY, 14).tolist() == []


def test_days_before_the_start_decide_the_first_working_day_of_the_month():
    """From Wednesday 17 January: that of January has passed, the next one is in February."""
    start = datetime.date(2024, 1, 17)
    office = calendar(holidays=("2024-01-01",))
    assert moments(dates("first_working_day"), office, start, 50).tolist() == [15, 44]
    assert moments(dates("last_working_day"), office, start, 50).tolist()[:2] == [14, 43]
    weekend = moments(dates("sunday"), office, datetime.date(2024, 1, 15), 10)
    assert weekend.tolist() == [0, 7]  # what fell on Sunday is on Monday, the first day


def test_a_calendar_that_never_opens_again_has_no_dates():
    shut = calendar(closures=({"first": "2020-01-01", "last": "2999-01-01"},))
    assert moments(dates("working_day"), shut, MONDAY, 99).tolist() == []


@given(WEEK, DAYS, st.lists(st.integers(0, 60), max_size=9), st.data())
def test_the_moment_of_opening(week: set[str], start: datetime.date, closed: list[int], data: Any):
    """It is no earlier, on a working day, and the first such moment; time goes forward only."""
    holidays = tuple(start + datetime.timedelta(days) for days in closed)
    works = calendar(weekdays=tuple(week), holidays=holidays)
    rows, open_days = closed_times(works, start, 90), working_days(works, start, 90)
    times = np.sort(data.draw(st.lists(st.floats(0, 60), min_size=1, max_size=9)))
    opens = open_from(times, rows)
    assert (opens >= times).all()
    assert (np.diff(opens) >= 0).all()
    for time, moment in zip(times, opens, strict=True):
        day = int(np.floor(time))
        expected = time if open_days[day] else day + np.argmax(open_days[day:])
        assert moment == expected


@given(WEEK, DAYS, st.sampled_from(["monday", "working_day", "first_working_day", 1, 31]))
def test_dates_are_working_days_of_the_right_kind(week: set[str], start: datetime.date, on: Any):
    works = calendar(weekdays=tuple(week))
    found = moments(dates(on, hour=6), works, start, 400)
    assert (np.diff(found) > 0).all()
    open_days = working_days(works, start, 400)
    assert open_days[np.floor(found).astype(int)].all()
    assert (found % 1 == 0.25).all()
    least = {"monday": 56, "working_day": 56, "first_working_day": 12, 1: 12, 31: 6}[on]
    assert len(found) >= least


def shop(**fields: Any) -> Any:
    return from_dict(
        {
            "horizon": 30,
            "start": "2024-12-01",
            "products": "mug",
            "suppliers": {"maker": {"calendar": "office"}},
            "customers": {"a": {"demand": {"orders": [{"time": 0, "lines": {"mug": 1}}]}}},
            "policy": {"reorder": "none"},
            **fields,
        }
    )


@given(DAYS, WEEK, st.lists(st.floats(0.01, 40), min_size=1, max_size=5))
def test_work_ends_when_so_many_working_days_have_passed(start: Any, week: Any, work: Any):
    """Each working day between counts 1, the last one a part; it does not end on a closed day."""
    week = tuple(sorted(week))
    works = working_days(calendar(weekdays=week), start, 400)
    ends = after_work(work, closed_times(calendar(weekdays=week), start, 400))
    for days, end in zip(work, ends.tolist(), strict=True):
        last = int(np.ceil(end)) - 1
        assert works[last]
        assert works[:last].sum() + end - last == pytest.approx(days)


@pytest.mark.parametrize(
    ("age", "days"), [(0, 0), (1.5, 0), (2, 0), (2.5, 0.5), (4, 2), (7, 5), (7.5, 5), (14, 10)]
)
def test_an_age_in_working_days_leaves_weekends_out(age: float, days: float):
    """Of the days before Monday, the first of January 2024."""
    assert days_worked(calendar(), MONDAY, age) == days
    assert days_worked(None, MONDAY, age) == age


def test_an_age_beyond_all_dates_is_cut():
    assert days_worked(calendar(), MONDAY, 1e9) == pytest.approx(2024 * 365.25 * 5 / 7, rel=1e-3)


@pytest.mark.parametrize(("age", "arrives"), [(0, 5), (2, 5), (3, 4), (4, 3), (6, 1), (0.5, 5)])
@pytest.mark.parametrize("crossing", [True, False])
def test_a_purchase_under_way_counts_working_days(age: float, arrives: float, crossing: bool):
    """Five working days from a purchase of some days before Monday; the mean says when it comes."""
    week = {"lead_time_in": "working_days", "calendar": "office"}
    model = shop(
        start=str(MONDAY),
        calendars={"office": {}},
        suppliers={"acme": {"lead_time": 5, "crossing": crossing, **week}},
        stock=[{"inbound": [{"units": 3, "age": age}]}],
    )
    (row,) = simulate(model, engine="simpy").purchases.itertuples()
    assert (row.arrives, row.expected) == (arrives, arrives)


def test_a_lead_time_in_working_days_is_drawn_above_the_age():
    """Of 3 to 9 working days two are over: uniform on 1 to 7, from Monday on."""
    model = shop(
        start=str(MONDAY),
        calendars={"office": {}},
        suppliers={
            "acme": {
                "lead_time": {"uniform": {"low": 3, "high": 9}},
                "lead_time_in": "working_days",
                "calendar": "office",
            }
        },
        stock=[{"inbound": [{"units": 1, "age": 4} for _ in range(2000)]}],
    )
    arrives = simulate(model, engine="simpy").purchases["arrives"]
    assert arrives.between(1, 9).all()
    assert not arrives.between(5.001, 6.999).any()
    assert (arrives < 5).mean() == pytest.approx(4 / 6, abs=0.04)


def test_holidays_before_the_start_count_for_the_age_of_a_purchase():
    """Of the seven days before Monday, the 25th and 26th of December are closed in Germany."""
    pytest.importorskip("holidays")
    model = shop(
        start=str(MONDAY),
        calendars={"office": {"country": "DE"}},
        suppliers={"acme": {"lead_time": 5, "lead_time_in": "working_days", "calendar": "office"}},
        stock=[{"inbound": [{"units": 3, "age": 7}]}],
    )
    (row,) = simulate(model, engine="simpy").purchases.itertuples()
    assert row.arrives == 3  # the first of January is closed, too


def test_a_country_s_holidays_are_resolved_into_dates():
    pytest.importorskip("holidays")
    model = shop(calendars={"office": {"country": "DE-BY", "holidays": ["2024-12-24"]}})
    plain = model.to_dict()["calendars"]["office"]
    assert "country" not in plain
    assert {"2024-12-24", "2024-12-25", "2024-12-26", "2025-01-06"} <= set(plain["holidays"])
    again = from_dict(model.to_dict())
    assert again.digest == model.digest


def test_without_the_package_a_country_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(InputError, match=r"calendars\.office\.country: .*the package `holidays`"):
        shop(calendars={"office": {"country": "DE"}})


def test_holidays_of_a_country_and_written_ones_are_the_same_model():
    pytest.importorskip("holidays")
    named = shop(calendars={"office": {"country": "DE"}})
    written = shop(
        calendars={"office": {"holidays": named.to_dict()["calendars"]["office"]["holidays"]}}
    )
    assert named.digest == written.digest


def test_the_field_on_as_readers_of_yaml_1_1_take_it():
    """To them it is true."""
    one, other = (
        shop(
            calendars={"office": {}},
            policy={"reorder": "none", "review": {"dates": {on: "monday", "hour": 9}}},
        )
        for on in ("on", True)
    )
    assert one.digest == other.digest
