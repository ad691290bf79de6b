"""What the log keeps of what happens, beside the entities themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import Stock, World
from backsim.kernel.features import RECORDS

if TYPE_CHECKING:
    from backsim.kernel.interface import new_note, new_notice, new_shipment


def note(world: World, now: float, what: int, subject: int, stock: Stock, units: int) -> None:
    """A row of the event log, if it is kept: what happened to a line or a purchase."""
    if RECORDS:
        row = world.notes[new_note(world)]
        row.time = now
        row.what = what
        row.subject = subject
        row.stock = stock.index
        row.units = units
        row.on_hand = stock.on_hand
        row.on_order = stock.on_order
        row.backlog = stock.backlog


def log_shipment(world: World, now: float, line: int, units: int) -> None:
    """Remember units that were not shipped from stock."""
    row = world.shipments[new_shipment(world)]
    row.time = now
    row.line = line
    row.units = units


def log_notice(world: World, now: float, what: int, head: int, promise: float) -> int:
    """Remember a notice or an inquiry; its row."""
    index = new_notice(world)
    row = world.notices[index]
    row.time = now
    row.what = what
    row.head = head
    row.promise = promise
    return index
