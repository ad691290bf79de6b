"""The registry of rules: one decorated function is all it takes to add one.

A rule is a pure function.  Some of its arguments are *asked for by name* (``line``, ``now``,
``stock`` ...: what its family offers); the others are *parameters* that a scenario sets.  Their
annotations give unit and range, their defaults the default, and the docstring the documentation.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args, get_type_hints

from backsim.errors import RuleError
from backsim.quantities import Choice, EachClass, Unit

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a rule: its name, annotated type, and default (None: it must be given)."""

    name: str
    annotation: Any
    default: float | str | None

    @property
    def unit(self) -> str:
        """What it is measured in; "number" if it has no unit, or the words it may be."""
        if self.words:
            return " or ".join(self.words)
        found: Unit | None = self._mark(Unit)
        return found.name if found and found.name else "number"

    @property
    def words(self) -> tuple[str, ...]:
        """The words of which it is one; none if it is a number."""
        found: Choice | None = self._mark(Choice)
        return found.words if found else ()

    def number(self, value: Any) -> float:
        """A value as the kernel has it: of a word, which one it is."""
        return float(self.words.index(value) if self.words else value)

    @property
    def each_class(self) -> EachClass | None:
        """Whether each customer class may have its own."""
        found: EachClass | None = self._mark(EachClass)
        return found

    @property
    def rest(self) -> float | str | None:
        """What classes have that a mapping does not name; None: all must be named."""
        return self.each_class.rest if self.default is None and self.each_class else self.default

    def _mark(self, kind: type) -> Any:
        marks = getattr(self.annotation, "__metadata__", ())
        return next((mark for mark in marks if isinstance(mark, kind)), None)


@dataclass(frozen=True, slots=True)
class Larger:
    """A condition: one parameter is larger than another."""

    parameter: str
    other: str


def above(parameter: str, other: str) -> Callable[[Function], Function]:
    """Declare that one parameter of a rule must be larger than another, as in `@above("S", "s")`.

    Stands below the family's decorator.
    """

    def declare(function: Function) -> Function:
        function.__dict__.setdefault("conditions", []).append(Larger(parameter, other))
        return function

    return declare


def once(function: Function) -> Function:
    """Declare that a reorder rule is asked once per event, although it sees a position.

    Under continuous review other rules are asked until they order nothing more.  Stands below the
    family's decorator.
    """
    function.__dict__["asked_once"] = True
    return function


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its function, what it asks its family for, and its parameters."""

    name: str
    family: str
    function: Callable[..., Any]
    asks: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    arguments: tuple[str, ...]  # asks and parameters, in the function's own order
    conditions: tuple[Larger, ...] = ()
    once: bool = False

    @property
    def shared(self) -> tuple[Parameter, ...]:
        """The parameters that are the same for all customer classes."""
        return tuple(p for p in self.parameters if p.each_class is None)

    @property
    def by_class(self) -> tuple[Parameter, ...]:
        """The parameters that may differ by customer class."""
        return tuple(p for p in self.parameters if p.each_class is not None)

    @property
    def offers(self) -> tuple[Offer, ...]:
        """What it asks for."""
        return tuple(REGISTERED[self.family].offers[name] for name in self.asks)

    @property
    def features(self) -> set[str]:
        """The parts of the kernel that answer what it asks for."""
        return {offer.feature for offer in self.offers} - {""}

    @property
    def moves(self) -> bool:
        """Whether it asks for what moves, so that its answer does (`Offer`); not if asked once."""
        return not self.once and any(offer.moves for offer in self.offers)

    @property
    def has_defaults(self) -> bool:
        """Whether it can be used without giving parameters."""
        return all(p.default is not None for p in self.parameters)

    @property
    def built_in(self) -> bool:
        """Whether backsim brings the rule; else it is a user's."""
        return self.function.__module__.startswith("backsim.rules.")

    @property
    def doc(self) -> str:
        """The rule's docstring."""
        return inspect.getdoc(self.function) or ""


@dataclass(frozen=True, slots=True)
class Offer:
    """What rules of a family may ask for by name, and all that follows from asking.

    `code`: how the kernel spells it.  `feature`: the part of the kernel that answers.  `moves`: it
    changes while a line waits; or, of reorder rules, it is a position, which a purchase raises.
    `parameter`: one that the rule must have.
    """

    code: str
    feature: str = ""
    moves: bool = False
    parameter: str = ""


@dataclass(slots=True, eq=False)
class Family:
    """A family of rules, and what its members may ask for, by name.

    `call` is how the kernel calls a rule, `answer` what it makes of what the rule returns, and
    `moves` the kernel's name for the question whether a stock point's rule asks for what moves.
    """

    name: str
    call: str
    answer: str
    offers: Mapping[str, Offer]
    doc: str
    moves: str = ""
    several: bool = False  # a stock point may use several at once; the least answer counts
    yields: bool = False  # its members are generators: processes that go on through a run
    rules: dict[str, Rule] = field(default_factory=dict)

    def __call__(self, function: Function) -> Function:
        """Register a function as a rule of this family (the decorator)."""
        rule = self.describe(function)
        present = self.rules.get(rule.name)
        if present is not None and not _same(present.function, function):
            raise RuleError(f"{self.name} rule {rule.name!r} exists already")
        self.rules[rule.name] = rule
        return function

    def describe(self, function: Callable[..., Any]) -> Rule:
        """Read a rule from its function's signature."""
        name = function.__name__
        hints = get_type_hints(function, include_extras=True)
        asks, parameters = [], []
        signature = inspect.signature(function).parameters
        for argument in signature.values():
            if argument.kind is not argument.POSITIONAL_OR_KEYWORD:
                raise RuleError(
                    f"{self.name} rule {name!r}: expected plain arguments, got {argument}"
                    + (", after a `*`" if argument.kind is argument.KEYWORD_ONLY else "")
                )
            if argument.name in self.offers:
                asks.append(argument.name)
            elif argument.name not in hints:
                raise RuleError(
                    f"{self.name} rule {name!r}: argument {argument.name!r} is neither offered "
                    f"({', '.join(self.offers)}) nor annotated as a parameter"
                )
            else:
                kind = hints[argument.name]
                parameters.append(Parameter(argument.name, kind, _default(argument.default, kind)))
        conditions = tuple(getattr(function, "conditions", ()))
        rule = Rule(
            *(name, self.name, function, tuple(asks), tuple(parameters), tuple(signature)),
            conditions,
            getattr(function, "asked_once", False),
        )
        self._check(rule)
        return rule

    def _check(self, rule: Rule) -> None:
        if self.yields and not inspect.isgeneratorfunction(rule.function):
            raise RuleError(
                f"{self.name} {rule.name!r}: expected a function that yields events, "
                "such as `yield live.at(3)`"
            )
        names = [p.name for p in rule.parameters]
        known = {c.parameter for c in rule.conditions} | {c.other for c in rule.conditions}
        for name in sorted(known - set(names)):
            raise RuleError(
                f"{self.name} rule {rule.name!r}: a condition names {name!r}, "
                f"which is not a parameter ({', '.join(names)})"
            )
        for offer in rule.asks:
            name = self.offers[offer].parameter
            if name and name not in names:
                raise RuleError(
                    f"{self.name} rule {rule.name!r}: who asks for {offer!r} needs a parameter "
                    f"{name!r}"
                )
        if rule.by_class and "line" not in self.offers:
            raise RuleError(
                f"{self.name} rule {rule.name!r}: parameter {rule.by_class[0].name!r} cannot "
                "differ by customer class, as the rule is not asked about a customer"
            )

    def get(self, name: str) -> Rule:
        """The rule of that name."""
        return self.rules[name]


def _default(given: Any, kind: Any) -> float | str | None:
    """The default of a parameter, from its function's signature; a whole number stays one."""
    if given is inspect.Parameter.empty:
        return None
    whole = isinstance(given, int) and get_args(kind)[:1] == (int,)
    return given if isinstance(given, str) or whole else float(given)


def _same(one: Callable[..., Any], other: Callable[..., Any]) -> bool:
    """Whether the second is a new version of the first: of the same file, or typed in again.

    Each cell of a notebook is a file to Python; what is typed there belongs to `__main__`.
    """
    typed = one.__module__ == other.__module__ == "__main__"
    return typed or one.__code__.co_filename == other.__code__.co_filename


WORLD = "world", "PIPELINE"
"""All tables: purchases with their dates, other stock points, orders."""

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
)
priority = Family(
    "priority",
    "priority_key(world, stock, line, now)",
    "float({})",
    {
        "line": Offer("line"),
        "customer": Offer("world.classes[line.customer_class]"),
        "promise": Offer("promised_date(world, line)"),
        "waited": Offer("on_grid(world, now - line.time)", moves=True),
        "slack": Offer("on_grid(world, promised_date(world, line) - now)", moves=True),
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
        "line": Offer("line"),
        "customer": Offer("world.classes[line.customer_class]"),
        "stock": Offer("stock", moves=True),
        "now": Offer("now", moves=True),
        "world": Offer(*WORLD, moves=True),
    },
    "How many units on hand a line may not take: they are kept for more important classes.  "
    "`until_arrival` is the days until the next purchase is expected.",
    moves="rationing_moves",
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
        "line": Offer("line"),
        "customer": Offer("world.classes[line.customer_class]"),
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
    "estimated(world, stock, index, purchase, now)",
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
        "lead_time": Offer("mean_wait(world, stock, purchase, now)"),
        "quoted_date": Offer("quoted_date(world, stock, purchase, now)"),
        "expected_date": Offer("expected_date(world, stock, purchase, now)"),
        "met_date": Offer("met_date(world, stock, purchase, now)", parameter="p"),
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
