"""What the kernel asks of the compiled engine: rows of tables, and draws from the tape."""

from __future__ import annotations

import types
from dataclasses import fields

from backsim.engines.capacity import by_name, written
from backsim.engines.event_loop import LOOP, schedule
from backsim.engines.extents import append, resize
from backsim.entities import ELEMENTS, GROWING, NEVER, NONE, PurchaseOutcome

read_outcome = written(
    "read_outcome",
    "delivery, outcome",
    [f"delivery.{f.name} = outcome.{f.name}" for f in fields(PurchaseOutcome)],
)
"""(delivery, outcome): what the tape says of a purchase."""


def place_of_draw(world, lane, at):  # type: ignore[no-untyped-def]
    """The row of a stream's draw; the loop stops when there may be too few for an event."""
    row = world.lanes[lane].at + at
    if row + world.clock[0].spare_draws >= world.lanes[lane].end:
        world.clock[0].short_of_draws = 1
    return row


def draw_lead_time(world, stock, lane):  # type: ignore[no-untyped-def]
    return world.lead_times[place_of_draw(world, lane, stock.purchases)]


def draw_service(world, stock, lane):  # type: ignore[no-untyped-def]
    return world.services[world.lanes[lane].at + stock.purchases]


def draw_outcome(world, stock, lane, delivery):  # type: ignore[no-untyped-def]
    read_outcome(delivery, world.outcomes[world.lanes[lane].at + stock.purchases])


def draw_transfer_time(world, stock, lane):  # type: ignore[no-untyped-def]
    return world.lead_times[place_of_draw(world, lane, world.nodes[stock.index].transferred)]


def draw_gap(world, head, k):  # type: ignore[no-untyped-def]
    return world.trait_gaps[head * (len(world.trait_gaps) // len(world.tape_head)) + k]


def bring_traits(world, head, contact):  # type: ignore[no-untyped-def]
    if len(world.trait_told) > 0:
        contact.tolerance = world.trait_told[head]
    if len(world.trait_grace) > 0:
        contact.grace = world.trait_grace[head]
    if len(world.trait_forgives) > 0:
        contact.forgives = world.trait_forgives[head]


def accepts_substitute(world, line):  # type: ignore[no-untyped-def]
    return len(world.trait_accepts) > 0 and world.trait_accepts[line] != 0


def regard(world, head):  # type: ignore[no-untyped-def]
    return world.trait_regard[head]


def days_kept(world, line):  # type: ignore[no-untyped-def]
    if line < len(world.trait_returned) and world.trait_returned[line] > 0:
        return world.trait_kept[line]
    return NEVER


def bring_back(world, line, row):  # type: ignore[no-untyped-def]
    row.units = world.trait_returned[line]
    row.restocked = world.trait_restocked[line]
    row.to_repair = world.trait_to_repair[line]
    return world.trait_mending[line]


def days_recalled(world, line):  # type: ignore[no-untyped-def]
    if line < len(world.trait_recalled) and world.trait_recalled[line] > 0:
        return world.trait_recalled_after[line]
    return NEVER


def bring_recalled(world, line, row):  # type: ignore[no-untyped-def]
    row.units = world.trait_recalled[line]
    row.to_repair = world.trait_recalled_to_repair[line]
    row.recalled = 1


def units_dropped(world, line):  # type: ignore[no-untyped-def]
    return world.trait_dropped[line] if len(world.trait_dropped) > 0 else 0


def days_to_change(world, line):  # type: ignore[no-untyped-def]
    return world.trait_drops_after[line]


def line_raised(world, head):  # type: ignore[no-untyped-def]
    if len(world.trait_adds_to) > 0 and world.trait_adds_to[head] > 0:
        return head - world.trait_adds_to[head]
    return NONE


def _adder(table: str) -> types.FunctionType:
    """The port that adds a row to a table."""
    name = f"new_{ELEMENTS[table].__name__.lower()}"
    function = written(name, "world", [f"return append(world.{table})"])
    function.__globals__["append"] = append
    return function


def _emptier(table: str) -> types.FunctionType:
    """The port that empties a scratch table."""
    function = written(f"forget_{table}", "world", [f"resize(world.{table}, 0)"])
    function.__globals__["resize"] = resize
    return function


PORTS = (
    by_name(
        *(schedule, read_outcome, place_of_draw, draw_lead_time, draw_service, draw_outcome),
        *(draw_transfer_time, draw_gap, bring_traits, accepts_substitute, regard),
        *(days_kept, bring_back, days_recalled, bring_recalled),
        *(units_dropped, days_to_change, line_raised),
        *map(_adder, GROWING),
        *(_emptier(table) for table, grows in GROWING.items() if grows.scratch),
    )
    | LOOP
)
"""The kernel's ports, and what else the loop needs compiled."""
