"""The vector base stock: a reorder rule that looks at when purchases are to come.

`backsim run SCENARIO --rules docs/examples/vector_base_stock.py`.

Where demand is lost, a base stock orders too much: units on order that come late are not yet of
use.  So what is to come later has levels of its own: S for the position, S1 for what comes one
review period from now or later, S2 for what comes two from now or later, and so on.
Source: Zipkin, "Old and new methods for lost-sales inventory systems", Operations Research 56
(2008) 1256-1263; Morton, Management Science 15 (1969) 350-358.
"""

from backsim import reorder
from backsim.quantities import Level

NONE = -1
NO_LEVEL = 2e9


def to_come(world, stock, date):
    """Units that are expected at a date or later."""
    units = 0
    index = stock.pipeline_first
    while index != NONE:
        purchase = world.purchases[index]
        if purchase.expected >= date:
            units += purchase.units
        index = purchase.later
    return units


@reorder
def vector_base_stock(
    position,
    world,
    stock,
    now,
    S: Level,
    S1: Level = NO_LEVEL,
    S2: Level = NO_LEVEL,
    S3: Level = NO_LEVEL,
):
    """Order what the scarcest of the levels S, S1, S2 and S3 leaves room for, at each review."""
    period = stock.review_period
    units = S - position
    units = min(units, S1 - to_come(world, stock, now + 0.5 * period))
    units = min(units, S2 - to_come(world, stock, now + 1.5 * period))
    units = min(units, S3 - to_come(world, stock, now + 2.5 * period))
    return int(units)
