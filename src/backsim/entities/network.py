"""What stock points are to each other."""

from __future__ import annotations

from dataclasses import dataclass

from backsim.entities.codes import NONE
from backsim.quantities import Code, Count, Number, Portion, Price, Time, TotalUnits, Units


@dataclass(slots=True)
class Node:
    """What a stock point is in a network; as many rows as there are stock points."""

    sources_at: Code = 0  # its sources, in order of preference, one for emergencies last
    sources: Code = 0
    regular: Code = 0  # those of them that its reorder rule buys from
    components_at: Code = 0  # what a unit is made from
    components: Code = 0
    makes_as: Code = NONE  # the class of its orders for components
    ancestors_at: Code = 0  # the stock points that it is supplied from, near ones first
    ancestors: Code = 0
    level: Code = 0  # sites between it and the last customer, at most
    by_echelon: Code = 0  # its reorder rule asks for the echelon position
    prompt: Code = 0  # whatever it orders is there at the same instant
    echelon: TotalUnits = 0  # its own inventory position and those of all it supplies
    transfers_at: Code = 0  # who may send it units of theirs, among the sources
    transfers: Code = 0
    transfer_level: Units = 0  # units that are to be here, or on their way from those
    transferring: TotalUnits = 0  # on their way from those
    transferred: Count = 0  # transfers so far
    divides: Code = 0  # its purchases are divided over several sources
    breaks_at: Code = 0  # what its units cost in larger purchases
    breaks_end: Code = 0


@dataclass(slots=True)
class Source:
    """Where a stock point may buy: another stock point of the product, or a supplier."""

    share: Portion = 0.0  # of the units; 0: by preference
    bought: TotalUnits = 0
    stock: Code = NONE
    supplier: Code = NONE
    customer_class: Code = NONE  # as whom it orders from a stock point
    lane: Code = 0  # its streams on the tape
    mean_time: Time = 0.0  # from there, without any wait
    keep: Units = 0  # transfers: units on hand that the stock point keeps for itself
    price: Price = 0.0  # of a unit; from another site what it costs there
    surcharge: Price = 0.0  # in addition to it, whatever the day and the size
    tariffs_at: Code = 0  # the days on which the price changes
    tariffs_end: Code = 0
    key: Number = 0.0  # its place among the sources of a purchase that is being divided
    turn: Count = 0  # when it is asked there: 1, 2, 3, ...
    part: TotalUnits = 0  # what it is to send


@dataclass(slots=True)
class Tariff:
    """From a time on, what a source asks for a unit is multiplied by a factor."""

    starts: Time = 0.0
    factor: Number = 1.0


@dataclass(slots=True)
class PriceBreak:
    """What units cost in purchases of so many of them: `price` each, and `paid` once."""

    units: TotalUnits = 0
    price: Price = 0.0
    paid: Price = 0.0


@dataclass(slots=True)
class Component:
    """What goes into each unit of a product that is made at a site."""

    stock: Code = 0
    units: Units = 1


@dataclass(slots=True)
class Ancestor:
    """A stock point that supplies another one, directly or not, and its units in each of these."""

    stock: Code = 0
    units: TotalUnits = 1


@dataclass(slots=True)
class Request:
    """What a site's order line is for.  As many rows as there are lines after the customers'."""

    purchase: Code = NONE
    ready: Time = 0.0  # when its units are expected here, of a line for components
