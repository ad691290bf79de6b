"""What a scenario amounts to, and what of it can hardly be meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backsim.errors import InputError
from backsim.scenario.load import from_dict, load
from backsim.scenario.readback import described, implausible

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))
HOURS = 24


def shop(
    lead_time: float = 14, rate: float = 2, review: Any = "continuous", levels: Any = (40, 64)
) -> tuple[str, ...]:
    """The doubts about a shop with times in days: 2 units per day, levels of 20 and 32 days."""
    return implausible(
        from_dict(
            {
                "horizon": 365,
                "products": {"pump": {}},
                "suppliers": {"acme": {"lead_time": lead_time}},
                "customers": {
                    "gold": {
                        "demand": {"arrivals": {"poisson": {"rate": rate}}, "products": "pump"}
                    }
                },
                "policy": {
                    "reorder": {"rule": "s_S", "s": levels[0], "S": levels[1]},
                    "review": review,
                },
            }
        )
    )


def test_what_is_plausible_is_not_doubted() -> None:
    assert shop() == ()


def test_times_in_hours_are_doubted() -> None:
    lead_time = " ".join(shop(lead_time=14 * HOURS))
    assert "purchases of pump take up to 336 days and the run lasts 365" in lead_time
    assert "32 days of demand, and it arrives after 336" in lead_time
    assert "the scenario counts in days, its `time_unit`" in lead_time
    (reviewed,) = shop(review={"period": 7 * HOURS})
    assert "32 days of demand, and it arrives after 182" in reviewed


def test_a_rate_per_minute_is_doubted() -> None:
    assert [text[:26] for text in shop(rate=2 / HOURS / 60)] == [
        "the levels of pump last fo",
        "about 0.5069 orders are ex",
    ]


def test_levels_in_another_unit_are_doubted() -> None:
    """Pallets of 40 for units."""
    (told,) = shop(levels=(1, 2))
    assert told.startswith("the levels of pump are far below the demand")


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_no_scenario_that_is_shipped_is_doubted(file: Path) -> None:
    try:
        model = load(file)
    except InputError:
        pytest.skip("its data are not on this machine")
    assert implausible(model) == ()
    assert list(described(model))


def test_weights_are_read_back_as_shares() -> None:
    model = from_dict(
        {
            "horizon": 100,
            "products": {"pump": {}, "seal": {}},
            "suppliers": {"acme": {"lead_time": 3}},
            "customers": {
                "gold": {
                    "demand": {
                        "arrivals": {"poisson": {"rate": 2}},
                        "products": {"pump": 1, "seal": 3},
                        "size": 5,
                    }
                }
            },
            "policy": {"reorder": {"rule": "base_stock", "S": 40}},
        }
    )
    assert list(described(model)) == [
        "gold: 10 units (seal 75 %, pump 25 %) per day on average",
        "mean lead times (days): acme 3",
    ]
