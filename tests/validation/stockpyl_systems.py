"""Systems that stockpyl publishes, played by stockpyl and by backsim.

Prints the table of docs/validation.md: `python -m tests.validation.stockpyl_systems`.

In both tools demand and levels are whole units.  stockpyl's order of events is: demand, orders from
the customers' end upwards, receipts and shipments from the suppliers' end downwards, then costs.
In backsim that is a review after the demand of the instant.  Where several sites wait at one,
stockpyl serves the first of its successors first: priorities 1, 2, ...
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any

from backsim.api import simulate
from backsim.present.numbers import number
from backsim.scenario import Model
from backsim.scenario.load import from_dict

WARM_UP = 100


@dataclass(frozen=True)
class Result:
    """Cost a period and fill rate at the customers' sites, one of each a replication; seconds."""

    cost: tuple[float, ...]
    fill_rate: tuple[float, ...]
    seconds: float


def instance(name: str) -> Any:
    from stockpyl.instances import load_instance

    return load_instance(name)


def stage(name: str, policy: str = "BS", lead_time: int = 1, **levels: int) -> Any:
    """A published single stage with a policy; `lead_time` where the instance has none."""
    from stockpyl.supply_chain_network import single_stage_system

    data = instance(name)
    demand: dict[str, Any] = {"demand_type": "P", "mean": data.get("demand_mean")}
    if "demand_sd" in data:
        demand = {"demand_type": "N", "mean": data["demand_mean"]}
        demand["standard_deviation"] = data["demand_sd"]
    if "demand_pmf" in data:
        pmf = {int(k): v for k, v in data["demand_pmf"].items()}
        demand = {"demand_type": "CD", "demand_list": list(pmf), "probabilities": [*pmf.values()]}
    return single_stage_system(
        holding_cost=data["holding_cost"],
        stockout_cost=data["stockout_cost"],
        policy_type=policy,
        shipment_lead_time=data.get("lead_time", lead_time),
        **demand,
        **levels,
    )


def with_levels(name: str, *levels: int) -> Any:
    """A published network whose base stocks are not published: these, in order of nodes."""
    network = instance(name)
    for node, level in zip(network.nodes, levels, strict=True):
        node.inventory_policy.base_stock_level = level
    return network


SYSTEMS: dict[str, Callable[[], Any]] = {
    "example_4_1_network": lambda: instance("example_4_1_network"),
    "example_4_4": lambda: stage("example_4_4", base_stock_level=215),
    "example_4_7": lambda: stage("example_4_7", "sS", reorder_point=4, order_up_to_level=10),
    "problem_4_7b": lambda: stage("problem_4_7b", base_stock_level=5),
    "problem_4_8a": lambda: stage("problem_4_8a", base_stock_level=19),
    "problem_4_31": lambda: stage("problem_4_31", "sS", reorder_point=3, order_up_to_level=9),
    "example_4_8": lambda: stage("example_4_8", "sS", reorder_point=45, order_up_to_level=75),
    "problem_4_32": lambda: stage("problem_4_32", "sS", reorder_point=180, order_up_to_level=300),
    "example_6_1": lambda: instance("example_6_1"),
    "problem_6_1": lambda: instance("problem_6_1"),
    "problem_6_2a_adj": lambda: instance("problem_6_2a_adj"),
    "problem_6_2b_adj": lambda: instance("problem_6_2b_adj"),
    "problem_6_16": lambda: instance("problem_6_16"),
    "rong_atan_snyder_figure_1a": lambda: with_levels(
        "rong_atan_snyder_figure_1a", 36, 19, 19, 12, 12, 12, 12
    ),
}


def whole(network: Any) -> Any:
    """The network with whole units."""
    for node in network.nodes:
        policy = node.inventory_policy
        if policy.base_stock_level is not None:
            policy.base_stock_level = round(policy.base_stock_level)
        if node.demand_source is not None and node.demand_source.type is not None:
            node.demand_source.round_to_int = True
    return network


# -- the same in backsim ---------------------------------------------------------------------------


def scenario(network: Any, periods: int) -> Model:
    """A network of stockpyl's as a scenario."""
    nodes = network.nodes
    customers = {f"at_{n.index}": _customers(n) for n in nodes if _has_demand(n)}
    return from_dict(
        {
            "warm_up": WARM_UP,
            "horizon": math.nextafter(WARM_UP + periods, 0),  # the next demand is not counted
            "products": "item",
            "sites": [str(n.index) for n in nodes],
            "suppliers": {
                f"for_{n.index}": {"lead_time": n.shipment_lead_time or 0}
                for n in nodes
                if not n.predecessors()
            },
            "customers": customers,
            "policy": {"review": {"period": 1, "after_demand": True}, "priority": "class_priority"},
            "stock": [_stock_point(n) for n in nodes],
        }
    )


def _has_demand(node: Any) -> bool:
    return node.demand_source is not None and node.demand_source.type is not None


def _customers(node: Any) -> dict[str, Any]:
    source = node.demand_source
    size = {
        "P": lambda: {"poisson": {"mean": source.mean}},
        "N": lambda: {"normal": {"mean": source.mean, "sd": source.standard_deviation}},
        "CD": lambda: {
            "discrete": {"values": source.demand_list, "weights": list(source.probabilities)}
        },
    }[source.type]()
    demand = {
        "arrivals": {"period": {"every": 1}},
        "products": "item",
        "sites": str(node.index),
        "size": size,
    }
    return {"demand": demand, "costs": {"backorder_time": node.stockout_cost or 0}}


def _stock_point(node: Any) -> dict[str, Any]:
    policy, above = node.inventory_policy, node.predecessors()
    reorder = {
        "BS": lambda: {"rule": "base_stock", "S": policy.base_stock_level},
        "sS": lambda: {"rule": "s_S", "s": policy.reorder_point, "S": policy.order_up_to_level},
    }[policy.type]()
    supplier: Any = f"for_{node.index}"
    costs = {"holding": node.local_holding_cost or 0}
    if above:
        (site,) = above
        place = [s.index for s in site.successors()].index(node.index)
        supplier = {"site": str(site.index), "transport": node.shipment_lead_time or 0}
        supplier["priority"] = place + 1
        in_transit = site.in_transit_holding_cost
        costs["transit"] = (site.local_holding_cost if in_transit is None else in_transit) or 0
    return {"sites": str(node.index), "supplier": supplier, "reorder": reorder, "costs": costs}


# -- both played -----------------------------------------------------------------------------------


def by_stockpyl(build: Callable[[], Any], periods: int, replications: int, seed: int) -> Result:
    from stockpyl.sim import simulation

    cost, filled, seconds = [], [], 0.0
    for replication in range(replications):
        network = whole(build())
        start = time.perf_counter()
        simulation(network, WARM_UP + periods, rand_seed=seed + replication, progress_bar=False)
        seconds += time.perf_counter() - start
        counted = range(WARM_UP, WARM_UP + periods)
        nodes = network.nodes
        # Backorders between sites cost nothing in backsim: only those of customers are counted.
        cost.append(
            sum(
                n.state_vars[t].holding_cost_incurred
                + n.state_vars[t].in_transit_holding_cost_incurred
                + (n.state_vars[t].stockout_cost_incurred if _has_demand(n) else 0.0)
                for n in nodes
                for t in counted
            )
            / periods
        )
        filled.append(_share_met(nodes, counted))
    return Result(tuple(cost), tuple(filled), seconds)


def _share_met(nodes: Sequence[Any], counted: range) -> float:
    ends = [n for n in nodes if _has_demand(n)]
    first, last = counted[0] - 1, counted[-1]
    met, asked = (
        sum(_total(getattr(n.state_vars[t], name)) * sign for n in ends for t, sign in window)
        for name, window in (
            ("demand_met_from_stock_cumul", ((last, 1), (first, -1))),
            ("demand_cumul", ((last, 1), (first, -1))),
        )
    )
    return float(met / asked)


def _total(by_product: Any) -> float:
    return float(sum(by_product.values())) if isinstance(by_product, dict) else float(by_product)


def by_backsim(build: Callable[[], Any], periods: int, replications: int, seed: int) -> Result:
    model = scenario(whole(build()), periods)
    cost, filled = [], []
    start = time.perf_counter()
    for replication in range(replications):
        run = simulate(model, seed=seed, replication=replication, engine="simpy")
        cost.append(run.metrics["cost.total"])
        filled.append(run.metrics["fill_rate"])
    return Result(tuple(cost), tuple(filled), time.perf_counter() - start)


def difference(one: Sequence[float], other: Sequence[float]) -> tuple[float, float]:
    """(difference of the means, its standard error)."""
    variances = [stdev(values) ** 2 / len(values) for values in (one, other)]
    return mean(one) - mean(other), math.sqrt(sum(variances))


def half_width(values: Sequence[float]) -> float:
    """Of the 95 % interval of the mean."""
    from scipy.stats import t

    return float(t.ppf(0.975, len(values) - 1)) * stdev(values) / math.sqrt(len(values))


COLUMNS = ("system", "cost, stockpyl", "cost, backsim", "fill rate %, stockpyl")
COLUMNS += ("fill rate %, backsim", "s, stockpyl", "s, backsim")
TOOLS = {"stockpyl": by_stockpyl, "backsim": by_backsim}
PERIODS, REPLICATIONS, SEED = 500, 20, 1


def table() -> Iterator[str]:
    """The lines of the table, one a system."""
    yield f"| {' | '.join(COLUMNS)} |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for name in SYSTEMS:
        yield f"| {' | '.join(row(name, TOOLS))} |"


def row(name: str, tools: Iterable[str]) -> list[str]:
    """A system's name, then the cost by each of the tools, the fill rate, the seconds."""
    found = [TOOLS[tool](SYSTEMS[name], PERIODS, REPLICATIONS, SEED) for tool in tools]
    cells = [_cell(result.cost) for result in found]
    cells += [_cell([100 * share for share in result.fill_rate]) for result in found]
    return [name, *cells, *(f"{result.seconds:.1f}" for result in found)]


def _cell(values: Sequence[float]) -> str:
    return number(mean(values), half_width(values))


if __name__ == "__main__":
    for line in table():
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
