"""At which stock points a linear program decides who gets what, and which of them together."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from backsim.entities import NONE, AllocationGroup
from backsim.rules import PROGRAM
from backsim.scenario.model import Model
from backsim.scenario.schema.rule_use import of_class

if TYPE_CHECKING:
    from backsim.engines.initial_state.start import Setup
    from backsim.scenario.schema import ResolvedPoint


def decides(model: Model, point: ResolvedPoint, informs: bool) -> bool:
    """Whether lines at a stock point are bound to each other, so that a program has to decide.

    Else it is a sort by weight (`allocation.clearing.is_a_sort`), which the queue does by itself.
    """
    if point.priority.rule != PROGRAM:
        return False
    params, scenario = point.priority.params, model.scenario
    binds = any(_of_classes(model, params[name]) for name in ("lost", "min_fill"))
    buyers = any(p.made_from or not all(s.plain for s in p.supplier) for p in scenario.stock)
    return (
        informs
        or binds
        or buyers
        or params["fairness"] < 1.0
        or params["capacity"] > 0.0
        or any(
            customer.takes != "partial"
            or customer.tolerance not in ("unlimited", "none")
            or customer.due_in.moments()[0] > 0.0
            for customer in scenario.customers.values()
        )
    )


def _of_classes(model: Model, value: Any) -> bool:
    return any(of_class(value, name, 0.0) for name in model.classes)


def add_allocation_groups(setup: Setup, model: Model) -> None:
    """Tell the groups: stock points of a site with one scope and one limit are one."""
    if "DECIDES" not in setup.switches:
        return
    members: dict[Any, list[int]] = {}
    setup.allocation_groups += [AllocationGroup() for _ in setup.stocks]
    for index, point in enumerate(model.scenario.stock):
        if not decides(model, point, "INFORMS" in setup.switches):
            continue
        params = point.priority.params
        alone = index if params["scope"] == "stock" else NONE
        fill = tuple(of_class(params["min_fill"], name, 0.0) for name in model.classes)
        limits = (fill, *(params[name] for name in ("capacity", "fairness", "promise_penalty")))
        members.setdefault((point.sites[0], alone, limits), []).append(index)
        setup.allocation_groups[index].whole = int(alone == NONE)
        setup.allocation_groups[index].capacity = params["capacity"]
    for indices in members.values():
        for index, following in pairwise([*indices, NONE]):
            group = setup.allocation_groups[index]
            group.first, group.following = indices[0], following
