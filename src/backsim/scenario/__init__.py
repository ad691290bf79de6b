"""A scenario file, resolved into a frozen, explicit `Model`."""

from backsim.scenario.jsonschema import json_schema
from backsim.scenario.load import from_dict, load, read
from backsim.scenario.model import Model

__all__ = ["Model", "from_dict", "json_schema", "load", "read"]
