"""Patience from an export whose dates have no time of day, against the truth."""

from __future__ import annotations

import pytest

from backsim.api import simulate
from backsim.backtest.simulated import tables_of
from backsim.data.calibrate import calibrate
from backsim.data.writing import write_export
from backsim.scenario import from_dict


def shop(mean: float) -> dict:
    """Customers with exponential patience of a mean, who often wait, for four years."""
    demand = {
        "arrivals": {"poisson": {"rate": 12}},
        "products": ["a", "b", "c"],
        "size": {"geometric": {"mean": 2}},
    }
    return {
        "warm_up": 120,
        "horizon": 1620,
        "products": ["a", "b", "c"],
        "suppliers": {"x": {"lead_time": {"gamma": {"mean": 15, "cv": 0.3}}}},
        "customers": {"all": {"tolerance": {"exponential": {"mean": mean}}, "demand": demand}},
        "stock": [{"reorder": {"rule": "s_S", "s": 100, "S": 140}}],
    }


@pytest.mark.parametrize("mean", [3.0, 8.0])
@pytest.mark.parametrize("clocked", [(), ("ordered",)], ids=["days", "orders have a time"])
def test_patience_of_days_is_not_too_short(tmp_path, mean: float, clocked: tuple[str, ...]):
    """Whoever is served on a day has waited for a part of it: left out, means are 12-20 % short."""
    found = []
    for seed in (1, 2, 3):
        tables = tables_of(simulate(from_dict(shop(mean)), seed=seed, engine="simpy"))
        for name, frame in tables.items():
            for column in frame.select_dtypes("datetime"):
                if name != "lines" or column not in clocked:
                    frame[column] = frame[column].dt.floor("D")
        folder = tmp_path / str(seed)
        write_export(tables, "plain", folder)
        (patience,) = calibrate(folder).patience
        assert patience.fit is not None
        found.append(patience.fit.mean.value)
    assert sum(found) / len(found) == pytest.approx(mean, rel=0.03)
