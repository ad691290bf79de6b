"""The items of a search: every stock point under one rule, each with a level of its own."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.errors import few, nearest
from backsim.quantities import LEVELS
from backsim.rules import FAMILIES, Rule
from backsim.scenario.counting.scenario import smallest_of
from backsim.scenario.demand.rates import mean_demand
from backsim.scenario.load import from_dict, plain
from backsim.scenario.model import Model
from backsim.scenario.schema.rule_use import RuleUse
from backsim.scenario.schema.stock import ResolvedPoint
from backsim.scenario.yamlfile import Document, FaultFinder, FileError, Location
from backsim.search.items.measures import Rates
from backsim.search.schema import Abc, GroupTable, Levels, SearchFile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

PATH = "stock[*].reorder"
"""The path at which a search names the rule whose levels it looks for."""


@dataclass(frozen=True, eq=False)
class Items:
    """Every stock point under one rule, at levels to start from."""

    base: Model = field(repr=False)
    rule: Rule
    parameter: str
    """The level that is looked for; other levels of the rule move with it."""

    @property
    def names(self) -> tuple[str, ...]:
        """What each item is called."""
        several = len(self.base.sites) > 1
        return tuple(f"{p} at {s}" if several else p for p, s in self.base.stock_points)

    @property
    def wait(self) -> bool:
        """Whether all customers wait until they are served."""
        return all_wait(self.base)

    @property
    def levels(self) -> Ints:
        """The levels to start from."""
        points = self.base.scenario.stock
        return np.array([int(p.reorder.params[self.parameter]) for p in points], np.int64)

    def moved(self, shifts: Ints) -> Model:
        """The same with every level so much higher, and as much more at the start."""
        levels = [p.name for p in self.rule.parameters if p.annotation in LEVELS]
        stock = []
        for point, shift in zip(self.base.scenario.stock, shifts.tolist(), strict=True):
            params = dict(point.reorder.params)
            params |= {name: params[name] + shift for name in levels}
            reorder = RuleUse(self.rule.name, params)
            stock.append(
                point.model_copy(update={"reorder": reorder, "initial": point.initial + shift})
            )
        scenario = self.base.scenario.model_copy(update={"stock": tuple(stock)})
        return replace(self.base, scenario=scenario)

    def at(self, levels: Ints) -> Model:
        """The scenario with some levels, made as from a file."""
        values = self.base.to_dict()
        shifts = levels - self.levels
        moving = [p.name for p in self.rule.parameters if p.annotation in LEVELS]
        for entry, shift in zip(values["stock"], shifts.tolist(), strict=True):
            for name in moving:
                entry["reorder"][name] += shift
            del entry["initial"]
        return from_dict(values, name=self.base.name, folder=self.base.folder)


class ItemsReader(FaultFinder):
    """Makes the items of a search; raises FileError with what is wrong with them."""

    def __init__(self, file: SearchFile, document: Document, scenario: Document) -> None:
        self.file, self.document, self.scenario = file, document, scenario
        self.faults = []

    def grouped(self, present: Model) -> Model:
        """The present scenario with the groups that the search names."""
        given = self.file.groups
        if given is None:
            return present
        groups = self.by_worth(given, present) if isinstance(given, Abc) else self.by_table(given)
        values = present.to_dict()
        for name, product in values["products"].items():
            if name in groups:
                product["group"] = groups[name]
        unknown = [name for name in groups if name not in values["products"]]
        if not isinstance(given, Abc) and len(unknown) == len(groups):
            expected = f"a column of products of the scenario ({few(present.products, 3)})"
            self.fault(("groups", "product"), expected, few([repr(n) for n in unknown], 2))
        self.stop_at_faults()
        return from_dict(values, name=present.name, folder=present.folder)

    def by_worth(self, given: Abc, model: Model) -> dict[str, str]:
        """A, B and C by the money that a product's demand is worth per day."""
        worth = dict.fromkeys(model.products, 0.0)
        for (product, _), rate in mean_demand(model.scenario, model.traces).items():
            worth[product] += rate * model.scenario.products[product].price
        total = sum(worth.values())
        if not total:
            self.fault(("groups", "abc"), "products with a `price`, by which demand is worth more")
            self.stop_at_faults()
        groups, before = {}, 0.0
        for name in sorted(worth, key=worth.__getitem__, reverse=True):
            groups[name] = "ABC"[sum(before / total >= share for share in given.abc)]
            before += worth[name]
        return groups

    def by_table(self, given: GroupTable) -> dict[str, str]:
        """The groups in a column of a file."""
        path = Path(self.document.name).parent / given.file
        try:
            with path.open(encoding="utf-8-sig", newline="") as stream:
                rows = list(csv.DictReader(stream))
        except (OSError, UnicodeDecodeError) as error:
            self.fault(("groups", "file"), "a readable CSV file", f"{path} ({error})")
            rows = []
        for name in ("product", "column"):
            column = getattr(given, name)
            if rows and column not in rows[0]:
                expected = f"a column of {given.file} ({nearest(column, list(rows[0]))})"
                self.fault(("groups", name), expected, repr(column))
        self.stop_at_faults()
        return {row[given.product]: row[given.column] for row in rows if row[given.column]}

    def items(self, present: Model) -> Items:
        """The items of a scenario."""
        given = self.file.search[PATH]
        assert isinstance(given, Levels)
        rule, parameter = self.rule(given)
        why = (
            "as all levels are told by one run"
            if all_wait(present)
            else "so that nothing is shared"
        )
        for expected, found in unfit(present):
            self.fault(("search", PATH), f"{expected}, {why}", found)
        self.check_start()
        self.stop_at_faults()
        values = present.to_dict()
        for point, entry in zip(present.scenario.stock, values["stock"], strict=True):
            lead_time = 1.0 if point.lead_time is None else point.lead_time.moments()[0]
            entry["reorder"] = {"rule": rule.name, **plain(given.fixed)}
            entry["reorder"][parameter] = {"days": lead_time}
            del entry["initial"]
        try:
            base = from_dict(values, name=present.name, folder=present.folder)
        except FileError as error:
            for one in error.faults[:1]:
                self.fault(("search", PATH, "fixed"), one.expected, one.found)
            raise FileError(self.document.name, self.faults) from None
        return Items(base, rule, parameter)

    def rule(self, given: Levels) -> tuple[Rule, str]:
        """The rule and the level of it that is looked for."""
        rules = FAMILIES["reorder"].rules
        fit = [name for name in rules if _by_position(rules[name])]
        place: Location = ("search", PATH, "family")
        if given.family not in fit:
            expected = f"a reorder rule that goes by the position ({nearest(given.family, fit)})"
            self.fault(place, expected, repr(given.family))
            self.stop_at_faults()
        rule = rules[given.family]
        unknown = [name for name in given.fixed if name not in {p.name for p in rule.parameters}]
        free = [p.name for p in rule.parameters if p.name not in given.fixed]
        levels = [p.name for p in rule.parameters if p.annotation in LEVELS and p.name in free]
        others = [p.name for p in rule.parameters if p.name in free and p.name not in levels]
        if unknown or len(levels) != 1 or any(p.default is None for p in _of(rule, others)):
            names = [p.name for p in rule.parameters]
            expected = f"all of {', '.join(names)} but one level, which is looked for"
            self.fault(("search", PATH, "fixed"), expected, ", ".join(given.fixed) or "none")
            self.stop_at_faults()
        return rule, levels[0]

    def check_start(self) -> None:
        """What is there at the start has to follow from the level."""
        entries = self.scenario.values.get("stock") or []
        entries = entries if isinstance(entries, list) else [entries]
        given = {name for entry in entries if isinstance(entry, Mapping) for name in entry}
        given |= {path.rpartition(".")[2] for path in self.file.set if path.startswith("stock")}
        for name in sorted(given & {"initial", "inbound"}):
            expected = f"stock points without `{name}`, so that each starts at its level"
            self.fault(("scenario",), expected, f"stock: {name}")


def _by_position(rule: Rule) -> bool:
    """Whether a rule asks for the position and nothing else."""
    own = {p.name for p in rule.parameters}
    return "position" in rule.arguments and set(rule.arguments) <= {*own, "position"}


def _of(rule: Rule, names: list[str]) -> list[Any]:
    return [p for p in rule.parameters if p.name in names]


def all_wait(model: Model) -> bool:
    """Whether all customers wait until they are served, so that one run tells all levels."""
    return not why_leave(model)


def why_leave(model: Model) -> str:
    """What would keep the first customers who may leave, as it is written; empty if all wait."""
    told = any(use.rule != "silent" for point in model.scenario.stock for use in point.notice)
    for name, customer in model.scenario.customers.items():
        informed, place = customer.informed, f"customers.{name}"
        if customer.tolerance != "unlimited":
            return f"{place}.tolerance: unlimited"
        if customer.backorder_share != 1:
            return f"{place}.backorder_share: 1"
        if told and informed.tolerance not in (None, "unlimited"):
            return f"{place}.informed.tolerance: unlimited, as they are told dates"
        if told and informed.grace != "unlimited" and informed.broken.leaves > 0:
            return f"{place}.informed.grace: unlimited, as they leave when a promised date passes"
    return ""


BY_PATH = "or search the levels of some sites by path: stock[0].reorder.S"
"""What is possible where items cannot be told apart."""


def _between(model: Model, point: ResolvedPoint) -> str | None:
    """The site that supplies a stock point, if that is itself supplied by a site."""
    for source in point.supplier:
        if source.site is None:
            continue
        at = model.stock_points.index((point.product, source.site))
        if any(further.site is not None for further in model.scenario.stock[at].supplier):
            return source.site
    return None


def unfit(model: Model) -> Iterator[tuple[str, str]]:
    """(what is expected, what is found): why what an item does may depend on others, or on levels.

    Where customers leave, levels may matter to what is ordered.
    """
    scenario = model.scenario
    for name in smallest_of(scenario.products):
        yield "products counted in whole units", f"products.{name}.smallest"
        return
    for name, customer in scenario.customers.items():
        if customer.served_by is not None:
            yield "customers served where they order", f"customers.{name}.served_by"
    for point in scenario.stock:
        place = f"{point.product} at {point.site}"
        if point.made_from:
            yield f"stock points that buy what they keep ({BY_PATH})", f"{place}, which is made"
        elif point.supplier and point.supplier[0].site is not None and not all_wait(model):
            expected = f"customers who all wait ({why_leave(model)}) where sites supply sites"
            yield f"{expected} ({BY_PATH})", f"{place}, supplied from {point.supplier[0].site}"
        elif (between := _between(model, point)) is not None:
            expected = "sites supplied by one that buys from a supplier"
            yield f"{expected} ({BY_PATH})", f"{place}, supplied from {between}"
        elif len(point.supplier) > 1:
            yield "one supplier for each stock point", f"{place} with {len(point.supplier)}"
        elif point.asks_for_units is not None:
            yield "no transfers between sites", place
        elif point.rationing.rule != "none":
            yield "no stock held back for some customers", f"{place}: {point.rationing.rule}"
        elif point.backlog_limit != "unlimited":
            yield "an unlimited backlog", f"{place}: backlog_limit"
        else:
            continue
        return
    unequal = Rates(model).unequal() if all_wait(model) else None
    if unequal is not None:
        product, site = model.stock_points[unequal]
        yield "the same backorder costs for every class of customers", f"{product} at {site}"
