"""Economic order quantities: demand at a constant rate, in quantities that are not whole numbers.

The quantity ordered is `GRAINS` units of the scenario, and customers come one after the other for
one unit each.  So a unit of theory is parts = GRAINS / Q units, and stock falls in steps of a grain
of Q / GRAINS.  What that changes is derived below and allowed for; nothing is fitted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from backsim.theory import parts
from backsim.theory.case import Case, demand, one_point, steady
from backsim.theory.laws import number
from backsim.theory.records import Answer, Unsupported

GRAINS = 10_000
"""Units of the scenario in an order, where nothing is random: one cycle is like the other."""
FEW_GRAINS = 500
"""The same where many cycles are needed."""
STEP = 0.01
"""Neighbours of an optimal quantity, as a share of it."""
SHARE_STEP = 0.002
"""Neighbours of an optimal share: 20 grains."""
LARGE_STEP = 0.25
"""The same where the cost of a run is much at random: that far, it costs a few percent more."""


def economic_order(model: Answer) -> Case:
    """Order Q whenever the position has fallen to the mean demand of the lead time, or B less.

    Net stock of theory and of the scenario differ at each phase of a cycle by a grain, as stock
    falls in steps; by half a grain, as levels are rounded; by one more where there is a lead time,
    in which one customer more or less may come: in all by `off` grains at most.  The backlog
    differs no more, and only while it is not 0 in both: the share x of time, and off / GRAINS more.
    What is on hand differs in the rest of the time.  Orders are placed as often as in theory.
    Source: Harris, Factory 10 (1913) 135-136; Zipkin, Foundations of Inventory Management (2000),
    section 3.3 (planned backorders).
    """
    parts.understand(
        model,
        "model",
        "demand_rate",
        "lead_time",
        "cost",
        "Q",
        "backorder_fraction",
        "unmet_demand",
    )
    planned = _plans_backorders(model)
    rate, quantity, lead_time = _positive(model, "demand_rate"), _given(model, "Q"), _lead(model)
    share = _given(model, "backorder_fraction") if planned else 0.0
    fine = GRAINS / quantity
    rates = grained_costs(model, fine)
    cycle, apart = quantity / rate, 1.0 / (rate * fine)
    scenario = one_point(
        customers={"customers": {"demand": _steadily(apart)}},
        policy={
            "reorder": {
                "rule": "r_nQ",
                "r": round((rate * lead_time - share * quantity) * fine),
                "Q": GRAINS,
            }
        },
        supplier={"lead_time": lead_time},
        costs=rates,
    )
    warm_up = cycle * math.ceil(1 + lead_time / cycle)
    return Case(
        model,
        scenario,
        (warm_up, warm_up + cycle),
        random=False,
        facts={"parts": fine},
        allowed=_allowed(model["cost"], share, fine, 2.5 if lead_time else 1.5),
        steps={"Q": STEP * quantity, "backorder_fraction": min(SHARE_STEP, share / 2)},
    )


def _allowed(cost: Answer, share: float, fine: float, off: float) -> dict[str, float]:
    """By how much what is on hand, the backlog and the cost may differ from theory."""
    late = off / fine * (share + off / GRAINS)
    on_hand = off / fine * (1.0 - share + off / GRAINS)
    return {
        "units": off / fine,
        "backlog": late,
        "on hand": on_hand,
        "cost": number(cost.get("h", 0)) * on_hand + number(cost.get("b", 0)) * late,
    }


def with_disruptions(model: Answer) -> Case:
    """Order Q when the stock is out; while the supplier is down nothing comes, and sales are lost.

    After recovery the next customer comes within the time tau between two, on average after more
    than half of it: the stock then lasts up to tau / 2 less than in theory.  With psi, the
    probability that the supplier is down when the stock is out, a cycle of mean length T is shorter
    by at most psi tau / 2, and a little as psi grows with the time since recovery.  The rate of
    orders, 1 / T, and that of sales, Q / T, change accordingly, and with it what is lost.  What is
    on hand differs by at most a grain.
    Source: Parlar and Berkin, Naval Research Logistics 38 (1991) 107-118, as corrected by Berk and
    Arreola-Risa, Naval Research Logistics 41 (1994) 129-132.
    """
    parts.understand(
        model, "model", "demand", "lead_time", "unmet_demand", "supplier", "cost", "policy", "Q"
    )
    _check_words(model)
    spec, supplier = model["demand"], model["supplier"]
    parts.understand(spec, "process", "rate", "unit")
    parts.understand(supplier, "up", "disruption_rate", "down", "recovery_rate")
    if {supplier.get("up"), supplier.get("down")} != {"exponential"} or _lead(model):
        raise Unsupported("a supplier whose times are not exponential, or with a lead time")
    rate, quantity = _positive(spec, "rate"), _given(model, "Q")
    fails, recovers = _positive(supplier, "disruption_rate"), _positive(supplier, "recovery_rate")
    fine = FEW_GRAINS / quantity
    rates = grained_costs(model, fine)
    apart, cycle = 1.0 / (rate * fine), quantity / rate
    scenario = one_point(
        customers={"customers": {"demand": _steadily(apart), "tolerance": "none"}},
        policy={"reorder": {"rule": "r_nQ", "r": 0, "Q": FEW_GRAINS}},
        supplier={
            "lead_time": 0,
            "disruptions": {
                "up": {"exponential": {"rate": fails}},
                "down": {"exponential": {"rate": recovers}},
            },
        },
        costs=rates,
    )
    forgets = fails + recovers
    out = fails / forgets * (1.0 - math.exp(-forgets * cycle))
    grows = fails / recovers * math.exp(-forgets * (cycle - apart))
    shorter = out * apart * (0.5 + grows)
    mean_cycle = cycle + out / recovers
    more_often = shorter / mean_cycle / (mean_cycle - shorter)
    cost = {name: number(model["cost"].get(name, 0)) for name in ("K", "h", "p_per_lost_unit")}
    allowed = (cost["K"] + cost["p_per_lost_unit"] * quantity) * more_often + cost["h"] / fine
    return Case(
        model,
        scenario,
        steady(rate * fine, cycle),
        period=cycle,
        facts={"parts": fine},
        allowed={"units": 1.0 / fine, "cost": allowed},
        steps={"Q": LARGE_STEP * quantity},
        slack=15.0,
    )


def grained_costs(model: Answer, fine: float) -> dict[str, float]:
    """Cost rates where a unit is so many: those of an order stay, those of a unit shrink."""
    found = parts.costs(model)
    return {name: rate if name == "ordering" else rate / fine for name, rate in found.items()}


def _plans_backorders(model: Answer) -> bool:
    words = str(model["model"])
    if words not in ("EOQ", "EOQ with planned backorders", "EOQ with backorders"):
        raise Unsupported(f"the model {words!r}")
    planned = words != "EOQ"
    unmet = str(model.get("unmet_demand", "backorder"))
    if planned != ("b" in model["cost"]) or not unmet.startswith("backorder"):
        raise Unsupported(f"the model {words!r} with these costs, or unmet demand {unmet!r}")
    if set(model["cost"]) - {"K", "h", "b", "basis"}:
        raise Unsupported(f"the model {words!r} with other costs than K, h and b")
    return planned


def _check_words(model: Answer) -> None:
    words = str(model.get("policy", "order Q at inventory 0"))
    if model["model"] != "EOQ with disruptions":
        raise Unsupported(f"the model {model['model']!r}")
    if not words.startswith("order Q at inventory 0"):
        raise Unsupported(f"the policy {words!r}")
    if not str(model.get("unmet_demand")).startswith("lost while supplier is down"):
        raise Unsupported(f"unmet demand {model.get('unmet_demand')!r}")
    if not str(model["demand"].get("process")).startswith("deterministic"):
        raise Unsupported(f"the demand process {model['demand'].get('process')!r}")
    if set(model["cost"]) - {"K", "h", "p_per_lost_unit", "basis"}:
        raise Unsupported("disruptions with other costs than K, h and p")


def _steadily(apart: float) -> Mapping[str, Any]:
    """A customer for one unit at a time; none at the limits of a cycle."""
    return demand({"period": {"every": apart, "first": apart / 2}})


def _given(model: Answer, name: str) -> float:
    if name not in model:
        raise Unsupported(f"the level {name!r}, which the record does not give")
    return _positive(model, name)


def _positive(model: Answer, name: str) -> float:
    value = number(model[name])
    if value <= 0.0:
        raise Unsupported(f"{name} of {value:g}")
    return value


def _lead(model: Answer) -> float:
    given = model.get("lead_time", 0)
    if isinstance(given, Mapping):
        if given.get("dist") not in ("deterministic", "constant"):
            raise Unsupported("an economic order quantity with a random lead time")
        given = given.get("value", given.get("mean"))
    return number(given)
