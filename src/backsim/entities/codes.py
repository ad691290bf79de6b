"""Numbers with a meaning: kinds of event, states, causes; each with its words in order."""

from __future__ import annotations

NONE = -1
NEVER = float("inf")
UNREACHED = -(2**62)  # a level that no stock falls to
UNLIMITED = 2**31 - 1  # lines that may wait at a stock point
UNBOUNDED = 2**62  # units that may

# Kinds of event, in the order in which they run at the same time; at most 127.
CHANGE = 0  # the rules of a stock point become others
RECALL = 1  # units on hand of a product leave a stock point
SEASON = 2  # a supplier's lead times become longer or shorter
EXPIRE = 4  # what is left of a receipt has reached the end of its shelf life
SUPPLY = 5  # a supplier's server has finished a purchase; or a supplier goes down or recovers
ARRIVAL = 10  # a purchase arrives, then clearing
OPENING = 12  # an order from before the start is served, or waits on
RETURN = 13  # a customer's units come back, or have been repaired; then clearing
MENDED = 14  # recalled units of a stock point have been repaired; then clearing
CLEARING = 15  # waiting lines are served in a batch
DECISION = 16  # a program decides over the waiting lines of its group
FORECAST = 20  # a forecast is updated
REACH = 25  # a purchase reaches the site that it is ordered from
REVIEW = 30  # periodic review, before the demand of that instant
ANNOUNCE = 35  # an order becomes known before it is wanted
AMEND = 37  # a customer who waits wants fewer units
JUDGE = 38  # customers judge the service of a period that ends
ORDER = 40  # a customer orders, then continuous review
LATE_FORECAST = 45  # a forecast is updated, after the demand of that instant
LATE_REVIEW = 50  # periodic review, after the demand of that instant
MESSAGE = 60  # a supplier says when a purchase comes, or the buyer hears of it
REACT = 62  # the buyer looks at the purchases under way
REVISE = 65  # estimates may have moved: who is to be told?
NOTICE = 70  # a customer is told how long to wait
DISPATCH = 75  # what has been kept for an order leaves without the rest
LEAVE = 80  # a customer's tolerance ends, or a promise and its grace
INQUIRY = 90  # a customer asks

MOST_LEVELS = 2**14 - 1
"""Levels of a network that are told apart; the schedule of events has so much room for them."""

# What became of a line.
LINE_STATUS = ("expected", "waiting", "shipped", "cancelled", "lost", "substituted", "not placed")
EXPECTED, WAITING, SHIPPED, CANCELLED, LOST, SUBSTITUTED, NOT_PLACED = range(len(LINE_STATUS))

# Where a purchase is.
PURCHASE_STATUS = ("queued", "in service", "under way", "received", "withdrawn")
QUEUED, IN_SERVICE, UNDER_WAY, RECEIVED, WITHDRAWN = range(len(PURCHASE_STATUS))

# When a supplier says more of a purchase than the date it quoted.
MESSAGES = ("never", "exact", "at_due", "on_delay", "every")
NO_MESSAGE, EXACT, AT_DUE, ON_DELAY, EVERY = range(len(MESSAGES))

# What a message event is about, beside its purchase: its subject is SORTS x purchase + sort.
SORTS = 2
SAYS, HEARS = range(SORTS)

# What a return event is about, beside its line: its subject is KINDS_OF_RETURN x line + kind.
# The repair of what comes back has the number after it.
KINDS_OF_RETURN = 4
COMES_BACK, IS_REPAIRED, IS_RECALLED, RECALL_IS_REPAIRED = range(KINDS_OF_RETURN)

# How a customer class wants its orders shipped.
SHIPMENT = ("partial", "line", "order")
BY_UNIT, BY_LINE, BY_ORDER = range(len(SHIPMENT))

# What of an order may be served from different sites.
SPLITS = (False, True, "units", "fewest_parts")
ONE_SITE, SPLIT_ORDERS, SPLIT_LINES, SPLIT_FEWEST = range(len(SPLITS))

# What a line that cannot be filled whole does to those behind it.
OVERTAKING = ("strict", "skip", "partial")
STRICT, SKIP, PARTIAL = range(len(OVERTAKING))

# How units are split among waiting lines.
SHARING = ("none", "proportional", "max_min")
UNSHARED, PROPORTIONAL, MAX_MIN = range(len(SHARING))

# What a limit to purchases is about.
LIMITED = ("storage", "on_order", "spending")
STORAGE, ON_ORDER, SPENDING = range(len(LIMITED))

# By what customers judge the service of a period.
JUDGED = ("fill_rate", "order_fill_rate", "broken_promises")
BY_UNITS_FILLED, BY_ORDERS_FILLED, BY_PROMISES = range(len(JUDGED))

# Why a customer cancelled.
CAUSES = ("no_notice", "told_too_long", "promise_broken", "gave_up")
NO_NOTICE, TOLD_TOO_LONG, PROMISE_BROKEN, GAVE_UP = range(len(CAUSES))

# What passes between the seller and a customer who waits.
NOTICES = ("estimate", "revision", "inquiry")
TOLD, REVISED, ASKED = range(len(NOTICES))

# What the trace notes, beside the event kinds' own doings.
NOTES = (
    *("order", "ship", "wait", "lose", "leave", "purchase", "receive", "withdraw", "reserve"),
    *("tell", "ask"),
    *(
        "release",
        "expect",
        "reject",
        "substitute",
        "reroute",
        "expedite",
        "return",
        "expire",
        "recall",
    ),
)
(
    NOTE_ORDER,
    NOTE_SHIP,
    NOTE_WAIT,
    NOTE_LOSE,
    NOTE_LEAVE,
    NOTE_PURCHASE,
    NOTE_RECEIVE,
    NOTE_WITHDRAW,
    NOTE_RESERVE,
    NOTE_TELL,
    NOTE_ASK,
    NOTE_RELEASE,
    NOTE_EXPECT,
    NOTE_REJECT,
    NOTE_SUBSTITUTE,
    NOTE_REROUTE,
    NOTE_EXPEDITE,
    NOTE_RETURN,
    NOTE_EXPIRE,
    NOTE_RECALL,
) = range(len(NOTES))
PURCHASE_NOTES = (
    *(NOTE_PURCHASE, NOTE_RECEIVE, NOTE_WITHDRAW, NOTE_EXPECT, NOTE_REJECT, NOTE_EXPEDITE),
)
"""Those of purchases; all others are about lines."""
