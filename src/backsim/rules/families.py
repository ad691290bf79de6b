"""The families of rules: what each answers, and what its rules may ask for by name."""

from __future__ import annotations

from backsim.rules.registry import Family, Offer

WORLD = "world", "PIPELINE"
"""All tables: purchases with their dates, other stock points, orders."""

OF_LINE = {
    "line": Offer("line"),
    "customer": Offer("world.classes[line.customer_class]"),
}
"""What rules about a line are told of it."""
OF_ORDER = {
    "order_units": Offer("units_of_order(world, line)"),
    "order_open": Offer("open_of_order(world, line)", moves=True),
}
"""What rules about a line may ask of its whole order."""

reorder = Family(
    "reorder",
    "reorder_units(world, stock, now)",
    "int({})",
    {
        "position": Offer("inventory_position(stock)", moves=True),
        "echelon_position": Offer("echelon_position(world, stock)", "ECHELON", moves=True),
        "world": Offer(*WORLD),
        "stock": Offer("stock"),
        "now": Offer("now"),
        "joint": Offer("stock.joining", "JOINT"),
        "lead_time": Offer("lead_time_now(world, stock, now)"),
        "review_period": Offer("stock.review_period"),
        "forecast_mean": Offer("forecast_mean(world, stock)", "FORECASTS"),
        "forecast_variance": Offer("forecast_variance(world, stock)", "FORECASTS"),
    },
    "When and how much to order: returns units, 0 or less for none.  `world` has the purchases "
    "under way (`docs/examples/vector_base_stock.py`) and the other stock points.",
    moves="sees_position",
    finite=True,
)
priority = Family(
    "priority",
    "priority_key(world, stock, line, now)",
    "float({})",
    {
        **OF_LINE,
        "promise": Offer("promised_date(world, line)", told=True),
        "waited": Offer(
            "on_grid(world, now - line.time)", moves=True, even="on_grid(world, 0.0 - line.time)"
        ),
        "slack": Offer(
            "on_grid(world, promised_date(world, line) - now)",
            moves=True,
            even="on_grid(world, promised_date(world, line))",
            told=True,
        ),
        "leaves": Offer("on_grid(world, line.time + line.tolerance)"),
        **OF_ORDER,
        "stock": Offer("stock"),
        "now": Offer("now", moves=True),
        "world": Offer(*WORLD, moves=True),
    },
    "Who is served first: returns a key, least first; ties by time of order.  `waited` is the days "
    "since the order, `slack` those to the promise or due date, `order_open` the units of the "
    "whole order that wait; a rule that asks for one of these, for `now` or for `world` is asked "
    "again at every clearing.  `order_units` are the units of the whole order, `leaves` is the end "
    "of the tolerance.",
    moves="priority_moves",
    apart="priority_apart",
    today="priority_today(world, stock, line, now)",
)
rationing = Family(
    "rationing",
    "held_back(world, stock, line, now)",
    "max(0, int({}))",
    {
        "next_arrival": Offer("next_arrival(world, stock)", "PIPELINE", moves=True),
        "until_arrival": Offer(
            "on_grid(world, next_arrival(world, stock) - now)", "PIPELINE", moves=True
        ),
        **OF_LINE,
        "stock": Offer("stock", moves=True),
        "now": Offer("now", moves=True),
        "world": Offer(*WORLD, moves=True),
    },
    "How many units on hand a line may not take: they are kept for more important classes.  "
    "`until_arrival` is the days until the next purchase is expected.",
    moves="rationing_moves",
    finite=True,
)
forecast = Family(
    "forecast",
    "forecast_demand(world, stock, forecast, demand)",
    "float({})",
    {
        "forecast": Offer("forecast"),
        "demand": Offer("demand"),
        "periods": Offer("forecast.periods"),
        "ago": Offer("demand_ago(world, forecast, world.params[stock.forecast_at])"),
    },
    "How demand is forecast: returns the units of the coming period, from those of the period that "
    "ends (`demand`).  `forecast` is the method's memory; `ago` is the demand as many periods "
    "before the coming one as the rule's first parameter says.",
    finite=True,
)
notice = Family(
    "notice",
    "notice_time(world, stock, line, contact, estimate, now)",
    "on_grid(world, float({}))",
    {
        "ordered": Offer("line.time"),
        "told": Offer("contact.told"),
        "believed": Offer("contact.believed"),
        "estimate": Offer("estimate", moves=True),
        "moved": Offer("on_grid(world, estimate - contact.believed)", moves=True),
        **OF_LINE,
        **OF_ORDER,
        "stock": Offer("stock"),
        "now": Offer("now"),
        "world": Offer(*WORLD, moves=True),
    },
    "When a customer who waits is told: returns a time, NEVER for none.  `told` is when the last "
    "notice was, `believed` the estimate last told, `estimate` today's, `moved` the days between.  "
    "Of several rules the earliest answer counts.",
    moves="notice_moves",
    several=True,
)
estimate = Family(
    "estimate",
    "estimated(world, stock, index, purchase, part, now)",
    "on_grid(world, float({}))",
    {
        "line": Offer("world.lines[index]"),
        "ordered": Offer("world.lines[index].time"),
        "customer": Offer("world.classes[world.lines[index].customer_class]"),
        "order_units": Offer("units_of_order(world, world.lines[index])"),
        "order_open": Offer("open_of_order(world, world.lines[index])"),
        "lines_before": Offer("lines_before(world, stock, index)"),
        "units_before": Offer("units_before(world, stock, index)"),
        "last_delay": Offer("stock.last_delay", "DELAYS"),
        "stock": Offer("stock"),
        "world": Offer(*WORLD),
        "lead_time": Offer("mean_wait(world, stock, purchase, part, now)"),
        "quoted_date": Offer("quoted_date(world, stock, purchase, part, now)"),
        "expected_date": Offer("expected_date(world, stock, purchase, part, now)"),
        "met_date": Offer("met_date(world, stock, purchase, part, now)", parameter="p"),
        "now": Offer("now"),
    },
    "Which date a customer who waits is told: returns a time.  `lines_before` and `units_before` "
    "wait before the customer, `last_delay` is how long the last customer served had waited.",
)
OF_SOURCE = {
    "price": Offer("unit_price(world, stock, at, units, now)"),
    "lead_time": Offer("days_quoted(world, stock, at, units, now)", "PIPELINE"),
    "down": Offer("world.suppliers[world.sources[at].supplier].down"),
    "reopens": Offer("days_closed(world, at, now)"),
    "outstanding": Offer("units_to_come_from(world, stock, at)", "PIPELINE"),
    "ready": Offer("has_units(world, stock, at, units)"),
    "place": Offer("at - world.nodes[stock.index].sources_at"),
    "share": Offer("world.sources[at].share"),
    "behind": Offer("units_behind(world, stock, at, units)"),
    "units": Offer("units"),
    "position": Offer("inventory_position(stock)"),
    "on_hand": Offer("stock.on_hand"),
    "backlog": Offer("stock.backlog"),
    "until_arrival": Offer("on_grid(world, next_arrival(world, stock) - now)", "PIPELINE"),
    "source": Offer("world.sources[at]"),
    "supplier": Offer("world.suppliers[world.sources[at].supplier]"),
    "stock": Offer("stock"),
    "now": Offer("now"),
    "world": Offer(*WORLD),
}
"""What rules about a source of a purchase may ask for."""

sourcing = Family(
    "sourcing",
    "source_key(world, stock, at, units, now)",
    "float({})",
    OF_SOURCE,
    "From which source a purchase is bought: returns a key for a source, least first; ties in the "
    "order of the list.  `price` is money per unit for these units today, `lead_time` the days "
    "until the date that would be quoted, `down` 1 while the supplier is down, `reopens` the days "
    "until it works again, as it has announced, `outstanding` the units on order there, `ready` 1 "
    "if it has all units, `place` 0 for the first of the list, `behind` the units that it lacks to "
    "its `share`.",
)
split = Family(
    "split",
    "units_from(world, stock, at, units, left, others, now)",
    "int({})",
    {"left": Offer("left"), "others": Offer("others"), **OF_SOURCE},
    "How many units of a purchase are bought from a source: the sources are asked in the order of "
    "`sourcing`, and the last one gets the rest.  `units` are those of the purchase, `left` those "
    "that have no source yet, `others` is the number of sources still to be asked after this one.",
    finite=True,
)
FAMILIES: dict[str, Family] = {
    f.name: f for f in (reorder, priority, rationing, forecast, notice, estimate, sourcing, split)
}
"""The families of rules that the kernel asks."""

process = Family(
    "process",
    "",
    "",
    {"live": Offer("live")},
    "What goes on alongside the model: a SimPy process, which yields events.  `live` is the "
    "running simulation ([processes.md](processes.md)).",
    yields=True,
)
REGISTERED: dict[str, Family] = {**FAMILIES, process.name: process}
"""All that a decorated function may be."""
