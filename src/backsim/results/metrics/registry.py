"""The registry of metrics: one decorated function is all it takes to add one.

A metric is a function of the sums of a run (`Sums`).  What else is to know of it - unit, which way
is better, group, label, which tables show it - stands in its decorator, and the docstring is its
definition: tables, findings, reports, checks and the reference page read it from here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from backsim.errors import RuleError
from backsim.rules.files import MORE_REGISTRIES, loaded_files, rules_are_portable
from backsim.statistics import MAXIMISE, MINIMISE

Function = TypeVar("Function", bound=Callable[..., Any])

MORE, LESS, NEITHER = "more", "less", "neither"
"""Which way of a metric most people call better."""

SERVICE, WAITING, STOCK, PURCHASING = "service", "waiting", "stock", "purchasing"
DEMAND, NETWORK, COMMUNICATION, COST = "demand", "other sites", "communication", "cost"
GROUPS = (DEMAND, SERVICE, WAITING, STOCK, NETWORK, PURCHASING, COMMUNICATION, COST)
"""The groups in the order in which they are read."""
OWN = "own"
"""The group of a user's metric that names none; it comes last."""

WITHOUT_WORDS = ("share", "index", "Gini index", "ratio", "per order")
"""Units that are not said after a number."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric: its function, and all that is known of it."""

    name: str
    unit: str
    better: str
    """`MORE`, `LESS` or `NEITHER`."""
    group: str
    label: str
    """Its name in words."""
    definition: str
    function: Callable[[Any], Any]
    """Of a run's sums (`Sums`): an array of one number per view, or a single number."""
    tables: tuple[str, ...] = ()
    """Dimensions (class, site) whose tables in reports show it."""
    part_of: str = ""
    """The metric that it adds up to, together with others."""
    always: bool = False
    """Whether a run shows it where it is 0, too."""
    more_than: str = ""
    """The metric that bounds it from below where it is not known (nan)."""
    unbounded: bool = False
    """Whether a share is of something that it may exceed."""
    at_prices: bool = False
    """Whether it is made of prices, which are for the smallest units of a product."""

    @property
    def is_share(self) -> bool:
        """Whether people read it in percent."""
        return self.unit == "share"

    @property
    def within_one(self) -> bool:
        """Whether it is a share from 0 to 1."""
        return self.is_share and not self.unbounded

    @property
    def sense(self) -> str:
        """Minimise or maximise; where neither way is better, minimise."""
        return MAXIMISE if self.better == MORE else MINIMISE

    @property
    def file(self) -> str:
        """The file where it is declared."""
        return self.function.__code__.co_filename

    @property
    def built_in(self) -> bool:
        """Whether backsim brings the metric; else it is a user's."""
        return self.function.__module__.startswith("backsim.results.metrics.")


METRICS: dict[str, Metric] = {}
"""name -> metric, in the order of declaration, which is that of results."""
MORE_REGISTRIES.append(METRICS)


def metric(
    unit: str,
    *,
    better: str,
    group: str = OWN,
    name: str = "",
    label: str = "",
    definition: str = "",
    tables: Iterable[str] = (),
    part_of: str = "",
    always: bool = False,
    more_than: str = "",
    unbounded: bool = False,
    at_prices: bool = False,
) -> Callable[[Function], Function]:
    """Declare a function of a run's sums to be a metric (the decorator).

    The function gives an array of one number per view (`Sums.views`), or a single number, which is
    the metric overall.  `better` is more, less or neither.  What is made of prices and is no money
    says so (`at_prices`).  Its name, its label and its definition
    are the function's name, the same in words, and its docstring, unless they are given.

    Raises RuleError for a name that is taken, no definition, or an unknown word for `better`.
    """

    def declare(function: Function) -> Function:
        called = name or function.__name__
        text = " ".join((definition or inspect.getdoc(function) or "").split())
        if better not in (MORE, LESS, NEITHER):
            expected = f"better: expected {MORE}, {LESS} or {NEITHER}, got {better!r}"
            raise RuleError(f"metric {called!r}: {expected}")
        if not text:
            raise RuleError(f"metric {called!r}: expected a docstring that defines it")
        present = METRICS.get(called)
        if present is not None and present.file != function.__code__.co_filename:
            raise RuleError(f"metric {called!r} exists already")
        words = label or called.replace("_", " ").replace(".", ", ")
        METRICS[called] = Metric(
            called,
            unit,
            better,
            group,
            words,
            text,
            function,
            tuple(tables),
            part_of,
            always,
            more_than,
            unbounded,
            at_prices,
        )
        return function

    return declare


def groups() -> dict[str, list[Metric]]:
    """The metrics by group: the groups in the order in which they are read, a user's own last."""
    found: dict[str, list[Metric]] = {group: [] for group in GROUPS}
    for one in METRICS.values():
        found.setdefault(one.group, []).append(one)
    return found


def shown_by(dimension: str) -> list[str]:
    """Names of the metrics that the tables of reports by that dimension show, group by group."""
    return [m.name for members in groups().values() for m in members if dimension in m.tables]


def parts_of(whole: str) -> list[str]:
    """Names of the metrics that add up to one."""
    return [m.name for m in METRICS.values() if m.part_of == whole]


def own_code_is_portable() -> bool:
    """Whether another process can load every rule and metric: those of a notebook it cannot."""
    files = loaded_files()
    return rules_are_portable() and all(m.built_in or m.file in files for m in METRICS.values())
