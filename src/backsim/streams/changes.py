"""Quantities that customers change while they wait: fewer units of a line, or an order for more.

Each line has a draw of its own for whether, when and to what its quantity is changed.  An order for
more units is on the tape like any other; a run places it if the line still waits by then.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.entities import TRAITS
from backsim.errors import InputError
from backsim.quantities import LARGEST_STOCK
from backsim.streams.returns import Draw, products_of, returned

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Columns = dict[str, NDArray[Any]]

MORE = "more"
"""A column beside those of the tape: units that the customer of a line will want in addition."""


def changed(draw: Draw, lines: Columns) -> Columns:
    """Units that are dropped of each line, and when; and those that are added then (`MORE`)."""
    given, count = draw.customer.changes, len(lines["units"])
    if given is None:
        return {}
    units = np.asarray(lines["units"], np.int64)
    factor = np.maximum(given.factor.sample(draw.generator("changes.factor"), count), 0.0)
    pack = draw.per_size[1][products_of(draw.model)[lines["stock"]]]
    wanted = np.rint(factor * (units / pack)) * pack
    if count and wanted.max() > LARGEST_STOCK:
        raise InputError(
            f"customers.{draw.name}.changes.factor: expected at most {LARGEST_STOCK:,.0f} units "
            f"in a line, drew {wanted.max():,.0f}"
        )
    changes = draw.generator("changes.share").random(count) < given.share
    more = np.where(changes, wanted.astype(np.int64) - units, 0)
    return {
        "dropped": np.asarray(np.maximum(-more, 0), TRAITS["dropped"]),
        "drops_after": draw.days("changes.after", given.after, count),
        MORE: np.maximum(more, 0),
    }


def added(draw: Draw, lines: Columns) -> Iterator[Columns]:
    """The orders by which customers add units to their lines, which come right before them.

    The customer is the same person, so that all else is as for the first order.
    """
    more = lines.pop(MORE, None)
    if more is None:
        return
    on_grid = draw.model.on_grid
    times = on_grid(lines["time"] + lines["drops_after"])
    rows = np.flatnonzero((more > 0) & (times < draw.model.horizon))
    count = np.arange(len(rows))
    found = {name: column[rows] for name, column in lines.items()}
    found["due"] = on_grid(times[rows] + (found["due"] - found["time"]))
    found["time"] = times[rows]
    found["units"] = np.asarray(more[rows], lines["units"].dtype)
    found |= returned(draw, found, "changes.")
    found["dropped"] = np.zeros(len(rows), TRAITS["dropped"])
    found["head"] = np.asarray(count, lines["head"].dtype)
    found["adds_to"] = np.asarray(len(more) - rows + count, TRAITS["adds_to"])
    yield found
