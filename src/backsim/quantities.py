"""Numbers with a unit: one name per kind of number, used by entities, rules and scenario files.

Each name is an ``Annotated`` number: its bounds, then its `Unit`, which says what it is measured in
and how the kernel stores it.  Scenario errors, docs and the JSON schema read both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from annotated_types import Ge, Gt, Le, Lt

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema

WHOLE_NUMBER = "a whole number"
BOUNDS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}

LEAST, MOST = 1e-12, 1e12
"""No number is larger, and none that must be above 0 is smaller: so no product overflows."""

PERCENT = r"^\s*[+-]?(\d+\.?\d*|\.\d+)\s*%\s*$"
"""A share in percent, as a file may write it: `15 %`."""


def from_percent(value: Any) -> Any:
    """The number that a text such as `15 %` says, 0.15; anything else as it is."""
    if isinstance(value, str) and re.match(PERCENT, value):
        return float(Decimal(value.replace("%", "").strip()) / 100)
    return value


@dataclass(frozen=True, slots=True)
class Described:
    """The unit of something that is not a plain number, for the JSON schema."""

    name: str

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The schema as it is, with its unit."""
        plain = handler(schema)
        return {**plain, "unit": self.name} if self.name else plain


@dataclass(frozen=True, slots=True)
class Unit(Described):
    """What a number is measured in (`name`), its numpy type in records, and how large it may be."""

    stored: str = "f8"
    most: float = MOST
    packs: bool = False
    """Whether a file may say it in packs of a product: `2 case`."""

    @property
    def is_share(self) -> bool:
        """Whether a file may say it in percent: `15 %`."""
        return self.name.startswith(("share", "probability"))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Shares may be in percent; products with a `smallest` unit may have parts of units."""
        found = Described.__get_pydantic_json_schema__(self, schema, handler)
        if self.is_share:
            found |= {"type": ["number", "string"], "pattern": PERCENT}
        if self.name == "units" and found.get("type") == "integer":
            found |= {"type": ["number", "string"] if self.packs else "number", "whole": True}
        return found

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Say the bounds and the unit when a value in a scenario file is refused."""
        from pydantic import ValidationError
        from pydantic_core import PydanticCustomError, core_schema

        number = handler(source)
        noun, bounds = _noun_and_bounds(number)
        counts = noun == WHOLE_NUMBER

        def refuse(bounds: str, value: Any = None) -> PydanticCustomError:
            meant = _meant_in_percent(value) if self.is_share and bounds.endswith(" 1") else ""
            unit = f" ({self.name}{meant})" if self.name else ""
            expected = {"expected": f"{noun} {bounds}".strip() + unit, "found": ""}
            return PydanticCustomError("fault", "{expected}", expected)

        def beyond(value: Any) -> str:
            return f"of at least -{self.most:,.0f}" if value < 0 else f"of at most {self.most:,.0f}"

        def check(value: Any, validate: Any, info: Any) -> Any:
            if counts and isinstance(value, float) and value.is_integer():
                value = int(value)  # 20.0, as tables have it
            try:
                checked = validate(from_percent(value) if self.is_share else value)
            except ValidationError:
                if self.name == "units" and info.context == FINE and self._is_fine(value, number):
                    return value
                if isinstance(value, int) and abs(value) > self.most:  # too long even for a float
                    raise refuse(beyond(value)) from None
                raise refuse(bounds, value) from None
            if abs(checked) > self.most:
                raise refuse(beyond(checked))
            if bounds.startswith("> 0") and checked < LEAST:
                raise refuse(f"of at least {LEAST:g}")
            return checked

        return core_schema.with_info_wrap_validator_function(check, number)

    def _is_fine(self, value: Any, number: Any) -> bool:
        """Whether a product's smallest unit or its packs may make it a whole number."""
        if isinstance(value, str):
            return self.packs
        while number["type"] not in ("int", "float"):
            number = number["schema"]
        low, most = number.get("ge", -LARGEST_STOCK), min(self.most, LARGEST_STOCK)
        above = number.get("gt", low - 1)
        return isinstance(value, float) and bool(low <= value <= most and value > above)


FINE = {"fine": True}
"""The context of files whose products have smallest units or packs: quantities may be fractions."""


@dataclass(frozen=True, slots=True)
class PerUnit:
    """Marks a number that belongs to each unit of a product, as its price or its volume."""


PER_UNIT = PerUnit()


@dataclass(frozen=True, slots=True)
class Choice(Unit):
    """One of a few words; the kernel stores which one it is."""

    words: tuple[str, ...] = ()

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """One of the words and nothing else."""
        from pydantic_core import core_schema

        return core_schema.literal_schema(list(self.words))


def _meant_in_percent(value: Any) -> str:
    """How to write a share such as 15, which is meant in percent."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 2 <= value <= 100:
        return ""
    return f"; write {value / 100:g} or {value:g} %"


def _noun_and_bounds(schema: Any) -> tuple[str, str]:
    """How to name the numbers a schema allows: ("a whole number", "> 0")."""
    while schema["type"] not in ("int", "float"):
        schema = schema["schema"]
    bounds = [f"{sign} {schema[key]:g}" for key, sign in BOUNDS.items() if key in schema]
    return WHOLE_NUMBER if schema["type"] == "int" else "a number", " and ".join(bounds)


LARGEST_STOCK = 2e9
"""The most units of one purchase, line or level; records hold them in 4 bytes."""

Code = Annotated[int, Unit("", "i4")]
"""A small integer with a meaning of its own: an index into a table, a status, a flag."""
Count = Annotated[int, Unit("", "i8")]
Units = Annotated[int, Unit("units", "i4", LARGEST_STOCK)]
TotalUnits = Annotated[int, Unit("units", "i8")]
Time = Annotated[float, Unit("days")]
"""A moment, in days from the start of the run."""
Portion = Annotated[float, Unit("share")]
Price = Annotated[float, Unit("money")]
UnitDays = Annotated[float, Unit("units x days")]
SquaredUnitDays = Annotated[float, Unit("units² x days")]

Days = Annotated[float, Ge(0), Unit("days")]
PositiveDays = Annotated[float, Gt(0), Unit("days")]
Rate = Annotated[float, Gt(0), Unit("per day")]
PerDay = Annotated[float, Ge(0), Unit("per day")]
Growth = Annotated[float, Unit("per day")]
"""Of a rate, as a share of it; may be negative."""
Level = Annotated[float, Unit("units", "f8", LARGEST_STOCK)]
"""A stock level; may be negative (a reorder point of -1 waits for a backlog)."""
WholeLevel = Annotated[int, Unit("units", "i8", LARGEST_STOCK)]
"""A stock level in whole units; may be negative."""
LEVELS = Level, WholeLevel
SafetyFactor = Annotated[float, Unit("standard deviations")]
"""How many standard deviations a safety stock is."""
PositiveUnits = Annotated[int, Gt(0), Unit("units", "i4", LARGEST_STOCK)]
PackedUnits = Annotated[int, Gt(0), Unit("units", "i4", LARGEST_STOCK, packs=True)]
"""Units that a file may also say in packs of the product: `case`, `2 pallet`."""
SomeUnits = Annotated[int, Ge(0), Unit("units", "i4", LARGEST_STOCK)]
PositiveCount = Annotated[int, Gt(0), Unit("", "i4", LARGEST_STOCK)]
SomeCount = Annotated[int, Ge(0), Unit("", "i4", LARGEST_STOCK)]
Money = Annotated[float, Ge(0), Unit("money")]
Number = Annotated[float, Unit("")]
Periods = Annotated[float, Unit("periods")]
SquaredUnits = Annotated[float, Unit("units²")]
TicksPerDay = Annotated[float, Unit("ticks per day")]
Positive = Annotated[float, Gt(0), Unit("")]
NonNegative = Annotated[float, Ge(0), Unit("")]
Probability = Annotated[float, Ge(0), Le(1), Unit("probability")]
Share = Annotated[float, Gt(0), Lt(1), Unit("share")]
AboveMinusOne = Annotated[float, Gt(-1), Unit("share")]
"""A change by a share: -0.1 is a tenth less."""
"""A share that is neither nothing nor all."""
Variation = Annotated[float, Gt(0), Unit("share of the mean")]
"""A coefficient of variation."""
Weight = Annotated[float, Gt(0), Unit("")]
SquaredUnitsPerDay = Annotated[float, Ge(0), Unit("units² per day")]
UnitsPerDay = Annotated[float, Ge(0), Unit("units per day", "f8", LARGEST_STOCK)]
Part = Annotated[float, Ge(0), Le(1), Unit("share")]
"""A share, from nothing to all."""
Scope = Annotated[str, Choice("", words=("stock", "site"))]
"""How far a decision reaches: one stock point, or all of a site."""
OpenProbability = Annotated[float, Gt(0), Le(1), Unit("probability")]
"""A probability above 0."""


@dataclass(frozen=True, slots=True)
class EachClass:
    """Marks a parameter that may differ by customer class.

    Classes that a mapping does not name have the parameter's default; without one, `rest`.
    """

    rest: float | None = None


_Kind = TypeVar("_Kind")
PerClass = Annotated[_Kind, EachClass()]
"""A number for all customer classes, or a mapping with one for each: `PerClass[Weight]`."""
Levels = Annotated[SomeUnits, EachClass(rest=0)]
"""Units for each customer class; 0 for those not named."""
