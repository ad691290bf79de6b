"""The compiled engine's event loop: plain functions, compiled when they are linked.

A binary heap holds what the kernel schedules; an event that comes before all of them waits beside
it.  The tape's orders are merged in without passing through it.  All state is in the tables of the
world, those of `LAYOUT`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from backsim.engines.capacity import NEEDS, ROOMY, by_name, rows_needed, written
from backsim.engines.extents import EXTENT, append
from backsim.entities import (
    DECISION,
    ELEMENTS,
    GROWING,
    ORDER,
    TAPE_FIELDS,
    TRAITS,
    Line,
    PurchaseOutcome,
    blank,
    dtype,
)
from backsim.kernel.features import DECIDES, NETWORK

AGENT = False
"""Whether an agent decides before some events (`agent_loop.py`); the linker says so."""

EVENT = np.dtype([("time", "f8"), ("rank", "i8"), ("subject", "i8")])
"""A scheduled event; `rank` is its kind, level and sequence in one number."""

LANE = np.dtype([("at", "i8"), ("end", "i8")])
"""Where the tables of draws hold a stream of the tape."""

CLOCK = np.dtype(
    [
        (name, "i8")
        for name in (
            "next_line",  # the tape is played up to here
            "pending",  # scheduled events in the heap
            "front",  # 1 when one more, which comes before them, stands in row 0
            "sequence",
            "handled",
            "stop_at",  # events after which the loop returns, so that Ctrl-C is heard
            "roomy_until",  # events up to which the tables have room
            "spare_draws",  # purchases that a stock point may place at one event
            "short_of_draws",
            "asks",  # the group whose decision the loop has stopped for; NONE for none
            "due",  # the kind of event that it has stopped before, for an agent; NONE for none
            "subject",  # of that event
            "decided",  # 1 when the agent has decided about the next event
        )
    ]
)

LAYOUT: dict[str, np.dtype[Any]] = {
    "events": EVENT,
    **{name: dtype(ELEMENTS[name]) for name in GROWING},
    **{name: dtype(element) for name, element in ELEMENTS.items() if name not in GROWING},
    **{f"tape_{name}": dtype(Line)[name] for name in TAPE_FIELDS},
    **{f"trait_{name}": np.dtype(kind) for name, kind in TRAITS.items()},
    "clock": CLOCK,
    "needs": NEEDS,
    "rows_needed_of": np.dtype("i8"),
    "extents": EXTENT,
    "lanes": LANE,
    "lead_times": np.dtype("f8"),
    "services": np.dtype("f8"),
    "outcomes": dtype(PurchaseOutcome),
}
"""The tables, those that grow first.

`needs` are the rows that events need in each of these, and `rows_needed_of` the same numbers one by
one; `extents` are those of all tables.
"""

BLANKS = {
    name: blank(ELEMENTS[name], 1) if name in GROWING else np.zeros(1, kind)
    for name, kind in LAYOUT.items()
}
"""A new row of each table."""

ROOMY_TABLES = len(ROOMY)
KIND_SHIFT = 56
LEVEL_SHIFT = 42
"""A rank has 7 bits for the kind, 14 for the level (`MOST_LEVELS`) and 42 for the sequence: that is
4 x 10^12 events, and no run is as long."""
AHEAD = 32
"""Events for which the tables' room is looked at in one go, where there is much of it."""
FEWER = 8
"""By what these are divided where there is less."""


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
    """Whether the tables have the rows that so many events might need."""
    rows_needed(world, events)
    world.extents[0].rows = world.clock[0].pending + 1  # row 0 is not the heap's
    for table in range(ROOMY_TABLES):
        extent = world.extents[table]
        if extent.rows + world.rows_needed_of[table] > extent.room:
            return False
    return True


def short(world):  # type: ignore[no-untyped-def]
    """Whether the next event might need more rows than a table has left."""
    clock = world.clock[0]
    if clock.short_of_draws != 0 or clock.handled >= clock.stop_at:
        return True
    if clock.handled < clock.roomy_until:
        return False
    events = AHEAD
    while not has_room(world, events):
        if events == 1:
            return True
        events = max(1, events // FEWER)
    clock.roomy_until = clock.handled + events
    return False


read_line = written(
    "read_line",
    "world, line, at",
    [f"line.{name} = world.tape_{name}[at]" for name in TAPE_FIELDS],
)
"""(world, line, at): what the tape says of a line."""


def take_order(world, head):  # type: ignore[no-untyped-def]
    """Let an order of the tape stand in the table of lines; the line after it."""
    at = head
    while True:
        if not NETWORK:  # else the tape's lines have their places beforehand
            append(world.lines)
        read_line(world, world.lines[at], at)
        at += 1
        if at == len(world.tape_head) or world.tape_head[at] != head:
            return at


def is_due(world, kind, subject, now):  # type: ignore[no-untyped-def]
    """Whether an agent decides before an event: there is none."""
    return False


def drive(extents, horizon):  # type: ignore[no-untyped-def]
    """Handle the events before the horizon; False to enlarge a table first, or to decide.

    When that has been done, there are allocations, and the loop goes on with them.
    """
    world = as_world(extents)  # type: ignore[name-defined]  # noqa: F821 (linked)
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
        if AGENT and clock.decided == 0 and is_due(world, kind, subject, time):
            clock.due = kind
            clock.subject = subject
            return False
        undecided = kind == DECISION and len(world.allocations) == 0
        if DECIDES and undecided and needs_decision(world, subject, time):  # type: ignore[name-defined]  # noqa: F821
            clock.asks = subject
            return False
        if kind == ORDER:
            clock.next_line = take_order(world, subject)
        else:
            remove_first(world)
        clock.handled += 1
        if AGENT:
            clock.decided = 0
        handle(world, kind, subject, time)  # type: ignore[name-defined]  # noqa: F821 (linked)
    return False


LOOP = by_name(rows_needed, remove_first, has_room, short, read_line, take_order, is_due)
"""What the loop calls beside the kernel."""
