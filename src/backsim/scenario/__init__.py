"""A scenario file, resolved into a frozen, explicit `Model`."""

from backsim.scenario.load import load, read
from backsim.scenario.model import Model

__all__ = ["Model", "load", "read"]
