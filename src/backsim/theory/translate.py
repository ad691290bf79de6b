"""From a model of theory to a case: which shape it has."""

from __future__ import annotations

from collections.abc import Callable

from backsim.theory import cycles, forecasts, networks, scripts, shapes
from backsim.theory.case import Case
from backsim.theory.records import Answer, Unsupported

WAITS_FOR = {
    "07": "stock points that supply each other",
    "12": "reorder rules that follow a forecast",
}
"""What models of a family wait for when they have none of the shapes below."""


def translate(model: Answer, family: str = "") -> Case:
    """The case of a model.  Raises Unsupported."""
    for fits, build in SHAPES:
        if fits(model):
            return build(model)
    if model.get("type") == "formula":
        raise Unsupported("nothing: it is a formula, there is nothing to simulate")
    raise Unsupported(WAITS_FOR.get(family[:2], "a shape of model that is not known"))


def _structure(name: str) -> Callable[[Answer], bool]:
    return lambda model: model.get("structure") == name


def _stock_point(review: str) -> Callable[[Answer], bool]:
    return lambda model: model.get("review") == review and "policy" in model


def _of_model(words: str) -> Callable[[Answer], bool]:
    return lambda model: str(model.get("model")).startswith(words)


def normal_demand(model: Answer) -> Case:
    """Demand over any time is normal and independent of the past: then it is negative at times."""
    raise Unsupported("nothing: its demand is negative at times, which no customers' is")


SHAPES: tuple[tuple[Callable[[Answer], bool], Callable[[Answer], Case]], ...] = (
    (lambda model: "forecast" in model, forecasts.order_up_to),
    (_structure("serial"), networks.serial),
    (_structure("one warehouse, N retailers"), networks.one_warehouse),
    (_stock_point("continuous"), shapes.continuous),
    (_stock_point("periodic"), shapes.periodic),
    (lambda model: "queue" in model, shapes.queue),
    (_of_model("EOQ with disruptions"), cycles.with_disruptions),
    (_of_model("EOQ"), cycles.economic_order),
    (_of_model("newsvendor"), scripts.newsvendor),
    (_of_model("(r,Q), normal"), normal_demand),
    (lambda model: "low_class_first" in model, scripts.two_fares),
    (lambda model: model.get("type") == "scripted scenario", scripts.hand_trace),
)
