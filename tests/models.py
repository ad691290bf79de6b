"""Small models for tests, and what must hold of every log.

Every model built here links the same rules, whichever of them it uses: idle stock points name one
of each.  So the compiled engine compiles once for all of these tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from typing import Any
from unittest import mock

import numpy as np
from annotated_types import Le
from tests.budget import THOROUGH

from backsim import streams
from backsim.engines import compiled, simpy
from backsim.engines import setup as beginning
from backsim.engines.features import switches
from backsim.engines.link import SWITCHES
from backsim.engines.log import TABLES, Log
from backsim.entities import (
    ASKED,
    CANCELLED,
    EXPECTED,
    LOST,
    NEVER,
    NO_NOTICE,
    NONE,
    NOTES,
    RECEIVED,
    SHIPPED,
    SUBSTITUTED,
    UNDER_WAY,
    WAITING,
    WITHDRAWN,
    Standing,
)
from backsim.rules import FAMILIES, PROGRAM, Rule
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model
from backsim.scenario.schema import Batches
from backsim.scenario.schema.rule_use import of_class


def use(rule: Rule, by_class: Mapping[str, int] | None = None) -> dict[str, Any]:
    """A rule as a scenario names it, its parameters at their defaults, or else 1, 2, 3 ...

    `by_class` are values of the parameters that may differ by customer class.
    """
    given: dict[str, Any] = {
        p.name: _within(p.annotation, number) if p.rest is None else p.rest
        for number, p in enumerate(rule.parameters, 1)
    }
    for p in rule.by_class if by_class else ():
        given[p.name] = {name: _within(p.annotation, n) for name, n in (by_class or {}).items()}
    return {"rule": rule.name, **given}


def _within(annotation: Any, number: int) -> float:
    most = [m.le for m in annotation.__metadata__ if isinstance(m, Le)]
    return min([number, *(m / 2 for m in most)])


def built_in(family: str) -> list[Rule]:
    """The rules of a family that backsim brings."""
    return [rule for rule in FAMILIES[family].rules.values() if rule.built_in]


IDLE: list[dict[str, Any]] = [
    {family: use(rule) for family, rule in zip(FAMILIES, rules, strict=True) if rule is not None}
    for rules in zip_longest(*(built_in(family) for family in FAMILIES))
]
"""Stock points that name each rule once.  No one orders there, and nothing reviews them."""
IDLE_PRODUCTS = [f"idle {i}" for i in range(len(IDLE))]
IDLE_SUPPLIER = {
    "messages": {"when": "every", "days": 1, "error": 0.5},
    "lateness": {"share": 0.1, "days": 5},
    "disruptions": {"planned": [{"starts": 1e6, "days": 1}]},
    "yield_share": 0.9,
    "parts": {"count": 2, "days": 1},
}
"""A supplier of all kinds of trouble, to whom no purchase comes."""
IDLE_CHOICE = [{"supplier": "idle", "share": 0.5}, {"supplier": "another", "share": 0.5}]
IDLE_SOURCES = [*IDLE_CHOICE, {"supplier": "spare", "emergency": {"level": 0, "up_to": 1}}]
IDLE_FIELDS: dict[str, Any] = {
    **{name: {} for name in IDLE_PRODUCTS},
    IDLE_PRODUCTS[0]: {"substitutes": IDLE_PRODUCTS[1]},
}
BOUNDLESS = {"of": "storage", "most": 1e12, "unit": "units"}
"""A limit that nothing reaches."""
NEVER_REVIEWED = {"period": 1, "first": 1e6}


DECIDED = {
    "priority": {"rule": PROGRAM, "capacity": 1},
    "sharing": "none",
    "overtaking": "skip",
    "rationing": "none",
    "clearing": {"every": 1e6, "first": 1e6},
    "backlog_limit": "unlimited",
}
"""Where the program decides who gets what, nothing else does."""

PARTS = frozenset(SWITCHES) - {"RECORDS"}
"""The parts of the kernel that a model may need; the event log is asked for apart."""
OUTCOMES = {
    "lines": ("time", "stock", "units", "filled", "shipped", "left", "status", "closed"),
    "purchases": ("placed", "stock", "units", "status", "arrives", "lead_time", "service"),
    "shipments": ("time", "line", "units"),
    "reallocations": ("time", "line", "units"),
    "substitutions": ("time", "line", "stock", "units", "discount"),
    "reroutes": ("line", "stock"),
    "splits": ("line", "stock", "units"),
    "reductions": ("time", "line", "units"),
    "returns": ("time", "line", "stock", "units", "restocked", "to_repair", "repaired", "recalled"),
    "recalls": ("time", "stock", "units", "to_repair", "repaired"),
    "observations": ("forecast", "units"),
    "site_lines": ("time", "stock", "units", "filled", "shipped", "left", "status", "closed"),
    "stocks": (
        *("on_hand", "reserved", "on_order", "backlog", "received", "waiting", "purchases"),
        *("on_hand_days", "reserved_days", "on_order_days", "ready_days", "clear_days"),
        *("net_days", "net_squared_days"),
    ),
}
"""What happened; not what is only kept where a part is on (dates of purchases, contacts)."""


def _apart(used: Mapping[str, Any], classes: Sequence[str]) -> dict[str, Any]:
    """A later use of a priority rule by which lines age, with a rate for each class.

    In a kernel that is a rule of its own.
    """
    rule = FAMILIES["priority"].get(used["rule"]) if used else None
    if rule is None or not rule.ages_by or not classes:
        return {}
    return {"changes": [{"starts": 1e6, "priority": use(rule, dict.fromkeys(classes, 1))}]}


def build(
    customers: Mapping[str, Any],
    *,
    products: Sequence[str] | Mapping[str, Any] = ("mug",),
    sites: Sequence[str] | Mapping[str, Any] = ("main",),
    stock: Sequence[Mapping[str, Any]] = ({},),
    suppliers: Mapping[str, Any] | None = None,
    policy: Mapping[str, Any] | None = None,
    horizon: float = 20.0,
    **fields: Any,
) -> Model:
    """A model.  A `stock` entry holds all products, from the first supplier, unless it says so."""
    suppliers = {"maker": {}} if suppliers is None else dict(suppliers)
    products = products if isinstance(products, Mapping) else {name: {} for name in products}
    default = next(iter(suppliers))
    idle = [
        {
            "products": [name],
            "sites": [next(iter(sites))],
            "supplier": _idle_sources(name, rules),
            "expedite": {"days": 1, "level": -9, "late": 9},
            "cancel_late": 9,
            "initial": 0,
            "review": NEVER_REVIEWED,
            "observe": {"first": 1e6},
            "least_order": 2,
            "sharing": "proportional",
            "overtaking": "partial",
            "clearing": {"every": 1e6, "first": 1e6, "reallocate": True},
            "backlog_limit": 1,
            "priority": "fcfs",
            **rules,
            **_apart(rules.get("priority", {}), list(customers)),
            **(DECIDED if rules.get("priority", {}).get("rule") == PROGRAM else {}),
        }
        for name, rules in zip(IDLE_PRODUCTS, IDLE, strict=True)
    ]
    real = [
        {"products": list(products), "sites": list(sites), "supplier": default, **s} for s in stock
    ]
    return from_dict(
        {
            "horizon": horizon,
            "products": {**IDLE_FIELDS, **products},
            "sites": dict(sites) if isinstance(sites, Mapping) else list(sites),
            "suppliers": {
                **suppliers,
                "idle": IDLE_SUPPLIER,
                "another": {},
                "spare": {"container": 1},
            },
            "customers": dict(customers),
            "policy": {"reorder": "none", **(policy or {})},
            "stock": [*idle, *real],
            **fields,
            "purchase_limits": [BOUNDLESS, *fields.get("purchase_limits", [])],
        }
    )


def _idle_sources(name: str, rules: Mapping[str, Any]) -> Any:
    if name == IDLE_PRODUCTS[0]:
        return IDLE_SOURCES
    return IDLE_CHOICE if "sourcing" in rules or "split" in rules else "idle"


def orders(*rows: tuple[float, Any]) -> dict[str, Any]:
    """Written demand: (time, units of mug) or (time, {product: units})."""
    return {
        "orders": [
            {"time": time, "lines": what if isinstance(what, dict) else {"mug": what}}
            for time, what in rows
        ]
    }


def inbound(*rows: tuple[float, int]) -> list[dict[str, Any]]:
    """Purchases under way at the start: (arrives, units)."""
    return [{"arrives": arrives, "units": units} for arrives, units in rows]


def play(model: Model, seed: int = 1, record: bool = True, replication: int = 0) -> Log:
    """The log of both engines, which must be one; its ledger must hold.

    To compile a kernel takes seconds and there are thousands: the engines are compared with all
    parts of it on, and with the parts that the model needs the same must happen.  A thorough run
    compiles those of each model.
    """
    tape = streams.draw(model, seed, replication)
    log = interpreted(model, tape, record)
    if THOROUGH:
        assert_equal(log, compiled.run(model, tape, record=record))
    else:
        with all_parts():
            most = interpreted(model, tape, record)
            assert_equal(most, compiled.run(model, tape, record=record))
        assert_same_outcome(log, most)
    check(model, log)
    return log


@contextmanager
def all_parts() -> Iterator[None]:
    """Every part of the kernel is on, whether or not a model needs it."""
    with mock.patch.object(beginning, "switches", side_effect=lambda _: set(PARTS)):
        yield


def played_fast(model: Model, seed: int, replication: int = 0) -> Log:
    """A run of the compiled engine, on the kernel that `play` compares it on."""
    tape = streams.draw(model, seed, replication)
    if THOROUGH:
        return compiled.run(model, tape)
    with all_parts():
        return compiled.run(model, tape)


def interpreted(model: Model, tape: streams.Tape, record: bool = True) -> Log:
    """A run of the SimPy engine in which no event may add more rows than the compiled one keeps.

    At its end those who stand in the queue must be those who wait.
    """
    simpy.CHECKS_ROOM = True
    try:
        live = simpy.Live(model, tape, record)
        log = live.run()
    finally:
        simpy.CHECKS_ROOM = False
    for stock in live.world.stocks if live.world.standings else ():
        root = Standing() if stock.standing == NONE else live.world.standings[stock.standing]
        assert (root.lines, root.units) == (stock.waiting, stock.backlog)
    return log


def assert_equal(one: Log, other: Log) -> None:
    """Equal to the bit; says where not."""
    for table in TABLES:
        a, b = getattr(one, table), getattr(other, table)
        assert len(a) == len(b), f"{table}: {len(a)} rows and {len(b)}"
        for name in a.dtype.names:
            differs = np.flatnonzero(a[name] != b[name])[:5]
            assert a[name].tobytes() == b[name].tobytes(), f"{table}.{name}: rows {differs}"
    assert one.handled == other.handled
    assert one.equals(other)


def assert_same_outcome(one: Log, other: Log) -> None:
    for table, columns in OUTCOMES.items():
        a, b = getattr(one, table), getattr(other, table)
        assert len(a) == len(b), table
        for name in columns:
            assert a[name].tobytes() == b[name].tobytes(), (
                f"{table}.{name}: rows {np.flatnonzero(a[name] != b[name])[:5]}"
            )


def tell(log: Log) -> list[str]:
    """The event log, one line a note: "time what subject units"."""
    return [f"{n['time']:g} {NOTES[n['what']]} {n['subject']} {n['units']}" for n in log.notes]


def lines_of(story: str) -> list[str]:
    """A story written in a test, without its indentation."""
    return [line.strip() for line in story.strip().splitlines()]


def deliveries(log: Log) -> list[list[float]]:
    """For each line the time at which each of its units was shipped."""
    times: list[list[float]] = [[float(line["time"])] * int(line["filled"]) for line in log.lines]
    for shipment in log.shipments:
        times[shipment["line"]] += [float(shipment["time"])] * int(shipment["units"])
    return times


def check(model: Model, log: Log) -> None:
    """Units neither appear nor vanish, and every field agrees with the others."""
    lines, purchases, stocks = log.lines, log.purchases, log.stocks
    parts = lines["shipped"] + lines["left"] + lines["open"] + lines["reserved"]
    assert (lines["units"] == parts).all()
    for name in ("shipped", "left", "open", "reserved", "filled"):
        assert (lines[name] >= 0).all(), name
    late = np.bincount(log.shipments["line"], log.shipments["units"], len(lines))
    assert (lines["filled"] + late == lines["shipped"]).all()
    assert (log.shipments["units"] > 0).all()
    # What arrives at the instant of ordering is shipped then, and is not from stock.
    assert (log.shipments["time"] >= lines["time"][log.shipments["line"]]).all()
    assert (np.diff(log.shipments["time"]) >= 0).all()
    ended = lines["status"]
    assert not (ended == EXPECTED).any()
    reduced = np.bincount(log.reductions["line"], log.reductions["units"], len(lines))
    assert (log.reductions["units"] > 0).all()
    assert (reduced <= lines["left"]).all()
    assert ((lines["shipped"] > 0) & (rest_of(lines, lines["left"]) == 0))[ended == SHIPPED].all()
    assert (lines["shipped"] < lines["units"])[ended != SHIPPED].all()
    assert ((lines["open"] + lines["reserved"] > 0) == (ended == WAITING)).all()
    gone = np.isin(ended, (CANCELLED, LOST, SUBSTITUTED))
    assert (lines["left"] > 0)[gone].all()
    assert (lines["left"] == reduced)[~gone].all()
    assert (np.isfinite(lines["closed"]) == (ended != WAITING)).all()
    # A line is lost at once or not at all; who is told nothing stays no longer than they tolerate.
    assert (lines["closed"][ended == LOST] == lines["time"][ended == LOST]).all()
    waited = np.where(ended == WAITING, model.horizon, lines["closed"]) - lines["time"]
    told = [log.notices["head"][log.notices["promise"] < NEVER]]
    told += [log.contacts["head"][log.contacts["first_told"] < 0]]  # before the start
    blind = ~np.isin(lines["head"], np.concatenate(told))
    assert (waited <= lines["tolerance"] + 1e-9)[blind].all()
    _check_conversations(model, log)
    taken = log.substitutions
    replaced = np.where(ended == SUBSTITUTED, lines["left"] - reduced, 0)
    assert (np.bincount(taken["line"], taken["units"], len(lines)) == replaced).all()

    size = len(stocks)
    check_sites(log)
    both = np.concatenate([lines, log.site_lines])
    for name, of_lines in (("backlog", "open"), ("reserved", "reserved")):
        assert (stocks[name] == np.bincount(both["stock"], both[of_lines], size)).all(), name
    shipped = np.bincount(both["stock"], both["shipped"], size)
    shipped += np.bincount(taken["stock"], taken["units"], size)
    split = log.splits
    shipped += np.bincount(split["stock"], split["units"], size)
    shipped -= np.bincount(lines["stock"][split["line"]], split["units"], size)
    assert (np.bincount(split["line"], split["units"], len(lines)) <= lines["filled"]).all()
    assert (split["stock"] != lines["stock"][split["line"]]).all()
    recalled = np.bincount(log.recalls["stock"], log.recalls["units"], size)
    assert (
        stocks["initial"] + stocks["received"] + stocks["returned"]
        == shipped + stocks["on_hand"] + stocks["reserved"] + stocks["expired"] + recalled
    ).all()
    assert (stocks["on_hand"] >= 0).all()
    assert (stocks["waiting"] == np.bincount(both["stock"][both["open"] > 0], minlength=size)).all()
    _check_purchases(log)
    received = purchases["status"] == RECEIVED
    assert (purchases["arrives"][received] < model.horizon).all()
    assert (purchases["arrives"][purchases["status"] == UNDER_WAY] >= model.horizon).all()
    if "PIPELINE" in switches(model):
        _check_pipelines(model, log)
        _check_emergencies(model, log)
    _check_orders(model, log)
    _check_limits(model, log)
    _check_that_no_one_waits_in_vain(model, log)
    if len(log.notes):
        _check_notes(log)


def rest_of(lines: np.ndarray[Any, Any], left: Any) -> Any:
    """Units of lines that have neither been shipped nor gone."""
    return lines["units"] - lines["shipped"] - left


def _check_purchases(log: Log) -> None:
    """What became of the units of every purchase adds up to the stock points."""
    purchases, stocks, deliveries = log.purchases, log.stocks, log.deliveries
    over = np.isin(purchases["status"], (RECEIVED, WITHDRAWN))
    units, got = purchases["units"], np.where(over, purchases["units"], 0)
    assert (units[purchases["status"] != WITHDRAWN] > 0).all()
    assert (units[purchases["status"] == WITHDRAWN] == 0).all()
    to_come = np.where(over, 0, units)
    if len(deliveries):
        for name in ("received", "rejected", "withdrawn"):
            assert (deliveries[name] >= 0).all()
        got = deliveries["received"]
        to_come = units - got - deliveries["rejected"]
        assert (to_come[over] == 0).all()
        assert (to_come[~over] > 0).all()
        assert (deliveries["ordered"] == units + deliveries["withdrawn"]).all()
        assert (deliveries["delay"] >= 0).all()
        expedited = np.isfinite(deliveries["expedited_at"])
        assert ((deliveries["expedited"] > 0) == expedited).all()
        moved = purchases[expedited]
        assert np.isin(moved["status"], (UNDER_WAY, RECEIVED, WITHDRAWN)).all()
        assert (moved["arrives"] >= deliveries["expedited_at"][expedited]).all()
        cancelled = np.isfinite(deliveries["cancelled_at"])
        assert (purchases["status"][cancelled] == WITHDRAWN).all()
        assert (deliveries["cancelled_at"] >= purchases["quoted"])[
            cancelled & (purchases["expected"] <= purchases["quoted"])
        ].all()
    for name, counted in (("received", got), ("on_order", to_come)):
        assert (stocks[name] == np.bincount(purchases["stock"], counted, len(stocks))).all(), name


def _check_pipelines(model: Model, log: Log) -> None:
    """Every purchase under way stands in its stock point's pipeline: in order of expected dates,
    or of placement where the supplier works or delivers in sequence and does not know all."""
    purchases = log.purchases
    for stock in log.stocks:
        own = np.flatnonzero(purchases["stock"] == stock["index"])
        own = own[~np.isin(purchases["status"][own], (RECEIVED, WITHDRAWN))]
        point = model.scenario.stock[stock["index"]]
        only, *others = point.supplier
        in_sequence = False  # where several sources work at once, or one waits for components
        if only.supplier and not others and not point.made_from and not point.transfers:
            supplier = model.scenario.suppliers[only.supplier]
            in_sequence = supplier.capacity != "unlimited" or not supplier.crossing
            in_sequence = in_sequence and supplier.messages.when != "exact"
        dates = 0.0 * own if in_sequence else purchases["expected"][own]
        expected = own[np.lexsort((own, dates))].tolist()
        for first, onward in (("pipeline_first", "later"), ("pipeline_last", "earlier")):
            found, at = [], int(stock[first])
            while at != NONE and len(found) <= len(own):
                found.append(at)
                at = int(purchases[onward][at])
            assert found == expected
            expected = expected[::-1]


def _check_emergencies(model: Model, log: Log) -> None:
    """Where stock is watched all the time, it is not short at the end: what was missing is bought.

    A stock point on which nothing has happened has not been looked at.  Closed days move the date
    until which purchases count, which this does not know of.
    """
    purchases = log.purchases
    if "CALENDARS" in switches(model):
        return
    for stock, point in zip(log.stocks, model.scenario.stock, strict=True):
        own_lanes = (lane for lane in model.lanes if lane.stock == stock["index"])
        lane = next((lane for lane in own_lanes if lane.emergency), None)
        if lane is not None and point.review == "continuous":
            plan, lead_time = lane.emergency, lane.time
            own = np.flatnonzero(purchases["stock"] == stock["index"])
            own = own[~np.isin(purchases["status"][own], (RECEIVED, WITHDRAWN))]
            soon = purchases["expected"][own] <= model.horizon + lead_time.moments()[0]
            coming = purchases["units"][own]
            if len(log.deliveries):
                coming = coming - log.deliveries["received"][own] - log.deliveries["rejected"][own]
            soon |= purchases["supplier"][own] == lane.supplier
            soon |= plan.counts == "all"
            position = stock["on_hand"] - stock["backlog"] + coming[soon].sum()
            assert position > plan.level


def _check_conversations(model: Model, log: Log) -> None:
    """What was said adds up, and nobody is told anything after the order is closed."""
    contacts, notices, lines = log.contacts, log.notices, log.lines
    ends = np.zeros(len(lines))
    np.maximum.at(ends, lines["head"], np.minimum(lines["closed"], model.horizon))
    assert (notices["time"] <= ends[notices["head"]]).all()
    assert (np.diff(notices["time"]) >= 0).all()
    heads = contacts["head"]
    asked = notices["what"] == ASKED
    for name, which in (("notices", ~asked), ("inquiries", asked)):
        said = np.bincount(notices["head"][which], minlength=len(lines))
        counted = contacts[name] - (contacts["first_told"] < 0 if name == "notices" else 0)
        assert (said[heads] == counted).all(), name
        assert said.sum() == counted.sum()
    assert (lines["contact"][heads] == np.arange(len(heads))).all()
    told = notices[~asked]
    assert len(np.unique(told[["time", "head"]])) == len(told)
    assert (told["promise"] >= told["time"]).all()
    left = (lines["status"][heads] == CANCELLED) & ~np.isin(heads, log.reductions["line"])
    assert (contacts["notices"][left & (contacts["cause"] == NO_NOTICE)] == 0).all()
    assert (contacts["notices"][left & (contacts["cause"] != NO_NOTICE)] > 0).all()


def check_sites(log: Log) -> None:
    """What sites order: units add up, line by line, and leave no earlier than they are ordered."""
    lines, purchases = log.site_lines, log.purchases
    assert (lines["units"] == lines["shipped"] + lines["open"] + lines["reserved"]).all()
    assert ((lines["open"] + lines["reserved"] > 0) == (lines["status"] == WAITING)).all()
    assert (lines["status"][lines["units"] == 0] == CANCELLED).all()
    own = purchases["line"] >= 0
    assert (purchases["line"][own] >= len(log.lines)).all()
    line = purchases["line"][own] - len(log.lines)
    rows = purchases[own]
    assert (lines["time"][line] >= rows["placed"]).all()
    product = rows["source"] >= 0
    assert (lines["stock"][line][product] == rows["source"][product]).all()
    units = np.bincount(line[product], rows["units"][product], len(lines))
    assert (lines["units"][line[product]] == units[line[product]]).all()
    sent = np.isfinite(rows["sent"])
    moving = np.isin(rows["status"], (UNDER_WAY, RECEIVED))
    assert (sent == moving)[product].all()
    open_units = np.bincount(line[product & ~sent], rows["units"][product & ~sent], len(lines))
    waiting = lines["open"] + lines["reserved"]
    assert (waiting[line[product]] == open_units[line[product]]).all()


def _check_orders(model: Model, log: Log) -> None:
    """An order's lines stand together; one that ships complete ships at once or not at all."""
    head, lines = log.lines["head"], log.lines
    assert (head <= np.arange(len(head))).all()
    assert (head[head] == head).all()
    assert (np.diff(head) >= 0).all()
    assert (np.diff(lines["time"]) >= 0).all()
    whole = [c.shipment == "order" for c in model.scenario.customers.values()]
    for order in np.split(lines, np.flatnonzero(head == np.arange(len(head)))[1:]):
        if not len(order):
            continue
        assert (order["time"] == order["time"][0]).all()
        if whole[order["customer_class"][0]]:
            dropped = np.isin(order["head"], head[log.reductions["line"]])
            stays = order[~(dropped & (order["status"] == CANCELLED))]
            assert len(np.unique(stays["closed"])) <= 1
            assert len(np.unique(stays["status"])) <= 1
            assert order["open"].any() or (order["status"] != WAITING).all()
            wanted = np.where(dropped[0], order["units"] - order["left"], order["units"])
            assert (order["shipped"] == np.where(order["status"] == SHIPPED, wanted, 0)).all()
            assert not order["filled"].any() or (order["filled"] == wanted).all()


def _check_limits(model: Model, log: Log) -> None:
    """No more waits than may, but for sites' own lines, those whose units were taken back, and
    those that waited at the start."""
    for stock, point in zip(log.stocks, model.scenario.stock, strict=True):
        takes_back = isinstance(point.clearing, Batches) and point.clearing.reallocate
        if point.room is not None and not takes_back:
            came = log.lines[log.lines["time"] >= 0]
            waits = came["open"][came["stock"] == stock["index"]]
            room, price = point.room, model.scenario.products[point.product].price
            assert room.lines is None or (waits > 0).sum() <= room.lines
            assert room.units is None or waits.sum() <= room.units
            assert room.value is None or price * waits.sum() <= room.value * (1 + 1e-12)


def _check_that_no_one_waits_in_vain(model: Model, log: Log) -> None:
    """Units on hand at the end: no waiting line may have them (unless one before it blocks it)."""
    customers = list(model.scenario.customers.items())
    parts = all(c.takes == "partial" for c in model.scenario.customers.values())
    for line in log.lines[log.lines["open"] > 0]:
        point = model.scenario.stock[line["stock"]]
        keeps = not parts or len(log.site_lines) or point.priority.params.get("capacity")
        if point.priority.rule == PROGRAM and keeps:  # for orders that ship whole, or tomorrow
            continue
        name, customer = customers[line["customer_class"]]
        level = of_class(point.rationing.params.get("levels", 0), name)
        lots = log.lots[log.lots["stock"] == line["stock"]]
        fresh = lots["expires"] >= model.on_grid(model.horizon + customer.min_life)
        free = int(log.stocks[line["stock"]]["on_hand"]) - level
        if customer.min_life > 0 and len(lots):
            free = min(free, int(lots["units"][fresh].sum()))
        if point.clearing == "at_arrival" and point.overtaking != "strict":
            if point.overtaking == "partial":
                assert free <= 0
            assert free <= 0 or (customer.takes != "partial" and free < line["open"])


def _check_notes(log: Log) -> None:
    """The event log adds up to the tables."""
    notes = log.notes
    assert (np.diff(notes["time"]) >= 0).all()
    for stock in np.unique(notes["stock"]):
        last = notes[notes["stock"] == stock][-1]
        for name in ("on_hand", "on_order"):
            assert last[name] == log.stocks[stock][name]

    both = np.concatenate([log.lines, log.site_lines])

    def total(*words: str) -> np.ndarray[Any, Any]:
        rows = notes[np.isin(notes["what"], [NOTES.index(word) for word in words])]
        return np.bincount(rows["subject"], rows["units"], len(both))

    gone = total("leave", "lose", "substitute")
    assert (total("order") - gone == both["units"] - both["left"]).all()
    assert (total("ship") == both["shipped"]).all()
    assert (gone == both["left"])[: len(log.lines)].all()


__all__ = [
    "assert_equal",
    "build",
    "check",
    "deliveries",
    "inbound",
    "lines_of",
    "orders",
    "play",
    "tell",
]
