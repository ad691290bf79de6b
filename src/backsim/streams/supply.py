"""What the tape holds of suppliers: the outcome of each purchase, and when suppliers are down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from backsim.scenario.distributions.continuous import Uniform
from backsim.scenario.distributions.fields import Deterministic, Distribution
from backsim.scenario.model import Model
from backsim.scenario.network.lanes import Lane
from backsim.scenario.schema.suppliers import Supplier
from backsim.streams.generators import Draws, ends_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

Stream = Callable[[str], Callable[[], np.random.Generator]]
"""From a stream's name to its generator."""


def places(model: Model) -> Iterator[tuple[str, Lane]]:
    """The ways into each stock point, with the part of their streams' names that tells them."""
    for number, lane in enumerate(model.lanes):
        product, site = model.stock_points[lane.stock]
        place = f"{_spell(product)}@{_spell(site)}"
        if number >= len(model.stock_points):  # a further source has streams of its own
            place += f"@{_spell(lane.name)}"
        if lane.transfer:
            place += "@transfer"
        yield place, lane


def _spell(name: str) -> str:
    """A name without the sign that stands between names in a stream's name."""
    return name.replace("%", "%25").replace("@", "%40")


def outcomes(model: Model, stream: Stream) -> dict[str, tuple[Draws, ...]]:
    """What becomes of each purchase, beside its lead time; nothing where no supplier needs it."""
    found: dict[str, list[Draws]] = {}
    for (place, _), laws in zip(places(model), outcome_laws(model), strict=False):
        for name, law in laws.items():
            ticks = model.ticks if name == "delay" else 0.0
            found.setdefault(name, []).append(Draws(law, stream(f"{name}/{place}"), ticks))
    return {name: tuple(draws) for name, draws in found.items()}


def has_outcomes(model: Model) -> bool:
    """Whether more becomes of purchases than that they arrive after their lead time."""
    return any(supplier.needs_deliveries for supplier in model.scenario.suppliers.values())


def outcome_laws(model: Model) -> list[dict[str, Distribution]]:
    """The distributions of the outcomes, for each place; empty where no supplier needs them."""
    if not has_outcomes(model):
        return []
    suppliers = list(model.scenario.suppliers.values())
    lanes = [lane.supplier for _, lane in places(model)]
    return [_laws(Supplier() if code is None else suppliers[code]) for code in lanes]


def _laws(supplier: Supplier) -> dict[str, Distribution]:
    late, errs = supplier.lateness, supplier.messages.error > 0
    any_share = Uniform(low=0.0, high=1.0)
    return {
        "luck": any_share if late else Deterministic(value=1.0),
        "delay": late.days if late else Deterministic(value=0.0),
        "error": any_share if errs else Deterministic(value=0.5),
        "sound": supplier.yield_share or Deterministic(value=1.0),
    }


def planned_outages(model: Model, supplier: Supplier) -> NDArray[np.float64]:
    """The outages on fixed days, rows of (starts, ends); those that touch or overlap are one.

    Both those that are planned and the closed days of its calendar.  So a supplier that is closed
    on Saturday and on Sunday does nothing at midnight.
    """
    plan = supplier.disruptions.planned if supplier.disruptions else ()
    given = [[model.on_grid(row.starts), model.on_grid(row.starts + row.days)] for row in plan]
    closed = model.closed(supplier.calendar).tolist() if supplier.calendar else []
    rows: list[list[float]] = []
    for starts, ends in sorted(given + closed):
        if rows and starts <= rows[-1][1]:
            rows[-1][1] = max(ends, rows[-1][1])
        else:
            rows.append([starts, ends])
    return np.array(rows).reshape(-1, 2)


def outages(model: Model, stream: Stream) -> tuple[NDArray[np.float64], ...]:
    """The outages of each supplier that start before the horizon."""
    found = []
    for name, supplier in model.scenario.suppliers.items():
        plan = supplier.disruptions
        rows = np.empty((0, 2))
        if plan is not None and plan.up is not None and plan.down is not None:
            ups = Draws(plan.up, stream(f"up/{_spell(name)}"), model.ticks)
            downs = Draws(plan.down, stream(f"down/{_spell(name)}"), model.ticks)
            count = 16
            while len(rows) == 0 or rows[-1, 0] < model.horizon:
                count *= 2
                turns = np.column_stack([ups.first(count)[:count], downs.first(count)[:count]])
                rows = ends_of(turns.ravel(), model.ticks).reshape(-1, 2)
        elif supplier.has_planned:
            rows = planned_outages(model, supplier)
        found.append(rows[rows[:, 0] < model.horizon])
    return tuple(found)
