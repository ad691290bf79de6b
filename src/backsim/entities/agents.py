"""What is kept for an agent that decides in a run (`backsim.gym`)."""

from __future__ import annotations

from dataclasses import dataclass

from backsim.entities.codes import NONE
from backsim.quantities import Code, Count, Price, Time

# The costs that are known as soon as they arise, in the order of the table of rates.
COUNTED = (
    *("holding", "ordering", "ordering_item", "purchase", "backorder_time", "lost_margin"),
    *("notice", "inquiry", "broken_promise"),
)
(
    COST_HOLDING,
    COST_ORDERING,
    COST_ORDERING_ITEM,
    COST_PURCHASE,
    COST_BACKORDER_TIME,
    COST_LOST_MARGIN,
    COST_NOTICE,
    COST_INQUIRY,
    COST_BROKEN_PROMISE,
) = range(len(COUNTED))


@dataclass(slots=True)
class Meter:
    """What a run has cost so far; the table has one row, or none where no agent decides."""

    start: Time = 0.0  # the end of the warm-up: what arises before costs nothing
    since: Time = 0.0  # waits are charged up to here
    looked: Time = 0.0  # broken promises, too
    spent: Price = 0.0
    waiting: Price = 0.0  # cost per day of the units that wait now
    notes: Count = 0  # rows of the event log that have been read
    notices: Count = 0  # and of the notices
    settled: Count = 0  # notices before this one are kept or broken
    line: Code = NONE  # the line that is just being ordered, before it waits
