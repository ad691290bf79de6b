"""From a model of theory to a case: which shape it has."""

from __future__ import annotations

from collections.abc import Callable

from backsim.theory import forecasts, networks, scripts, shapes
from backsim.theory.case import Case
from backsim.theory.records import Answer, Unsupported

WAITS_FOR = {
    "07": "stock points that supply each other",
    "08": "quantities that are not whole numbers",
    "09": "quantities that are not whole numbers",
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


SHAPES: tuple[tuple[Callable[[Answer], bool], Callable[[Answer], Case]], ...] = (
    (lambda model: "forecast" in model, forecasts.order_up_to),
    (_structure("serial"), networks.serial),
    (_structure("one warehouse, N retailers"), networks.one_warehouse),
    (_stock_point("continuous"), shapes.continuous),
    (_stock_point("periodic"), shapes.periodic),
    (lambda model: "queue" in model, shapes.queue),
    (lambda model: str(model.get("model")).startswith("newsvendor"), scripts.newsvendor),
    (lambda model: "low_class_first" in model, scripts.two_fares),
    (lambda model: model.get("type") == "scripted scenario", scripts.hand_trace),
)
