"""Shares and probabilities in percent."""

from __future__ import annotations

import re
from typing import Any

import pytest

from backsim.errors import InputError
from backsim.explore.knobs import knobs_of
from backsim.quantities import PERCENT, from_percent
from backsim.scenario.jsonschema import json_schema
from backsim.scenario.load import Remake, from_dict
from backsim.scenario.model import Model


def shop(share: Any, cv: Any = 0.5, usable: Any = 0.9) -> Model:
    late = {"share": share, "days": {"gamma": {"mean": 5, "cv": cv}}}
    gold = {"demand": {"arrivals": {"poisson": {"rate": 2}}, "products": "pump"}}
    return from_dict(
        {
            "horizon": 365,
            "products": {"pump": {"price": 20, "costs": {"holding": 0.1}}},
            "suppliers": {
                "acme": {"lead_time": 14, "lateness": late, "yield_share": usable},
                "bolt": {"lead_time": 14},
            },
            "customers": {"gold": {**gold, "backorder_share": share}},
            "policy": {"reorder": {"rule": "base_stock", "S": {"cycle_service": share}}},
            "costs": {"lost_margin": {"share": share, "of": "price"}},
            "stock": [{"raise_levels": share, "supplier": "bolt"}],
        }
    )


@pytest.mark.parametrize("text", ["15 %", "15%", "15.0 %", " 15 % "])
def test_a_share_in_percent_is_the_number(text: str) -> None:
    assert shop(text, "60 %", "90 %").to_dict() == shop(0.15, 0.6, 0.9).to_dict()


def test_shares_in_percent_are_exact() -> None:
    """0.07 is not 7 * 0.01."""
    assert [from_percent(f"{n} %") for n in range(101)] == [
        float(f"{n / 100:.2f}") for n in range(101)
    ]


@pytest.mark.parametrize("share", [15, 2, 100, 12.5])
def test_a_share_without_its_sign_is_told_how_to_be_written(share: float) -> None:
    with pytest.raises(InputError) as found:
        shop(share, usable=0.9)
    assert (
        f"suppliers.acme.lateness.share: expected a number >= 0 and <= 1 (probability; "
        f"write {share / 100:g} or {share:g} %), got {share:g}"
    ) in str(found.value)


@pytest.mark.parametrize("share", ["120 %", "-1 %", "many %", "15 percent", 1.2])
def test_what_is_no_share_is_refused(share: Any) -> None:
    with pytest.raises(InputError) as found:
        shop(share)
    assert "lateness.share: expected a number >= 0 and <= 1 (probability), got" in str(found.value)


def test_other_numbers_are_not_in_percent() -> None:
    with pytest.raises(InputError, match="horizon: expected a number > 0"):
        shop(0.5).replace(horizon="90 %")


def test_the_schema_knows_percent() -> None:
    schema = json_schema()["$defs"]["Lateness"]["properties"]["share"]
    assert schema["type"] == ["number", "string"]
    assert re.match(schema["pattern"], "15 %")
    assert not re.match(schema["pattern"], "15")
    assert schema["pattern"] == PERCENT


def test_a_share_in_percent_has_a_slider() -> None:
    model = shop("15 %")
    assert isinstance(model.remake, Remake)
    field = "suppliers.acme.lateness.share"
    ((knob,), _) = knobs_of(model.remake.values, model, lambda path, value: None, [field])
    assert (knob.value, knob.low, knob.high) == (0.15, 0.0, 1.0)
