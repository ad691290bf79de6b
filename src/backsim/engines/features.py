"""Which parts of the kernel (`kernel.features`) a model needs, each stated once."""

from __future__ import annotations

from collections.abc import Callable

from backsim.engines.initial_state.lp_groups import decides
from backsim.scenario.model import Model
from backsim.scenario.schema import OpenOrder, ResolvedPoint
from backsim.streams.supply import has_outcomes


def _draws_on_others(point: ResolvedPoint) -> bool:
    """Whether a stock point is made from others, buys from a site, or has several sources."""
    sources = point.supplier
    return bool(point.made_from) or len(sources) > 1 or sources[0].site is not None


def _open_orders(model: Model) -> tuple[OpenOrder, ...]:
    """The orders from before the start."""
    opening = model.scenario.opening
    return () if opening is None else opening.orders


def _told(model: Model) -> bool:
    """Whether customers who wait are told anything, or ask."""
    told = any(use.rule != "silent" for point in model.scenario.stock for use in point.notice)
    told = told or any(order.promised is not None for order in _open_orders(model))
    return told or any(c.inquiries is not None for c in model.scenario.customers.values())


def _offered(model: Model) -> bool:
    """Whether customers who would wait are offered another product."""
    products, points = model.scenario.products.values(), model.scenario.stock
    return any(p.substitutes for p in products) and any(p.substitution != "never" for p in points)


def _dated(model: Model) -> bool:
    """Whether sites or suppliers have calendars."""
    sites, suppliers = model.scenario.sites.values(), model.scenario.suppliers.values()
    return any(site.receiving or site.shipping for site in sites) or any(
        supplier.calendar for supplier in suppliers
    )


OF_MODEL: dict[str, Callable[[Model], bool]] = {
    "DISRUPTIONS": lambda m: any(s.is_down_at_times for s in m.scenario.suppliers.values()),
    "CALENDARS": _dated,
    "DELIVERIES": has_outcomes,
    "OPENS": lambda m: bool(_open_orders(m)),
    "ANNOUNCES": lambda m: any(c.announces for c in m.scenario.customers.values()),
    "INFORMS": _told,
    "STANDS": lambda m: bool(m.processes),  # they may ask
    "JOINT": lambda m: any(s.joint for s in m.scenario.suppliers.values()),
    "GROUPS": lambda m: any(s.orders_together for s in m.scenario.suppliers.values()),
    "BUDGETS": lambda m: bool(m.scenario.purchase_limits),
    "GOODWILL": lambda m: any(c.goodwill for c in m.scenario.customers.values()),
    "AMENDS": lambda m: any(c.changes for c in m.scenario.customers.values()),
    "RETURNS": lambda m: any(c.returns for c in m.scenario.customers.values()),
    "RECALLS": lambda m: any(p.recall for p in m.scenario.products.values()),
    "SEASONS": lambda m: any(s.lead_time_factors for s in m.scenario.suppliers.values()),
    "EXPIRES": lambda m: any(p.shelf_life is not None for p in m.scenario.products.values()),
    "CONSOLIDATES": lambda m: any(c.consolidates for c in m.scenario.customers.values()),
    "SUBSTITUTES": _offered,
    "ROUTES": lambda m: any(c.served_by is not None for c in m.scenario.customers.values()),
}
"""What a model needs as a whole."""

OF_POINT: dict[str, Callable[[ResolvedPoint], bool]] = {
    "FORECASTS": lambda p: p.forecasts,
    "LOTS": lambda p: p.least_order > 1 or p.multiple > 1 or p.most_stock != "unlimited",
    "SHARES": lambda p: p.sharing != "none",
    "COLLECTS": lambda p: p.overtaking == "partial",
    "BATCHES": lambda p: p.batches is not None,
    "LIMITS": lambda p: p.room is not None,
    "CALENDARS": lambda p: p.periodic is not None and p.periodic.dates is not None,
    "CHANGES": lambda p: bool(p.changes),
    "EXPEDITES": lambda p: p.expedites is not None,
    "CANCELS": lambda p: p.cancels_after is not None,
    "EMERGENCY": lambda p: any(source.emergency for source in p.supplier),
    "NETWORK": _draws_on_others,
    "DIVIDES": lambda p: p.divides,
    "KITS": lambda p: p.starts_with == "available",
    "TRANSFERS": lambda p: p.asks_for_units is not None,
}
"""What a model needs if one of its stock points does; to these come what rules ask for."""

IMPLIES = {
    "DISRUPTIONS": {"DELIVERIES"},
    "DELIVERIES": {"PIPELINE"},
    "INFORMS": {"PIPELINE"},
    "DECIDES": {"PIPELINE"},
    "EXPEDITES": {"REACTS", "DELIVERIES"},
    "CANCELS": {"REACTS", "DELIVERIES"},
    "EMERGENCY": {"REACTS"},
    "REACTS": {"PIPELINE"},
    "DIVIDES": {"NETWORK"},
    "RECALLS": {"RETURNS"},
    "ECHELON": {"NETWORK"},
    "TRANSFERS": {"NETWORK"},
}
"""Parts that a part takes along."""


def switches(model: Model) -> set[str]:
    """The parts of the kernel that a model needs."""
    known: frozenset[str] | None = model.kept.get("switches")
    if known is None:
        model.kept["switches"] = known = frozenset(_switches(model))
    return set(known)


def _switches(model: Model) -> set[str]:
    points = model.scenario.stock
    needed = {name for name, needs in OF_MODEL.items() if needs(model)}
    needed |= {name for name, needs in OF_POINT.items() if any(map(needs, points))}
    needed |= {feature for p in points for rule in p.rules for feature in rule.features}
    if any(decides(model, point, "INFORMS" in needed) for point in points):
        needed.add("DECIDES")
    pending = list(needed)
    while pending:
        more = IMPLIES.get(pending.pop(), set()) - needed
        needed |= more
        pending += more
    return needed
