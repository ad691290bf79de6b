"""The records' names of metrics: which measure each of them means."""

from __future__ import annotations

import re

from backsim.theory import measures
from backsim.theory.case import Case
from backsim.theory.measures import Look, Measure
from backsim.theory.records import Unsupported


def measure_of(metric: str, case: Case) -> Measure:
    """The measure of a metric's name.  Raises Unsupported."""
    for name in case.classes:
        base = metric.removesuffix(f"_{name}")
        if base != metric:
            inner = measure_of(base, case)
            return lambda look: inner(Look(look.run, look.case, name))
    if metric in OF_FULL and "backlog_limit" not in case.scenario["policy"]:
        raise Unsupported(f"the metric {metric} where all may wait")
    if metric in MEASURES:
        return _in_units(metric, case)
    if found := re.fullmatch(r"(\w+)_(stage\d+)|(warehouse|retailer\d+)_(\w+)", metric):
        return _at_site(found[1] or found[4], found[2] or found[3], case)
    if found := re.fullmatch(r"P_wait_gt_(\d+(?:\.\d+)?)", metric):
        return lambda look: measures.wait_above(look, float(found[1]))
    if behind := re.fullmatch(r"quote_k(\d+)", metric):
        waiting = int(behind[1])
        return lambda look: measures.quote(look, waiting)
    if re.fullmatch(r"EW2_[A-Z]+", metric):
        return measures.second_moment
    if re.fullmatch(r"cost_(opt|of_policy_by_evaluation|at(_[rQsS]_?\d+(\.\d+)?)+)", metric):
        return _metric("cost.total")
    later = [what for words, what in WAITS_FOR.items() if re.search(words, metric)]
    raise Unsupported(later[0] if later else f"the metric {metric}")


def _in_units(metric: str, case: Case) -> Measure:
    """A measure in units of theory, of which the scenario may count the parts."""
    measure, parts = MEASURES[metric], case.facts.get("parts", 1.0)
    if parts == 1.0 or metric in WITHOUT_UNITS:
        return measure
    if metric not in IN_PARTS:
        raise Unsupported(f"the metric {metric} of quantities that are not whole numbers")
    return lambda look: measure(look) / parts


def allowance(metric: str, case: Case) -> float:
    """By how much a measure may differ from theory because the scenario's units are whole."""
    if metric.startswith("cost_"):
        return case.allowed.get("cost", 0.0)
    if metric not in IN_PARTS:
        return 0.0
    kind = "backlog" if metric in BACKLOG else "on hand" if metric in ON_HAND else "units"
    return case.allowed.get(kind, case.allowed.get("units", 0.0))


def _at_site(metric: str, site: str, case: Case) -> Measure:
    """The measure of a metric at one site: what customers see there, or other sites."""
    of_customers = any(site in c["demand"]["sites"] for c in case.scenario["customers"].values())
    from_maker = next(p for p in case.scenario["stock"] if p["sites"] == [site])
    names = {
        "EI": "mean_on_hand",
        "EB": "mean_backlog" if of_customers else "mean_site_backlog",
        "fill_rate": "fill_rate" if of_customers else "site_fill_rate",
        "mean_wait": "mean_wait" if of_customers else "mean_site_wait",
        "E_in_transit_to": "mean_on_order"
        if from_maker["supplier"] == "maker"
        else "mean_in_transit",
    }
    if metric not in names:
        later = [what for words, what in WAITS_FOR.items() if re.search(words, metric)]
        raise Unsupported(later[0] if later else f"the metric {metric}")
    return lambda look: look.run.metrics.get(names[metric], "site", site)


WAITS_FOR = {
    "_approx$": "nothing: it is an approximation, which a right simulation misses",
}
"""What metrics wait for that no run of today has."""


def _metric(name: str, times: float = 1.0) -> Measure:
    return lambda look: times * look.get(name)


def _rest(name: str) -> Measure:
    return lambda look: 1.0 - look.get(name)


def _days(name: str) -> Measure:
    return lambda look: look.get(name) * look.days


def _total(*names: str) -> Measure:
    return lambda look: sum(look.get(name) for name in names)


OF_FULL = ("P_blocked", "P_blocked_full")
"""Metrics that there are only with a limit to the backlog."""
BACKLOG = ("EB", "EB_end", "EB_total", "mean_queue", "mean_backorders")
ON_HAND = ("EI", "EI_end", "mean_on_hand")
IN_PARTS = {
    *BACKLOG,
    *ON_HAND,
    *("mean_net_stock", "sd_net_stock", "mean_IL", "max_backorders", "mean_order_quantity"),
}
"""Metrics in units, of which a scenario may count the parts."""
WITHOUT_UNITS = {
    *("bullwhip_ratio", "P_no_stockout_at_end", "fill_rate", "ready_rate", "order_rate"),
    *("order_frequency", "total_cost", "total_cost_rate", "ordering_cost", "ordering_cost_rate"),
    *("holding_cost", "holding_cost_rate", "backorder_time_cost_rate", "shortage_cost"),
}
"""Metrics that do not depend on the unit of quantities."""

MEASURES: dict[str, Measure] = {
    **dict.fromkeys(BACKLOG, _metric("mean_backlog")),
    **dict.fromkeys(ON_HAND, _metric("mean_on_hand")),
    "max_backorders": measures.largest_backlog,
    **dict.fromkeys(("E_on_order", "mean_on_order_end"), _metric("mean_on_order")),
    **dict.fromkeys(
        (
            *("fill_rate", "unit_fill_rate", "fill_rate_all", "fill_rate_on_due_date"),
            "P_served_without_wait",
        ),
        _metric("fill_rate"),
    ),
    **dict.fromkeys(("P_wait", "P_delayed"), _rest("fill_rate")),
    "order_fill_rate": _metric("order_fill_rate"),
    **dict.fromkeys(("ready_rate", "P_IL_end_gt_0"), _metric("ready_rate")),
    "P_stockout_IL_le_0": _rest("ready_rate"),
    **dict.fromkeys(("P_no_backorders", "P_no_stockout_in_period"), _metric("clear_rate")),
    **dict.fromkeys(
        (
            "mean_wait",
            "mean_wait_per_unit",
            "mean_wait_served",
            "mean_wait_of_served",
            "mean_customer_wait",
            "mean_lateness",
        ),
        _metric("mean_wait"),
    ),
    **dict.fromkeys(
        (
            *("mean_wait_given_backordered", "mean_wait_given_delayed", "mean_wait_served_late"),
            "mean_wait_backordered",
        ),
        _metric("backorder_age"),
    ),
    "var_IL": measures.variance_of_net_stock,
    "mean_held_orders": measures.held,
    "supplier_availability": measures.availability,
    "bullwhip_ratio": measures.bullwhip,
    **{name: _metric(name) for name in ("mean_net_stock", "sd_net_stock")},
    "P_no_stockout_at_end": _metric("clear_rate"),
    **dict.fromkeys(
        ("order_rate", "order_frequency", "orders_per_month"), _metric("purchases_per_day")
    ),
    "mean_order_quantity": _metric("units_per_purchase"),
    "batches_per_time": measures.batches,
    "mean_orders_outstanding": measures.outstanding,
    "mean_supplier_lead_time": measures.lead_time,
    "mean_IP": measures.position,
    "throughput": _metric("shipped_per_day"),
    "P_lost": _total("lost_rate", "cancel_rate"),
    "P_balk": measures.balking,
    "acceptance_rate": _metric("shipped_per_day"),
    "mean_IL": _metric("mean_net_stock"),
    **dict.fromkeys(OF_FULL, measures.blocked),
    "join_probability": measures.joining,
    "announced_wait": _metric("backorder_age"),
    "on_time_probability_given_delayed": _metric("promise_kept"),
    "mean_quote_given_delayed": measures.quote,
    **dict.fromkeys(("P_cancel", "P_renege", "P_abandon"), _metric("cancel_rate")),
    **dict.fromkeys(("P_served_late", "P_backordered"), measures.served_late),
    "P_served": lambda look: look.get("fill_rate") + measures.served_late(look),
    "P_on_hand_S": measures.nothing_on_order,
    "server_utilisation": measures.busy,
    "mean_time_as_backorder_all": measures.per_order,
    **dict.fromkeys(
        ("mean_wait_seconds", "ErlangC_mean_wait_seconds"),
        lambda look: 60.0 * measures.per_order(look),
    ),
    "utilisation": lambda look: measures.busy_servers(look) / look.case.facts["servers"],
    "mean_in_system": lambda look: look.get("mean_backlog") + measures.busy_servers(look),
    "mean_shortfall": lambda look: float(measures.shortfalls(look).mean()),
    "P_shortfall_0": lambda look: float((measures.shortfalls(look) == 0).mean()),
    "MSE_queue_length_predictor": measures.error_of_queue_length,
    "MSE_constant_predictor": measures.error_of_constant,
    "ratio": lambda look: (
        measures.error_of_queue_length(look),
        measures.error_of_constant(look),
    ),
    "holding_cost": _metric("cost.holding"),
    "holding_cost_rate": _metric("cost.holding"),
    "ordering_cost": _total("cost.ordering", "cost.purchase"),
    "ordering_cost_rate": _total("cost.ordering", "cost.purchase"),
    "backorder_time_cost_rate": _metric("cost.backorder_time"),
    "stockout_count_cost_rate": _metric("cost.backorder_unit"),
    "shortage_cost": _total("cost.backorder_time", "cost.backorder_unit"),
    "total_cost": _metric("cost.total"),
    "total_cost_rate": _metric("cost.total"),
    "expected_value_opt": measures.value,
    "expected_value_no_protection": measures.value,
    "deliveries": measures.deliveries,
    "cancelled": measures.gone,
    "backorder_unit_days": _days("mean_backlog"),
    "onhand_unit_days": _days("mean_on_hand"),
    "units_filled_at_once": lambda look: float(look.run.log.lines["filled"].sum()),
    "final_on_hand": lambda look: float(look.run.log.stocks["on_hand"][0]),
}
