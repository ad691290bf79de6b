"""The JSON Schema of a file, for editors and other programs."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from backsim.scenario.meanings import meaning
from backsim.scenario.part import Part
from backsim.scenario.schema import Scenario


class _WithMeanings(GenerateJsonSchema):
    """Says of each field what the string below it says."""

    def model_schema(self, schema: core_schema.ModelSchema) -> dict[str, Any]:
        """The schema of a part."""
        found = super().model_schema(schema)
        kind = schema["cls"]
        for name, field in kind.model_fields.items():
            said = found.get("properties", {}).get(field.alias or name)
            if said is not None and "description" not in said and (text := meaning(kind, name)):
                said["description"] = text
        return found


def json_schema(kind: type[Part] = Scenario) -> dict[str, Any]:
    """The JSON Schema of a scenario file or another, with every rule that is registered now.

    A number's unit stands in `unit`.  The schema knows form, not meaning: whether a name is
    defined, or a warm-up shorter than the horizon, only `load` can tell.
    """
    schema = kind.model_json_schema(schema_generator=_WithMeanings)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
