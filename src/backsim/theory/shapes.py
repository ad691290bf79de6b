"""Models of stock points as scenarios: continuous and periodic review, one or several classes."""

from __future__ import annotations

import math
import re
from typing import Any

from backsim.theory import parts
from backsim.theory.case import Case, demand, one_point, steady
from backsim.theory.lawkelton import trace_world
from backsim.theory.laws import law, number, units, whole
from backsim.theory.records import Answer, Unsupported
from backsim.theory.told import at_random, told

COMMON = (
    *("review", "policy", "r", "Q", "s", "S", "trigger", "lead_time", "unmet_demand", "cost"),
    "supplier",
)


def continuous(model: Answer) -> Case:
    """Continuous review: base stock, (r,Q), (r,nQ) or (s,S); any supply; one or several classes."""
    parts.understand(
        model,
        *COMMON,
        *("demand", "classes", "supply", "backorder_discipline", "backorder_clearing"),
        *(
            "critical_levels",
            "urgency_growth_rates",
            "order_trigger",
            "partial_fill",
            "patience",
            "patience_clock",
        ),
        *("cancellation_effect", "production_rule", "information", "rule", "predictor"),
        *("discipline", "early_delivery", "announcement"),
    )
    conversation = told(model)
    if isinstance(model.get("demand"), str):
        return regular(model)
    supplier = parts.supply(model)
    _check_batches(model, supplier)
    rows = [_named(row) for row in model.get("classes", [{**model, "name": "customers"}])]
    customers = {row["name"]: _customer(row, model) | conversation.customer for row in rows}
    if parts.withdraws(model) and parts.servers(supplier) > whole(model["S"]):
        raise Unsupported("withdrawing a purchase that is being worked on")
    scenario = one_point(
        customers=customers,
        policy={
            "reorder": parts.reorder(model),
            "priority": parts.priority(model),
            "rationing": parts.rationing(model),
            "withdraw": parts.withdraws(model),
            **conversation.policy,
        },
        supplier=supplier | conversation.supplier,
        costs=parts.costs(model),
    )
    if (limit := _limit(rows, model)) is not None:
        scenario["policy"]["backlog_limit"] = limit
    rate = sum(number(row["demand"]["rate"]) for row in rows)
    return Case(model, scenario, steady(rate), period=1.0)


def _limit(rows: list[Answer], model: Answer) -> int | None:
    """Customers who may wait, of all classes together; theory counts units."""
    unmet = [row.get("unmet_demand", model.get("unmet_demand")) for row in rows]
    limits = {parts.backlog_limit(spec) for spec in unmet}
    if len(limits) > 1 or (len(rows) > 1 and limits != {None}):
        raise Unsupported("a limit to the backlog of one class")
    (limit,) = limits
    if limit is not None and any(row["demand"].get("size", 1) != 1 for row in rows):
        raise Unsupported("a limit to the backlog in units, with orders of several")
    return limit


def _named(row: Answer) -> Answer:
    return {**row, "name": str(row["name"])}


def _customer(row: Answer, model: Answer) -> dict[str, Any]:
    """One class; what it does not say of itself the model says."""
    unmet = row.get("unmet_demand", model.get("unmet_demand", "backorder"))
    partial = model.get("partial_fill", True)
    spec = {**({"patience": model["patience"]} if "patience" in model else {}), **row}
    wanted = dict(row["demand"])
    ahead = number(wanted.pop("demand_lead_time", 0))
    return {
        "demand": demand(parts.poisson(wanted), parts.size_of(wanted)),
        **({"announced": ahead} if ahead else {}),
        "priority": whole(row.get("priority", 1)),
        "shipment": "partial" if partial else "line",
        **parts.waiting(spec, unmet),
    }


def _check_batches(model: Answer, supplier: Answer) -> None:
    """Servers work on purchases: a model has to say what they do with a batch."""
    rows = model.get("classes", [model])
    unit = model["policy"].startswith("base_stock") and all(
        row["demand"].get("size", 1) == 1 for row in rows if isinstance(row["demand"], dict)
    )
    if parts.servers(supplier) and not unit:
        raise Unsupported("servers that work on batches")


def regular(model: Answer) -> Case:
    """One unit at 1, 2, 3, ...: the same cycle for ever."""
    if not re.match(r"one unit at t=1,\s*2,\s*3", model["demand"]):
        raise Unsupported(f"the demand {model['demand']!r}")
    rule = parts.reorder(model)
    cycle = rule.get("Q") or rule["S"] - rule.get("s", rule["S"] - 1)
    warm_up = cycle * math.ceil((100 + number(model["lead_time"]["value"])) / cycle)
    scenario = one_point(
        customers={"customers": {"demand": demand({"period": {"every": 1, "first": 1}})}},
        policy={"reorder": rule},
        supplier=parts.supply(model),
    )
    return Case(model, scenario, (warm_up, warm_up + 100.0 * cycle), random=False)


def periodic(model: Answer) -> Case:
    """Periodic review: receive, order, demand, measure."""
    parts.understand(
        model,
        *COMMON,
        *("review_interval", "demand", "timeline", "initial_inventory", "random_numbers"),
        *("supplier_capacity_per_period", "backorder_discipline", "partial_fill"),
    )
    if not re.match("receive|order, delivery attempt, demand", model.get("timeline", "receive")):
        raise Unsupported(f"the order of events {model['timeline']!r}")
    if str(model.get("unmet_demand")) != "backorder":
        raise Unsupported(f"periodic review with unmet demand {model.get('unmet_demand')!r}")
    period = number(model.get("review_interval", 1))
    scenario = one_point(
        customers={"customers": {"demand": _period_demand(model, period)}},
        policy={
            "reorder": parts.reorder(model),
            "review": {"period": period, "after_demand": _demand_first(model)},
        },
        supplier=parts.supply(model),
        costs=parts.costs(model),
        stock=_start(model),
    )
    facts = {"period": period}
    if isinstance(model.get("horizon"), int | float):
        end = math.nextafter(number(model["horizon"]), 0.0)  # the review of that instant is none
        if "random_numbers" in model:
            orders, lead_times = trace_world(model)
            scenario["customers"] = {"customers": {"demand": {"orders": orders}}}
            return Case(model, scenario, (0.0, end), random=False, lead_times=lead_times)
        return Case(model, scenario, (0.0, end), facts=facts)
    return Case(model, scenario, steady(1.0 / period, period), period=period, facts=facts)


def _start(model: Answer) -> dict[str, Any]:
    return {"initial": whole(model["initial_inventory"])} if "initial_inventory" in model else {}


def _demand_first(model: Answer) -> bool:
    words = str(model.get("timeline", "order, demand"))
    return words.find("demand") < words.find("order")


def _period_demand(model: Answer, period: float) -> dict[str, Any]:
    spec = model["demand"]
    if "rate" in spec:
        return demand(parts.poisson(spec), parts.size_of(spec))
    if spec.get("process") == "deterministic":
        parts.understand(spec, "process", "per_period")
        return demand({"period": {"every": period}}, whole(spec["per_period"]))
    parts.understand(
        spec, "process", "dist", "mean", "n", "r", "p", "variance", "values", "probs", "iid"
    )
    return demand({"period": {"every": period}}, units(spec))


def queue(model: Answer) -> Case:
    """M/M/s queues: a server is a unit of stock whose replacement takes a service time.

    With base stock s at s servers, the units on hand are the idle servers, the backlog is the
    queue, and a customer who leaves it takes the purchase along that is not begun.
    """
    parts.understand(
        model,
        *("queue", "n", "s", "r", "arrival_rate", "service_mean", "service_rate", "patience_mean"),
        *("alpha", "beta", "model", "rule"),
    )
    _check_minutes(model)
    count = whole(model.get("n", model.get("s")))
    rate = number(model["arrival_rate"])
    mean = (
        number(model["service_mean"])
        if "service_mean" in model
        else 1 / number(model["service_rate"])
    )
    patience = number(model["patience_mean"]) if "patience_mean" in model else None
    if "alpha" in model:
        patience = 1.0 / number(model["alpha"])
    stays = 1.0 - number(model.get("beta", 0.0))
    room = whole(model["r"]) if "r" in model else None  # places to wait, beside the servers
    service = law({"dist": "exponential", "mean": mean})
    customer: dict[str, Any] = {"demand": demand({"poisson": {"rate": rate}})}
    if patience is not None:
        customer |= {"tolerance": law({"dist": "exponential", "mean": patience})}
    policy: dict[str, Any] = {
        "reorder": {"rule": "base_stock", "S": count},
        "withdraw": patience is not None,
        **({"backlog_limit": room} if room is not None else {}),
    }
    if model.get("model", 1) == 2:  # they decide on what they are told, and stay
        informed = {"tolerance": customer.pop("tolerance"), "grace": "unlimited"}
        customer |= {"informed": informed}
        pace = count / mean
        policy |= {"notice": "at_order", "estimate": at_random(number(model["alpha"]), pace)}
    scenario = one_point(
        customers={"customers": customer | ({"backorder_share": stays} if stays < 1 else {})},
        policy=policy,
        supplier={"capacity": {"servers": count, "service": service}},
    )
    return Case(model, scenario, steady(rate), period=1.0, facts={"servers": count})


def _check_minutes(model: Answer) -> None:
    """Refuse times in other units than minutes: a measure turns these into seconds."""
    for key in ("arrival_rate", "service_mean", "service_rate", "patience_mean"):
        unit = re.sub("[^a-z]", "", str(model.get(key, "")))
        if unit not in ("", "min"):
            raise Unsupported(f"times in {unit!r}")
