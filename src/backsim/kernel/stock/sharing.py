"""Sharing: units on hand are split among the lines that wait, instead of served in order.

No unit is lost by rounding: every line gets its share rounded down, and the units left over go, one
each, to the largest remainders, equal ones in the order of the queue.  Source: Balinski and Young,
Fair Representation (1982), chapter 3 (Hamilton's method).

Lines that must be filled whole cannot use a part.  They add their shares up, and are served from
the sum in the order of the queue; what they cannot use goes to the others.

While units are split, the table of shares has a row for each line of the queue, in its order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import BY_UNIT, MAX_MIN, NONE, PARTIAL, STRICT, Share, Stock, World
from backsim.kernel.demand.queue import drain, join
from backsim.kernel.stock.shipping import give

if TYPE_CHECKING:
    from backsim.kernel.interface import forget_shares, held_back, new_share


def share(world: World, stock: Stock, now: float) -> None:
    """Split the units on hand; those above the highest critical level first, among all.

    Then those above the next level, among the lines that may have them; and so on.
    """
    level = list_shares(world, stock, now)
    while level >= 0:
        if stock.on_hand > level:
            split(world, stock, level, now)
        level = next_level(world, level)
    for at in range(len(world.shares)):
        if world.shares[at].open > 0:
            join(world, stock, world.shares[at].line)
    forget_shares(world)


def list_shares(world: World, stock: Stock, now: float) -> int:
    """Move the queue into the table of shares; the highest level below which a line gets none."""
    level = 0
    index = drain(world, stock, now)
    while index != NONE:
        line = world.lines[index]
        row = world.shares[new_share(world)]
        row.line = index
        row.open = line.open
        row.held = held_back(world, stock, line, now)
        by_unit = world.classes[line.customer_class].shipment == BY_UNIT
        row.whole = 0 if by_unit or stock.overtaking == PARTIAL else 1
        level = max(level, row.held)
        index = line.sibling
        line.sibling = NONE
    return level


def next_level(world: World, level: int) -> int:
    """The highest level below this one; -1 if there is none."""
    found = -1
    for at in range(len(world.shares)):
        row = world.shares[at]
        if row.open > 0 and row.held < level:
            found = max(found, row.held)
    return found


def split(world: World, stock: Stock, level: int, now: float) -> None:
    """Split the units above a level among the lines that may have them.

    Nothing is done when there is enough for all of them.
    """
    pool = stock.on_hand - level
    if asked(world, level, 1) <= pool:
        return
    apportion(world, stock, level, 1, pool)
    serve_whole(world, stock, now)
    pool = min(stock.on_hand - level, asked(world, level, 0))
    if pool > 0:
        serve_parts(world, stock, apportion(world, stock, level, 0, pool), now)


def takes_part(row: Share, level: int, whole: int) -> bool:
    """Whether a line may have units down to a level; with `whole` 0, only one that uses parts."""
    return row.open > 0 and row.held <= level and row.whole <= whole


def asked(world: World, level: int, whole: int) -> int:
    """Units open of the lines that take part."""
    total = 0
    for at in range(len(world.shares)):
        row = world.shares[at]
        if takes_part(row, level, whole):
            total += row.open
    return total


def apportion(world: World, stock: Stock, level: int, whole: int, pool: int) -> int:
    """Give each line that takes part its share of a pool, rounded down; the units left over.

    The remainder is what rounding has taken; of even shares, 1 for lines that ask for more.
    """
    total = asked(world, level, whole)
    left = pool
    even = even_share(world, level, whole, pool) if stock.sharing == MAX_MIN else 0
    for at in range(len(world.shares)):
        row = world.shares[at]
        row.units = 0
        row.remainder = -1
        if takes_part(row, level, whole):
            if stock.sharing == MAX_MIN:
                row.units = min(row.open, even)
                row.remainder = 1 if row.open > even else 0
            else:
                row.units = pool * row.open // total
                row.remainder = pool * row.open % total
            left -= row.units
    return left


def even_share(world: World, level: int, whole: int, pool: int) -> int:
    """The most units each line may have so that a pool suffices, by bisection.

    Source: Bertsekas and Gallager, Data Networks (1992), section 6.5.2 (max-min fairness).
    """
    low = 0
    high = pool + 1  # too many, as not all can have what they ask for
    while high - low > 1:
        middle = (low + high) // 2
        left = pool
        for at in range(len(world.shares)):
            row = world.shares[at]
            if takes_part(row, level, whole):
                left -= min(row.open, middle)
        if left >= 0:
            low = middle
        else:
            high = middle
    return low


def serve_whole(world: World, stock: Stock, now: float) -> None:
    """Serve lines that must be filled whole, in order, from the sum of their shares."""
    pool = 0
    for at in range(len(world.shares)):
        if world.shares[at].whole != 0:
            pool += world.shares[at].units
    for at in range(len(world.shares)):
        row = world.shares[at]
        if row.whole != 0 and row.remainder >= 0:
            if row.open <= pool:
                pool -= row.open
                serve(world, stock, row, row.open, now)
            elif stock.overtaking == STRICT:
                pool = 0


def serve_parts(world: World, stock: Stock, over: int, now: float) -> None:
    """Serve every line its share, and those of the largest remainders one of the units over."""
    limit = last_remainder(world, over)
    ties = over - larger(world, limit)
    for at in range(len(world.shares)):
        row = world.shares[at]
        units = row.units
        if row.remainder > limit:
            units += 1
        elif row.remainder == limit and ties > 0 and row.open > units:
            units += 1
            ties -= 1
        serve(world, stock, row, units, now)


def last_remainder(world: World, over: int) -> int:
    """The remainder such that at most `over` lines have a larger one, by bisection."""
    low = -1  # too many have a larger one
    high = 0  # so that none has a larger one
    for at in range(len(world.shares)):
        high = max(high, world.shares[at].remainder)
    while high - low > 1:
        middle = (low + high) // 2
        if larger(world, middle) > over:
            low = middle
        else:
            high = middle
    return high


def larger(world: World, limit: int) -> int:
    """How many lines have a remainder above a limit."""
    count = 0
    for at in range(len(world.shares)):
        if world.shares[at].remainder > limit:
            count += 1
    return count


def serve(world: World, stock: Stock, row: Share, units: int, now: float) -> None:
    """Give a line its units."""
    if units > 0:
        row.open -= units
        give(world, stock, world.lines[row.line], row.line, units, now)
