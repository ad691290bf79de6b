"""Dates as people and systems write them."""

from __future__ import annotations

from datetime import datetime

import pytest

from backsim.tables.dates import Ambiguous, DateReader, since

MAY = datetime(2024, 5, 31)
LATER = datetime(2024, 5, 31, 14, 2, 11)


@pytest.mark.parametrize(
    ("texts", "first"),
    [
        (["31-05-2024", "01-06-2024"], MAY),
        (["31-05-2024 14:02:11", "01-06-2024"], LATER),
        (["31-May-2024"], MAY),
        (["31-MAY-24", "01-DEC-23"], MAY),
        (["May 31, 2024 2:02:11 PM", "Dec 1, 2023"], LATER),
        (["31. Mai 2024", "1. Dez. 2023", "12 März 2024", "5-Okt-2024"], MAY),
        (["31 mai 2024", "12 févr. 2024", "1 août 2024 10:00", "2 déc. 2023"], MAY),
        (["31 de mayo de 2024", "3 ene 2024", "12 sept. 2024"], MAY),
        (["31/mag/2024", "02/giu/2024", "3 luglio 2024"], MAY),
        (["31 mei 2024", "1-mrt-2024", "2 augustus 2024"], MAY),
        (["31 de maio de 2024", "1 fev 2024", "1 out 2024"], MAY),
        (["2024-May-31"], MAY),
        (["1717164131", "1717164131.5"], LATER),
        (["1717164131000", "1717164131500"], LATER),
    ],
)
def test_a_column_is_read_as_it_is_written(texts: list[str], first: datetime):
    reader = DateReader(None)
    reader.learn(texts)
    assert reader.read(texts[0])[0] == since(first)
    assert all(reader.read(text) for text in texts)


@pytest.mark.parametrize(
    ("zone", "minutes"), [("Z", 0), (" +0200", 120), ("-05:00", -300), ("+02", 120), (" UTC", 0)]
)
def test_clocks_tell_their_zone(zone: str, minutes: int):
    reader = DateReader(None)
    reader.learn(["31-05-2024 14:02:11" + zone])
    assert reader.read("31-05-2024 14:02:11" + zone) == (since(LATER), minutes)


@pytest.mark.parametrize("text", ["31 jui 2024", "31 abc 2024", "171716413", "99999999999999"])
def test_what_is_no_date_is_none(text: str):
    reader = DateReader(None)
    reader.learn([text])
    with pytest.raises(ValueError, match=text):
        reader.read(text)


def test_two_readings_are_told():
    with pytest.raises(Ambiguous):
        DateReader(None).learn(["03-04-2024"])
