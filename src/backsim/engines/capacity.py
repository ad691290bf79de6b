"""How many rows events may add to the tables, from where each table is declared (`entities.Grows`).

The compiled engine has no bounds to its indices: before an event it makes sure that the tables have
so much room.  The SimPy engine needs none; in tests it checks that no event adds more.
"""

from __future__ import annotations

import types
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.entities import GROWING, SPLIT_LINES, Growth

if TYPE_CHECKING:
    from backsim.engines.initial_state.start import Setup
    from backsim.streams import Tape

ROOMY = ("events", *GROWING)
"""The tables that grow: the events that are scheduled, and those of the world."""

NEEDS = np.dtype([(name, "i8") for name in ROOMY])
"""The rows that events need in each of them."""

MARGIN = 8
"""Lines that an event may add on top of what can be counted beforehand."""


def growth(setup: Setup, tape: Tape) -> Growth:
    """What one event may add, at most.

    An order's lines, a review of every stock point; in a network every component of a purchase is
    ordered at every stock point, and each line of an order may send for units at every site.  A
    purchase may be split over several sources.  A stock point that reacts to its suppliers may at
    each review also buy from another source, and look at its purchases.
    """
    spare = len(setup.stocks) + tape.longest + MARGIN
    if setup.nodes:
        spare += len(setup.components) + len(setup.sources)
        spare += 2 * tape.longest * max(node.transfers for node in setup.nodes)
        spare *= max(node.regular if node.divides else 1 for node in setup.nodes)
    if setup.items:  # each line may have all reviewed that are ordered with it, or share a limit
        spare += tape.longest * len(setup.stocks)
    spare *= 2 if setup.buyers else 1
    return Growth(
        spare=spare,
        lines=spare if setup.nodes else tape.longest + MARGIN,
        orders=int(bool(setup.nodes)),
        offers=int(bool(setup.options)),
        ways=max((row.choices for row in setup.classes if row.splits >= SPLIT_LINES), default=0),
        releases=int(any(stock.reallocates for stock in setup.stocks)),
    )


def draws_of_an_event(setup: Setup, tape: Tape) -> int:
    """Purchases that a stock point may place at one event."""
    return (tape.longest + MARGIN) * (2 if setup.buyers else 1)


def written(name: str, arguments: str, lines: Iterable[str]) -> types.FunctionType:
    """A function whose source is written from declarations."""
    source = f"def {name}({arguments}):\n" + "".join(f"    {line}\n" for line in lines)
    scope: dict[str, Any] = {"__name__": __name__}
    exec(compile(source, f"<{name}>", "exec"), scope)
    function: types.FunctionType = scope[name]
    return function


def by_name(*functions: Any) -> dict[str, Any]:
    """Functions by their names."""
    return {function.__name__: function for function in functions}


rows_needed = written(
    "rows_needed",
    "world, events",
    [
        "size = world.growth[0]",
        "spare = events * size.spare",
        "waiting = world.totals[0].waiting + events * size.lines",
        "each = size.spare + size.orders * waiting",  # purchases that one event may place
        "placed = events * each",
        "held = world.totals[0].unsent + events",  # without crossing, behind an earlier purchase
        "needs = world.needs[0]",
        # A purchase schedules its arrival.  A supplier that recovers sends all that it held, and
        # may speak of each; notices to all who wait may become due together.
        "unsent = world.totals[0].unsent + placed - each",
        "needs.events = 4 * (placed + events * unsent) if DELIVERIES else placed + held",
        "if INFORMS: needs.events += events * waiting",
        "if AMENDS: needs.events += spare",
        "if RECALLS: needs.events += size.rows * events * waiting",
        "if RETURNS or CONSOLIDATES: needs.events += size.rows * events * waiting",
        *(f"needs.{name} = {grows.rows}" for name, grows in GROWING.items()),
    ],
)
"""(world, events): how many rows so many events may add to each table, into that of needs."""
