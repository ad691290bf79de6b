"""Random small models.  Times, sizes and levels come from few values, so that they tie."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from tests.models import DECIDED, build, built_in, use

from backsim.rules import PROGRAM
from backsim.scenario.model import Model

SHIPMENTS = st.sampled_from(["partial", "line", "order", {"consolidate": 1}])
SIZES = st.sampled_from(
    [
        1,
        3,
        {"discrete": {"values": [1, 2, 5]}},
        {"discrete": {"values": [0, 1, 9]}},
        {"poisson": {"mean": 2}},
    ]
)
LINES = st.sampled_from([1, 2, {"discrete": {"values": [1, 4]}}])
TOLERANCES = st.sampled_from(
    [
        "unlimited",
        "none",
        0,
        1,
        {"discrete": {"values": [0, 0.5, 1, 2, 7]}},
        {"exponential": {"mean": 1.5}},
    ]
)
LEAD_TIMES = st.sampled_from(
    [0, 0.5, 2, {"discrete": {"values": [0, 1, 3]}}, {"gamma": {"mean": 2, "cv": 1}}]
)
ARRIVALS = st.sampled_from(
    [
        {"poisson": {"rate": 1}},
        {"poisson": {"rate": 5}},
        {"renewal": {"interval": {"discrete": {"values": [0, 0.5, 1]}}}},
        {"renewal": {"interval": 0.25}},
        {"period": {"every": 0.5, "first": 0}},
        {"period": {"every": 1, "first": 1}},
    ]
)
CAPACITIES = st.sampled_from(
    [
        "unlimited",
        {"servers": 1, "service": 0.5},
        {"servers": 2, "service": {"discrete": {"values": [0, 1, 2]}}},
        {"servers": 1, "service": {"exponential": {"mean": 0.2}}, "per": "unit"},
        {"units_per_day": 2},
    ]
)
NOTICES = st.one_of(
    st.just("silent"),
    st.lists(
        st.sampled_from(
            [
                "at_order",
                {"rule": "after_delay", "days": 1},
                {"rule": "after_delay", "days": 0},
                {"rule": "on_change", "threshold": 0},
                {"rule": "on_change", "threshold": 1.5},
                {"rule": "every", "days": 0.5},
                {"rule": "every", "days": 2},
            ]
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda use: use if isinstance(use, str) else use["rule"],
    ),
)
ESTIMATES = st.sampled_from(
    [
        "undated",
        {"rule": "fixed", "days": 1},
        {"rule": "mean_lead_time", "padding": 0.5},
        {"rule": "quoted", "padding": 0},
        {"rule": "live", "padding": 1},
        {"rule": "quantile", "p": 0.8},
    ]
)
MESSAGES = st.one_of(
    st.sampled_from(["never", "exact"]),
    st.builds(
        lambda when, lag: {"when": when, "lag": lag},
        st.sampled_from(["at_due", "on_delay"]),
        st.sampled_from([0, 0.5, 2]),
    ),
    st.builds(
        lambda days, share, error: {
            "when": "every",
            "days": days,
            "lag": days * share,
            "error": error,
        },
        st.sampled_from([0.5, 1, 3]),
        st.sampled_from([0, 0.5, 1]),
        st.sampled_from([0, 0.5, 1]),
    ),
)
LATENESS = st.one_of(
    st.none(),
    st.builds(
        lambda share, days: {"share": share, "days": days},
        st.sampled_from([0.3, 1]),
        st.sampled_from([0, 1, {"exponential": {"mean": 2}}]),
    ),
)
DISRUPTIONS = st.one_of(
    st.none(),
    st.builds(
        lambda up, down, announced: {"up": up, "down": down, "announced": announced},
        st.sampled_from([1, {"exponential": {"mean": 2}}, {"discrete": {"values": [0, 1, 4]}}]),
        st.sampled_from([0.5, {"exponential": {"mean": 1}}, {"discrete": {"values": [0, 1]}}]),
        st.booleans(),
    ),
    st.builds(
        lambda announced, more: {
            "planned": [{"starts": 1, "days": 2}, {"starts": 3, "days": 0.5}, *more],
            "announced": announced,
        },
        st.booleans(),
        st.sampled_from([[], [{"starts": 4, "days": 1}, {"starts": 6.5, "days": 99}]]),
    ),
)
LEVEL = st.integers(-1, 6)
EXPEDITES = st.one_of(
    st.none(),
    st.builds(
        lambda days, reasons: {"days": days, **reasons},
        st.sampled_from([0.5, 1, 20]),
        st.sampled_from(
            [{"level": 0}, {"level": 3}, {"late": 0}, {"late": 1}, {"level": -2, "late": 0.5}]
        ),
    ),
)
CANCELS = st.sampled_from([None, "never", 0, 0.5, 2])
EMERGENCIES = st.builds(
    lambda level, more: {"level": level, "up_to": level + more},
    st.integers(-3, 3),
    st.integers(1, 4),
)
REORDERS = st.one_of(
    st.sampled_from([use(rule) for rule in built_in("reorder")]),
    st.builds(lambda S: {"rule": "base_stock", "S": S}, LEVEL),
    st.builds(lambda S: {"rule": "capped_base_stock", "S": S, "cap": 2}, LEVEL),
    st.builds(lambda s, d: {"rule": "s_S", "s": s, "S": s + d}, LEVEL, st.integers(1, 5)),
    st.builds(lambda r, Q: {"rule": "r_nQ", "r": r, "Q": Q}, LEVEL, st.integers(1, 5)),
    st.builds(
        lambda s, c, d: {"rule": "can_order", "s": s, "c": s + c, "S": s + c + d},
        LEVEL,
        st.integers(0, 3),
        st.integers(1, 5),
    ),
)
PERIODIC = st.builds(
    lambda period, first, after: {"period": period, "first": first, "after_demand": after},
    st.sampled_from([0.5, 1, 3]),
    st.sampled_from([0, 0.5, 99]),
    st.booleans(),
)
REVIEWS = st.one_of(st.just("continuous"), PERIODIC)
CHANGES = st.lists(
    st.sampled_from([use(rule) for rule in built_in("priority") if rule.name != PROGRAM]),
    min_size=1,
    max_size=2,
).map(
    lambda rules: [
        {"starts": 1.0 + at, "priority": rule, "rationing": "none"} for at, rule in enumerate(rules)
    ]
)
OBSERVED = st.builds(
    lambda every, first, censored: {"every": every, "first": first, "censored": censored},
    st.sampled_from([0.5, 1, 3]),
    st.sampled_from([0, 0.5, 1]),
    st.booleans(),
)
CLEARINGS = st.one_of(
    st.just("at_arrival"),
    st.builds(
        lambda every, first, between, reallocate: {
            "every": every,
            "first": first,
            "between": between,
            "reallocate": reallocate,
        },
        st.sampled_from([0.5, 1, 3]),
        st.sampled_from([0, 0.5]),
        st.booleans(),
        st.booleans(),
    ),
)
INBOUND = st.lists(
    st.builds(
        lambda units, arrives, more: {"units": units, "arrives": arrives, **more},
        st.integers(1, 6),
        st.sampled_from([0, 1, 2.5, 9, {"discrete": {"values": [0, 1, 3]}}]),
        st.sampled_from([{}, {}, {"expected": -1}, {"expected": 2, "age": 1}, {"age": 2.5}]),
    ),
    max_size=3,
)


@st.composite
def openings(draw: Any, classes: dict[str, Any], points: list[tuple[str, str]]) -> dict[str, Any]:
    """Orders from before the start, of customers who may have waited so long."""
    found = []
    for _ in range(draw(st.integers(0, 4))):
        name, (product, site) = draw(st.sampled_from(list(classes))), draw(st.sampled_from(points))
        informed = classes[name]["informed"]
        lines = {product: draw(st.integers(1, 4))}
        others = [p for p, s in points if s == site and p != product]
        if others and draw(st.booleans()):
            lines[draw(st.sampled_from(others))] = draw(st.integers(1, 3))
        age = draw(st.sampled_from([0, 0.5, 1, 3]))
        order = {"customer": name, "lines": lines, "site": site, "age": age}
        order["tolerance"] = draw(
            st.sampled_from(["unlimited", age + 0.5, {"uniform": {"low": 0, "high": age + 9}}])
        )
        if draw(st.booleans()) and "tolerance" not in informed:
            order["tolerance"] = "unlimited"
            order["promised"] = draw(st.sampled_from([0, 0.5, 2]))
            if informed["broken"]["leaves"] < 1:
                order["promised"] = max(-age, order["promised"] - 1)
            order["told"] = draw(st.sampled_from([age, min(age, max(0, -order["promised"]))]))
        if draw(st.booleans()):
            order["due"] = draw(st.sampled_from([-1, 0, 2]))
        found.append(order)
    return {"orders": found}


@st.composite
def demands(draw: Any, products: list[str], sites: list[str]) -> dict[str, Any]:
    if draw(st.integers(0, 3)) == 0:
        order = st.builds(
            lambda time, lines, site: {"time": time, "lines": lines, "site": site},
            st.sampled_from([0, 0.5, 1, 2, 2.5, 8]),
            st.dictionaries(st.sampled_from(products), st.integers(1, 4), min_size=1),
            st.sampled_from(sites),
        )
        return {"orders": draw(st.lists(order, min_size=1, max_size=8))}
    return {
        "arrivals": draw(ARRIVALS),
        "products": draw(st.lists(st.sampled_from(products), min_size=1, unique=True)),
        "sites": draw(st.lists(st.sampled_from(sites), min_size=1, unique=True)),
        "lines": draw(LINES),
        "size": draw(SIZES),
    }


@st.composite
def informed(draw: Any) -> dict[str, Any]:
    found = {
        "grace": draw(st.sampled_from([0, 1, "unlimited", {"exponential": {"mean": 0.5}}])),
        "broken": draw(
            st.builds(
                lambda leaves, shrinks: {"leaves": leaves, "shrinks": shrinks},
                st.sampled_from([0, 0.5, 1]),
                st.sampled_from([0.5, 1]),
            )
        ),
    }
    if draw(st.booleans()):
        found["tolerance"] = draw(TOLERANCES)
    return found


GOODWILL = st.one_of(
    *(st.none() for _ in range(5)),  # each feature that is on in some models is compiled apart
    st.builds(
        lambda every, judged_by, points, weight, substitute: {
            "every": every,
            "judged_by": judged_by,
            "service": points[0],
            "orders": points[1],
            "weight": weight,
            "substitute": substitute,
        },
        st.sampled_from([0.5, 1, 2.5]),
        st.sampled_from(["fill_rate", "order_fill_rate", "broken_promises"]),
        st.sampled_from([([0, 1], [0.2, 1]), ([-1, 0.5, 0.75], [1, 0, 0.5]), ([0.3], [0.4])]),
        st.sampled_from([1, 0.3]),
        st.sampled_from([0, 1, -0.5]),
    ),
)
RETURNS = st.one_of(
    st.none(),
    st.builds(
        lambda share, after, kinds: {"share": share, "after": after, **kinds},
        st.sampled_from([0.3, 1]),
        st.sampled_from([0, 0.5, {"exponential": {"mean": 1}}]),
        st.sampled_from(
            [{}, {"restock": 0.5}, {"restock": 0, "repair": {"share": 0.7, "days": 0.5}}]
        ),
    ),
)


RECALLS = st.one_of(
    st.none(),
    st.none(),
    st.builds(
        lambda starts, repair, customers: {"starts": starts, "repair": repair, **customers},
        st.sampled_from([0.25, 1, 2.5]),
        st.sampled_from([None, {"share": 1}, {"share": 0.6, "days": 0.75}]),
        st.sampled_from(
            [
                {},
                {"within": 5},
                {"within": 1, "share": 0.6, "after": {"exponential": {"mean": 0.5}}},
            ]
        ),
    ),
)


QUANTITY_CHANGES = st.one_of(
    *(st.none() for _ in range(3)),
    st.builds(
        lambda share, after, factor: {"share": share, "after": after, "factor": factor},
        st.sampled_from([0.5, 1]),
        st.sampled_from([0, 0.5, {"exponential": {"mean": 1}}, {"discrete": {"values": [0, 2]}}]),
        st.sampled_from([0, 0.5, 2, {"discrete": {"values": [0, 0.3, 1, 3]}}]),
    ),
)


@st.composite
def customer_classes(draw: Any, products: list[str], sites: list[str]) -> dict[str, Any]:
    announced = draw(st.sampled_from([0, 0, 0, 1.5, {"discrete": {"values": [0, 1, 3]}}]))
    return {
        "demand": draw(st.lists(demands(products, sites), min_size=1, max_size=2)),
        "priority": draw(st.integers(1, 3)),
        "tolerance": draw(TOLERANCES),
        "backorder_share": draw(st.sampled_from([1, 1, 0.5])),
        "shipment": draw(SHIPMENTS),
        "takes_substitute": draw(st.sampled_from([0, 0.5, 1])),
        "informed": draw(informed()),
        **draw(
            st.sampled_from(
                [{}, {"inquiries": {"rate": 2}}, {"inquiries": {"rate": 0.5, "at_most": 2}}]
            )
        ),
        "due_in": draw(st.sampled_from([0, 2, {"uniform": {"low": 0, "high": 3}}])),
        "announced": announced,
        "goodwill": None if announced else draw(GOODWILL),
        "changes": None if announced else draw(QUANTITY_CHANGES),
        "delivery": draw(st.sampled_from([0, 1.5, {"days": {"uniform": {"low": 0, "high": 3}}}])),
        "returns": draw(RETURNS),
    }


TERMS = st.sampled_from(
    [{}, {}, {}, {"least_value": 6}, {"container": 4}, {"least_value": 3, "container": 5}]
)
LIMITS = st.sampled_from(
    [
        *([], [], [{"of": "storage", "most": 9, "unit": "units"}]),
        [{"of": "on_order", "most": 8, "sites": "north"}],
        [{"of": "spending", "most": 6, "every": 1.5}, {"of": "storage", "most": 12}],
    ]
)


def without_terms(makers: dict[str, Any], stock: list[dict[str, Any]]) -> dict[str, Any]:
    """Suppliers without terms for whole orders, where a stock point orders in another way."""
    for point in stock:
        several = isinstance(point["supplier"], list)
        if several or point["reorder"].get("rule") == "can_order":
            names = point["supplier"] if several else [point["supplier"]]
            for name in (one.get("supplier") if isinstance(one, dict) else one for one in names):
                for term in ("least_value", "container"):
                    makers.get(name, {}).pop(term, None)
    return makers


CALENDARS: dict[str, Any] = {
    "office": {"holidays": ["2024-01-03"]},
    "market": {
        "weekdays": ["tuesday", "saturday"],
        "closures": [{"first": "2024-01-06", "last": "2024-01-08"}],
    },
}
STARTED: dict[str, Any] = {"start": "2024-01-01", "calendars": CALENDARS}  # a Monday
DATES = st.one_of(
    st.sampled_from(["friday", "working_day", 2, ["monday", "thursday", "first_working_day"]]),
    st.builds(
        lambda on, calendar, hour: {"on": on, "calendar": calendar, "hour": hour},
        st.sampled_from(["wednesday", "working_day", "last_working_day", [3, 4, "sunday"]]),
        st.sampled_from(list(CALENDARS)),
        st.sampled_from([0, 12]),
    ),
)


@st.composite
def dated_sites(draw: Any, sites: list[str]) -> dict[str, Any]:
    """Sites some of which receive or ship on some days only."""
    ships = [None, "office", {"cut_off": 12}, {"calendar": "market", "cut_off": 6}, {"capacity": 2}]
    return {
        name: {
            "receiving": draw(st.sampled_from([None, *CALENDARS])),
            "shipping": draw(st.sampled_from(ships)),
        }
        for name in sites
    }


SEASONS = [{"starts": 0.5, "factor": 2}, {"starts": 2, "factor": 0.5}]


@st.composite
def suppliers(draw: Any, dated: bool = False) -> dict[str, Any]:
    found = {
        "lead_time": draw(LEAD_TIMES),
        "crossing": draw(st.booleans()),
        "capacity": draw(CAPACITIES),
        "messages": draw(MESSAGES),
        "lateness": draw(LATENESS),
        "disruptions": draw(DISRUPTIONS),
        "joint_orders": draw(st.booleans()),
        **draw(TERMS),
        "yield_share": draw(st.sampled_from([None, 0.5, {"uniform": {"low": 0, "high": 1}}])),
        "parts": draw(st.sampled_from([None, {"count": 3, "days": 0.5}])),
    }
    if found["capacity"] == "unlimited":
        found["lead_time_factors"] = draw(st.sampled_from([[], [], SEASONS]))
    if dated and draw(st.booleans()):
        found["calendar"] = draw(st.sampled_from(list(CALENDARS)))
        found["lead_time_in"] = draw(st.sampled_from(["days", "working_days"]))
        if found["disruptions"] is not None:
            found["disruptions"] = found["disruptions"] | {"announced": True}
    return found


@st.composite
def stock_points(
    draw: Any,
    product: str,
    site: str,
    makers: list[str],
    classes: list[str],
    dated: bool = False,
) -> dict[str, Any]:
    levels = st.dictionaries(st.sampled_from(classes), st.integers(0, 3))
    point = {
        "products": [product],
        "sites": [site],
        "supplier": draw(st.sampled_from(makers)),
        "reorder": draw(REORDERS),
        "forecast": draw(st.sampled_from([use(rule) for rule in built_in("forecast")])),
        "observe": draw(OBSERVED),
        "review": draw(REVIEWS),
        "priority": draw(st.sampled_from([use(rule) for rule in built_in("priority")])),
        "rationing": draw(
            st.one_of(
                st.just("none"),
                levels.map(lambda levels: {"rule": "critical_level", "levels": levels}),
                st.builds(
                    lambda levels, days: {
                        "rule": "critical_level_until_arrival",
                        "levels": levels,
                        "days": days,
                    },
                    levels,
                    st.sampled_from([0, 1]),
                ),
            )
        ),
        "notice": draw(NOTICES),
        "estimate": draw(ESTIMATES),
        "least_order": draw(st.sampled_from([1, 1, 4])),
        "multiple": draw(st.sampled_from([1, 1, 3])),
        "most_stock": draw(st.sampled_from(["unlimited", "unlimited", 9])),
        "overtaking": draw(st.sampled_from(["strict", "skip", "partial"])),
        "sharing": draw(st.sampled_from(["none", "none", "proportional", "max_min"])),
        "clearing": draw(CLEARINGS),
        "substitution": draw(st.sampled_from(["never", "at_order", "when_late", "both"])),
        "withdraw": draw(st.booleans()),
        "backlog_limit": draw(st.sampled_from(["unlimited", "unlimited", 0, 1, 3, {"units": 4}])),
        "expedite": draw(EXPEDITES),
        "cancel_late": draw(CANCELS),
        "inbound": draw(INBOUND),
    }
    if point["reorder"]["rule"] == "constant_order":
        # Without a wait, what is rejected would be ordered again and again; the run refuses that.
        point["review"] = draw(PERIODIC)
    if point["priority"]["rule"] != PROGRAM and draw(st.integers(0, 3)) == 0:
        point["changes"] = draw(CHANGES)
    if dated and draw(st.booleans()):
        point["review"] = {"dates": draw(DATES), "after_demand": draw(st.booleans())}
    if draw(st.booleans()):
        point["initial"] = draw(st.integers(0, 8))
    if len(makers) > 1 and draw(st.booleans()):
        point["supplier"] = draw(several_suppliers(makers))
        point |= draw(choices(point))
    elif draw(st.booleans()):
        point["lead_time"] = draw(LEAD_TIMES)
    if point["priority"]["rule"] == PROGRAM:
        own = draw(programs(classes, point["notice"] != "silent"))
        period = {"clearing": 1} if isinstance(point["clearing"], dict) else {}
        point |= DECIDED | {"clearing": "at_arrival", "priority": own} | period
    return point


@st.composite
def programs(draw: Any, classes: list[str], told: bool) -> dict[str, Any]:
    by_class = st.fixed_dictionaries({name: st.sampled_from([1, 2, 5]) for name in classes})
    return {
        "rule": PROGRAM,
        "weight": draw(by_class),
        "lost": draw(st.sampled_from([0, 3])),
        "min_fill": draw(st.sampled_from([0, 0, {classes[0]: 0.5}])),
        "fairness": draw(st.sampled_from([1, 1, 0.2] if len(classes) > 1 else [1])),
        "promise_penalty": draw(st.sampled_from([0, 4] if told else [0])),
        "capacity": draw(st.sampled_from([0, 0, 2])),
        "scope": draw(st.sampled_from(["stock", "site", "site"])),
    }


def substitutes(products: list[str], name: str) -> Any:
    """Other products in place of one, in some order, each with its fields."""
    others = [{}, *({p: {"discount": 0.5}} for p in products if p != name)]
    pairs = [{**first, **second} for first in others for second in others]
    return st.sampled_from(pairs)


@st.composite
def models(draw: Any, dated: bool = False) -> Model:
    """A model of 1 to 3 products at 1 or 2 sites with 1 to 3 classes and 1 or 2 suppliers.

    Where it is `dated` it may have calendars.
    """
    products = ["mug", "plate", "bowl"][: draw(st.integers(1, 3))]
    sites = ["north", "south"][: draw(st.integers(1, 2))]
    classes = ["urgent", "normal", "patient"][: draw(st.integers(1, 3))]
    makers = ["maker", "other"][: draw(st.integers(1, 2))]
    customers = {name: draw(customer_classes(products, sites)) for name in classes}
    stock = [
        draw(stock_points(product, site, makers, classes, dated))
        for product in products
        for site in sites
    ]
    taken_back = {
        point["products"][0]
        for point in stock
        if isinstance(point["clearing"], dict) and point["clearing"].get("reallocate")
    }
    lives = {
        name: None if name in taken_back else draw(st.sampled_from([None, None, 0.5, 3]))
        for name in products
    }
    add_min_lives(draw, customers, stock, lives)
    return build(
        customers,
        products={
            name: {
                "substitutes": draw(substitutes(products, name)),
                "shelf_life": lives[name],
                "recall": draw(RECALLS),
            }
            for name in products
        },
        sites=draw(dated_sites(sites)) if dated else sites,
        suppliers=without_terms({name: draw(suppliers(dated)) for name in makers}, stock),
        stock=stock,
        costs={"purchase": 2},
        purchase_limits=draw(LIMITS) if sites[0] == "north" else [],
        horizon=draw(st.sampled_from([0.4, 3.0, 12.0])),
        warm_up=draw(st.sampled_from([0, 0.3])),
        opening=draw(openings(customers, [(p, s) for p in products for s in sites])),
        **(STARTED if dated else {}),
    )


def add_min_lives(draw: Any, customers: dict[str, Any], stock: list[Any], lives: Any) -> None:
    """Some classes take fresh units only, where nothing hinders that."""
    own = [point for point in stock if lives[point["products"][0]] is not None]
    picky = [c for c in customers.values() if c["shipment"] in ("partial", "line")]
    if not own or any(point["priority"]["rule"] == PROGRAM for point in own):
        return
    least = min(life for life in lives.values() if life is not None)
    for customer in picky:
        customer["min_life"] = draw(st.sampled_from([0, 0.5, 0.5 * least, least]))
        customer["min_life"] = min(customer["min_life"], least)
    if any(c["min_life"] for c in picky):
        for point in own:
            point["sharing"] = "none"
            if point["overtaking"] == "partial":
                point["overtaking"] = "skip"


@st.composite
def networks(draw: Any, dated: bool = False) -> Model:
    """Two products at three or four sites; they buy from sites after them, or a supplier.

    The first two send each other units.  Where it is `dated` it may have calendars.
    """
    sites = ["shop", "branch", "hub", "plant"][: draw(st.integers(3, 4))]
    products = ["mug", "plate"]
    classes = ["urgent", "normal"][: draw(st.integers(1, 2))]
    stock = []
    for product in products:
        for i, site in enumerate(sites):
            buyers = [*classes, *sites[:-1]]
            point = draw(stock_points(product, site, ["maker", "other"], buyers, dated))
            above = sites[max(i + 1, 2) :]  # shop and branch stand at one level
            first = product == "mug" and i == 0  # so that there always is a network
            if above and (first or draw(st.integers(0, 4))):
                point.pop("lead_time", None)
                point["supplier"] = draw(several_sources(above))
                point |= draw(choices(point))
            elif product == "mug" and (first or draw(st.booleans())):
                point |= {"supplier": "maker", "sourcing": "as_listed", "split": "none"}
                point["made_from"] = {"plate": draw(st.integers(1, 3))}
                point["starts_with"] = draw(st.sampled_from(["all", "available"]))
            if draw(st.integers(0, 3)) == 0:
                point["reorder"] = draw(ECHELON_RULES)
            if i < 2:
                point["transfers"] = draw(transfers(sites[1 - i]))
            stock.append(point)
    # Everyone orders at the last site, so that each site is of use.
    customers = {
        name: draw(customer_classes(products, sites)) | {"demand": draw(everywhere(sites))}
        for name in classes
    }
    for customer in customers.values():
        customer["served_by"] = draw(serving(sites, customer["shipment"] == "partial"))
    return build(
        customers,
        products={name: {"recall": draw(RECALLS)} for name in products},
        sites=draw(dated_sites(sites)) if dated else sites,
        suppliers=without_terms(
            {name: draw(suppliers(dated)) for name in ("maker", "other")}, stock
        ),
        stock=stock,
        costs={"purchase": 2},
        horizon=draw(st.sampled_from([3.0, 12.0])),
        warm_up=draw(st.sampled_from([0, 0.3])),
        opening=draw(openings(customers, [(p, s) for p in products for s in sites])),
        **(STARTED if dated else {}),
    )


@st.composite
def transfers(draw: Any, other: str) -> dict[str, Any]:
    level = draw(st.integers(0, 4))
    return {
        "sites": other,
        "when": "at_level" if level else "at_stock_out",
        "level": level,
        "keep": draw(st.integers(0, 2)),
        "days": draw(LEAD_TIMES),
    }


@st.composite
def serving(draw: Any, sites: list[str], takes_parts: bool) -> dict[str, Any]:
    some = st.lists(st.sampled_from(sites), min_size=1, unique=True)
    split = st.sampled_from(
        [False, True, "units", "fewest_parts"] if takes_parts else [False, True]
    )
    return {"sites": draw(st.one_of(st.just("*"), some)), "split": draw(split)}


ECHELON_RULES = st.one_of(
    st.builds(lambda S: {"rule": "echelon_base_stock", "S": S}, st.integers(0, 20)),
    st.builds(
        lambda r, Q: {"rule": "echelon_r_nQ", "r": r, "Q": Q},
        st.integers(-1, 15),
        st.integers(1, 4),
    ),
)


@st.composite
def everywhere(draw: Any, sites: list[str]) -> dict[str, Any]:
    return {
        "arrivals": draw(ARRIVALS),
        "products": ["mug", "plate"],
        "sites": sites,
        "lines": draw(LINES),
        "size": draw(SIZES),
    }


@st.composite
def several_suppliers(draw: Any, makers: list[str]) -> Any:
    """Two suppliers: by preference, or the other one in emergencies."""
    first, other = draw(st.permutations(makers))
    if draw(st.booleans()):
        return [first, {"supplier": other, "emergency": draw(EMERGENCIES)}]
    return [first, {"supplier": other, "lead_time": draw(LEAD_TIMES)}]


@st.composite
def choices(draw: Any, point: dict[str, Any]) -> dict[str, Any]:
    """From which source a stock point buys, where it has a choice, and how much from each."""
    sources = [one if isinstance(one, dict) else {} for one in point["supplier"]]
    if sum("emergency" not in one for one in sources) == 1:
        return {"sourcing": "as_listed", "split": "none"}
    rules = [use(rule) for rule in built_in("sourcing")]
    split = ["none", "none", "evenly", {"rule": "at_most", "most": 2}]
    if all("share" in one for one in sources):
        split.append("in_shares")
    joins = point["reorder"].get("rule") == "can_order"
    return {
        "sourcing": draw(st.sampled_from(rules)),
        "split": "none" if joins else draw(st.sampled_from(split)),
    }


@st.composite
def several_sources(draw: Any, sites: list[str]) -> Any:
    """One site, or several and perhaps a supplier, by preference or by share."""
    chosen = draw(st.lists(st.sampled_from(sites), min_size=1, max_size=2, unique=True))
    found: list[Any] = [
        {
            "site": site,
            "transport": draw(LEAD_TIMES),
            "crossing": draw(st.booleans()),
            "shipment": draw(st.sampled_from(["partial", "whole"])),
            "priority": draw(st.integers(1, 3)),
        }
        for site in chosen
    ]
    if draw(st.booleans()):
        found.append({"supplier": draw(st.sampled_from(["maker", "other"]))})
    if len(found) > 1 and draw(st.booleans()):
        found = [{**source, "share": 1 / len(found)} for source in found]
    elif isinstance(found[-1].get("supplier"), str) and draw(st.booleans()):
        found[-1]["emergency"] = draw(EMERGENCIES)
    return found
