"""Sharing: units on hand are split among the lines that wait, instead of served in order.

No unit is lost by rounding: every line gets its share rounded down, and the units left over go, one
each, to the largest remainders, equal ones in the order of the queue.  Source: Balinski and Young,
Fair Representation (1982), chapter 3 (Hamilton's method).

Lines that must be filled whole cannot use a part.  They add their shares up, and are served from
the sum in the order of the queue; what they cannot use goes to the others.

While a line stands in the chain that is split, its link `child` holds the units on hand that are
held back from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import BY_UNIT, MAX_MIN, NONE, PARTIAL, STRICT, Line, Stock, World
from backsim.kernel.demand.queue import drain, join
from backsim.kernel.stock.shipping import give

if TYPE_CHECKING:
    from backsim.kernel.interface import held_back

MOST_HELD = 2**31 - 1  # what a link can hold


def share(world: World, stock: Stock, now: float) -> None:
    """Split the units on hand; those above the highest critical level first, among all.

    Then those above the next level, among the lines that may have them; and so on.
    """
    first = drain(world, stock)
    index = first
    level = 0
    while index != NONE:
        line = world.lines[index]
        line.child = min(held_back(world, stock, line, now), MOST_HELD)
        level = max(level, line.child)
        index = line.sibling
    while level >= 0 and first != NONE:
        if stock.on_hand > level:
            first = split(world, stock, first, level, now)
        level = next_level(world, first, level)
    while first != NONE:
        index = first
        first = world.lines[index].sibling
        world.lines[index].sibling = NONE
        world.lines[index].child = NONE
        join(world, stock, index)


def next_level(world: World, first: int, level: int) -> int:
    """The highest level below this one; -1 if there is none."""
    found = -1
    while first != NONE:
        line = world.lines[first]
        if line.child < level:
            found = max(found, line.child)
        first = line.sibling
    return found


def split(world: World, stock: Stock, first: int, level: int, now: float) -> int:
    """Split the units above a level among the lines that may have them; the chain that is left.

    Nothing is done when there is enough for all of them.
    """
    pool = stock.on_hand - level
    total = asked(world, stock, first, level, True) + asked(world, stock, first, level, False)
    if total <= pool:
        return first
    parts = shares(world, stock, first, level, pool, total)
    first = serve_whole(world, stock, first, level, pool - parts, now)
    pool = stock.on_hand - level
    total = asked(world, stock, first, level, True)
    if total == 0:
        return first
    return serve_parts(world, stock, first, level, min(pool, total), total, now)


def has_part(world: World, stock: Stock, line: Line) -> bool:
    """Whether a line can use a part of its units."""
    if stock.overtaking == PARTIAL:
        return True
    return world.classes[line.customer_class].shipment == BY_UNIT


def asked(world: World, stock: Stock, first: int, level: int, parts: bool) -> int:
    """Units open of the lines that may have units down to a level, and use parts or do not."""
    total = 0
    while first != NONE:
        line = world.lines[first]
        if line.child <= level and has_part(world, stock, line) == parts:
            total += line.open
        first = line.sibling
    return total


def shares(world: World, stock: Stock, first: int, level: int, pool: int, total: int) -> int:
    """Units of the pool that are not the shares of the lines that must be filled whole."""
    even = even_share(world, stock, first, level, False, pool)
    rest = pool
    while first != NONE:
        line = world.lines[first]
        if line.child <= level and not has_part(world, stock, line):
            rest -= rounded_share(stock, line, pool, total, even)
        first = line.sibling
    return rest


def rounded_share(stock: Stock, line: Line, pool: int, total: int, even: int) -> int:
    """A line's share of a pool, rounded down."""
    if stock.sharing == MAX_MIN:
        return min(line.open, even)
    return pool * line.open // total


def remainder(stock: Stock, line: Line, pool: int, total: int, even: int) -> int:
    """What rounding has taken from a share; for even shares, whether the line asks for more."""
    if stock.sharing == MAX_MIN:
        return 1 if line.open > even else 0
    return pool * line.open % total


def even_share(world: World, stock: Stock, first: int, level: int, parts: bool, pool: int) -> int:
    """The most units each line may have so that a pool suffices, by bisection; 0 if not asked for.

    With `parts` only lines that use parts count.
    Source: Bertsekas and Gallager, Data Networks (1992), section 6.5.2 (max-min fairness).
    """
    if stock.sharing != MAX_MIN:
        return 0
    low = 0
    high = pool + 1  # too many, as not all can have what they ask for
    while high - low > 1:
        middle = (low + high) // 2
        left = pool
        index = first
        while index != NONE and left >= 0:
            line = world.lines[index]
            if line.child <= level and (not parts or has_part(world, stock, line)):
                left -= min(line.open, middle)
            index = line.sibling
        if left >= 0:
            low = middle
        else:
            high = middle
    return low


def serve_whole(world: World, stock: Stock, first: int, level: int, pool: int, now: float) -> int:
    """Serve lines that must be filled whole, in order; the chain that is left."""
    head = NONE
    last = NONE
    while first != NONE:
        index = first
        line = world.lines[index]
        first = line.sibling
        units = 0
        if line.child <= level and not has_part(world, stock, line):
            if line.open <= pool:
                units = line.open
            elif stock.overtaking == STRICT:
                pool = 0
        pool -= units
        if serve(world, stock, index, units, now):
            continue
        if last == NONE:
            head = index
        else:
            world.lines[last].sibling = index
        last = index
    return head


def serve_parts(
    world: World, stock: Stock, first: int, level: int, pool: int, total: int, now: float
) -> int:
    """Give every line that uses parts its share of a pool; the chain that is left."""
    even = even_share(world, stock, first, level, True, pool)
    over = pool
    index = first
    while index != NONE:
        line = world.lines[index]
        if line.child <= level and has_part(world, stock, line):
            over -= rounded_share(stock, line, pool, total, even)
        index = line.sibling
    limit = last_remainder(world, stock, first, level, pool, total, even, over)
    ties = over - larger(world, stock, first, level, pool, total, even, limit)
    head = NONE
    last = NONE
    while first != NONE:
        index = first
        line = world.lines[index]
        first = line.sibling
        units = 0
        if line.child <= level and has_part(world, stock, line):
            units = rounded_share(stock, line, pool, total, even)
            rest = remainder(stock, line, pool, total, even)
            if rest > limit:
                units += 1
            elif rest == limit and ties > 0 and line.open > units:
                units += 1
                ties -= 1
        if serve(world, stock, index, units, now):
            continue
        if last == NONE:
            head = index
        else:
            world.lines[last].sibling = index
        last = index
    return head


def last_remainder(
    world: World, stock: Stock, first: int, level: int, pool: int, total: int, even: int, over: int
) -> int:
    """The remainder such that at most `over` lines have a larger one, by bisection."""
    low = -1  # too many have a larger one
    high = total
    while high - low > 1:
        middle = (low + high) // 2
        if larger(world, stock, first, level, pool, total, even, middle) > over:
            low = middle
        else:
            high = middle
    return high


def larger(
    world: World, stock: Stock, first: int, level: int, pool: int, total: int, even: int, limit: int
) -> int:
    """How many lines that use parts have a remainder above a limit."""
    count = 0
    while first != NONE:
        line = world.lines[first]
        if (
            line.child <= level
            and has_part(world, stock, line)
            and remainder(stock, line, pool, total, even) > limit
        ):
            count += 1
        first = line.sibling
    return count


def serve(world: World, stock: Stock, index: int, units: int, now: float) -> bool:
    """Give a line of the chain its units; whether it is filled, and has left the chain."""
    line = world.lines[index]
    line.sibling = NONE
    filled = units == line.open
    if filled:
        line.child = NONE
    if units > 0:
        give(world, stock, line, index, units, now)
    return filled
