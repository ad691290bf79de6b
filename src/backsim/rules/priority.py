"""Priority rules: who is served first when stock arrives."""

from __future__ import annotations

from backsim.entities import CustomerClass, Line, Stock
from backsim.quantities import Money, Part, PerClass, PerDay, Scope, UnitsPerDay, Weight
from backsim.rules.families import priority
from backsim.rules.registry import ages_by


@priority
def fcfs(line: Line) -> float:
    """First come, first served."""
    return line.time


@priority
def lifo(line: Line) -> float:
    """Last come, first served."""
    return -line.time


@priority
def class_priority(customer: CustomerClass) -> float:
    """The most important class first (1 before 2); within a class first come, first served."""
    return float(customer.priority)


@priority
@ages_by("rate")
def urgency_ageing(customer: CustomerClass, waited: float, rate: PerClass[PerDay] = 0.1) -> float:
    """A class rises by `rate` ranks per day of waiting, so no class waits indefinitely.

    With rate 0 this is `class_priority`; the higher it is, the nearer to `fcfs`.
    Source: Kleinrock, Naval Research Logistics Quarterly 11 (1964) 329-341.
    """
    return customer.priority - _ranks(rate * waited)


@priority
@ages_by("rate")
def accumulating_priority(waited: float, rate: PerClass[PerDay]) -> float:
    """Urgency grows from 0 by the class's `rate` per day of waiting; the most urgent first.

    Source: Kleinrock, Naval Research Logistics Quarterly 11 (1964) 329-341; Stanford, Taylor and
    Ziedins, Queueing Systems 77 (2014) 297-330.
    """
    return -_ranks(rate * waited)


@priority
def costliest_wait(weight: PerClass[Weight] = 1.0) -> float:
    """The line whose wait costs most per day first: `weight`, money per unit and day.

    What the linear program of the allocation does with one product whose lines are all due.
    Source: the c-mu rule with equal service, Cox and Smith, Queues (1961), section 3.3.
    """
    return -weight


@priority
def lp(
    weight: PerClass[Weight] = 1.0,
    lost: PerClass[Money] = 0.0,
    min_fill: PerClass[Part] = 0.0,
    fairness: Part = 1.0,
    promise_penalty: Money = 0.0,
    capacity: UnitsPerDay = 0.0,
    scope: Scope = "stock",
) -> float:
    """A linear program decides at each clearing, with stock on hand and what is expected to come.

    It minimises `weight` (money per unit and day late, after the date promised or due) and `lost`
    (money per unit not served before its customer leaves; 0 counts it as served a day after the
    last arrival known).  `min_fill` is the least share of a class's open units that a clearing
    serves from stock on hand, as far as there is any.  No class's share of its open units is
    further below its fair share than `fairness`, in whole units; 1 is no bound.  Each unit that
    is not there by the date its customer was told costs `promise_penalty` once.  `scope` is what
    decides together: a stock point, or all of a site, so that orders that ship whole get all their
    lines or none.
    `capacity` is what may leave the stock point or site in a day, from one whole number of days to
    the next (months with `time_unit: months`); 0 is no limit.
    Where none of this binds lines to each other, the program is a sort by `weight` and is done so.
    Source: docs/allocation.md; Dantzig, Linear Programming and Extensions (1963), chapter 14.
    """
    return -weight


PROGRAM = lp.__name__
"""The rule that is a linear program: it decides over all lines at once."""


@priority
@ages_by("weight")
def weighted_slack(slack: float, weight: PerClass[Weight] = 1.0) -> float:
    """Least slack first: days to the promise (without one, to the due date), by `weight`.

    Days late count `weight` times, days left are divided by it: so a heavier class comes first
    on either side of its date.  Source: Baker, Introduction to Sequencing and Scheduling (1974).
    """
    return slack * weight if slack < 0.0 else slack / weight


@priority
def earliest_due(line: Line) -> float:
    """The earliest due date first.

    Source: Jackson, Management Science Research Project, UCLA, Report 43 (1955): it minimises the
    greatest lateness on one machine.
    """
    return line.due


@priority
def smallest_first(line: Line) -> float:
    """The line with fewest units open first: most customers are served soonest.

    Source: Smith, Naval Research Logistics Quarterly 3 (1956) 59-66, with equal weights.
    """
    return float(line.open)


@priority
def largest_value(line: Line, stock: Stock) -> float:
    """The line with the greatest value open first: units times price."""
    return -line.open * stock.price


@priority
def least_cancel_time(leaves: float) -> float:
    """Customers closest to cancelling first; those who never cancel last."""
    return leaves


RANKS = 6755399441055744.0 / 2.0**30
"""A number of up to 2^21 is rounded to whole multiples of 2^-30 by adding it."""


def _ranks(risen: float) -> float:
    """Ranks risen while waiting, without what rounding adds: who is level stays so in any unit."""
    return risen + RANKS - RANKS
