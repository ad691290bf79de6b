"""The bound of a long history, by prices: it holds at any prices, and good ones make it tight.

The units of each receipt have a price.  For any prices that do not rise from receipt to receipt,

    what the receipts are worth, less what each line saves at best by buying at these prices

is no more than the least cost: it is the Lagrangian of the program with the rows "on hand" relaxed,
and is known in closed form, since then no line cares for another.

The prices come from the program with a part of its columns: for each line the few receipts that are
cheapest at the prices known so far.  Those are the prices of a program with receipts gathered into
fewer; then the columns that the new prices ask for are added, until bound and program agree.
Source: Geoffrion, Mathematical Programming Study 2 (1974) 82-114 (Lagrangian relaxation); Luebbecke
and Desrosiers, Operations Research 53 (2005) 1007-1023, section 2.1 (bounds in column generation).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation.solver import highs
from backsim.hindsight import program as flow
from backsim.hindsight.program import History

if TYPE_CHECKING:
    from backsim.allocation.solver.program import Codes, Flags, Floats

LARGE = 1_000_000
"""Columns up to which the program is solved as a whole."""
GATHERED = 20_000
"""Columns of the program that the first prices come from."""
CHUNK = 100_000
"""Lines that are looked at together."""
ROUNDING = 1e-9
FEW = 4
"""Columns that a line gets at a time."""
ROUNDS = 10
"""Times that columns are added, at most."""
GAP = 1e-4
"""How near the bound is to the least cost when no more columns are looked for."""


def lower_bound(history: History) -> float:
    """The least cost, or where its program is large, a bound that is nearly as high: money."""
    if flow.columns(history) <= LARGE:
        return flow.least_cost(history)
    return bound_by_prices(history, GATHERED)


def bound_at(history: History, prices: Floats) -> float:
    """A lower bound on the least cost, from a price of the units of each receipt: money.

    Prices that rise, or are below 0, are put right first.
    """
    worth = falling(prices)
    total = flow.fixed_cost(history) - float(worth @ history.receipts)
    for first in range(0, len(history.time), CHUNK):
        part = _lines(history, np.arange(first, min(first + CHUNK, len(history.time))))
        total += float(_least(part, worth) @ part.units)
    return total


def falling(prices: Floats) -> Floats:
    """The least prices that are no lower than these, not below 0, and never rise."""
    return np.maximum.accumulate(np.maximum(prices, 0.0)[::-1])[::-1]


def _least(part: History, worth: Floats) -> Floats:
    """The least that a unit of each line costs over being left alone, the price included; <= 0."""
    line, epoch, when = flow.chances(part)
    alone, found = flow.left_alone(part), np.zeros(len(part.time))
    np.minimum.at(found, line, flow.shipped(part, line, when) - alone[line] + worth[epoch])
    following = flow.first_epoch(part) + 1
    stays = flow.patient(part) & (following < len(worth))
    for group in np.unique(part.group[stays]).tolist():
        own = np.flatnonzero(stays & (part.group == group))
        saves = _pool_saves(part, group, worth)[following[own]]
        found[own] = np.minimum(found[own], (flow.to_the_end(part) - alone)[own] + saves)
    return found


def _pool_saves(history: History, group: int, worth: Floats) -> Floats:
    """What a unit that waits in a group's pool at a receipt costs from then on, at best; <= 0."""
    at_once = flow.saves_of_pool(history, group) + worth
    return np.minimum.accumulate(np.minimum(at_once, 0.0)[::-1])[::-1]


def bound_by_prices(history: History, most: int, rounds: int = ROUNDS) -> float:
    """A lower bound on the least cost, from programs of a part of the columns: money.

    Where there are more than about `most` columns, the first prices are rougher.
    """
    line, epoch, saves = flow.useful(history)
    found = [(bound_at(history, worth), worth) for worth in _first_prices(history, most)]
    best, worth = max(found, key=lambda pair: pair[0])
    chosen = _cheapest(line, saves + worth[epoch], np.ones(len(line), bool))
    fixed = flow.fixed_cost(history)
    for _ in range(rounds):
        program = flow.program(history, fixed, chosen)
        cost, duals = highs.prices(program)
        worth = falling(-duals[program.rows["on hand"]])
        best = max(best, bound_at(history, worth))
        asked = duals[program.rows["asked"]][line]
        reduced = saves + worth[epoch] - np.minimum(0.0, asked)
        wanted = (reduced < -ROUNDING * np.abs(saves)) & ~chosen
        if cost - best <= GAP * abs(cost) or not wanted.any():
            break
        chosen |= _cheapest(line, reduced, wanted)
    return best


def _cheapest(line: Codes, cost: Floats, among: Flags) -> Flags:
    """The few cheapest columns of each line, among some."""
    own = np.flatnonzero(among)
    order = own[np.lexsort((cost[own], line[own]))]
    of = line[order]
    rank = np.arange(len(order)) - np.searchsorted(of, of)
    found = np.zeros(len(line), bool)
    found[order[rank < FEW]] = True
    return found


def _first_prices(history: History, most: int) -> tuple[Floats, Floats]:
    """Prices from a program of about `most` columns, its receipts gathered into fewer.

    Units come no later then.  Either all that was gathered has one price, or prices fall evenly
    from one to the next.
    """
    size = max(1, -(-flow.columns(history) // most))
    first = np.arange(0, len(history.epochs), size)
    gathered = replace(
        history,
        epochs=history.epochs[first],
        receipts=np.add.reduceat(history.receipts, first),
    )
    program = flow.program(gathered, 0.0)
    worth = -np.minimum(0.0, highs.prices(program)[1][program.rows["on hand"]])
    place = np.arange(len(history.epochs)) // size
    return worth[place], np.interp(history.epochs, gathered.epochs, worth)


def _lines(history: History, which: Codes) -> History:
    """A history with some of the lines."""
    return replace(
        history,
        time=history.time[which],
        until=history.until[which],
        units=history.units[which],
        group=history.group[which],
        shipment=history.shipment[which],
    )
