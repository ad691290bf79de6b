"""Which purchase brings the units that a line waits for, and when it is thought to come."""

from __future__ import annotations

from backsim.entities import (
    IN_SERVICE,
    NEVER,
    NONE,
    QUEUED,
    UNDER_WAY,
    Line,
    Purchase,
    Stock,
    Supplier,
    World,
)
from backsim.kernel.calendars import arrival, days_under_way, departs, has_closed_days
from backsim.kernel.features import BATCHES, CALENDARS, DELIVERIES, DISRUPTIONS, NETWORK, SEASONS
from backsim.kernel.grid import on_grid
from backsim.kernel.network.sourcing import components_ready, mean_lead_time, source_of
from backsim.kernel.stock.clearing import time_of_run
from backsim.kernel.stock.lots import may_have
from backsim.kernel.stock.review import review_from
from backsim.kernel.supply.outage_calendar import sets_out
from backsim.kernel.supply.parts import (
    comes_in_parts,
    date_of_part,
    good_units_of_part,
    has_begun_to_come,
    part_behind,
)
from backsim.kernel.supply.pipeline import good_to_come, supplier_of, waiting_work, work_of
from backsim.kernel.supply.seasons import factor_of

AT_HAND = -2
"""In place of a purchase that brings a line's units: they are there, and wait for a batch run."""


def given_out(world: World, stock: Stock, ready: float) -> float:
    """When units leave that are there from `ready` on."""
    return departs(world, stock, after_run(world, stock, ready))


def after_run(world: World, stock: Stock, ready: float) -> float:
    """When units are given out that are there from `ready` on: at a batch run, if there are any.

    Whoever is told now has been passed over by the run of this instant.
    """
    if BATCHES and stock.clearing_period > 0.0 and ready < NEVER:
        ready = on_grid(world, ready)  # as the runs are: else rounding says which comes first
        behind = (ready - stock.clearing_start) / stock.clearing_period
        number = max(stock.clearings, int(behind))
        while time_of_run(world, stock, number) < ready:
            number += 1
        ready = time_of_run(world, stock, number)
    return ready


def still_to_come(world: World, stock: Stock, line: Line, units: int, now: float) -> int:
    """Of the units up to a line's last those that are not there: a whole line waits beside some.

    What is held back from the line has to be there too.  Where lines wait for a batch run, none
    may be lacking.
    """
    lacking = units - may_have(world, stock, line, now)
    return lacking if BATCHES and stock.clearing_period > 0.0 else max(1, lacking)


def cover(world: World, stock: Stock, units: int, now: float) -> tuple[int, int]:
    """The purchase under way that brings the last of so many units, and which of its parts does.

    NONE when none does, AT_HAND when none has to.  It is looked for from the end that is nearer:
    most who ask have just come.
    """
    if units <= 0:
        return AT_HAND, 0
    coming = stock.good_on_order if DELIVERIES else stock.on_order
    if units > coming:
        return NONE, 0
    if comes_in_parts(world, stock):
        last = (-NEVER, NONE, 0)
        while units > 0:
            last = part_behind(world, stock, last, now)
            units -= good_units_of_part(world, last[1], last[2])
        return last[1], last[2]
    if 2 * units > coming:
        index = stock.pipeline_last
        units = coming - units
        while index != NONE:
            units -= good_to_come(world, index)
            if units < 0:
                return index, 0
            index = world.purchases[index].earlier
        return NONE, 0
    index = stock.pipeline_first
    while index != NONE:
        units -= good_to_come(world, index)
        if units <= 0:
            return index, 0
        index = world.purchases[index].later
    return NONE, 0


def next_to_come(
    world: World, stock: Stock, last: tuple[float, int, int], now: float
) -> tuple[float, int, int]:
    """(date, purchase, part): what comes behind a part, or behind a purchase that comes whole."""
    if comes_in_parts(world, stock):
        return part_behind(world, stock, last, now)
    following = stock.pipeline_first if last[1] == NONE else world.purchases[last[1]].later
    return now, following, 0


def mean_wait(world: World, stock: Stock, purchase: int, part: int, now: float) -> float:
    """Mean days until a part of a purchase arrives, were its way from its own source to begin now.

    At a limited supplier the mean work before it and its own come first, unless it is through, and
    the outages that are known.  Once a part has come, the next is the days between parts away.
    """
    if purchase == AT_HAND:
        return 0.0
    days = mean_wait_of_first(world, stock, purchase, now)
    if part > 0:
        return date_of_part(world, purchase, part, now + days) - now
    return days


def mean_wait_of_first(world: World, stock: Stock, purchase: int, now: float) -> float:
    """Mean days until a purchase, or the next part of it, arrives."""
    if purchase != NONE and has_begun_to_come(world, purchase):
        return date_of_part(world, purchase, 1, now) - now
    supplier = world.suppliers[bought_from(world, stock, purchase)]
    days = stock.mean_lead_time
    if purchase != NONE:
        days = mean_lead_time(world, stock, world.purchases[purchase])
    elif SEASONS:
        days *= supplier.factor
    work = days_of_work(world, stock, purchase, now)
    if CALENDARS and has_closed_days(stock, supplier):
        return arrival(world, stock, supplier, now + work, days) - now
    return work + days


def days_of_work(world: World, stock: Stock, purchase: int, now: float) -> float:
    """Mean days until a purchase sets out, or one placed now (NONE) would; none once it has."""
    if purchase != NONE and world.purchases[purchase].status == UNDER_WAY:
        return 0.0
    supplier = world.suppliers[bought_from(world, stock, purchase)]
    work = work_to_do(world, stock, purchase)
    days = work * supplier.mean_service if work > 0.0 else 0.0
    if DISRUPTIONS and supplier.announced != 0:
        return sets_out(world, supplier, days, now) - now
    return days


def bought_from(world: World, stock: Stock, purchase: int) -> int:
    """Index of the supplier of a purchase, or of one placed now (NONE), at the first source."""
    return stock.supplier if purchase == NONE else supplier_of(world, world.purchases[purchase])


def work_to_do(world: World, stock: Stock, index: int) -> float:
    """Mean services that a limited supplier goes through until a purchase is done.

    NONE stands for one that is placed now.  See `supply.pipeline.quote`.
    """
    supplier = world.suppliers[bought_from(world, stock, index)]
    if supplier.servers == 0 or (index != NONE and world.purchases[index].status == UNDER_WAY):
        return 0.0
    if index == NONE:
        return 1.0 + waiting_work(supplier, supplier.work_queued)
    own = work_of(supplier, world.purchases[index].units)
    if world.purchases[index].status != QUEUED:
        return own * place_in_service(world, stock, index)
    before = 0
    at = supplier.first
    while at != NONE and at != index:
        if world.purchases[at].status == QUEUED:
            before += work_of(supplier, world.purchases[at].units)
        at = world.purchases[at].next
    return own + waiting_work(supplier, before)


def place_in_service(world: World, stock: Stock, index: int) -> float:
    """Of a stock point's purchases in service, the share up to one of them.

    Units are alike: the first to be done serves the first in line.  Of m exponential services the
    k-th ends after k / m of one, as long as others take the places of those that are done.
    """
    before = all_of_them = 0
    at = stock.pipeline_first
    while at != NONE:
        if world.purchases[at].status == IN_SERVICE and (
            bought_from(world, stock, at) == bought_from(world, stock, index)
        ):
            all_of_them += 1
            if at <= index:
                before += 1
        at = world.purchases[at].later
    return before / all_of_them


def quoted_date(world: World, stock: Stock, purchase: int, part: int, now: float) -> float:
    """What the supplier quoted for a part of a purchase; or would for the next, where none is yet.

    Those parts that have come were quoted too.
    """
    if purchase < 0:
        return date_of_next(world, stock, purchase, now)
    if has_begun_to_come(world, purchase):
        part += world.deliveries[purchase].parts
    return date_of_part(world, purchase, part, world.purchases[purchase].quoted)


def expected_date(world: World, stock: Stock, purchase: int, part: int, now: float) -> float:
    """What the supplier says by now of a part of a purchase, or would say of the next one."""
    if purchase < 0:
        return date_of_next(world, stock, purchase, now)
    return expected_of_part(world, purchase, part, now)


def expected_of_part(world: World, purchase: int, part: int, now: float) -> float:
    """What the supplier says by now of a part of a purchase."""
    if part == 0:
        return world.purchases[purchase].expected
    return date_of_part(world, purchase, part, max(now, world.purchases[purchase].expected))


def date_of_next(world: World, stock: Stock, purchase: int, now: float) -> float:
    """When the next purchase is thought to come; units that are there are there now."""
    if purchase == AT_HAND:
        return now
    begins = begin_of_next(world, stock, now)
    return begins + mean_wait(world, stock, NONE, 0, begins)


def begin_of_next(world: World, stock: Stock, now: float) -> float:
    """When the next purchase sets out from where it is bought, were there no work to do.

    Bought from another site, or made of components, it queues behind all that waits there by now,
    with all that is lacking here.
    """
    placed = next_placed(world, stock, now)
    if not NETWORK:
        return placed
    node = world.nodes[stock.index]
    units = max(1, stock.backlog - stock.on_hand - stock.on_order)
    place = world.sources[node.sources_at].stock
    if place != NONE:
        site = world.stocks[place]
        return departs(world, site, units_ready(world, site, units, placed, now))
    begins = placed
    for at in range(node.components_at, node.components_at + node.components):
        part = world.components[at]
        site = world.stocks[part.stock]
        begins = max(begins, units_ready(world, site, units * part.units, placed, now))
    return begins


def units_ready(world: World, stock: Stock, units: int, placed: float, now: float) -> float:
    """When a stock point has units that are ordered there at `placed`, behind all who wait now."""
    covered, part = cover(world, stock, units + stock.backlog - stock.on_hand, now)
    ready = placed
    if covered == NONE:
        following = next_placed(world, stock, placed)
        ready = following + mean_wait(world, stock, NONE, 0, following)
    elif covered != AT_HAND:
        ready = max(ready, expected_of_part(world, covered, part, now))
    return after_run(world, stock, ready)


def next_placed(world: World, stock: Stock, time: float) -> float:
    """When the first purchase from a time on is placed: then, or at the next periodic review."""
    if stock.review_period > 0.0:
        return review_from(world, stock, time)
    return time


def met_date(world: World, stock: Stock, purchase: int, part: int, now: float) -> float:
    """A date by which a part of a purchase has come with the probability its place asks for."""
    if purchase == AT_HAND:
        return now
    if purchase == NONE:
        return met_by_first(world, stock, NONE, begin_of_next(world, stock, now))
    if has_begun_to_come(world, purchase):
        return expected_date(world, stock, purchase, part, now)
    begins = leaves_for_here(world, purchase, now) if NETWORK else now
    date = met_by_first(world, stock, purchase, begins)
    return date_of_part(world, purchase, part, date) if part > 0 else date


def leaves_for_here(world: World, purchase: int, now: float) -> float:
    """When a purchase is thought to leave the site that it waits at, or to begin to be made."""
    row = world.purchases[purchase]
    if row.sent < NEVER:
        return now
    if row.source == NONE:
        return components_ready(world, row, now)
    return max(now, row.expected - world.sources[source_of(world, row)].mean_time)


def met_by_first(world: World, stock: Stock, purchase: int, now: float) -> float:
    """A date by which a purchase, or its first part, has come with that probability.

    From a table made beforehand: days still to wait by days under way, or, at a limited supplier,
    by mean services left (`initial_state.arrival_quantiles`); known outages come on top.  Of a
    purchase from before the start, of a transfer, and of one from another source than the first,
    the expected date is all that is known.
    """
    if NETWORK and purchase != NONE:
        row = world.purchases[purchase]
        if source_of(world, row) != world.nodes[stock.index].sources_at:
            return max(now, row.expected)
    supplier = world.suppliers[stock.supplier]
    work = work_to_do(world, stock, purchase)
    factor = factor_of(world, supplier, purchase)
    if purchase == NONE or work > 0.0 or world.purchases[purchase].status < UNDER_WAY:
        days = from_table(world, stock, work) * factor
        at_work = max(0.0, days - stock.mean_lead_time) if supplier.servers > 0 else 0.0
        if DISRUPTIONS and supplier.announced != 0:
            sent = sets_out(world, supplier, at_work, now)
            return met_after(world, stock, supplier, sent, days - at_work)
        return met_after(world, stock, supplier, now, days)
    if supplier.servers > 0:
        return met_after(world, stock, supplier, now, from_table(world, stock, 0.0))
    row = world.purchases[purchase]
    if row.placed <= now:
        age = days_under_way(world, supplier, began_its_way(world, row, purchase), now)
        days = from_table(world, stock, age / factor) * factor
        return met_after(world, stock, supplier, now, days)
    return max(now, row.expected)


def met_after(world: World, stock: Stock, supplier: Supplier, sent: float, days: float) -> float:
    """When a purchase has arrived that takes so many days, by the calendars."""
    if CALENDARS:
        return arrival(world, stock, supplier, sent, days)
    return sent + days


def began_its_way(world: World, purchase: Purchase, index: int) -> float:
    """When a purchase under way set out: later than placed, if it waited or was held."""
    if DISRUPTIONS and world.deliveries[index].ends < NEVER:
        return world.deliveries[index].ends
    if NETWORK and purchase.sent < NEVER:
        return purchase.sent
    return purchase.placed


def from_table(world: World, stock: Stock, at: float) -> float:
    """A value between two of the stock point's quantiles; beyond the table, on its last slope."""
    place = at / stock.quantile_step
    before = min(int(place), stock.quantiles - 2)
    low = world.quantiles[stock.quantiles_at + before]
    high = world.quantiles[stock.quantiles_at + before + 1]
    return max(0.0, low + (place - before) * (high - low))
