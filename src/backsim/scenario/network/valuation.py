"""What a unit in stock costs, from what is paid for it and for its components."""

from __future__ import annotations

from collections.abc import Callable
from graphlib import TopologicalSorter

from backsim.scenario.model import Model

Average = Callable[[int, list[float]], float]
"""(stock point, what a unit costs from each of its sources) -> what it costs there."""


def first_of(index: int, costs: list[float]) -> float:
    """What a unit costs from the first source: the standard cost."""
    return costs[0]


def unit_costs(model: Model, average: Average = first_of) -> list[float]:
    """Money per unit in stock, by stock point; 0 where nothing is paid for units.

    A unit costs what was paid for it: `costs.purchase`, the surcharge of its source, and what its
    components cost.  A unit from another site costs what it cost there.
    """
    points = model.scenario.stock
    own = [float(cost) for cost in model.costs["purchase"]]
    extra = any(source.surcharge for point in points for source in point.supplier)
    if not extra and not any(own):
        return [0.0] * len(points)
    place = {pair: i for i, pair in enumerate(model.stock_points)}
    found = [0.0] * len(points)
    for index in _from_source_to_customer(model, place):
        point, (product, site) = points[index], model.stock_points[index]
        made = sum(n * found[place[name, site]] for name, n in (point.made_from or {}).items())
        costs = [
            found[place[product, source.site]]
            if source.site is not None
            else own[index] + made + source.surcharge
            for source in point.supplier
        ]
        found[index] = average(index, costs)
    return found


def _from_source_to_customer(model: Model, place: dict[tuple[str, str], int]) -> list[int]:
    """The stock points, each after those that it is supplied from."""
    above: dict[int, list[int]] = {}
    for index, point in enumerate(model.scenario.stock):
        product, site = model.stock_points[index]
        above[index] = [place[name, site] for name in point.made_from or {}]
        above[index] += [
            place[product, source.site] for source in point.supplier if source.site is not None
        ]
    return list(TopologicalSorter(above).static_order())
