"""Dates that a share of purchases keeps: the table that the kernel looks them up in."""

from __future__ import annotations

import pytest
from scipy import stats

from backsim.engines.initial_state.arrival_quantiles import arrival_quantiles
from backsim.scenario import from_dict


@pytest.mark.parametrize("servers", [1, 2, 5, 40])
@pytest.mark.parametrize("others", [0, 1, 6, 60])
def test_the_work_of_several_servers_is_done_in_parts_of_a_service(servers: int, others: int):
    """Behind k others the wait is k + 1 stages of exponential services at all servers at once.

    With two servers half of the values lay on a line between their neighbours: 0.75 in place of
    0.80 services behind nobody.
    """
    scenario = from_dict(
        {
            "horizon": 1,
            "products": "mug",
            "suppliers": {
                "maker": {"capacity": {"servers": servers, "service": {"exponential": {"mean": 3}}}}
            },
            "customers": {
                "all": {"demand": {"arrivals": {"poisson": {"rate": 0.1}}, "products": "mug"}}
            },
            "policy": {"reorder": {"rule": "base_stock", "S": servers}},
        }
    ).scenario
    supplier = scenario.suppliers["maker"]
    step, table = arrival_quantiles(supplier.lead_time, supplier, 0.8)
    stages = others + 1
    place = stages / servers / step
    assert place == pytest.approx(round(place))
    exact = stats.gamma.ppf(0.8, stages, scale=3 / servers)
    assert table[round(place)] == pytest.approx(exact)
