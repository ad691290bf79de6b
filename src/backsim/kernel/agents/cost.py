"""What a run has cost so far, as it goes on: the reward of an agent is what it adds, negative."""

from __future__ import annotations

from backsim.entities import (
    COST_BACKORDER_TIME,
    COST_BROKEN_PROMISE,
    COST_HOLDING,
    COST_INQUIRY,
    COST_LOST_MARGIN,
    COST_NOTICE,
    COST_ORDERING,
    COST_ORDERING_ITEM,
    COST_PURCHASE,
    NEVER,
    NONE,
    NOTE_ASK,
    NOTE_LEAVE,
    NOTE_LOSE,
    NOTE_ORDER,
    NOTE_PURCHASE,
    NOTE_SHIP,
    NOTE_TELL,
    NOTE_WAIT,
    SHIPPED,
    Meter,
    Note,
    World,
)


def cost_until(world: World, now: float) -> float:
    """All costs until a time, from the event log and the integrals of stock.

    At the horizon it is `cost.total` times the days that are counted.
    """
    meter = world.meters[0]
    for row in range(meter.notes, len(world.notes)):
        note = world.notes[row]
        charge_waits(meter, note.time)
        charge_note(world, meter, note)
    meter.notes = len(world.notes)
    charge_waits(meter, now)
    charge_broken(world, meter, now)
    held = 0.0
    for at in range(len(world.stocks)):
        stock = world.stocks[at]
        days = max(0.0, now - stock.since)
        unit_days = stock.on_hand_days + stock.reserved_days
        unit_days += days * (stock.on_hand + stock.reserved)
        held += rate_of(world, COST_HOLDING, 0, at) * unit_days
    return meter.spent + held


def rate_of(world: World, cost: int, customer_class: int, stock: int) -> float:
    """Money per unit, day or purchase: one of the costs in `COUNTED`."""
    row = cost * len(world.classes) + customer_class
    return world.rates[row * len(world.stocks) + stock]


def pay(meter: Meter, time: float, money: float) -> None:
    """What arises at a time costs money, once the warm-up is over."""
    if time >= meter.start:
        meter.spent += money


def charge_waits(meter: Meter, time: float) -> None:
    """Charge the units that wait until a time."""
    if time > meter.since:
        meter.spent += meter.waiting * (time - meter.since)
        meter.since = time


def charge_note(world: World, meter: Meter, note: Note) -> None:
    """Charge what happened; units that are shipped before their line waits do not wait."""
    what = note.what
    at = note.stock
    if what == NOTE_PURCHASE:
        money = rate_of(world, COST_ORDERING, 0, at) + rate_of(world, COST_ORDERING_ITEM, 0, at)
        pay(meter, note.time, money + note.units * rate_of(world, COST_PURCHASE, 0, at))
    elif what == NOTE_ORDER:
        meter.line = note.subject
    elif what == NOTE_TELL or what == NOTE_ASK:
        code = world.lines[note.subject].customer_class
        cost = COST_NOTICE if what == NOTE_TELL else COST_INQUIRY
        pay(meter, note.time, rate_of(world, cost, code, at))
    elif what == NOTE_WAIT or what == NOTE_SHIP or what == NOTE_LEAVE or what == NOTE_LOSE:
        code = world.lines[note.subject].customer_class
        money = note.units * rate_of(world, COST_BACKORDER_TIME, code, at)
        if what == NOTE_WAIT:
            meter.waiting += money
            meter.line = NONE
        elif note.subject != meter.line:
            meter.waiting -= money
        if what == NOTE_LEAVE or what == NOTE_LOSE:
            pay(meter, note.time, note.units * rate_of(world, COST_LOST_MARGIN, code, at))


def charge_broken(world: World, meter: Meter, now: float) -> None:
    """Charge the promises that have passed since the last look and were not kept."""
    for row in range(meter.settled, len(world.notices)):
        notice = world.notices[row]
        promise = notice.promise
        if promise < now and (promise >= meter.looked or row >= meter.notices):
            line = world.lines[notice.head]
            left = line.closed == promise and line.status != SHIPPED
            if line.closed > promise or left:
                money = rate_of(world, COST_BROKEN_PROMISE, line.customer_class, line.stock)
                pay(meter, notice.time, money)
    meter.looked = now
    meter.notices = len(world.notices)
    while meter.settled < meter.notices:
        promise = world.notices[meter.settled].promise
        if now <= promise < NEVER:
            return
        meter.settled += 1
