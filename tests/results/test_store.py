"""What a run writes."""

from __future__ import annotations

import pytest

from backsim.results.store import to_yaml
from backsim.scenario.yamlfile import parse_yaml

NAMES = (
    *("1e3", "0o17", "0x1F", "012", "1_000", "+5", "-5", ".5", ".inf", "12:30", "2024-01-01"),
    *("yes", "on", "null", "~", "true", "=", "<<", "- x", "a: b", "# c", "'q'", '"d"', " s ", ""),
    *("Müller", "\u2028", "\x85", "tab\there", "two\nlines", "*star", "&and", "!tag", "%x", "@at"),
)


@pytest.mark.parametrize("name", NAMES)
def test_names_are_read_as_they_were_written(name: str) -> None:
    values = {"names": [name], "value": name}
    assert parse_yaml(to_yaml(values), "scenario").values == values


def test_numbers_are_read_as_they_were_written() -> None:
    numbers = [0, -3, 10**15, 0.1, 1e-9, 1e22, 12345.678901234567, True, False, None]
    read = parse_yaml(to_yaml({"numbers": numbers}), "scenario").values["numbers"]
    assert [(type(x), x) for x in read] == [(type(x), x) for x in numbers]
    assert to_yaml({"a": {"b": [1, 2]}, "0": 1}) == "a:\n  b:\n  - 1\n  - 2\n'0': 1\n"


def test_values_that_stand_in_two_places_are_written_twice() -> None:
    times = [1.0, 2.0]
    assert "&" not in to_yaml({"one": times, "other": times})
