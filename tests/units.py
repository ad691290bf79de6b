"""The same scenario in another unit of time, and whether two logs are equal up to the unit.

Which numbers change and how is read from the units in the schema, in the rules' parameters and in
the entities: days, per day, and what is made of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import numpy as np
from pydantic import BaseModel

from backsim import entities, streams
from backsim.engines.features import switches
from backsim.engines.log import TABLES, Log
from backsim.entities import dtype
from backsim.quantities import Described
from backsim.rules import FAMILIES
from backsim.rules.priority import PROGRAM
from backsim.scenario.demand.arrivals import Arrivals, OnDates, arrivals
from backsim.scenario.distributions.base import Distribution, distribution
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model
from backsim.scenario.schema import OrderList, Process
from backsim.scenario.schema.rule_use import RuleUse, each_value

POWERS = {
    "days": 1,
    "per day": -1,
    "units per day": -1,
    "units² per day": -1,
    "units x days": 1,
    "units² x days": 1,
}
"""Of the factor, by which numbers of a unit are multiplied; 0 for all others."""

BARE = {"cv", "shape", "sigma", "p", "n", "weights", "above"}
"""Parameters of distributions that are no times, where the distribution is of times."""


class NoSuchUnit(Exception):
    """The scenario has no other unit of time: it counts in whole days."""


def in_unit(model: Model, factor: float, seed: int = 1) -> Model:
    """The model with every time multiplied by a factor, and every rate divided by it.

    Orders that follow a calendar or a file come in days: they are drawn and written out.  Raises
    NoSuchUnit where days have another meaning.
    """
    if "CALENDARS" in switches(model):
        raise NoSuchUnit("calendars count in days")
    plain = _scaled(model.scenario, factor)
    del plain["policy"]
    plain.pop("start", None)
    for name, customer in model.scenario.customers.items():
        for index, demand in enumerate(customer.demand):
            if _in_days(demand):
                plain["customers"][name]["demand"][index] = _written(
                    model, name, index, factor, seed
                )
    return from_dict(plain, name=model.name, folder=model.folder)


def written_out(model: Model, seed: int = 1) -> Model:
    """The model with orders that follow a calendar or a file drawn and written out."""
    return in_unit(model, 1.0, seed)


def _in_days(demand: Any) -> bool:
    if isinstance(demand, Process):
        pattern = demand.pattern
        dated = isinstance(demand.arrivals, OnDates)
        return bool(pattern.weekdays or pattern.months or pattern.trend or dated)
    return not isinstance(demand, OrderList)


def _written(model: Model, name: str, index: int, factor: float, seed: int) -> dict[str, Any]:
    """The orders that one demand entry has on the tape."""
    from backsim.streams.orders import DemandDraw

    def stream(what: str) -> Any:
        return lambda: streams.generator(seed, 0, what)

    customer = model.scenario.customers[name]
    code = model.classes.index(name)
    lines = DemandDraw(model, name, customer, code, index, stream).lines()
    orders: list[dict[str, Any]] = []
    for row, head in enumerate(lines["head"]):
        product, site = model.stock_points[lines["stock"][row]]
        if head == row:
            orders.append({"time": float(lines["time"][row]) * factor, "site": site, "lines": {}})
        units = orders[-1]["lines"]
        units[product] = units.get(product, 0) + int(lines["units"][row])
    return {"orders": orders}


def _scaled(value: Any, factor: float, unit: str = "") -> Any:
    """A value of the schema as a file spells it, in the other unit."""
    if isinstance(value, Distribution):
        if unit != "days":
            return {distribution.name_of(value): value.model_dump(exclude_none=True)}
        return {distribution.name_of(value): dict(_scaled_distribution(value, factor))}
    if isinstance(value, Arrivals):
        return {arrivals.name_of(value): _scaled_fields(value, factor)}
    if isinstance(value, BaseModel):
        return _scaled_fields(value, factor)
    if isinstance(value, RuleUse):
        return {"rule": value.rule, **_scaled_rule(value, factor)}
    if isinstance(value, Mapping):
        return {key: _scaled(item, factor, unit) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_scaled(item, factor, unit) for item in value]
    power = POWERS.get(unit, 0)
    if power and isinstance(value, int | float):
        return value * factor if power > 0 else value / factor
    return value


def _scaled_fields(value: BaseModel, factor: float) -> dict[str, Any]:
    return {
        name: _scaled(given, factor, unit_of(type(value), name))
        for name in type(value).model_fields
        if (given := getattr(value, name)) is not None and given != {}
    }


def _scaled_distribution(given: Distribution, factor: float) -> Iterator[tuple[str, Any]]:
    if distribution.name_of(given) in ("poisson", "geometric", "negative_binomial", "logarithmic"):
        raise NoSuchUnit("whole numbers of days")
    for name, value in given.model_dump(exclude_none=True).items():
        if name == "rate":
            yield name, value / factor
        elif name == "mu":
            yield name, value + float(np.log(factor))
        elif name in BARE:
            yield name, value
        else:
            yield name, [v * factor for v in value] if name == "values" else value * factor


def _scaled_rule(use: RuleUse, factor: float) -> dict[str, Any]:
    rules = [f.rules[use.rule] for f in FAMILIES.values() if use.rule in f.rules]
    rule = next(r for r in rules if {p.name for p in r.parameters} == set(use.params))
    units = {p.name: p.unit for p in rule.parameters}
    if use.rule == PROGRAM:
        units["weight"] = "per day"  # money per unit and day late
    return {
        name: each_value({name: value}, lambda v, n=name: _scaled(v, factor, units[n]))[name]
        for name, value in use.params.items()
    }


def unit_of(cls: type[BaseModel], name: str) -> str:
    """The unit of a field, from its annotation."""
    field = cls.model_fields[name]
    found = {m.name for m in field.metadata if isinstance(m, Described)} | _units(field.annotation)
    found &= set(POWERS)
    assert len(found) < 2, (cls, name, found)
    return found.pop() if found else ""


def _units(annotation: Any) -> set[str]:
    found = set()
    if get_origin(annotation) is Annotated:
        found = {m.name for m in annotation.__metadata__ if isinstance(m, Described)}
    return found.union(*map(_units, get_args(annotation)[:1] if found else get_args(annotation)))


def assert_same(one: Log, other: Log, factor: float) -> None:
    """The logs are equal, one's times being those of the other times a factor."""
    assert one.handled == other.handled
    for table in TABLES:
        a, b = getattr(one, table), getattr(other, table)
        assert len(a) == len(b), f"{table}: {len(a)} rows and {len(b)}"
        for name, power in _powers(a.dtype).items():
            if power is None:
                assert (a[name] == b[name]).all(), (table, name, a[name], b[name])
            else:
                np.testing.assert_allclose(
                    b[name], a[name] * factor**power, 1e-9, 1e-9 * factor**power, err_msg=name
                )


LEFT_OUT = ("key", "revised", "cancelled", "quantile_step")
"""What the engine has for itself: places in tables, keys in ranks or days, marks for never."""


def _powers(kind: np.dtype[Any]) -> dict[str, int | None]:
    """Fields of a table, with the power of a day in their unit; None for whole numbers."""
    own = [c for c in vars(entities).values() if is_dataclass(c) and c is not entities.World]
    cls = next(c for c in own if c.__module__.startswith(entities.__name__) and dtype(c) == kind)
    found: dict[str, int | None] = {}
    hints = get_type_hints(cls, include_extras=True)
    for field in fields(cls):
        if field.name not in LEFT_OUT:
            mark = next(m for m in hints[field.name].__metadata__ if isinstance(m, Described))
            whole = hints[field.name].__origin__ is int
            found[field.name] = None if whole else POWERS.get(mark.name, 0)
    return found
