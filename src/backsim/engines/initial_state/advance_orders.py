"""When the orders of a tape become known, where that is before they are wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.entities import Announcement, dtype
from backsim.scenario.distributions.fields import Deterministic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backsim.scenario.model import Model
    from backsim.streams import Tape


def announcements(model: Model, tape: Tape | None) -> NDArray[Any]:
    """Rows of `Announcement` in order of time, lines of an instant in order of the tape.

    Orders wanted within the first days are known from the start; those from before it are wanted
    already.
    """
    customers = model.scenario.customers.values()
    announces = np.array([customer.announces for customer in customers])
    if tape is None or not announces.any():
        return np.empty(0, dtype(Announcement))
    columns, always = tape.columns, [customer.announced for customer in customers]
    days = np.array([d.value if isinstance(d, Deterministic) else np.nan for d in always])
    days = days[columns["customer_class"]]
    if "announced" in columns:
        days = np.where(np.isnan(days), columns["announced"], days)
    known = np.flatnonzero(announces[columns["customer_class"]] & (columns["time"] >= 0.0))
    time = model.on_grid(np.maximum(columns["time"][known] - days[known], 0.0))
    order = np.argsort(time, kind="stable")
    rows = np.empty(len(known), dtype(Announcement))
    rows["time"] = time[order]
    for name in ("stock", "units"):
        rows[name] = columns[name][known[order]]
    return rows
