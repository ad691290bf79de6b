"""The JSON Schema says the same as the reader about form."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from backsim.rules import FAMILIES
from backsim.scenario import json_schema, load, read
from backsim.scenario.distributions.fields import distribution

HERE = Path(__file__).parent
VALID = sorted((HERE / "valid").glob("*.yaml"))
INVALID = HERE.parent / "invalid"
WRONG_FORM = [
    *(f"unknown_key_{part}" for part in ("scenario", "product", "site", "supplier", "class")),
    *(f"unknown_key_{part}" for part in ("demand", "pattern", "policy", "stock", "limits")),
    *("no_horizon", "no_demand", "empty_demand", "horizon_text", "horizon_zero", "horizon_bool"),
    *("customers_list", "class_is_text", "priority_fraction", "tolerance_word", "shipment_word"),
    *("rate_negative", "rule_unknown", "rule_parameter_missing", "rule_parameter_unknown"),
    *("rule_parameters_missing", "distribution_unknown"),  # a fraction may be one of kilograms
    *("distribution_two", "gamma_only_mean", "gamma_conflict", "exponential_none"),
]


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_file_and_its_explicit_form(
    path: Path, validator: jsonschema.Draft202012Validator
) -> None:
    validator.validate(read(path).values)
    validator.validate(load(path).to_dict())


@pytest.mark.parametrize("name", WRONG_FORM)
def test_a_file_of_wrong_form(name: str, validator: jsonschema.Draft202012Validator) -> None:
    assert not validator.is_valid(read(INVALID / f"{name}.yaml").values)


def test_units_and_descriptions_are_told() -> None:
    schema = json_schema()
    horizon = schema["properties"]["horizon"]
    assert (horizon["unit"], horizon["exclusiveMinimum"]) == ("days", 0)
    assert horizon["description"] == "Days simulated."
    supplier = schema["$defs"]["Supplier"]["properties"]["lead_time"]
    assert (supplier["unit"], supplier["default"]) == ("days", 0.0)


def test_every_default_is_of_its_own_form(validator: jsonschema.Draft202012Validator) -> None:
    parts = [validator.schema, *validator.schema["$defs"].values()]
    fields = [field for part in parts for field in part.get("properties", {}).values()]
    given = [field for field in fields if "default" in field]
    assert len(given) > 50
    for field in given:
        validator.evolve(schema={**field, "$defs": validator.schema["$defs"]}).validate(
            field["default"]
        )


def test_every_field_is_described() -> None:
    bare = [
        f"{name}.{key}"
        for name, part in json_schema()["$defs"].items()
        if name not in KNOWN_BY_THEIR_NAMES and "_" not in name
        for key, field in part.get("properties", {}).items()
        if "description" not in field
    ]
    assert bare == []


KNOWN_BY_THEIR_NAMES = {cls.__name__ for cls in distribution.values()}


def test_every_rule_is_in_it() -> None:
    texts = set(_texts(json_schema()))
    for family in FAMILIES.values():
        for rule in family.rules.values():
            assert rule.name in texts
            assert rule.doc in texts


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from _texts(item)
