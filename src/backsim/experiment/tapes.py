"""Which models are played against one tape: those that do not differ in what a tape reads."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from backsim.files import text_digest
from backsim.scenario.model import Model
from backsim.scenario.opening import comes_in_sequence
from backsim.scenario.part import Part
from backsim.scenario.schema import CustomerClass, Product, Scenario, StockPoint, Supplier
from backsim.scenario.shorthand import OFF_TAPE
from backsim.streams.supply import outcome_laws

SECTIONS: dict[str, type[Part]] = {
    "products": Product,
    "customers": CustomerClass,
    "suppliers": Supplier,
    "stock": StockPoint,
}


def tape_digest(model: Model) -> str:
    """A hash of all that may enter the tape; the order of names counts, as codes follow it."""
    plain = model.to_dict()
    for section, kind in SECTIONS.items():
        parts = plain.get(section, ())
        for part in parts.values() if isinstance(parts, dict) else parts:
            _drop_off_tape(part, kind)
    _drop_off_tape(plain, Scenario)
    plain["outcomes"] = [  # they depend on what a supplier tells, as far as they are drawn at all
        {name: law.model_dump() for name, law in laws.items()} for laws in outcome_laws(model)
    ]
    # Whether a supplier delivers in sequence enters where arrivals follow from ages.
    plain["in_sequence"] = [
        comes_in_sequence(model.scenario, lane)
        for lane, point in zip(model.lanes, model.scenario.stock, strict=False)
        if any(inbound.arrives is None for inbound in point.inbound)
    ]
    parts = [plain, model.file_digests, *model.own_code.items()]
    return text_digest(json.dumps(parts))


def _drop_off_tape(part: dict[str, Any], kind: type[Part]) -> None:
    for name in _off_tape(kind):
        part.pop(name, None)


@cache
def _off_tape(kind: type[Part]) -> tuple[str, ...]:
    """The fields of a part that do not enter a tape."""
    return tuple(name for name, field in kind.model_fields.items() if OFF_TAPE in field.metadata)
