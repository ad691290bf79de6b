"""A limit to the backlog: who would be one too many in the queue does not wait."""

from __future__ import annotations

from backsim.entities import World


def is_full(world: World, head: int, last: int) -> bool:
    """Whether a line head, ..., last - 1 of an order waits where too many lines wait with it."""
    for index in range(head, last):
        line = world.lines[index]
        stock = world.stocks[line.stock]
        if line.open > 0 and stock.waiting > stock.backlog_limit:
            return True
    return False
