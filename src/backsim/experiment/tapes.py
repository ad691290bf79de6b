"""Which models are played against one tape: those that do not differ in what a tape reads."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from backsim.scenario.model import Model
from backsim.streams.supply import fate_laws

POLICY_FIELDS = {
    "": ("title", "warm_up", "time_unit", "currency", "costs", "limits"),
    "products": ("price", "costs"),
    "customers": ("priority", "shipment", "costs", "announced"),
    "suppliers": ("crossing", "messages"),
    "stock": (
        *("reorder", "review", "priority", "rationing", "overtaking", "withdraw"),
        *("initial", "inbound", "notice", "estimate", "least_order", "multiple"),
        *("backlog_limit", "clearing", "sharing", "substitution", "forecast", "observe"),
        *("expedite", "cancel_late", "costs"),
    ),
}
"""Fields that do not enter a tape, by section.  What is not listed is taken to enter: two models
that differ in it get tapes of their own, which costs time and changes no number."""

ENTERING = frozenset({"transfers"})
"""Fields of a policy that enter one: each site that may send has a stream of its own."""


def tape_digest(model: Model) -> str:
    """A hash of all that may enter the tape; the order of names counts, as codes follow it."""
    plain = model.to_dict()
    for section, fields in POLICY_FIELDS.items():
        for part in _parts(plain.get(section, ()) if section else [plain]):
            for field in fields:
                part.pop(field, None)
    plain["fates"] = [  # they depend on what a supplier tells, as far as they are drawn at all
        {name: law.model_dump() for name, law in laws.items()} for laws in fate_laws(model)
    ]
    return hashlib.sha256(
        json.dumps([plain, model.file_digests, *model.own_code]).encode()
    ).hexdigest()


def _parts(section: Any) -> list[dict[str, Any]]:
    return list(section.values()) if isinstance(section, dict) else list(section)
