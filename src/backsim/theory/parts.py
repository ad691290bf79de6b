"""The parts of a model of theory as a scenario says them: policy, supply, customers, costs.

A key or a word that is not understood is never ignored: it raises `Unsupported`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from backsim.theory.laws import law, number, units, whole
from backsim.theory.records import Answer, Unsupported

WAITS_FOR = {
    "information": "customers who are told of delays",
    "announcement": "customers who are told of delays",
    "forecast": "reorder rules that follow a forecast",
    "structure": "another structure of a network",
}
"""What an unknown key of a model means."""

LABELS = {"time_unit", "quantity_unit", "horizon", "note"}
"""Keys that every model may have and that need no translation."""

COSTS = {
    "K": "ordering",
    "h": "holding",
    "h_per_unit_time": "holding",
    "h_per_item_month": "holding",
    "b": "backorder_time",
    "b_per_unit_time": "backorder_time",
    "pi_per_item_month": "backorder_time",
    "pi_per_unit_backordered": "backorder_unit",
    "i_per_item": "purchase",
    "c": "purchase",
    "p": "backorder_time",
    "p_per_lost_unit": "lost_margin",
}


def understand(model: Mapping[str, Any], *keys: str) -> None:
    """Refuse a model with other keys than these."""
    for key in model:
        if key not in keys and key not in LABELS:
            raise Unsupported(WAITS_FOR.get(key, f"the model's {key!r}"))


def costs(model: Answer) -> dict[str, float]:
    """Cost rates, by the names of scenario files."""
    found: dict[str, float] = {}
    for key, value in model.get("cost", {}).items():
        if key == "basis":
            continue
        if key not in COSTS:
            raise Unsupported(f"the cost {key!r}")
        found[COSTS[key]] = number(value)
    return found


def reorder(model: Answer) -> dict[str, Any]:
    """The reorder rule.  Without levels of its own the model is one whose optimum is not given."""
    words = str(model["policy"])
    name = re.split(r"[ :,]", words)[0]
    trigger = f"{words} {model.get('trigger', '')}"
    below = 1 if re.search(r"<\s*[sr]\b", trigger) else 0  # I < s is I <= s - 1
    try:
        if name == "base_stock":
            rule = {"rule": "base_stock", "S": whole(model["S"])}
        elif name == "s_S":
            rule = {"rule": "s_S", "s": whole(model["s"]) - below, "S": whole(model["S"])}
        elif name in ("r_Q", "r_nQ"):
            rule = {"rule": "r_nQ", "r": whole(model["r"]) - below, "Q": whole(model["Q"])}
        else:
            raise Unsupported(f"the policy {name!r}")
    except KeyError as missing:
        raise Unsupported(f"the level {missing}, which the record does not give") from None
    if "supplier_capacity_per_period" in model:
        if name != "base_stock":
            raise Unsupported(f"the policy {name!r} with a capacity per period")
        cap = whole(model["supplier_capacity_per_period"])
        return {**rule, "rule": "capped_base_stock", "cap": cap}
    return rule


def supply(model: Answer) -> dict[str, Any]:
    """The supplier: ample with a lead time, or servers with a service time."""
    spec = model.get("supply", {})
    understand(
        spec,
        "type",
        "lead_time",
        "service",
        "servers",
        "discipline",
        "production_rule",
        "unit_orders",
        *("breakdown_rate", "repair_rate", "breakdowns"),
    )
    if spec.get("discipline", "FCFS") != "FCFS":
        raise Unsupported(f"a supplier that works {spec['discipline']}")
    if "service" in spec:
        count = 1 if spec["type"] == "single_server" else whole(spec["servers"])
        capacity = {"servers": count, "service": law(spec["service"])}
        return {"capacity": capacity, **disruptions(model)}
    lead_time = spec.get("lead_time", model.get("lead_time"))
    crossing = not isinstance(lead_time, dict) or bool(lead_time.get("crossing_allowed", True))
    return {"lead_time": law(lead_time), "crossing": crossing, **disruptions(model)}


def disruptions(model: Answer) -> dict[str, Any]:
    """When the supplier is down: at random, or from one period to the next by a probability."""
    work, spec = model.get("supply", {}), model.get("supplier", {})
    if "breakdown_rate" in work:
        if work.get("breakdowns") != "also when idle; work resumes":
            raise Unsupported(f"breakdowns {work.get('breakdowns')!r}")
        return _down({"rate": work["breakdown_rate"]}, {"rate": work["repair_rate"]})
    if "disruption_rate" in spec:
        understand(spec, "up", "down", "disruption_rate", "recovery_rate", "while_down")
        held = spec.get("while_down", "nothing said")
        if not held.startswith("orders held, all dispatched at recovery"):
            raise Unsupported(f"a supplier that is down with {held!r}")
        return _down({"rate": spec["disruption_rate"]}, {"rate": spec["recovery_rate"]})
    if "up_to_down_prob" in spec:
        understand(spec, "up_to_down_prob", "down_to_up_prob", "meaning")
        return _down({"p": spec["up_to_down_prob"]}, {"p": spec["down_to_up_prob"]})
    if "delivers_everything_with_prob" in spec:
        understand(spec, "delivers_everything_with_prob", "else_")
        delivers = number(spec["delivers_everything_with_prob"])
        return _down({"p": 1.0 - delivers}, {"p": delivers})
    understand(spec)
    return {}


def _down(up: Mapping[str, float], down: Mapping[str, float]) -> dict[str, Any]:
    """Exponential times, by rate, or whole periods, by the probability that they end."""
    name = "exponential" if "rate" in up else "geometric"
    return {"disruptions": {"up": {name: dict(up)}, "down": {name: dict(down)}}}


def servers(supplier: Mapping[str, Any]) -> int:
    """Servers of a supplier; 0 where it is not limited."""
    capacity = supplier.get("capacity")
    return int(capacity["servers"]) if capacity else 0


def priority(model: Answer) -> Any:
    """Who is served first."""
    if "urgency_growth_rates" in model:
        names = [row["name"] for row in model["classes"]]
        rates = dict(zip(names, map(number, model["urgency_growth_rates"]), strict=True))
        return {"rule": "accumulating_priority", "rate": rates}
    words = str(model.get("backorder_clearing", model.get("backorder_discipline", "FCFS")))
    if words.lower().startswith("priority"):
        return "class_priority"
    if words.startswith("LCFS"):
        return "lifo"
    if re.search("FCFS|lost sales", words):
        return "fcfs"
    raise Unsupported(f"clearing {words!r}")


def rationing(model: Answer) -> Any:
    """Critical levels by class."""
    levels = [whole(level) for level in model.get("critical_levels", [])]
    if not any(levels):
        return "none"
    names = [row["name"] for row in model["classes"]]
    return {"rule": "critical_level", "levels": dict(zip(names, levels, strict=True))}


def withdraws(model: Answer) -> bool:
    """A customer who leaves takes the matching purchase along ("drop"), or leaves it ("keep")."""
    words = str(model.get("cancellation_effect", ""))
    if re.search("withdrawn|cancelled with it", words):
        return True
    if "kept" in words:
        return False
    return "works exactly while IL < S" in str(model.get("supply", {}).get("production_rule", ""))


def waiting(spec: Answer, unmet: Any) -> dict[str, Any]:
    """How long customers wait: for ever, not at all, some of them, or until patience ends."""
    patience = {"tolerance": law(spec["patience"])} if "patience" in spec else {}
    if isinstance(unmet, Mapping):
        understand(unmet, "backorder_probability", "backlog_limit", "otherwise")
        if unmet.get("otherwise", "lost") != "lost":
            raise Unsupported(f"unmet demand that otherwise is {unmet['otherwise']!r}")
        return {**patience, "backorder_share": number(unmet.get("backorder_probability", 1.0))}
    if patience:
        return patience
    if str(unmet).startswith("lost"):
        return {"tolerance": "none"}
    if str(unmet).startswith("backorder") and not re.search("limit|up to|at most", str(unmet)):
        return {}
    raise Unsupported(f"unmet demand {unmet!r}")


def backlog_limit(unmet: Any) -> int | None:
    """Units that may be backordered."""
    limit = unmet.get("backlog_limit") if isinstance(unmet, Mapping) else None
    return None if limit is None else whole(limit)


def size_of(spec: Answer) -> Any:
    """Units of an order."""
    return units(spec.get("size", 1))


def poisson(spec: Answer) -> dict[str, Any]:
    """Arrivals of (compound) Poisson demand."""
    understand(spec, "process", "rate", "size")
    if spec.get("process") not in ("poisson", "compound_poisson"):
        raise Unsupported(f"the demand process {spec.get('process')!r}")
    return {"poisson": {"rate": number(spec["rate"])}}
