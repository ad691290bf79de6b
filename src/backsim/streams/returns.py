"""What comes back of each line: what its customer sends back, and what is recalled.

The draws belong to the line, so that they are the same under every policy.  What is recalled is
drawn of the units that do not come back anyway, so that a unit comes back once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from backsim.entities import TRAITS
from backsim.scenario.distributions.fields import Distribution
from backsim.scenario.model import Model
from backsim.scenario.schema import CustomerClass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Columns = dict[str, NDArray[Any]]


class Draw(Protocol):
    """A demand entry of a class that is drawn (`streams.orders.DemandDraw`)."""

    model: Model
    name: str
    customer: CustomerClass

    @property
    def per_size(self) -> tuple[Floats, Integers]:
        """What sizes of each product are multiplied by, before and after they are rounded."""
        ...

    def generator(self, what: str) -> np.random.Generator:
        """The generator of one kind of draw."""
        ...

    def days(self, what: str, given: Distribution | str, count: int) -> Floats:
        """Days drawn for each customer."""
        ...


def returned(draw: Draw, lines: Columns, of: str = "") -> Columns:
    """Units of lines that come back, and when; `of` tells streams of several draws apart."""
    units = np.asarray(lines["units"], np.int64)
    found = _sent_back(draw, units, of)
    if found:
        units = units - found["returned"]
    found |= _recalled(draw, lines["stock"], units, of)
    return {name: np.asarray(column, TRAITS[name]) for name, column in found.items()}


def _sent_back(draw: Draw, units: Integers, of: str) -> Columns:
    """What customers send back: units in all, to stock and to be repaired."""
    given, count = draw.customer.returns, len(units)
    if given is None:
        return {}
    back = thinned(draw, f"{of}returns.share", units, given.share)
    restocked = thinned(draw, f"{of}returns.restock", back, given.restock)
    mends = given.repair
    others = 1.0 - given.restock
    share = min(1.0, mends.share / others) if mends and others > 0 else 0.0
    return {
        "returned": back,
        "restocked": restocked,
        "to_repair": thinned(draw, f"{of}returns.repair", back - restocked, share),
        "kept": draw.days(f"{of}returns.after", given.after, count),
        "mending": draw.days(f"{of}returns.repair.days", mends.days, count)
        if mends
        else np.zeros(count),
    }


def _recalled(draw: Draw, stock: Integers, units: Integers, of: str) -> Columns:
    """What comes back in the recall of a line's product, if it was shipped before that in time."""
    recalls = {
        code: product.recall
        for code, product in enumerate(draw.model.scenario.products.values())
        if product.recall is not None and product.recall.within is not None
    }
    if not recalls:
        return {}
    product, count = products_of(draw.model)[stock], len(units)
    share, repaired, after = np.zeros(count), np.zeros(count), np.zeros(count)
    for code, recall in recalls.items():
        own = product == code
        share[own] = recall.share
        repaired[own] = recall.repair.share if recall.repair else 0.0
        days = draw.days(f"{of}recall.after/{draw.model.products[code]}", recall.after, count)
        after[own] = days[own]
    back = thinned(draw, f"{of}recall.share", units, share)
    return {
        "recalled": back,
        "recalled_to_repair": thinned(draw, f"{of}recall.repair", back, repaired),
        "recalled_after": after,
    }


def thinned(draw: Draw, what: str, units: Integers, share: float | Floats) -> Integers:
    """How many of some units something happens to, each on its own: one uniform per line."""
    if isinstance(share, float) and share in (0.0, 1.0):
        return np.asarray(units * int(share))
    uniform = draw.generator(what).random(len(units))
    found = ((uniform < share) & (units > 0)).astype(np.int64)
    if several := np.flatnonzero(units > 1).tolist():
        from scipy.stats import binom

        each = np.broadcast_to(share, len(units))[several]
        found[several] = binom.ppf(1.0 - uniform[several], units[several], each)
    return np.asarray(found)


def products_of(model: Model) -> Integers:
    """The product of each stock point, by number."""
    if "product codes" not in model.kept:
        place = {name: code for code, name in enumerate(model.products)}
        model.kept["product codes"] = np.array([place[p] for p, _ in model.stock_points])
    found: Integers = model.kept["product codes"]
    return found
