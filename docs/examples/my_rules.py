"""Rules of one's own: `backsim run SCENARIO --rules my_rules.py`."""

from backsim import priority
from backsim.quantities import Weight


@priority
def largest_first(line, weight: Weight = 1.0):
    """The line with most units first."""
    return -weight * line.units
