"""What a file spells as one key with its parameters: `{gamma: {mean: 6, cv: 0.5}}`.

The key is a name in a registry, as it is when a file is read: a user's own classes count too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, create_model
from pydantic_core import CoreSchema, core_schema

from backsim.errors import nearest
from backsim.rules.kinds import Registry
from backsim.scenario.part import Part, fault, only_key


def as_it_is(value: Any) -> Any:
    """No short form."""
    return value


@dataclass(frozen=True, eq=False)
class OneOf:
    """Pydantic annotation: one thing of a registry.

    `expected` says what may stand there; `read` and `write` know short forms of a mapping, such as
    a number, whose JSON schema is `short`.
    """

    registry: Registry[Any]
    expected: str
    read: Callable[[Any], Any] = as_it_is
    write: Callable[[Any], Any] = as_it_is
    short: CoreSchema | None = None

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Validate against the registry as it is then."""
        return core_schema.no_info_plain_validator_function(
            self.validate,
            serialization=core_schema.plain_serializer_function_ser_schema(self.spell),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """A mapping with one key, one alternative for each name; or what is shorter."""
        kinds: Any = self.registry.items()
        schemas = [handler(holder(*kind).__pydantic_core_schema__) for kind in kinds]
        found = [*([handler(self.short)] if self.short else ()), *schemas]
        return {"anyOf": found} if found else {"not": {}}

    def validate(self, value: Any) -> Any:
        """The thing that a mapping with one key says."""
        if isinstance(value, Part):
            return value
        given = self.read(value)
        key = only_key(given)
        if key is None:
            raise fault(self.expected)
        if key not in self.registry:
            known = nearest(key, list(self.registry))
            raise fault(f"a known {self.registry.what} ({known})", f"'{key}'")
        cls: Any = self.registry[key]
        return getattr(holder(key, cls).model_validate(given), key)

    def spell(self, thing: Any) -> Any:
        """The thing as a file spells it."""
        short = self.write(thing)
        if short is not thing:
            return short
        return {self.registry.name_of(thing): thing.model_dump(exclude_none=True)}


@cache
def holder(name: str, cls: Any) -> type[Part]:
    """The mapping that has a thing's parameters under its name."""
    fields: dict[str, Any] = {name: (cls, ...)}
    doc = (cls.__doc__ or "").partition("\n")[0]
    return create_model(f"{name}_", __base__=Part, __doc__=doc, **fields)
