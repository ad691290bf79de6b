"""Where lines stand in the queue of a stock point: how much comes before one, and who comes next.

Beside the heap of the queue, lines form a binary tree in the order of service, each with the lines
and units of all below it: so what comes before a line is summed on the way to it.  The tree is as
deep as one that lines joined in random order, whatever their order is: nearer to the root are those
of a larger number, which is scattered from the index.
Source: Seidel and Aragon, "Randomized search trees", Algorithmica 16 (1996) 464-497.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import NONE, Standing, Stock, World

if TYPE_CHECKING:
    from backsim.kernel.interface import new_standing


def precedes(world: World, first: int, second: int) -> bool:
    """Whether the first line is to be served before the second."""
    a = world.lines[first]
    b = world.lines[second]
    return a.key < b.key or (a.key == b.key and (a.time, first) < (b.time, second))


def take_place(world: World, stock: Stock, index: int) -> None:
    """A line that has its key joins those that stand in the queue."""
    row = free_place(world)
    place = world.standings[row]
    place.line = index
    place.lines = 1
    place.units = world.lines[index].open
    at = stock.standing
    while at != NONE:
        over = world.standings[at]
        over.lines += 1
        over.units += place.units
        place.above = at
        if precedes(world, index, over.line):
            place.behind = at
            at = over.left
        else:
            place.before = at
            at = over.right
    hang(world, stock, place.above, NONE, row)
    chain(world, place.before, row)
    chain(world, row, place.behind)
    while place.above != NONE and is_above(world, row, place.above):
        lift(world, stock, row)


def leave_place(world: World, stock: Stock, index: int) -> None:
    """A line leaves the queue."""
    row = standing_of(world, stock, index)
    place = world.standings[row]
    while place.left != NONE or place.right != NONE:
        left = place.right == NONE or (
            place.left != NONE and is_above(world, place.left, place.right)
        )
        lift(world, stock, place.left if left else place.right)
    above = place.above
    hang(world, stock, above, row, NONE)
    while above != NONE:
        over = world.standings[above]
        over.lines -= 1
        over.units -= place.units
        above = over.above
    chain(world, place.before, place.behind)
    set_free(world, row)


def leave_all(world: World, stock: Stock) -> None:
    """All lines leave the queue, to join it again with other keys."""
    at = first_standing(world, stock)
    while at != NONE:
        following = world.standings[at].behind
        set_free(world, at)
        at = following
    stock.standing = NONE


def change_open(world: World, stock: Stock, index: int, units: int) -> None:
    """A line in the queue is to wait for so many units more; fewer, if negative."""
    at = standing_of(world, stock, index)
    while at != NONE:
        world.standings[at].units += units
        at = world.standings[at].above


def units_before(world: World, stock: Stock, index: int) -> int:
    """Units open of the lines that stand before a line in the queue."""
    return ahead_of(world, stock, index)[1]


def lines_before(world: World, stock: Stock, index: int) -> int:
    """Lines that stand before a line in the queue."""
    return ahead_of(world, stock, index)[0]


def ahead_of(world: World, stock: Stock, index: int) -> tuple[int, int]:
    """(lines, units open) that stand before a line in the queue, or would if it stood there."""
    lines = 0
    units = 0
    at = stock.standing
    while at != NONE:
        place = world.standings[at]
        if precedes(world, place.line, index):
            lines += place.lines
            units += place.units
            at = place.right
            if at != NONE:
                lines -= world.standings[at].lines
                units -= world.standings[at].units
        else:
            at = place.left
    return lines, units


def first_standing(world: World, stock: Stock) -> int:
    """The place of the line that is served first; the others follow by `behind`."""
    at = stock.standing
    while at != NONE and world.standings[at].left != NONE:
        at = world.standings[at].left
    return at


def standing_of(world: World, stock: Stock, index: int) -> int:
    """The place of a line in the queue."""
    at = stock.standing
    while world.standings[at].line != index:
        place = world.standings[at]
        at = place.left if precedes(world, index, place.line) else place.right
    return at


# -- the tree --------------------------------------------------------------------------------------


def is_above(world: World, one: int, other: int) -> bool:
    """Whether a place is to be nearer to the root than another."""
    return scattered(world.standings[one].line) > scattered(world.standings[other].line)


def scattered(index: int) -> int:
    """A number of 32 bits, another one for each index, that looks as if drawn at random.

    Source: Knuth, The Art of Computer Programming 3 (1998), section 6.4 (multiplicative hashing).
    """
    return index * 2654435761 % 4294967296


def lift(world: World, stock: Stock, row: int) -> None:
    """Turn the tree so that a place comes to stand above the one that was above it."""
    place = world.standings[row]
    under = place.above
    lowered = world.standings[under]
    if lowered.left == row:
        inner = place.right
        lowered.left = inner
        place.right = under
    else:
        inner = place.left
        lowered.right = inner
        place.left = under
    hang(world, stock, lowered.above, under, row)
    lines = place.lines
    units = place.units
    place.lines = lowered.lines
    place.units = lowered.units
    place.above = lowered.above
    lowered.above = row
    lowered.lines -= lines
    lowered.units -= units
    if inner != NONE:
        world.standings[inner].above = under
        lowered.lines += world.standings[inner].lines
        lowered.units += world.standings[inner].units


def hang(world: World, stock: Stock, above: int, old: int, new: int) -> None:
    """Put a place below another, or at the root, where `old` was; NONE is no place.

    A line that joins hangs where it belongs by its order: there nothing is.
    """
    if above == NONE:
        stock.standing = new
        return
    over = world.standings[above]
    if over.left == old and (old != NONE or world.standings[new].behind == above):
        over.left = new
    else:
        over.right = new


def chain(world: World, before: int, behind: int) -> None:
    """Let one place follow another in the order of service."""
    if before != NONE:
        world.standings[before].behind = behind
    if behind != NONE:
        world.standings[behind].before = before


def free_place(world: World) -> int:
    """A row of the table that no line uses."""
    row = world.totals[0].free_standing
    if row == NONE:
        return new_standing(world)
    world.totals[0].free_standing = world.standings[row].behind
    world.standings[row].behind = NONE
    return row


def set_free(world: World, row: int) -> None:
    """No line uses a row of the table any more."""
    place: Standing = world.standings[row]
    place.left = NONE
    place.right = NONE
    place.above = NONE
    place.before = NONE
    place.behind = world.totals[0].free_standing
    world.totals[0].free_standing = row
