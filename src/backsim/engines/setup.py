"""From a model to the tables a run starts with.  Both engines begin here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from backsim.engines.capacity import growth
from backsim.engines.features import switches
from backsim.engines.initial_state.advance_orders import announcements
from backsim.engines.initial_state.arrival_quantiles import arrival_quantiles
from backsim.engines.initial_state.calendars import (
    Closures,
    add_closures,
    add_outages,
    plan_reviews,
)
from backsim.engines.initial_state.forecasts import first_forecast
from backsim.engines.initial_state.fulfilment import add_routes
from backsim.engines.initial_state.goodwill import add_goodwill
from backsim.engines.initial_state.lp_groups import add_allocation_groups
from backsim.engines.initial_state.network import add_network, count_echelons
from backsim.engines.initial_state.opening import add_open_orders, add_purchases
from backsim.engines.initial_state.reactions import add_buyers
from backsim.engines.initial_state.recalls import add_recalls
from backsim.engines.initial_state.start import Setup
from backsim.engines.initial_state.terms import add_terms
from backsim.engines.link import Key, kernel_key
from backsim.entities import (
    ANNOUNCE,
    CHANGE,
    CLEARING,
    EXPIRE,
    LATE_REVIEW,
    MESSAGES,
    NEVER,
    NONE,
    OVERTAKING,
    REVIEW,
    SEASON,
    SHARING,
    SHIPMENT,
    Change,
    CustomerClass,
    Lot,
    Observation,
    Option,
    Season,
    Server,
    Stock,
    Supplier,
    Totals,
    blank,
)
from backsim.errors import TapeError
from backsim.kernel.grid import to_grid
from backsim.rules import FAMILIES, Rule
from backsim.rules.registry import Parameter
from backsim.scenario import schema
from backsim.scenario.model import Model
from backsim.scenario.schema import ResolvedPoint
from backsim.scenario.schema.rule_use import of_class
from backsim.streams import Tape
from backsim.streams.supply import has_outcomes, planned_outages

Linked = tuple[tuple[str, str], ...]
"""What a kernel holds in addition: rules as (family, name), features as (FEATURE, name)."""
FEATURE = "feature"


def set_up(model: Model, linked: Linked = (), tape: Tape | None = None) -> Setup:
    """The tables of a model at time 0.

    `linked` are rules and features to link whether or not the model uses them: models that are
    given the same share one compiled kernel.  With a tape, the outages of suppliers are in the
    tables too.
    """
    scenario = model.scenario
    setup = Setup(model.ticks, _rules(model, linked), _features(model, linked))
    setup.classes += map(_customer_class, scenario.customers.values())
    for supplier in scenario.suppliers.values():
        _add_supplier(setup, supplier)
    if tape is not None:
        known_ahead = announcements(model, tape)
        setup.arrays["announcements"] = known_ahead
        if len(known_ahead):
            setup.events.append((float(known_ahead["time"][0]), ANNOUNCE, 0))
        check_outcomes(model, tape)
        given = zip(tape.outages, scenario.suppliers.values(), strict=True)
        for index, (drawn, supplier) in enumerate(given):
            random = drawn if supplier.is_random else drawn[:0]
            # Planned ones are known even after the horizon.
            add_outages(setup, index, random, planned_outages(model, supplier))
        add_open_orders(setup, model, tape)
    closures = add_closures(setup, model)
    add_network(setup, model)
    add_routes(setup, model)
    add_goodwill(setup, model)
    add_buyers(setup, model)
    add_terms(setup, model)
    add_recalls(setup, model)
    for index, point in enumerate(scenario.stock):
        _add_stock_point(setup, model, tape, index, point, closures[point.site])
    _join(setup, [point.asks("JOINT") for point in scenario.stock])
    count_echelons(setup)
    add_allocation_groups(setup, model)
    setup.params = setup.params or [0.0]
    setup.events = [(model.on_grid(time), *what) for time, *what in setup.events]
    setup.arrays["observations"] = blank(Observation, setup.periods)
    if tape is not None:
        setup.totals.append(
            Totals(customer_lines=len(tape), ticks=model.ticks, sites=len(model.sites))
        )
        setup.growth.append(growth(setup, tape))
    return setup


def key_of(model: Model, linked: Linked = ()) -> Key:
    """What the kernel of a model is linked from, without its tables."""
    return kernel_key(_rules(model, linked), _features(model, linked))


def check_outcomes(model: Model, tape: Tape) -> None:
    """Raise TapeError if the tape was drawn for purchases with other outcomes."""
    if bool(tape.outcomes) != has_outcomes(model):
        raise TapeError("this tape was drawn for another model: its purchases have other outcomes")


def _customer_class(customer: schema.CustomerClass) -> CustomerClass:
    row = CustomerClass(
        priority=customer.priority,
        shipment=SHIPMENT.index(customer.takes),
        consolidates=customer.consolidates,
        min_life=customer.min_life,
        shrinks=customer.informed.broken.shrinks,
        announces=int(customer.announces),
    )
    if customer.inquiries is not None:
        row.inquiry_rate = customer.inquiries.rate
        row.most_inquiries = customer.inquiries.at_most
    return row


def _add_supplier(setup: Setup, supplier: schema.Supplier) -> None:
    servers, said = supplier.servers, supplier.messages
    row = Supplier(
        crossing=int(supplier.crossing),
        messages=MESSAGES.index(said.when),
        lag=said.lag,
        error=said.error,
        learns=said.learns,
        period=said.days or NEVER,
        late_share=supplier.lateness.share if supplier.lateness else 0.0,
        parts=supplier.parts.count if supplier.parts else 1,
        part_days=supplier.parts.days if supplier.parts else 0.0,
        servers_at=len(setup.servers),
        joint=int(supplier.joint),
        least_value=supplier.least_value,
        container=supplier.container or 0.0,
    )
    if servers is not None:
        row.servers = servers.servers
        row.per_unit = int(servers.per == "unit")
        row.mean_service, variance = servers.service.moments()
        if row.mean_service > 0.0:
            row.variation = min(1.0, variance / row.mean_service**2)
    if said.when == "exact":
        setup.servers += [Server() for _ in range(row.servers)]
    row.announced = int(supplier.announces)
    row.calendar = int(supplier.calendar is not None)
    row.working = int(supplier.lead_time_in == "working_days")
    if supplier.disruptions is not None and supplier.disruptions.down is not None:
        row.mean_down = supplier.disruptions.down.moments()[0]
    if supplier.yield_share is not None:
        row.mean_yield = supplier.yield_share.moments()[0]
    for season in supplier.lead_time_factors:
        time = to_grid(cast(float, season.starts), setup.ticks)
        setup.events.append((time, SEASON, len(setup.seasons)))
        setup.seasons.append(Season(season.factor, len(setup.suppliers)))
    setup.suppliers.append(row)


def _add_stock_point(
    setup: Setup,
    model: Model,
    tape: Tape | None,
    index: int,
    point: ResolvedPoint,
    closures: Closures,
) -> None:
    stock = Stock(index=index, since=model.warm_up)
    stock.receiving_at, stock.receiving_end = closures.receiving
    stock.departures_at, stock.departures_end = closures.departures
    lane = model.lanes[index]
    stock.product = model.products.index(point.product)
    stock.site = model.sites.index(point.site)
    if setup.nodes:
        stock.supplier = setup.sources[setup.nodes[index].sources_at].supplier
    elif lane.supplier is not None:
        stock.supplier = lane.supplier
    stock.initial = stock.on_hand = point.initial
    _add_lot(setup, model, point, stock)
    stock.price = model.scenario.products[point.product].price
    stock.overtaking = OVERTAKING.index(point.overtaking)
    stock.sharing = SHARING.index(point.sharing)
    stock.withdraw = int(point.withdraw)
    _limit_backlog(stock, point)
    stock.least_order, stock.multiple = point.least_order, point.multiple
    if point.most_stock != "unlimited":
        stock.most_stock = point.most_stock
    _add_options(setup, model, point, stock)
    if point.batches is not None:
        stock.clearing_start, stock.clearing_period = point.batches.first, point.batches.every
        stock.between = int(point.batches.between)
        stock.reallocates = int(point.batches.reallocate)
        setup.events.append((point.batches.first, CLEARING, index))
    stock.mean_lead_time = lane.time.moments()[0]
    sites = [model.sites[row.site] for row in setup.classes[len(model.classes) :]]
    for family in FAMILIES:
        code, at = _use(setup, family, getattr(point, family), (*model.classes, *sites))
        setattr(stock, family, code)
        setattr(stock, f"{family}_at", at)
    _add_changes(setup, point, stock, (*model.classes, *sites))
    _add_quantiles(setup, model, point, stock)
    kind = REVIEW
    if point.periodic is not None:
        plan_reviews(setup, model, stock, point.periodic)
        kind = LATE_REVIEW if point.periodic.after_demand else REVIEW
    add_purchases(setup, model, stock, None if tape is None else tape.arrivals)
    setup.stocks.append(stock)
    if point.forecasts:
        stock.forecast_row = len(setup.forecasts)
        row, periods, when = first_forecast(model, point, index, setup.periods)
        setup.forecasts.append(row)
        setup.periods += periods
        setup.events.append((row.first, when, stock.forecast_row))
    setup.events.append((stock.review_start, kind, index))


def _add_lot(setup: Setup, model: Model, point: ResolvedPoint, stock: Stock) -> None:
    """The first lot of what expires: new when the run starts."""
    life = model.scenario.products[point.product].shelf_life
    if life is None:
        return
    stock.shelf_life = to_grid(life, setup.ticks)
    lot = Lot(expires=stock.shelf_life, stock=stock.index, units=point.initial)
    stock.oldest = stock.newest = len(setup.lots)
    setup.events.append((lot.expires, EXPIRE, len(setup.lots)))
    setup.lots.append(lot)


def _add_quantiles(setup: Setup, model: Model, point: ResolvedPoint, stock: Stock) -> None:
    """How long purchases still take, where the estimate told to customers goes by it."""
    lane, suppliers = model.lanes[stock.index], model.scenario.suppliers
    for offer in FAMILIES["estimate"].get(point.estimate.rule).offers:
        if not offer.parameter:
            continue
        supplier = schema.Supplier() if lane.supplier is None else suppliers[lane.name]
        step, table = arrival_quantiles(lane.time, supplier, point.estimate.params[offer.parameter])
        stock.quantile_step, stock.quantiles_at = step, len(setup.quantiles)
        stock.quantiles = len(table)
        setup.quantiles += table


def _limit_backlog(stock: Stock, point: ResolvedPoint) -> None:
    """How much may wait; a value is as many whole units as it pays for."""
    room = point.room
    if room is None:
        return
    if room.lines is not None:
        stock.backlog_limit = room.lines
    units = [] if room.units is None else [room.units]
    if room.value is not None and stock.price > 0:
        units.append(int(room.value / stock.price))
    stock.backlog_units = min(units, default=stock.backlog_units)


def _add_changes(setup: Setup, point: ResolvedPoint, stock: Stock, classes: Sequence[str]) -> None:
    """The rules that a stock point follows later: each row has all of them."""
    rules = ("reorder", "priority", "rationing")
    now = {name: (getattr(stock, name), getattr(stock, f"{name}_at")) for name in rules}
    for change in point.changes:
        for name in rules:
            if (use := getattr(change, name)) is not None:
                now[name] = _use(setup, name, use, classes)
        row = Change(stock=stock.index)
        for name, (code, at) in now.items():
            setattr(row, name, code)
            setattr(row, f"{name}_at", at)
        time = to_grid(cast(float, change.starts), setup.ticks)
        setup.events.append((time, CHANGE, len(setup.changes)))
        setup.changes.append(row)


def _join(setup: Setup, together: Sequence[bool]) -> None:
    """Put those that order together into circles, one for each first source and site."""
    circles: dict[tuple[int, int, int], list[Stock]] = {}
    for stock, joins in zip(setup.stocks, together, strict=True):
        if joins:
            place = (
                setup.sources[setup.nodes[stock.index].sources_at].stock if setup.nodes else NONE
            )
            above = NONE if place == NONE else setup.stocks[place].site
            circles.setdefault((stock.supplier, above, stock.site), []).append(stock)
    for circle in circles.values():
        for stock, following in zip(circle, [*circle[1:], circle[0]], strict=True):
            stock.joint_next = following.index


def _use(setup: Setup, family: str, given: Any, classes: Sequence[str]) -> tuple[int, int]:
    """(code of the rule or rules, index of their parameters): shared ones, then each class's own.

    The code of several rules has a bit for each; then every linked rule has its place.  After the
    customer classes come those that sites order as, by the sites' names.
    """
    same = family, id(given)  # most stock points share the policy's own; the model keeps them
    if same not in setup.uses:
        alike = family, repr(given)
        if alike not in setup.uses:
            setup.uses[alike] = _values(setup, family, given, classes)
        setup.uses[same] = setup.uses[alike]
    code, values = setup.uses[same]
    at = len(setup.params)  # of its own: one stock point's level may be moved in a run
    setup.params += values
    return code, at


def _values(
    setup: Setup, family: str, given: Any, classes: Sequence[str]
) -> tuple[int, list[float]]:
    """The code of a use of rules, and its parameters; many stock points have the same."""
    several = FAMILIES[family].several
    rule_of = FAMILIES[family].of
    uses = {rule_of(use.rule, use.params): use for use in (given if several else (given,))}
    chosen = setup.rules[family]
    together = chosen if several else list(uses)

    def value(rule: Rule, parameter: Parameter, customer_class: str = "") -> float:
        use = uses.get(rule)
        if not use:
            return 0.0
        rest = parameter.rest or 0.0  # a site need not be named
        number = parameter.number(of_class(use.params[parameter.name], customer_class, rest))
        return to_grid(number, setup.ticks) if parameter.unit == "days" else number

    values = [value(rule, p) for rule in together for p in rule.shared]
    by_class = [(rule, p) for rule in together for p in rule.by_class]
    for name in classes:
        values += [value(rule, p, name) for rule, p in by_class]
    codes = [chosen.index(rule) for rule in uses]
    return (sum(1 << code for code in codes) if several else codes[0]), values


def _rules(model: Model, linked: Linked) -> dict[str, list[Rule]]:
    """The rules to be linked, by family: those asked for, then the model's own."""
    return {
        name: list(dict.fromkeys([*(family.of_kernel(r) for of, r in linked if of == name), *own]))
        for (name, family), own in zip(FAMILIES.items(), model.rules.values(), strict=True)
    }


def _features(model: Model, linked: Linked) -> set[str]:
    """The features to be linked: those asked for, and the model's own."""
    return switches(model) | {name for of, name in linked if of == FEATURE}


def _add_options(setup: Setup, model: Model, point: ResolvedPoint, stock: Stock) -> None:
    """A stock point's substitutes at its own site, in order."""
    product, site = point.product, point.site
    stock.offers_early = int(point.substitution in ("at_order", "both"))
    stock.offers_late = int(point.substitution in ("when_late", "both"))
    stock.options_at = len(setup.options)
    for name, given in model.scenario.products[product].substitutes.items():
        if (name, site) in model.stock_points:
            other = model.stock_code[name, site]
            setup.options.append(Option(discount=given.discount, stock=other))
    stock.options_end = len(setup.options)
