"""Models whose order-up-to level follows a forecast."""

from __future__ import annotations

from typing import Any

from backsim.theory import parts
from backsim.theory.case import Case, demand, one_point, steady
from backsim.theory.laws import number, whole
from backsim.theory.records import Answer, Unsupported

PARTS = 10_000
"""A unit of theory in units of the scenario, which are whole: so rounding does not count."""


def order_up_to(model: Answer) -> Case:
    """Order up to L F + SS after the demand of each period; F by a method, demand normal."""
    parts.understand(
        model,
        *("review", "policy", "demand", "lead_time", "forecast", "safety_stock"),
        *("unmet_demand", "timeline"),
    )
    if not str(model["policy"]).startswith("order up to y_t = L*F_t + SS"):
        raise Unsupported(f"the policy {model['policy']!r}")
    if not str(model["timeline"]).startswith("receive, demand, measure"):
        raise Unsupported(f"the order of events {model['timeline']!r}")
    if str(model["unmet_demand"]) != "backorder":
        raise Unsupported(f"a forecast with unmet demand {model['unmet_demand']!r}")
    spec = model["demand"]
    parts.understand(spec, "dist", "mean", "sd", "iid")
    if spec["dist"] != "normal":
        raise Unsupported(f"a forecast of {spec['dist']} demand")
    size = {"normal": {"mean": PARTS * number(spec["mean"]), "sd": PARTS * number(spec["sd"])}}
    safety_stock = PARTS * number(model["safety_stock"]) - 0.5  # the level is rounded up
    scenario = one_point(
        customers={"customers": {"demand": demand({"period": {"every": 1}}, size)}},
        policy={
            "reorder": {"rule": "forecast_base_stock", "safety_stock": safety_stock},
            "forecast": _method(model["forecast"]),
            "observe": {"every": 1, "first": 0},
            "review": {"period": 1, "after_demand": True},
        },
        supplier={"lead_time": number(model["lead_time"])},
    )
    return Case(model, scenario, steady(1.0), period=1.0, facts={"parts": PARTS})


def _method(spec: Answer) -> dict[str, Any]:
    """The forecast rule."""
    name = str(spec["method"]).lower()
    if name == "static":
        return {"rule": "static"}
    if name in ("ses", "exponential smoothing"):
        return {"rule": "ses", "alpha": number(spec["parameter"])}
    if name in ("ma", "sma", "moving average", "moving_average"):
        return {"rule": "moving_average", "window": whole(spec["parameter"])}
    raise Unsupported(f"the forecast {spec['method']!r}")
