"""Margins: which change of a metric counts, in which direction."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator

from backsim.results.metrics import NEITHER
from backsim.results.spec import MetricSpec
from backsim.scenario.part import fault
from backsim.scenario.shorthand import Spec
from backsim.statistics import MAXIMISE

LEAST = 1e-9
"""A change below this share of the values is rounding; where all are 0, below this number."""

SHARE = 0.0005
"""Default margin of a metric that is a share: 0.05 percentage points."""
RELATIVE = "0.5 %"
"""Default margin of any other metric, of its mean in the baseline."""


def _margin(value: Any) -> Any:
    """A number above 0, or a text such as 0.5 %; none lets every change pass."""
    if value is None or value == "none":
        return "none"
    if _number(value) is None:
        raise fault("a number above 0, a share of the mean such as 0.5 %, or none")
    return value


def _number(value: Any) -> float | None:
    """The number of a margin, without the sign %; None for what is no margin."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value.strip().removesuffix("%") if isinstance(value, str) else value)
    except ValueError:
        return None
    if isinstance(value, str) and not value.strip().endswith("%"):
        return None
    return number if 0 < number < math.inf else None


Limit = Annotated[
    int | float | str, BeforeValidator(_margin, json_schema_input_type=float | str | None)
]


class Margin(Spec):
    """How far a metric may move before the change counts."""

    up: Limit = "none"
    """Upwards."""
    down: Limit = "none"
    """Downwards."""

    def limits(self, values: Any) -> tuple[float, float]:
        """(up, down) in the metric's unit, given the baseline's values; inf for none."""
        mean = abs(float(values[~_isnan(values)].mean()))
        rounding = LEAST * max(float(abs(values[~_isnan(values)]).max()), 1.0 if mean == 0 else 0.0)
        up, down = (_limit(text, mean, rounding) for text in (self.up, self.down))
        return up, down


def default_margin(spec: MetricSpec, senses: Mapping[MetricSpec, str]) -> Margin:
    """The margin of a metric for which none is written: of the bad direction.

    Of both where neither more nor less is better: a change in either direction counts.  `senses`
    say which way is better where it is not as usual, as for an objective.
    """
    limit = SHARE if spec.is_share else RELATIVE
    if spec.declared.better == NEITHER and spec not in senses:
        return Margin(up=limit, down=limit)
    up = senses.get(spec, spec.sense) != MAXIMISE
    return Margin(up=limit) if up else Margin(down=limit)


def _limit(text: float | str, mean: float, rounding: float) -> float:
    if text == "none":
        return math.inf
    number = _number(text)
    assert number is not None
    return max(number / 100 * mean if isinstance(text, str) else number, rounding)


def _isnan(values: Any) -> Any:
    import numpy as np

    return np.isnan(values)
