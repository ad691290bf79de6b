"""The compiled engine's event loop and ports: plain functions, compiled when they are linked.

A binary heap holds what the kernel schedules; an event that comes before all of them waits beside
it.  The tape's orders are merged in without passing through it.  All state is in the tables of the
world.
"""

from __future__ import annotations

import dataclasses
import types
from typing import Any

import numpy as np

from backsim.entities import (
    DECISION,
    NONE,
    ORDER,
    TAPE_FIELDS,
    TRAITS,
    Allotment,
    Ancestor,
    Announcement,
    Buyer,
    Component,
    Contact,
    CustomerClass,
    Delivery,
    Desk,
    Fate,
    Forecast,
    Line,
    Node,
    Note,
    Notice,
    Observation,
    Option,
    Outage,
    Purchase,
    Request,
    Reroute,
    Server,
    Shipment,
    Source,
    Stock,
    Substitution,
    Supplier,
    Takeback,
    Totals,
    dtype,
)
from backsim.kernel.features import DECIDES, DELIVERIES, INFORMS, ROUTES

EVENT = np.dtype([("time", "f8"), ("rank", "i8"), ("subject", "i8")])
"""A scheduled event; `rank` is its kind and sequence in one number."""

CLOCK = np.dtype(
    [
        (name, "i8")
        for name in (
            "next_line",  # the tape is played up to here
            "pending",  # scheduled events in the heap
            "front",  # 1 when one more, which comes before them, stands in row 0
            "sequence",
            "purchases",  # rows in use
            "lines",  # rows in use, those of the tape included; 0 where sites order nothing
            "shipments",
            "takebacks",
            "substitutions",
            "reroutes",
            "notes",
            "contacts",
            "notices",
            "handled",
            "stop_at",  # events after which the loop returns, so that Ctrl-C is heard
            "roomy_until",  # events up to which the tables have room
            "spare",  # rows that one event may need beyond one for each waiting line
            "spare_draws",  # purchases that a stock point may place at one event
            "rows_each",  # rows that one event may need for each waiting line
            "notes_each",  # the same for the event log; 0 when it is off
            "events_each",  # the same for events and purchases; 0 where sites order nothing
            "substitutions_each",  # 1 when substitutes are offered
            "takebacks_each",  # 1 when batch runs take back what is kept for lines
            "short_of_draws",
            "asks",  # the desk whose decision the loop has stopped for; NONE for none
        )
    ]
)

LAYOUT: dict[str, np.dtype[Any]] = {
    **{f"tape_{name}": dtype(Line)[name] for name in TAPE_FIELDS},
    "lines": dtype(Line),
    "stocks": dtype(Stock),
    "classes": dtype(CustomerClass),
    "suppliers": dtype(Supplier),
    "purchases": dtype(Purchase),
    "deliveries": dtype(Delivery),
    "servers": dtype(Server),
    "outages": dtype(Outage),
    "announcements": dtype(Announcement),
    "totals": dtype(Totals),
    "forecasts": dtype(Forecast),
    "observations": dtype(Observation),
    "params": np.dtype("f8"),
    "nodes": dtype(Node),
    "sources": dtype(Source),
    "components": dtype(Component),
    "ancestors": dtype(Ancestor),
    "requests": dtype(Request),
    "desks": dtype(Desk),
    "allotments": dtype(Allotment),
    "buyers": dtype(Buyer),
    "clock": CLOCK,
    "events": EVENT,
    "shipments": dtype(Shipment),
    "takebacks": dtype(Takeback),
    "options": dtype(Option),
    "substitutions": dtype(Substitution),
    "choices": np.dtype("i4"),
    "places": np.dtype("i4"),
    "reroutes": dtype(Reroute),
    "notes": dtype(Note),
    "contacts": dtype(Contact),
    "quantiles": np.dtype("f8"),
    "notices": dtype(Notice),
    **{f"trait_{name}": np.dtype(kind) for name, kind in TRAITS.items()},
    "lead_times": np.dtype("f8"),
    "services": np.dtype("f8"),
    "fates": dtype(Fate),
}
KIND_SHIFT = 56
LEVEL_SHIFT = 42
AHEAD = 32
"""Events for which the tables' room is looked at in one go, where there is much of it."""

# -- the kernel's ports (compiled) ---------------------------------------------------------------


def schedule(world, time, kind, subject, level=0):  # type: ignore[no-untyped-def]
    clock = world.clock[0]
    clock.sequence += 1
    rank = (kind << KIND_SHIFT) + (level << LEVEL_SHIFT) + clock.sequence
    events = world.events
    front = events[0]
    top = events[1]
    if clock.front != 0:
        if time < front.time or (time == front.time and rank < front.rank):
            later = (front.time, front.rank, front.subject)
            front.time = time
            front.rank = rank
            front.subject = subject
            time, rank, subject = later
    elif clock.pending == 0 or time < top.time or (time == top.time and rank < top.rank):
        clock.front = 1
        front.time = time
        front.rank = rank
        front.subject = subject
        return
    clock.pending += 1
    at = clock.pending
    while at > 1:
        above = at >> 1
        parent = events[above]
        if parent.time < time or (parent.time == time and parent.rank < rank):
            break
        place = events[at]
        place.time = parent.time
        place.rank = parent.rank
        place.subject = parent.subject
        at = above
    place = events[at]
    place.time = time
    place.rank = rank
    place.subject = subject


def draw_lead_time(world, stock):  # type: ignore[no-untyped-def]
    at = stock.draws_at + stock.purchases
    if at + world.clock[0].spare_draws >= stock.draws_end:
        world.clock[0].short_of_draws = 1
    return world.lead_times[at]


def draw_service(world, stock):  # type: ignore[no-untyped-def]
    return world.services[stock.draws_at + stock.purchases]


def draw_lead_time_from(world, stock, source):  # type: ignore[no-untyped-def]
    if stock.draws_at + stock.purchases + world.clock[0].spare_draws >= stock.draws_end:
        world.clock[0].short_of_draws = 1
    return world.lead_times[source.draws_at + stock.purchases]


def draw_service_from(world, stock, source):  # type: ignore[no-untyped-def]
    return world.services[source.draws_at + stock.purchases]


def draw_transfer_time(world, stock, source):  # type: ignore[no-untyped-def]
    at = world.nodes[stock.index].transferred
    if stock.draws_at + at + world.clock[0].spare_draws >= stock.draws_end:
        world.clock[0].short_of_draws = 1
    return world.lead_times[source.draws_at + at]


def new_reroute(world):  # type: ignore[no-untyped-def]
    clock = world.clock[0]
    clock.reroutes += 1
    return clock.reroutes - 1


def log_shipment(world, now, line, units):  # type: ignore[no-untyped-def]
    clock = world.clock[0]
    clock.shipments += 1
    if clock.shipments > len(world.shipments):  # full: the run starts again with more room
        return
    row = world.shipments[clock.shipments - 1]
    row.time = now
    row.line = line
    row.units = units


def draw_gap(world, head, k):  # type: ignore[no-untyped-def]
    return world.trait_gaps[head * (len(world.trait_gaps) // len(world.tape_head)) + k]


def log_notice(world, now, what, head, promise):  # type: ignore[no-untyped-def]
    clock = world.clock[0]
    row = world.notices[clock.notices]
    clock.notices += 1
    row.time = now
    row.what = what
    row.head = head
    row.promise = promise


def accepts_substitute(world, line):  # type: ignore[no-untyped-def]
    return len(world.trait_accepts) > 0 and world.trait_accepts[line] != 0


def new_substitution(world):  # type: ignore[no-untyped-def]
    clock = world.clock[0]
    clock.substitutions += 1
    return clock.substitutions - 1


def new_allotment(world):  # type: ignore[no-untyped-def]
    totals = world.totals[0]
    totals.allotments += 1
    return totals.allotments - 1


def new_takeback(world):  # type: ignore[no-untyped-def]
    clock = world.clock[0]
    clock.takebacks += 1
    return clock.takebacks - 1


def note(world, now, what, subject, stock, units):  # type: ignore[no-untyped-def]
    clock = world.clock[0]
    clock.notes += 1
    if clock.notes > len(world.notes):  # full: the run starts again with more room
        return
    row = world.notes[clock.notes - 1]
    row.time = now
    row.what = what
    row.subject = subject
    row.stock = stock.index
    row.units = units
    row.on_hand = stock.on_hand
    row.on_order = stock.on_order
    row.backlog = stock.backlog


def no_note(world, now, what, subject, stock, units):  # type: ignore[no-untyped-def]
    pass


# -- the loop (compiled) -------------------------------------------------------------------------


def remove_first(world):  # type: ignore[no-untyped-def]
    clock = world.clock[0]
    if clock.front != 0:
        clock.front = 0
        return
    events = world.events
    count = clock.pending
    clock.pending -= 1
    last = events[count]
    time = last.time
    rank = last.rank
    subject = last.subject
    at = 1
    while True:
        below = 2 * at
        if below >= count:
            break
        child = events[below]
        if below + 1 < count:
            other = events[below + 1]
            if other.time < child.time or (other.time == child.time and other.rank < child.rank):
                below += 1
                child = other
        if time < child.time or (time == child.time and rank < child.rank):
            break
        place = events[at]
        place.time = child.time
        place.rank = child.rank
        place.subject = child.subject
        at = below
    place = events[at]
    place.time = time
    place.rank = rank
    place.subject = subject


def has_room(world, events):  # type: ignore[no-untyped-def]
    """Whether the tables have the rows that so many events might need.

    An event adds at most `spare` lines to those that wait; where sites order from each other it may
    place a purchase for each of these.
    """
    clock = world.clock[0]
    spare = events * clock.spare
    waiting = world.totals[0].waiting + spare
    purchases = clock.spare + clock.events_each * waiting  # that one event may place
    placed = events * purchases
    room = placed
    if DELIVERIES:  # a supplier that recovers sends all that it held, and may speak of each
        room = 4 * (placed + events * (world.totals[0].unsent + placed - purchases))
    if INFORMS and (  # notices to all who wait may become due at once
        clock.pending + room + events * waiting >= len(world.events)
        or clock.contacts + spare > len(world.contacts)
        or clock.notices + spare > len(world.notices)
    ):
        return False
    if ROUTES and clock.reroutes + spare > len(world.reroutes):
        return False
    if DECIDES and waiting > len(world.allotments):
        return False
    rows = events * waiting
    return (
        clock.pending + room < len(world.events)  # row 0 is not the heap's
        and clock.purchases + placed <= len(world.purchases)
        and clock.lines + clock.events_each * spare <= len(world.lines)
        and clock.shipments + clock.rows_each * rows <= len(world.shipments)
        and clock.notes + clock.notes_each * rows <= len(world.notes)
        and clock.takebacks + clock.takebacks_each * rows <= len(world.takebacks)
        and clock.substitutions + clock.substitutions_each * rows <= len(world.substitutions)
    )


def short(world):  # type: ignore[no-untyped-def]
    """Whether the next event might need more rows than a table has left."""
    clock = world.clock[0]
    if clock.short_of_draws != 0 or clock.handled >= clock.stop_at:
        return True
    if clock.handled < clock.roomy_until:
        return False
    if has_room(world, AHEAD):
        clock.roomy_until = clock.handled + AHEAD
        return False
    return not has_room(world, 1)


def written(source: str) -> types.FunctionType:
    """A function whose source is written here, from the entities' declarations."""
    scope: dict[str, Any] = {"inf": np.inf}
    exec(compile(source, f"<{source.split('(', maxsplit=1)[0]}>", "exec"), scope)
    function: types.FunctionType = scope.popitem()[1]
    return function


def defaults(row: str, entity: type, *but: str) -> str:
    """Statements that put each field of a row to its default."""
    fields = [f for f in dataclasses.fields(entity) if f.name not in but]
    return "; ".join(f"{row}.{f.name} = {f.default!r}" for f in fields)


new_purchase = written(
    f"""
def new_purchase(world):
    clock = world.clock[0]
    index = clock.purchases
    clock.purchases += 1
    row = world.purchases[index]
    {defaults("row", Purchase)}
    return index
"""
)

new_contact = written(
    f"""
def new_contact(world, head):
    clock = world.clock[0]
    index = clock.contacts
    clock.contacts += 1
    row = world.contacts[index]
    {defaults("row", Contact)}
    row.head = head
    row.patience = row.tolerance = world.lines[head].tolerance
    if len(world.trait_told) > 0:
        row.tolerance = world.trait_told[head]
    if len(world.trait_grace) > 0:
        row.grace = world.trait_grace[head]
    if len(world.trait_forgives) > 0:
        row.forgives = world.trait_forgives[head]
    return index
"""
)

new_line = written(
    f"""
def new_line(world):
    clock = world.clock[0]
    index = clock.lines
    clock.lines += 1
    row = world.lines[index]
    {defaults("row", Line)}
    world.lines[index + 1].head = {NONE}  # the order ends here, for now
    return index
"""
)

TAKE_FATE = "; ".join(f"delivery.{f.name} = fate.{f.name}" for f in dataclasses.fields(Fate))

draw_fate = written(
    f"""
def draw_fate(world, stock, delivery):
    fate = world.fates[stock.draws_at + stock.purchases]
    {TAKE_FATE}
"""
)

draw_fate_from = written(
    f"""
def draw_fate_from(world, stock, source, delivery):
    fate = world.fates[source.draws_at + stock.purchases]
    {TAKE_FATE}
"""
)

new_delivery = written(
    f"""
def new_delivery(world):
    row = world.deliveries[world.clock[0].purchases - 1]
    {defaults("row", Delivery)}
"""
)

take_order = written(
    f"""
def take_order(world, head):
    at = head
    while True:
        line = world.lines[at]
        {"; ".join(f"line.{name} = world.tape_{name}[at]" for name in TAPE_FIELDS)}
        {defaults("line", Line, *TAPE_FIELDS)}
        at += 1
        if at == len(world.tape_head):
            return at
        if world.tape_head[at] != head:
            world.lines[at].head = {NONE}  # the order ends here
            return at
"""
)


def drive(addresses, horizon):  # type: ignore[no-untyped-def]
    """Handle the events before the horizon; False to enlarge a table first, or to decide.

    When that has been done, there are allotments, and the loop goes on with them.
    """
    world = as_world(addresses)  # type: ignore[name-defined]  # noqa: F821 (linked)
    clock = world.clock[0]
    count = len(world.tape_time)
    while not short(world):
        subject = clock.next_line
        time = world.tape_time[subject] if subject < count else np.inf
        kind = ORDER
        if clock.front + clock.pending > 0:
            first = world.events[1 - clock.front]
            if first.time < time or (first.time == time and first.rank >> KIND_SHIFT < ORDER):
                time = first.time
                kind = first.rank >> KIND_SHIFT
                subject = first.subject
        if time >= horizon:
            return True
        undecided = kind == DECISION and world.totals[0].allotments == 0
        if DECIDES and undecided and needs_decision(world, subject):  # type: ignore[name-defined]  # noqa: F821
            clock.asks = subject
            return False
        if kind == ORDER:
            clock.next_line = take_order(world, subject)
        else:
            remove_first(world)
        clock.handled += 1
        handle(world, kind, subject, time)  # type: ignore[name-defined]  # noqa: F821 (linked)
    return False


PORTS = {
    port.__name__: port
    for port in (
        *(schedule, new_purchase, draw_lead_time, draw_service, log_shipment, new_takeback, note),
        *(new_contact, draw_gap, log_notice, accepts_substitute, new_substitution),
        *(new_line, draw_lead_time_from, draw_service_from, draw_transfer_time, new_reroute),
        new_allotment,
        *(new_delivery, draw_fate, draw_fate_from),
        *(remove_first, has_room, short, take_order),  # called by the loop alone
    )
}
"""The kernel's ports, and what else the loop needs compiled."""
