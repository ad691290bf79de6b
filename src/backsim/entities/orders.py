"""Orders and their customers: lines, what passes while they wait, and what is shipped."""

from __future__ import annotations

from dataclasses import dataclass

from backsim.entities.codes import (
    BY_UNIT,
    BY_UNITS_FILLED,
    EXPECTED,
    NEVER,
    NO_NOTICE,
    NONE,
    SPLIT_ORDERS,
    TOLD,
)
from backsim.quantities import Code, Count, Number, Part, PerDay, Portion, Price, Time, Units


@dataclass(slots=True)
class CustomerClass:
    """Customers who share demand, priority and tolerance."""

    priority: Code = 1
    shipment: Code = BY_UNIT
    min_life: Time = 0.0  # days that a unit has to have left
    consolidates: Time = 0.0  # days that units wait for the rest of their order; 0: not at all
    inquiry_rate: PerDay = 0.0
    shrinks: Number = 1.0  # the tolerance, at each broken promise
    most_inquiries: Code = 0
    site: Code = NONE  # the site whose purchases these are; NONE: customers
    kits: Code = 0  # components of what starts with as many units as there are
    announces: Code = 0  # orders are known before they are wanted
    choices_at: Code = 0  # the sites that serve in place of the first one, then of the second, ...
    choices: Code = 0  # so many for each of them
    splits: Code = SPLIT_ORDERS  # what of an order may be served from different sites
    goodwill: Portion = 1.0  # share of those on the tape who order
    judges_every: Time = 0.0  # days between judgements of the service; 0: none
    judges_by: Code = BY_UNITS_FILLED
    judgements: Count = 0
    judged: Count = 0  # lines before this one have been judged
    broken: Count = 0  # promises broken since the last judgement
    weight: Portion = 1.0  # of the last period
    substitute: Number = 0.0  # what an order or unit counts that a substitute was taken for
    reactions_at: Code = 0  # how goodwill depends on service: points, in order of the service
    reactions: Code = 0
    since: Time = 0.0  # the window's start
    not_placed: Count = 0  # orders in the window that were not placed, as goodwill was low


@dataclass(slots=True)
class Reaction:
    """A point of the line by which goodwill depends on service."""

    service: Number = 0.0
    goodwill: Part = 1.0


@dataclass(slots=True)
class Line:
    """A line of a customer's order.  The first six fields come from the tape.

    An order's lines stand one after the other; ``head`` is the index of the first, which also
    keeps ``lines_open``, the number of the order's lines not yet filled.
    """

    time: Time = 0.0
    due: Time = 0.0
    tolerance: Time = NEVER
    key: Number = 0.0  # place in the queue, least first
    closed: Time = NEVER  # when it was shipped whole, cancelled or lost
    units: Units = 0
    stock: Code = 0
    customer_class: Code = 0
    head: Code = NONE
    open: Units = 0  # not yet filled
    reserved: Units = 0  # filled, kept back until the order is whole or has to wait no longer
    shipped: Units = 0
    filled: Units = 0  # shipped from stock, at the moment of ordering
    left: Units = 0  # cancelled or lost, or a substitute was taken
    lines_open: Code = 0
    child: Code = NONE
    sibling: Code = NONE
    previous: Code = NONE
    status: Code = EXPECTED
    contact: Code = NONE  # of an order's first line: what passes while it waits


TAPE_FIELDS = ("time", "due", "tolerance", "units", "stock", "customer_class", "head")


@dataclass(slots=True)
class Contact:
    """What an order that waits has been told, and what its customer does about it."""

    told: Time = NEVER  # the last notice
    first_told: Time = NEVER
    first_promise: Time = NEVER
    promise: Time = NEVER  # the date last told
    believed: Time = NEVER  # the estimate last told, or when the wait began
    notice_at: Time = NEVER  # the next notice planned
    leave_at: Time = NEVER  # the end of the tolerance, or of the promise and its grace
    ask_at: Time = NEVER  # the next inquiry
    tolerance: Time = NEVER  # the longest promised wait that the customer accepts
    patience: Time = NEVER  # the longest wait without a promise
    grace: Time = 0.0
    forgives: Code = 0  # broken promises that the customer forgives
    broken: Code = 0
    notices: Code = 0
    inquiries: Code = 0
    blind: Code = 1  # no promise stands
    cause: Code = NO_NOTICE  # why the customer cancelled
    head: Code = NONE


@dataclass(slots=True)
class Notice:
    """A notice to a customer, or a customer's inquiry."""

    time: Time = 0.0
    promise: Time = NEVER  # the date told; never, when there was none
    what: Code = TOLD
    head: Code = NONE


@dataclass(slots=True)
class Announcement:
    """A line that becomes known before it is wanted."""

    time: Time = 0.0
    stock: Code = 0
    units: Units = 0


@dataclass(slots=True)
class OpenOrder:
    """An order from before the start, and what its customer has been told."""

    promise: Time = NEVER  # never: nothing was promised
    told: Time = NEVER
    head: Code = NONE


@dataclass(slots=True)
class Shipment:
    """Units of a line that were shipped after a wait, or of what arrived at the same instant."""

    time: Time = 0.0
    line: Code = 0
    units: Units = 0


@dataclass(slots=True)
class Option:
    """A substitute that may be offered: from which stock point, and how much cheaper."""

    discount: Price = 0.0
    stock: Code = 0


@dataclass(slots=True)
class Substitution:
    """A substitute that was taken for the units open of a line."""

    time: Time = 0.0
    discount: Price = 0.0
    line: Code = 0
    stock: Code = 0  # where it came from
    units: Units = 0


@dataclass(slots=True)
class Reroute:
    """A line that is served from another site than the one where it was ordered."""

    line: Code = 0
    stock: Code = 0  # where it was ordered


@dataclass(slots=True)
class Split:
    """Units of a line that a further site serves, from stock when the order is placed."""

    line: Code = 0
    stock: Code = 0  # where they come from
    units: Units = 0


@dataclass(slots=True)
class Reallocation:
    """Units that were kept for a line, and at a batch run were given to others."""

    time: Time = 0.0
    line: Code = 0
    units: Units = 0


@dataclass(slots=True)
class Return:
    """Units of a line that came back, or that had come back and have been repaired."""

    time: Time = 0.0
    line: Code = 0
    stock: Code = 0
    units: Units = 0  # that came back
    restocked: Units = 0  # of these to stock
    to_repair: Units = 0  # of these to be repaired; the rest is scrapped
    repaired: Units = 0  # to stock after their repair
    recalled: Code = 0  # 1: in a recall


@dataclass(slots=True)
class Reduction:
    """Units of a line that its customer no longer wanted, while others were still to be shipped."""

    time: Time = 0.0
    line: Code = 0
    stock: Code = 0
    units: Units = 0


TRAITS: dict[str, str] = {
    **{"told": "f8", "grace": "f8", "forgives": "i4", "gaps": "f8"},
    **{"accepts": "i4", "announced": "f8", "regard": "f8"},
    **{"returned": "i4", "restocked": "i4", "to_repair": "i4", "kept": "f8", "mending": "f8"},
    **{"recalled": "i4", "recalled_to_repair": "i4", "recalled_after": "f8"},
    **{"dropped": "i4", "drops_after": "f8", "adds_to": "i8"},
}
"""What a customer brings to a conversation, with its type; on the tape where a class needs it.

`told`: the longest promised wait accepted, days; `grace`: days beyond a promise; `forgives`: broken
promises forgiven; `gaps`: standard exponential times between inquiries, a row an order;
`accepts`: 1 for those who take a substitute; `announced`: days of notice of the order, where they
vary; `regard`: the goodwill above which they order; of each line, `returned` units come back `kept`
days after it was shipped, `restocked` of them to stock, `to_repair` after `mending` days;
in a recall `recalled` units of a line come back `recalled_after` days after it, of which
`recalled_to_repair` are repaired;
`drops_after` days after its order the customer wants `dropped` units fewer, if they are still to be
shipped; `adds_to`: of an order that a customer who waits makes larger, by how many lines it stands
behind the line of which it wants more units; 0 for other orders.
"""
