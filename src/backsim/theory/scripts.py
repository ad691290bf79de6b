"""Single-period models and scripted days as scenarios."""

from __future__ import annotations

from typing import Any

from backsim.theory import parts
from backsim.theory.case import Case, demand, one_point, steady
from backsim.theory.cycles import grained_costs
from backsim.theory.laws import GRAINS, fine_units, is_continuous, number, units, whole
from backsim.theory.records import Answer, Unsupported

STEP = 0.1
"""Neighbours of an optimal level of continuous demand, in standard deviations."""


def newsvendor(model: Answer) -> Case:
    """A newsvendor day after day: every morning the stock is raised to S at once."""
    parts.understand(model, "model", "demand", "cost", "S")
    if "S" not in model:
        raise Unsupported("the level 'S', which the record does not give")
    spec = model["demand"]
    if is_continuous(spec):
        return _fine_newsvendor(model)
    scenario = one_point(
        customers={"customers": {"demand": demand({"period": {"every": 1}}, units(spec))}},
        policy={"reorder": {"rule": "base_stock", "S": whole(model["S"])}, "review": 1},
        supplier={},
        costs=parts.costs(model),
    )
    return Case(model, scenario, steady(1.0), period=1.0)


def _fine_newsvendor(model: Answer) -> Case:
    """The same with continuous demand.

    Demand and S are rounded to whole units of the scenario, each by half of one at most, and where
    theory's demand is negative there is none.  The cost of a day moves by no more than the dearer
    of h and b with what is left over or missing.
    """
    fine = fine_units(model["demand"])
    rates = grained_costs(model, fine.parts)
    scenario = one_point(
        customers={"customers": {"demand": demand({"period": {"every": 1}}, fine.law)}},
        policy={
            "reorder": {"rule": "base_stock", "S": round(number(model["S"]) * fine.parts)},
            "review": 1,
        },
        supplier={},
        costs=rates,
    )
    dearest = fine.parts * max(rates.get(name, 0.0) for name in ("holding", "backorder_time"))
    off = 1.0 / fine.parts + fine.below
    return Case(
        model,
        scenario,
        steady(1.0),
        period=1.0,
        facts={"parts": fine.parts},
        allowed={"units": off, "cost": dearest * off},
        steps={"S": STEP * GRAINS / fine.parts},
    )


def two_fares(model: Answer) -> Case:
    """A single period with two classes, day after day.

    The low class comes first; what neither gets is lost; every morning the stock is made up.
    """
    parts.understand(
        model, "model", "low_class_first", "demand1", "demand2", "stock", "policy", "protect"
    )
    if not model["low_class_first"]:
        raise Unsupported("the high class first")

    def customer(spec: Answer, first: float) -> dict[str, Any]:
        law = units({k: v for k, v in spec.items() if k != "value"})
        arrivals = {"period": {"every": 1, "first": first}}
        return {"demand": demand(arrivals, law), "tolerance": "none"}

    scenario = one_point(
        customers={"high": customer(model["demand1"], 0.5), "low": customer(model["demand2"], 0.0)},
        policy={
            "reorder": {"rule": "base_stock", "S": whole(model["stock"])},
            "review": 1,
            "rationing": {"rule": "critical_level", "levels": {"low": whole(model["protect"])}},
        },
        supplier={},
    )
    values = {"high": number(model["demand1"]["value"]), "low": number(model["demand2"]["value"])}
    return Case(model, scenario, steady(2.0), period=1.0, facts=values)


def hand_trace(model: Answer) -> Case:
    """A scripted day: each demand is a class of its own, named by its id."""
    parts.understand(
        model,
        "type",
        "initial_on_hand",
        "receipts",
        "demands",
        "partial_delivery",
        "reorder",
        "rule",
    )
    if model["reorder"] != "none":
        raise Unsupported(f"a script that reorders by {model['reorder']!r}")
    words, rows = model["rule"], model["demands"]
    level = _held_back(words)
    levels = {row["id"]: level for row in rows if row["cls"] > 1}
    scenario = one_point(
        customers={row["id"]: _scripted(row, model) for row in rows},
        policy={
            "reorder": "none",
            "priority": "class_priority" if words.startswith("class priority") else "fcfs",
            "rationing": {"rule": "critical_level", "levels": levels} if level else "none",
        },
        supplier={},
        stock={
            "initial": whole(model["initial_on_hand"]),
            "inbound": [{"arrives": number(t), "units": whole(n)} for t, n in model["receipts"]],
        },
    )
    return Case(model, scenario, (0.0, number(model["horizon"])), random=False)


def _held_back(words: str) -> int:
    if "critical" not in words and "only while on-hand" not in words:
        if not words.startswith(("FCFS", "class priority")):
            raise Unsupported(f"the rule {words!r}")
        return 0
    return whole(words.rsplit(">", 1)[1])


def _scripted(row: Answer, model: Answer) -> dict[str, Any]:
    parts.understand(row, "t", "id", "cls", "qty", "patience")
    return {
        "demand": {"orders": [{"time": number(row["t"]), "lines": {"item": whole(row["qty"])}}]},
        "priority": whole(row["cls"]),
        "shipment": "partial" if model["partial_delivery"] else "line",
        **({"tolerance": number(row["patience"])} if row.get("patience") is not None else {}),
    }
