"""The JSON Schema of a file, for editors and other programs."""

from __future__ import annotations

from typing import Any

from backsim.scenario.part import Part
from backsim.scenario.schema import Scenario


def json_schema(kind: type[Part] = Scenario) -> dict[str, Any]:
    """The JSON Schema of a scenario file or another, with every rule that is registered now.

    A number's unit stands in `unit`.  The schema knows form, not meaning: whether a name is
    defined, or a warm-up shorter than the horizon, only `load` can tell.
    """
    schema = kind.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
