"""What arrives of a purchase: all of it or a part, fit for use or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import (
    ARRIVAL,
    NOTE_RECEIVE,
    NOTE_REJECT,
    RECEIVED,
    Purchase,
    Stock,
    World,
)
from backsim.kernel.grid import on_grid
from backsim.kernel.pipeline import expect, remove_from_pipeline, to_come

if TYPE_CHECKING:
    from backsim.kernel.ports import new_delivery, note, schedule
    from backsim.kernel.replenishment import supplier_of


def open_delivery(world: World, purchase: Purchase, index: int) -> None:
    """A purchase has been placed; what will become of it is still to be drawn."""
    new_delivery(world)
    world.deliveries[index].ordered = purchase.units


def split_delivery(world: World, index: int, part: int) -> None:
    """A part of a purchase has become a purchase of its own, the last one."""
    new_delivery(world)
    units = world.purchases[part].units
    world.deliveries[part].ordered = units
    world.deliveries[index].ordered -= units


def accept(world: World, stock: Stock, purchase: Purchase, index: int, now: float) -> int:
    """A purchase, or a part of it, arrives; what is not fit for use is rejected.

    Of the n units that have arrived so far, n x yield are good, rounded to the nearest, halves up.
    Returns the units rejected.
    Source: Yano and Lee, "Lot sizing with random yields: a review", Operations Research 43 (1995)
    311-334: stochastically proportional yield.
    """
    supplier = world.suppliers[supplier_of(world, purchase)]
    delivery = world.deliveries[index]
    left = to_come(world, index)
    parts = max(1, supplier.parts - delivery.parts)
    units = (left + parts - 1) // parts
    arrived = delivery.received + delivery.rejected + units
    good = int(arrived * delivery.sound + 0.5) - delivery.received
    delivery.parts += 1
    delivery.received += good
    delivery.rejected += units - good
    stock.on_hand += good
    stock.received += good
    stock.on_order -= units
    note(world, now, NOTE_RECEIVE, index, stock, good)
    if units > good:
        note(world, now, NOTE_REJECT, index, stock, units - good)
    if left == units:
        purchase.status = RECEIVED
        remove_from_pipeline(world, stock, index)
    else:
        purchase.arrives = on_grid(world, now + supplier.part_days)
        schedule(world, purchase.arrives, ARRIVAL, index)
        expect(world, stock, index, purchase.arrives, now)
    return units - good
