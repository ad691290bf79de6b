"""Terms of purchases together, at time 0: least values, containers, limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import LIMITED, NEVER, Item, Limit, Member
from backsim.scenario.demand.rates import mean_demand
from backsim.scenario.model import Model
from backsim.scenario.schema import PurchaseLimit

if TYPE_CHECKING:
    from backsim.engines.initial_state.start import Setup


def add_terms(setup: Setup, model: Model) -> None:
    """A row for each stock point, the circles of those ordered together, and the limits."""
    if not {"GROUPS", "BUDGETS"} & setup.switches:
        return
    scenario, lanes = model.scenario, model.lanes
    rates = model.network.demand(mean_demand(scenario, model.traces))
    values = model.costs["purchase"]
    circles: dict[tuple[int, str], list[int]] = {}
    for index, (product, site) in enumerate(model.stock_points):
        row = Item(value=float(values[index]), volume=scenario.products[product].volume)
        row.rate = rates[product, site]
        setup.items.append(row)
        lane = lanes[index]
        if lane.supplier is not None and scenario.suppliers[lane.name].orders_together:
            circles.setdefault((lane.supplier, site), []).append(index)
    for circle in circles.values():
        for index, following in zip(circle, [*circle[1:], circle[0]], strict=True):
            setup.items[index].next = following
    for limit in scenario.purchase_limits:
        _add_limit(setup, model, limit)


def _add_limit(setup: Setup, model: Model, given: PurchaseLimit) -> None:
    row = Limit(kind=LIMITED.index(given.of), most=given.most, first=given.first)
    row.every = NEVER if given.every is None else given.every
    row.members_at = len(setup.members)
    for index, pair in enumerate(model.stock_points):
        bought = given.of != "spending" or model.lanes[index].supplier is not None
        item, unit = setup.items[index], model.scenario.products[pair[0]].smallest
        weight = {"units": unit, "money": item.value, "volume": item.volume}[given.unit]
        if given.holds(pair) and bought and weight > 0:
            setup.members.append(Member(index, weight))
    row.members = len(setup.members) - row.members_at
    setup.limits.append(row)
