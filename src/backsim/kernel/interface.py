"""What the kernel calls and does not contain: the engine's ports and the scenario's rules.

These are declarations for readers and the type checker.  `backsim.engines.link` puts the real
functions into the kernel's namespace.
"""

from __future__ import annotations

from collections.abc import Callable

from backsim.entities import Contact, Delivery, Forecast, Line, Source, Stock, World

# -- supplied by the engine ------------------------------------------------------------------

schedule: Callable[..., None]
"""(world, time, kind, subject, level=0): let `events.handle` be called for `subject` at `time`.

At the same time lower kinds come first, within a kind lower levels, then whatever was first.
"""

new_purchase: Callable[[World], int]
"""(world): add a row to the table of purchases, return its index."""

draw_lead_time: Callable[[World, Stock], float]
"""(world, stock): the lead time of the stock point's next purchase, from the tape."""

draw_service: Callable[[World, Stock], float]
"""(world, stock): the service time of the stock point's next purchase, from the tape."""

accepts_substitute: Callable[[World, int], bool]
"""(world, line): whether the customer takes a substitute, from the tape."""

new_substitution: Callable[[World], int]
"""(world): add a row to the table of substitutions, return its index."""

new_takeback: Callable[[World], int]
"""(world): add a row to the table of takebacks, return its index."""

new_allotment: Callable[[World], int]
"""(world): one more row of the table of allotments, return its index."""

new_line: Callable[[World], int]
"""(world): add a row to the tables of lines and requests, return the line's index."""

draw_lead_time_from: Callable[[World, Stock, Source], float]
"""(world, stock, source): as `draw_lead_time`, when it is ordered from one of several sources."""

draw_service_from: Callable[[World, Stock, Source], float]
"""(world, stock, source): as `draw_service`, when it is ordered from one of several sources."""

draw_transfer_time: Callable[[World, Stock, Source], float]
"""(world, stock, source): the days of the stock point's next transfer, if it is from `source`."""

new_reroute: Callable[[World], int]
"""(world): add a row to the table of reroutes, return its index."""

new_delivery: Callable[[World], None]
"""(world): add a row to the table of deliveries, for the purchase added last."""

draw_fate: Callable[[World, Stock, Delivery], None]
"""(world, stock, delivery): the fate of the stock point's next purchase, from the tape."""

draw_fate_from: Callable[[World, Stock, Source, Delivery], None]
"""(world, stock, source, delivery): the same, when it is ordered from one of several sources."""

log_shipment: Callable[[World, float, int, int], None]
"""(world, now, line, units): remember units that were not shipped from stock."""

new_contact: Callable[[World, int], int]
"""(world, head): add a row to the table of contacts, with the customer's traits; its index."""

draw_gap: Callable[[World, int, int], float]
"""(world, head, k): the customer's k-th time between inquiries, of mean 1, from the tape."""

log_notice: Callable[[World, float, int, int, float], None]
"""(world, now, what, head, promise): remember a notice or an inquiry."""

note: Callable[[World, float, int, int, Stock, int], None]
"""(world, now, what, subject, stock, units): a row of the event log; nothing when it is off."""

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

rationing_moves: Callable[[Stock], bool]
"""(stock): whether what is held back can change while nothing is shipped or received."""

held_back: Callable[[World, Stock, Line, float], int]
"""(world, stock, line, now): units on hand that may not go to this line."""

notice_time: Callable[[World, Stock, Line, Contact, float, float], float]
"""(world, stock, line, contact, estimate, now): when the customer is to be told."""

notice_moves: Callable[[Stock], bool]
"""(stock): whether notices depend on how estimates move."""

estimated: Callable[[World, Stock, int, float], float]
"""(world, stock, purchase, now): the day to tell; the purchase brings the units, or none yet."""
