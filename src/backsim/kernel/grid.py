"""The grid of time: every moment is a whole number of ticks, so that equal times are equal.

Times in floating point are not: 0.1 + 0.2 is not 0.3, and what happens first would hang on the last
digit.  So every sum that makes a new time goes through here.  A model says how many ticks a day has
(`scenario.grid`); a time of n ticks is the number next to n / ticks, and no other.
"""

from __future__ import annotations

from backsim.entities import World

WHOLE = 6755399441055744.0
"""1.5 x 2^52: a number of up to 2^51 is rounded to the next whole one by adding it."""


def to_grid(time: float, ticks: float) -> float:
    """The moment of the grid next to a time, or of each time in an array; never stays never.

    Beyond 2^51 ticks, which is far beyond any horizon, the grid becomes coarser.
    """
    moment = time * ticks
    moment += WHOLE  # in place: an array of millions of times is not copied four times
    moment -= WHOLE
    moment /= ticks
    return moment


def on_grid(world: World, time: float) -> float:
    """`to_grid` with the ticks of the run, written out: it is called for every event."""
    ticks = world.totals[0].ticks
    return (time * ticks + WHOLE - WHOLE) / ticks
