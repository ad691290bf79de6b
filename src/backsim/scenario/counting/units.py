"""Numbers and parts of a scenario in smallest units, and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from typing import Any, TypeVar, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from backsim.quantities import LARGEST_STOCK, PerUnit, Unit
from backsim.rules import FAMILIES, Family
from backsim.scenario.distributions.base import Distribution
from backsim.scenario.schema import Product
from backsim.scenario.schema.rule_use import RuleUse
from backsim.scenario.yamlfile import Location

POWERS = {"units": 1, "units per day": 1, "units² per day": 2}
"""How a number of each unit grows with the number of smallest units in a unit."""

IN_PACKS = re.compile(r"(?:(?P<number>[0-9]+(?:\.[0-9]+)?)\s+)?(?P<pack>\S.*)")


@dataclass(frozen=True, slots=True)
class Mark:
    """What the schema says of a number: how it grows, and whether it is a quantity."""

    power: int
    quantity: bool = False
    packs: bool = False


Change = Callable[[Any, Mark, Location], Any]
Kind = TypeVar("Kind", bound=BaseModel)


class NotCounted(Exception):
    """A quantity that is no whole number of smallest units: where, what was expected and found."""

    def __init__(self, path: Location, expected: str, found: Any) -> None:
        super().__init__(expected)
        self.path, self.expected, self.found = path, expected, found


@dataclass(frozen=True)
class Counting:
    """How a product is counted: units in its smallest unit, smallest units in each pack."""

    smallest: Fraction = Fraction(1)
    packs: Mapping[str, Any] = field(default_factory=dict)
    unit: str = ""

    def inside(self, value: Any, mark: Mark, path: Location = ()) -> Any:
        """A number of the file as the model has it.  Raises NotCounted."""
        if isinstance(value, str):
            return self._whole(self._in_packs(value, path), value, path)
        if mark.quantity:
            return self._whole(_exact(value) / self.smallest, value, path)
        return float(_exact(value) / self.smallest**mark.power)

    def outside(self, value: Any, mark: Mark, path: Location = ()) -> Any:
        """A number of the model as a file has it."""
        found = _exact(value) * self.smallest**mark.power
        return int(found) if mark.quantity and found.denominator == 1 else float(found)

    def _whole(self, found: Fraction, said: Any, path: Location) -> int:
        if found.denominator != 1:
            of = f" of {float(self.smallest):g}" if self.smallest != 1 else ""
            raise NotCounted(path, f"a whole number{of} {self.unit}".rstrip(), said)
        if abs(found) > LARGEST_STOCK:
            most = f"{LARGEST_STOCK * float(self.smallest):,.15g} {self.unit}".rstrip()
            raise NotCounted(path, f"at most {most}", said)
        return int(found)

    def _in_packs(self, text: str, path: Location) -> Fraction:
        """Smallest units of `case` or `2 case`."""
        said = IN_PACKS.fullmatch(text.strip())
        if said is None or said["pack"] not in self.packs:
            known = ", ".join(self.packs)
            expected = f"a number, or a number of packs ({known})" if known else "a number"
            raise NotCounted(path, expected, f"'{text}'")
        return Fraction(said["number"] or 1) * int(self.packs[said["pack"]])


def counting_of(product: Product) -> Counting:
    """How a product of a model is counted."""
    return Counting(_exact(product.smallest), product.packs, product.unit)


def counts_of(products: Mapping[str, Product]) -> dict[str, Counting]:
    """How each product is counted; nothing where all are counted in whole units."""
    if not is_fine(products):
        return {}
    return {name: counting_of(product) for name, product in products.items()}


def is_fine(products: Mapping[str, Product]) -> bool:
    """Whether any product has a smallest unit or packs of its own."""
    return any(product.smallest != 1 or product.packs for product in products.values())


def counted_product(product: Product, path: Location) -> Product:
    """A product of a file in smallest units.  Raises NotCounted."""
    by = Counting(_exact(product.smallest), {}, product.unit)
    packs = changed(product.packs, by.inside, Mark(1, quantity=True), (*path, "packs"))
    found: Product = changed(product, replace(by, packs=packs).inside, path=path, leave=("packs",))
    update: dict[str, Any] = {"packs": packs} if packs else {}
    if "volume" not in product.model_fields_set:
        update["volume"] = by.inside(product.volume, Mark(-1))
    return _copy(found, update)


def product_as_written(product: Product) -> Product:
    """The same backwards."""
    found: Product = changed(product, counting_of(product).outside)
    return found


def changed(
    value: Any,
    change: Change,
    mark: Mark | None = None,
    path: Location = (),
    leave: tuple[str, ...] = (),
) -> Any:
    """A value with every number changed that is in units or per unit; what is not said stays."""
    if isinstance(value, Distribution):
        return value
    if isinstance(value, BaseModel):
        return _copy(value, _fields(value, change, path, leave))
    if isinstance(value, Mapping):
        return {key: changed(item, change, mark, (*path, key)) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(changed(item, change, mark, (*path, i)) for i, item in enumerate(value))
    text = isinstance(value, str) and mark is not None and mark.packs
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return change(value, mark, path) if mark is not None and (number or text) else value


def changed_rule(value: Any, family: Family, change: Change, path: Location = ()) -> Any:
    """A rule, or several, with their parameters changed."""
    if isinstance(value, tuple):
        return tuple(changed_rule(u, family, change, (*path, i)) for i, u in enumerate(value))
    if not isinstance(value, RuleUse):
        return value
    marks = {p.name: _mark(p.unit) for p in family.get(value.rule).parameters}
    given = value.params.items()
    params = {n: changed(v, change, marks.get(n), (*path, n)) for n, v in given}
    return replace(value, params=params)


def per_unit(kind: type[BaseModel]) -> frozenset[str]:
    """The fields of a part that are per unit."""
    return frozenset(name for name, mark in _marks(kind).items() if mark and mark.power < 0)


def changed_field(kind: type[BaseModel], name: str, value: Any, change: Change) -> Any:
    """The value of one field of a part, changed."""
    return _field(kind, name, value, change, (name,))


def _fields(
    value: BaseModel, change: Change, path: Location, leave: tuple[str, ...]
) -> dict[str, Any]:
    names = value.model_fields_set - set(leave)
    given = {name: getattr(value, name) for name in type(value).model_fields if name in names}
    return {n: _field(type(value), n, v, change, (*path, n)) for n, v in given.items()}


def _field(kind: type[BaseModel], name: str, value: Any, change: Change, path: Location) -> Any:
    if name in FAMILIES:
        return changed_rule(value, FAMILIES[name], change, path)
    return changed(value, change, _marks(kind)[name], path)


def _copy(value: Kind, fields: Mapping[str, Any]) -> Kind:
    new = {name: item for name, item in fields.items() if item != getattr(value, name)}
    return value.model_copy(update=new) if new else value


@cache
def _marks(kind: type[BaseModel]) -> dict[str, Mark | None]:
    """What the schema says of the numbers of each field of a part."""
    return {name: _found(info) for name, info in kind.model_fields.items()}


def _found(info: FieldInfo) -> Mark | None:
    said = [*info.metadata, *_annotations(info.annotation)]
    if any(isinstance(one, PerUnit) for one in said):
        return Mark(-1)
    units = [one for one in said if isinstance(one, Unit) and one.name in POWERS]
    if not units:
        return None
    return replace(_mark(units[0].name) or Mark(1), packs=any(unit.packs for unit in units))


def _mark(unit: str) -> Mark | None:
    return Mark(POWERS[unit], quantity=unit == "units") if unit in POWERS else None


def _annotations(hint: Any) -> Iterator[Any]:
    """All that annotations say within a type, but not within its parts."""
    yield from getattr(hint, "__metadata__", ())
    for inner in get_args(hint):
        yield from _annotations(inner)


def _exact(value: Any) -> Fraction:
    """A number as it is written."""
    return value if isinstance(value, Fraction) else Fraction(repr(value))
