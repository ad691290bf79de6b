"""The registry of rules: one decorated function is all it takes to add one.

A rule is a pure function.  Some of its arguments are *asked for by name* (``line``, ``now``,
``stock`` ...: what its family offers); the others are *parameters* that a scenario sets.  Their
annotations give unit and range, their defaults the default, and the docstring the documentation.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, get_args, get_type_hints

from backsim.errors import RuleError
from backsim.quantities import Choice, EachClass, Unit

Function = TypeVar("Function", bound=Callable[..., Any])

EVEN = "even"
"""What stands behind the name of a rule in a kernel in which all lines age alike by it."""

KEPT, APART, ASKED_AGAIN = "kept", "apart", "asked again"
"""How lines that wait keep the order of a priority rule; see `Rule.order`."""


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


def ages_by(parameter: str) -> Callable[[Function], Function]:
    """Declare by which parameter a priority rule's answer falls while a line waits.

    Lines for which it is the same never overtake each other: they are asked once, for the key that
    they would have had on day 0, and not again at every clearing.  With one number for all classes
    that is all; else each class has a queue of its own, whose heads are compared.  Stands below
    the family's decorator.
    """

    def declare(function: Function) -> Function:
        function.__dict__["ages_by"] = parameter
        return function

    return declare


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
    offers: tuple[Offer, ...] = ()  # what it asks for
    ages_by: str = ""
    even: bool = False  # one number for all classes; see `ages_by`

    @property
    def shared(self) -> tuple[Parameter, ...]:
        """The parameters that are the same for all customer classes."""
        return tuple(p for p in self.parameters if p.each_class is None)

    @property
    def by_class(self) -> tuple[Parameter, ...]:
        """The parameters that may differ by customer class."""
        return tuple(p for p in self.parameters if p.each_class is not None)

    @property
    def features(self) -> set[str]:
        """The parts of the kernel that answer what it asks for."""
        return {offer.feature for offer in self.offers} - {""}

    @property
    def moves(self) -> bool:
        """Whether it asks for what moves, so that its answer does (`Offer`); not if asked once."""
        return not self.once and any(offer.moves for offer in self.offers)

    @property
    def ages(self) -> bool:
        """Whether lines for which a number is the same keep their order; see `ages_by`."""
        moving = [offer for offer in self.offers if offer.moves]
        return bool(self.ages_by and moving) and all(offer.even for offer in moving)

    def order(self, parts: Container[str]) -> str:
        """How waiting lines keep their order in a kernel with these parts.

        ASKED_AGAIN: they do not.  APART: those of a class do.  KEPT: all do.
        """
        if not self.moves:
            return KEPT
        told = "INFORMS" in parts and any(offer.told for offer in self.offers)
        if not self.ages or told or (not self.even and "STANDS" in parts):
            return ASKED_AGAIN
        return KEPT if self.even else APART

    @property
    def linked_as(self) -> str:
        """What tells it from all other rules of its family in a kernel."""
        return f"{self.name}/{EVEN}" if self.even else self.name

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
    `parameter`: one that the rule must have.  `even`: how the kernel spells it for day 0, where
    lines keep their order (`ages_by`).  `told`: it changes with what a customer is told, too.
    """

    code: str
    feature: str = ""
    moves: bool = False
    parameter: str = ""
    even: str = ""
    told: bool = False


@dataclass(slots=True, eq=False)
class Family:
    """A family of rules, and what its members may ask for, by name.

    `call` is how the kernel calls a rule, `answer` what it makes of what the rule returns, and
    `moves` the kernel's name for the question whether a stock point's rule asks for what moves.
    Where lines keep their order (`Offer.even`), `apart` is the question whether each class has
    its own, and `today` how the kernel calls the rule to compare one class with another.
    """

    name: str
    call: str
    answer: str
    offers: Mapping[str, Offer]
    doc: str
    moves: str = ""
    apart: str = ""
    today: str = ""
    finite: bool = False  # its answers are units: neither nan nor infinite, and fit into 32 bits
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
        if not inspect.isfunction(function):
            kind = type(function).__name__
            raise RuleError(f"{self.name}: expected a function to decorate, got {kind}")
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
                what = f"{self.name} rule {name!r}: argument {argument.name!r}"
                default = _default(argument.default, kind, what)
                parameters.append(Parameter(argument.name, kind, default))
        conditions = tuple(getattr(function, "conditions", ()))
        rule = Rule(
            *(name, self.name, function, tuple(asks), tuple(parameters), tuple(signature)),
            conditions,
            getattr(function, "asked_once", False),
            tuple(self.offers[name] for name in asks),
            getattr(function, "ages_by", ""),
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
        known |= {rule.ages_by} - {""}
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

    def of_kernel(self, name: str) -> Rule:
        """The rule that a kernel knows by that name (`Rule.linked_as`)."""
        plain, _, even = name.partition("/")
        return replace(self.rules[plain], even=bool(even))

    def of(self, name: str, params: Mapping[str, Any]) -> Rule:
        """The rule of that name as it is with these parameters: it may be `even`."""
        rule = self.rules[name]
        alike = rule.ages and not isinstance(params[rule.ages_by], Mapping)
        return replace(rule, even=True) if alike else rule


def _default(given: Any, kind: Any, what: str) -> float | str | None:
    """The default of a parameter, from its function's signature; a whole number stays one."""
    if given is inspect.Parameter.empty:
        return None
    if not isinstance(given, str) and not hasattr(given, "__float__"):
        raise RuleError(f"{what}: expected a number as its default, got {given!r}")
    whole = isinstance(given, int) and get_args(kind)[:1] == (int,)
    return given if isinstance(given, str) or whole else float(given)


def _same(one: Callable[..., Any], other: Callable[..., Any]) -> bool:
    """Whether the second is a new version of the first: of the same file, or typed in again.

    Each cell of a notebook is a file to Python; what is typed there belongs to `__main__`.
    """
    typed = one.__module__ == other.__module__ == "__main__"
    return typed or one.__code__.co_filename == other.__code__.co_filename
