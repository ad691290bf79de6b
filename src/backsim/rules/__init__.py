"""The business rules, one small pure function each, and the registry that finds them."""

from backsim.rules import communication as _communication
from backsim.rules import forecast as _forecast
from backsim.rules import priority as _priority
from backsim.rules import rationing as _rationing
from backsim.rules import reorder as _reorder
from backsim.rules import sourcing as _sourcing
from backsim.rules.families import (
    FAMILIES,
    REGISTERED,
    estimate,
    forecast,
    notice,
    priority,
    process,
    rationing,
    reorder,
    sourcing,
    split,
)
from backsim.rules.priority import PROGRAM
from backsim.rules.registry import Family, Parameter, Rule, above, ages_by

__all__ = [
    "FAMILIES",
    "PROGRAM",
    "REGISTERED",
    "Family",
    "Parameter",
    "Rule",
    "above",
    "ages_by",
    "estimate",
    "forecast",
    "notice",
    "priority",
    "process",
    "rationing",
    "reorder",
    "sourcing",
    "split",
]
del _communication, _forecast, _priority, _rationing, _reorder, _sourcing
