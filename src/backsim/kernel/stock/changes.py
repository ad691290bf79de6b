"""Rules that change on a given day: levels by season, a last purchase, another priority."""

from __future__ import annotations

from backsim.entities import CHANGE, REVIEW, World
from backsim.kernel.demand.queue import requeue
from backsim.kernel.events import event
from backsim.kernel.features import INFORMS
from backsim.kernel.stock.agenda import schedule_review
from backsim.kernel.stock.clearing import clear
from backsim.kernel.stock.position import settle
from backsim.kernel.supply.pipeline import estimates_moved


@event(CHANGE, subject="changes", feature="CHANGES")
def change_rules(world: World, index: int, now: float) -> None:
    """A stock point follows other rules from now on.

    Those who wait are put into the order of the new priority, and units that are no longer held
    back go to them.  Under continuous review the new reorder rule is asked at this instant, in its
    turn; under periodic review at the next review.
    """
    change = world.changes[index]
    stock = world.stocks[change.stock]
    settle(stock, now)
    stock.reorder = change.reorder
    stock.reorder_at = change.reorder_at
    stock.priority = change.priority
    stock.priority_at = change.priority_at
    stock.rationing = change.rationing
    stock.rationing_at = change.rationing_at
    requeue(world, stock, now)
    clear(world, stock, now)
    if INFORMS:
        estimates_moved(world, stock, now)
    if stock.review_period == 0.0:
        schedule_review(world, stock, REVIEW, now)
