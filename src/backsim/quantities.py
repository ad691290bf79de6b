"""Numbers with a unit: one name per kind of number, used by entities, rules and scenario files.

Each name is an ``Annotated`` number: its bounds, then its `Unit`, which says what it is measured in
and how the kernel stores it.  Scenario errors, docs and the JSON schema read both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Ge, Gt, Le

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema

BOUNDS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}


@dataclass(frozen=True, slots=True)
class Unit:
    """What a number is measured in (`name`), and its numpy type in records (`stored`)."""

    name: str
    stored: str = "f8"

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Say the bounds and the unit when a value in a scenario file is refused."""
        from pydantic import ValidationError
        from pydantic_core import PydanticCustomError, core_schema

        number = handler(source)
        expected = self._expected(number)

        def check(value: Any, validate: Any) -> Any:
            try:
                return validate(value)
            except ValidationError:
                raise PydanticCustomError("quantity", "{expected}", {"expected": expected}) from None

        return core_schema.no_info_wrap_validator_function(check, number)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The number's JSON schema, with its unit."""
        return {**handler(schema), **({"unit": self.name} if self.name else {})}

    def _expected(self, schema: Any) -> str:
        while schema["type"] not in ("int", "float"):
            schema = schema["schema"]
        bounds = [f"{sign} {schema[key]:g}" for key, sign in BOUNDS.items() if key in schema]
        noun = "a whole number" if schema["type"] == "int" else "a number"
        unit = f" ({self.name})" if self.name else ""
        return " ".join([noun, " and ".join(bounds)]).strip() + unit


Code = Annotated[int, Unit("", "i4")]
"""A small integer with a meaning of its own: an index into a table, a status, a flag."""
Count = Annotated[int, Unit("", "i8")]
Units = Annotated[int, Unit("units", "i4")]
TotalUnits = Annotated[int, Unit("units", "i8")]
Time = Annotated[float, Unit("days")]
"""A moment, in days from the start of the run."""
UnitDays = Annotated[float, Unit("units x days")]

Days = Annotated[float, Ge(0), Unit("days")]
PositiveDays = Annotated[float, Gt(0), Unit("days")]
Rate = Annotated[float, Gt(0), Unit("per day")]
PerDay = Annotated[float, Ge(0), Unit("per day")]
Level = Annotated[float, Unit("units")]
"""A stock level; may be negative (a reorder point of -1 waits for a backlog)."""
PositiveUnits = Annotated[int, Gt(0), Unit("units", "i4")]
SomeUnits = Annotated[int, Ge(0), Unit("units", "i4")]
Money = Annotated[float, Ge(0), Unit("money")]
Number = Annotated[float, Unit("")]
Positive = Annotated[float, Gt(0), Unit("")]
NonNegative = Annotated[float, Ge(0), Unit("")]
Probability = Annotated[float, Ge(0), Le(1), Unit("probability")]
Weight = Annotated[float, Gt(0), Unit("weight")]
OpenProbability = Annotated[float, Gt(0), Le(1), Unit("probability")]
