"""A metric's unit in words, with the time unit and the currency of a scenario."""

from __future__ import annotations

import re

from backsim.results.metrics.registry import WITHOUT_WORDS
from backsim.scenario.schema import Scenario
from backsim.scenario.timeunit import in_time_unit


def unit_words(unit: str, scenario: Scenario) -> str:
    """`money per day` as `EUR per month` in a scenario of months and euros."""
    words = in_time_unit(unit, scenario.time_unit)
    if scenario.currency:
        words = re.sub(r"\bmoney\b", lambda _: scenario.currency, words)
    return words


def unit_suffix(unit: str, scenario: Scenario) -> str:
    """A unit as it is said after a number: ` EUR per month`; nothing for shares and indices."""
    if unit in WITHOUT_WORDS:
        return ""
    words = unit if scenario.currency else unit.removeprefix("money ")
    return f" {unit_words(words, scenario)}"
