"""What holds for the purchases of several stock points together."""

from __future__ import annotations

from dataclasses import dataclass

from backsim.entities.codes import NONE
from backsim.quantities import Code, Count, Price, Time, TotalUnits, UnitsPerDay, Weight


@dataclass(slots=True)
class Item:
    """A stock point among those with which it is ordered, or with which it shares a limit.

    Row k of the table belongs to stock point k; there is none in models without such terms.
    """

    next: Code = NONE  # the next of those that are ordered together, in a circle
    wanted: TotalUnits = 0  # asked for by its rule, while an order is put together
    value: Price = 0.0  # of a unit, in an order
    volume: Weight = 1.0  # of a unit, in a container
    rate: UnitsPerDay = 0.0  # mean demand
    cut: Code = 0  # a purchase was cut, or not placed, by a limit
    again: Time = -1.0  # when its rule will be asked again, as a budget begins


@dataclass(slots=True)
class Limit:
    """A limit to what stock points purchase together."""

    kind: Code = 0  # of what, in `LIMITED`
    cut: Code = 0  # whether it has cut a purchase that has not been asked for again
    most: Price = 0.0
    spent: Price = 0.0  # in the period
    first: Time = 0.0  # when the first period of a budget begins
    every: Time = 0.0  # how long it lasts
    period: Count = -1  # the number of the present one; -1 until `first`
    members_at: Code = 0  # its members in their table
    members: Code = 0


@dataclass(slots=True)
class Member:
    """A stock point that a limit holds for."""

    stock: Code = 0
    weight: Price = 0.0  # what a unit counts
