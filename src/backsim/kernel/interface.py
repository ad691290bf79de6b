"""What the kernel calls and does not contain: the engine's ports and the scenario's rules.

These are declarations for readers and the type checker.  `backsim.engines.link` puts the real
functions into the kernel's namespace.
"""

from __future__ import annotations

from collections.abc import Callable

from backsim.entities import Contact, Delivery, Forecast, Line, Return, Stock, World

# -- supplied by the engine ------------------------------------------------------------------

schedule: Callable[..., None]
"""(world, time, kind, subject, level=0): let `events.handle` be called for `subject` at `time`.

At the same time lower kinds come first, within a kind lower levels, then whatever was first.
"""

draw_lead_time: Callable[[World, Stock, int], float]
"""(world, stock, lane): the lead time of the stock point's next purchase, from the tape."""

draw_service: Callable[[World, Stock, int], float]
"""(world, stock, lane): the service time of the stock point's next purchase, from the tape."""

draw_outcome: Callable[[World, Stock, int, Delivery], None]
"""(world, stock, lane, delivery): the outcome of the stock point's next purchase, from the tape."""

draw_transfer_time: Callable[[World, Stock, int], float]
"""(world, stock, lane): the days of the stock point's next transfer, if it comes that way."""

accepts_substitute: Callable[[World, int], bool]
"""(world, line): whether the customer takes a substitute, from the tape."""

regard: Callable[[World, int], float]
"""(world, head): the goodwill above which the customer of an order places it, from the tape."""

bring_traits: Callable[[World, int, Contact], None]
"""(world, head, contact): what the customer of an order brings along, from the tape."""

draw_gap: Callable[[World, int, int], float]
"""(world, head, k): the customer's k-th time between inquiries, of mean 1, from the tape."""

days_kept: Callable[[World, int], float]
"""(world, line): days until units of a shipped line come back, from the tape; NEVER for none."""

bring_back: Callable[[World, int, Return], float]
"""(world, line, row): what comes back of a line, from the tape; the days of its repair."""

days_recalled: Callable[[World, int], float]
"""(world, line): days from a recall until units of a line come back, from the tape; or NEVER."""

bring_recalled: Callable[[World, int, Return], None]
"""(world, line, row): what comes back of a line in a recall, from the tape."""

units_dropped: Callable[[World, int], int]
"""(world, line): units that the customer will no longer want after a while, from the tape."""

days_to_change: Callable[[World, int], float]
"""(world, line): days from the order until then, from the tape."""

line_raised: Callable[[World, int], int]
"""(world, head): the line of which an order wants more units, from the tape; NONE for others."""

# Add a row to a table that grows (`entities.Grows`); return its index.  Made from the declarations.
new_line: Callable[[World], int]
new_request: Callable[[World], int]
new_purchase: Callable[[World], int]
new_delivery: Callable[[World], int]
new_shipment: Callable[[World], int]
new_note: Callable[[World], int]
new_reallocation: Callable[[World], int]
new_substitution: Callable[[World], int]
new_reroute: Callable[[World], int]
new_split: Callable[[World], int]
new_return: Callable[[World], int]
new_reduction: Callable[[World], int]
new_lot: Callable[[World], int]
new_contact: Callable[[World], int]
new_notice: Callable[[World], int]
new_allocation: Callable[[World], int]
new_share: Callable[[World], int]
new_standing: Callable[[World], int]

# Empty a scratch table.
forget_allocations: Callable[[World], None]
forget_shares: Callable[[World], None]

# -- the scenario's rules --------------------------------------------------------------------

reorder_units: Callable[[World, Stock, float], int]
"""(world, stock, now): units to order now; 0 or less for none."""

sees_position: Callable[[Stock], bool]
"""(stock): whether the reorder rule asks for a position, which a purchase raises."""

forecast_demand: Callable[[World, Stock, Forecast, int], float]
"""(world, stock, forecast, demand): units forecast for the coming period."""

priority_key: Callable[[World, Stock, Line, float], float]
"""(world, stock, line, now): the line's place in the queue, least first."""

priority_moves: Callable[[Stock], bool]
"""(stock): whether keys change with time, so that the queue is ordered anew at each clearing."""

priority_apart: Callable[[Stock], bool]
"""(stock): whether lines of one class keep their order for ever, while those of several do not."""

priority_today: Callable[[World, Stock, Line, float], float]
"""(world, stock, line, now): the key by which lines of several classes are compared now."""

rationing_moves: Callable[[Stock], bool]
"""(stock): whether what is held back can change while nothing is shipped or received."""

held_back: Callable[[World, Stock, Line, float], int]
"""(world, stock, line, now): units on hand that may not go to this line."""

notice_time: Callable[[World, Stock, Line, Contact, float, float], float]
"""(world, stock, line, contact, estimate, now): when the customer is to be told."""

notice_moves: Callable[[Stock], bool]
"""(stock): whether notices depend on how estimates move."""

source_key: Callable[[World, Stock, int, int, float], float]
"""(world, stock, at, units, now): the place of a source among those of a purchase, least first."""

units_from: Callable[[World, Stock, int, int, int, int, float], int]
"""(world, stock, at, units, left, others, now): units of a purchase that come from a source."""

estimated: Callable[[World, Stock, int, int, int, float], float]
"""(world, stock, index, purchase, part, now): the day to tell for a line of that index.

That part of the purchase brings its units; or none is under way yet."""
