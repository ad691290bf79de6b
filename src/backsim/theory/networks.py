"""Models of several sites as scenarios: stages in a row, one warehouse with retailers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backsim.theory import parts
from backsim.theory.case import Case, demand, steady
from backsim.theory.laws import law, number, whole
from backsim.theory.records import Answer, Unsupported

Row = dict[str, Any]


def serial(model: Answer) -> Case:
    """Stages in a row with a base stock each; stage 1 faces the customers."""
    parts.understand(
        model,
        *("structure", "stages", "review", "policy", "demand", "transport_time_to_stage"),
        *("local_base_stock", "unmet_demand", "cost"),
    )
    times, levels = model["transport_time_to_stage"], model["local_base_stock"]
    if len(times) != len(levels):
        raise Unsupported("stages without a level or a transport time each")
    names = [f"stage{i}" for i in range(1, len(levels) + 1)]
    stock = [
        _point(name, level, time, above)
        for name, level, time, above in zip(names, levels, times, [*names[1:], ""], strict=True)
    ]
    holding, backorder = _echelon_costs(model.get("cost", {}), len(names))
    for row, at, above in zip(stock, holding, [*holding[1:], 0.0], strict=True):
        row["costs"] = {"holding": at, "transit": above}
    customers = {"customers": {"demand": _at(names[0], model["demand"])}}
    scenario = _scenario(names, stock, customers, times[-1], {"backorder_time": backorder})
    return Case(model, scenario, steady(number(model["demand"]["rate"])), period=1.0)


def _echelon_costs(cost: Mapping[str, Any], stages: int) -> tuple[list[float], float]:
    """(holding cost a unit at each stage, cost a backorder and time).

    A unit at a stage, or on the way from it, bears the echelon costs of the stages up to there.
    """
    given = cost.get("echelon_holding", cost.get("echelon_holding_per_stage_1_to_4", [0] * stages))
    for key in cost:
        if not key.startswith("echelon_holding") and key not in ("backorder", "meaning"):
            raise Unsupported(f"the cost {key!r}")
    return [sum(map(number, given[i:])) for i in range(stages)], number(cost.get("backorder", 0))


def one_warehouse(model: Answer) -> Case:
    """A warehouse and retailers, each with a base stock; customers order at the retailers."""
    parts.understand(
        model,
        *("structure", "review", "policy", "retailer_demand_rates", "demand"),
        *("warehouse_lead_time", "transport_times", "S0", "S_retailers", "allocation"),
        "unmet_demand",
    )
    if not str(model["policy"]).startswith("base_stock") and "base stock" not in model["policy"]:
        raise Unsupported(f"the policy {model['policy']!r}")
    if not str(model["allocation"]).startswith("FCFS") or model["demand"] != "Poisson unit":
        raise Unsupported("other demand than Poisson, or another allocation than FCFS")
    rates = [number(rate) for rate in model["retailer_demand_rates"]]
    names = [f"retailer{i}" for i in range(1, len(rates) + 1)]
    stock = [
        _point(name, level, time, "warehouse")
        for name, level, time in zip(
            names, model["S_retailers"], model["transport_times"], strict=True
        )
    ]
    stock.append(_point("warehouse", model["S0"], 0, ""))
    customers = {
        f"of_{name}": {"demand": _at(name, {"process": "poisson", "rate": rate})}
        for name, rate in zip(names, rates, strict=True)
    }
    scenario = _scenario([*names, "warehouse"], stock, customers, model["warehouse_lead_time"], {})
    return Case(model, scenario, steady(sum(rates)), period=1.0)


def _point(site: str, level: Any, time: Any, above: str) -> Row:
    """A stock point with a base stock; it is supplied from the site above, or from the maker."""
    supplier: Any = {"site": above, "transport": law(time)} if above else "maker"
    reorder = {"rule": "base_stock", "S": whole(level)}
    return {"sites": [site], "supplier": supplier, "reorder": reorder}


def _at(site: str, spec: Answer) -> Row:
    """Poisson demand at a site."""
    return {**demand(parts.poisson(spec), parts.size_of(spec)), "sites": [site]}


def _scenario(
    sites: Sequence[str],
    stock: Sequence[Row],
    customers: Mapping[str, Row],
    lead_time: Any,
    costs: Mapping[str, float],
) -> Row:
    return {
        "products": "item",
        "sites": list(sites),
        "suppliers": {"maker": {"lead_time": law(lead_time)}},
        "customers": dict(customers),
        "policy": {"reorder": "none"},
        "costs": dict(costs),
        "stock": list(stock),
    }
