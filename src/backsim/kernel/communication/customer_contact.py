"""What a customer who waits is told, asks, and does about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import (
    ASKED,
    CANCELLED,
    GAVE_UP,
    INQUIRY,
    LEAVE,
    LOST,
    NEVER,
    NO_NOTICE,
    NONE,
    NOTE_ASK,
    NOTE_TELL,
    NOTICE,
    PROMISE_BROKEN,
    REVISED,
    TOLD,
    TOLD_TOO_LONG,
    Contact,
    World,
)
from backsim.kernel.communication.promise_dates import order_estimate
from backsim.kernel.demand.cancellation import leave
from backsim.kernel.demand.substitutes import offer_substitutes
from backsim.kernel.events import event
from backsim.kernel.features import GOODWILL, SUBSTITUTES
from backsim.kernel.grid import on_grid
from backsim.kernel.log import log_notice, note

if TYPE_CHECKING:
    from backsim.kernel.interface import (
        bring_traits,
        draw_gap,
        new_contact,
        notice_moves,
        notice_time,
        schedule,
    )


def begin_contact(world: World, head: int, now: float) -> None:
    """An order starts to wait: its customer may be told when, and may ask."""
    index = meet(world, head)
    contact = world.contacts[index]
    wait_until(world, contact, now + contact.patience)
    inquire_later(world, contact, index, now)
    if notice_moves(world.stocks[world.lines[head].stock]):
        contact.believed = order_estimate(world, head, now)
    plan_notice(world, contact, index, now)


def meet(world: World, head: int) -> int:
    """The contact with the customer of an order, with what the customer brings along."""
    index = new_contact(world)
    world.lines[head].contact = index
    contact = world.contacts[index]
    contact.head = head
    contact.patience = world.lines[head].tolerance
    contact.tolerance = contact.patience
    bring_traits(world, head, contact)
    return index


def resume_contact(world: World, row: int, now: float) -> None:
    """The customer of an order from before the start waits on, by the promise that was given.

    Who has stayed after a broken promise is within the grace, or has forgiven it.
    """
    opened = world.open_orders[row]
    order = world.lines[opened.head]
    index = meet(world, opened.head)
    contact = world.contacts[index]
    if opened.promise == NEVER:
        wait_until(world, contact, max(now, order.time + contact.patience))
        if notice_moves(world.stocks[order.stock]):
            contact.believed = order_estimate(world, opened.head, now)
    else:
        contact.told = opened.told
        contact.first_told = opened.told
        contact.first_promise = opened.promise
        contact.promise = opened.promise
        contact.believed = opened.promise
        contact.notices = 1
        ends = opened.promise + contact.grace
        if ends >= now:
            contact.blind = 0
        else:
            contact.broken = 1
            shrinks = world.classes[order.customer_class].shrinks
            contact.tolerance *= shrinks
            contact.patience *= shrinks
            ends = max(now, ends + contact.patience)
        wait_until(world, contact, ends)
    if contact.blind != 0:
        inquire_later(world, contact, index, now)
    plan_notice(world, contact, index, now)


def wait_until(world: World, contact: Contact, time: float) -> None:
    """The customer waits until then; an earlier end that was planned no longer holds."""
    contact.leave_at = on_grid(world, time)
    if time < NEVER:
        schedule(world, contact.leave_at, LEAVE, contact.head)


def plan_notice(world: World, contact: Contact, index: int, now: float) -> None:
    """When the customer is to be told next, as far as is known now."""
    line = world.lines[contact.head]
    stock = world.stocks[line.stock]
    time = notice_time(world, stock, line, contact, contact.believed, now)
    contact.notice_at = NEVER
    if time > now or (time <= now and contact.told != now):  # nobody is told twice at once
        contact.notice_at = max(time, now)
    if contact.notice_at < NEVER:
        schedule(world, contact.notice_at, NOTICE, index)


@event(NOTICE, subject="contacts", feature="INFORMS")
def send_notice(world: World, index: int, now: float) -> None:
    """A notice is due, or the estimate may have moved so far that one is."""
    contact = world.contacts[index]
    line = world.lines[contact.head]
    if line.lines_open == 0 or contact.told == now:
        return
    date = order_estimate(world, contact.head, now)
    stock = world.stocks[line.stock]
    planned = contact.notice_at == now
    if planned or notice_time(world, stock, line, contact, date, now) <= now:
        tell(world, contact, index, date, now)


def tell(world: World, contact: Contact, index: int, date: float, now: float) -> None:
    """The customer hears a date (none when nobody knows one), and stays or leaves."""
    line = world.lines[contact.head]
    row = log_notice(world, now, TOLD if contact.notices == 0 else REVISED, contact.head, date)
    note(world, now, NOTE_TELL, contact.head, world.stocks[line.stock], line.open)
    contact.told = now
    if contact.notices == 0:
        contact.first_told = now
        contact.first_promise = date
    contact.notices += 1
    contact.believed = date
    if SUBSTITUTES and contact.promise < date:
        offer_substitutes(world, contact.head, 1, now)
        if line.lines_open == 0:
            return
        date = order_estimate(world, contact.head, now)  # of the lines that wait still
        world.notices[row].promise = date
        contact.believed = date
    if date < NEVER:
        contact.promise = date
        if date > on_grid(world, line.time + contact.tolerance):
            contact.cause = TOLD_TOO_LONG
            leave(world, contact.head, now, CANCELLED)
            return
        contact.blind = 0
        wait_until(world, contact, date + contact.grace)
    plan_notice(world, contact, index, now)


@event(LEAVE, subject="lines", feature="INFORMS")
def end_patience(world: World, head: int, now: float) -> None:
    """The customer has waited as long as they meant to: they leave, or forgive a promise broken."""
    line = world.lines[head]
    if line.lines_open == 0:
        return
    if line.contact == NONE:  # who does not wait is told nothing
        leave(world, head, now, LOST)
        return
    contact = world.contacts[line.contact]
    if contact.leave_at != now:
        return
    if contact.blind != 0:
        contact.cause = NO_NOTICE if contact.notices == 0 else GAVE_UP
        leave(world, head, now, CANCELLED)
        return
    contact.broken += 1
    if GOODWILL:
        world.classes[line.customer_class].broken += 1
    if SUBSTITUTES:
        offer_substitutes(world, head, 1, now)
        if line.lines_open == 0:
            return
    if contact.broken > contact.forgives:
        contact.cause = PROMISE_BROKEN
        leave(world, head, now, CANCELLED)
        return
    shrinks = world.classes[line.customer_class].shrinks
    contact.tolerance *= shrinks
    contact.patience *= shrinks
    contact.blind = 1
    wait_until(world, contact, now + contact.patience)
    inquire_later(world, contact, line.contact, now)


def inquire_later(world: World, contact: Contact, index: int, now: float) -> None:
    """A customer to whom no promise stands asks after a while."""
    customer = world.classes[world.lines[contact.head].customer_class]
    contact.ask_at = NEVER
    if contact.inquiries < customer.most_inquiries:
        gap = draw_gap(world, contact.head, contact.inquiries)
        contact.ask_at = on_grid(world, now + gap / customer.inquiry_rate)
        schedule(world, contact.ask_at, INQUIRY, index)


@event(INQUIRY, subject="contacts", feature="INFORMS")
def inquire(world: World, index: int, now: float) -> None:
    """The customer asks where the order is."""
    contact = world.contacts[index]
    line = world.lines[contact.head]
    if line.lines_open == 0 or contact.blind == 0 or contact.ask_at != now:
        return
    contact.inquiries += 1
    log_notice(world, now, ASKED, contact.head, NEVER)
    note(world, now, NOTE_ASK, contact.head, world.stocks[line.stock], line.open)
    inquire_later(world, contact, index, now)
