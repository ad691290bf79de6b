"""Margins: what a person may write, and what it means."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pydantic import ValidationError

from backsim.regression.margins import Margin, default_margin
from backsim.results.spec import MetricSpec

VALUES = np.array([9.0, np.nan, 11.0])


@pytest.mark.parametrize(
    ("up", "down", "limits"),
    [
        ("0.5 %", "none", (0.05, math.inf)),
        (0.2, "10%", (0.2, 1.0)),
        (None, 3, (math.inf, 3.0)),
    ],
)
def test_limits(up: object, down: object, limits: tuple[float, float]) -> None:
    margin = Margin.model_validate({"up": up, "down": down})
    assert margin.limits(VALUES) == pytest.approx(limits)


def test_a_share_of_nothing_is_rounding() -> None:
    assert Margin(up="1 %").limits(np.zeros(3)) == (1e-9, math.inf)
    assert Margin(up="1 %").limits(np.array([-5.0, 5.0]))[0] == 5e-9


@pytest.mark.parametrize("wrong", [0, -1, "5", "x %", "-1 %", True, math.inf, [1]])
def test_what_is_no_margin(wrong: object) -> None:
    with pytest.raises(ValidationError, match=r"a number above 0, a share of the mean such as 0.5"):
        Margin.model_validate({"up": wrong})


def test_defaults_guard_the_bad_direction() -> None:
    none = default_margin(MetricSpec("cost.total"), {})
    assert (none.up, none.down) == ("0.5 %", "none")
    fill = default_margin(MetricSpec("fill_rate", "class", "gold"), {})
    assert (fill.up, fill.down) == ("none", 0.0005)
    both = default_margin(MetricSpec("units_per_purchase"), {})
    assert (both.up, both.down) == ("0.5 %", "0.5 %")
    wanted = default_margin(MetricSpec("mean_on_hand"), {MetricSpec("mean_on_hand"): "maximise"})
    assert (wanted.up, wanted.down) == ("none", "0.5 %")
