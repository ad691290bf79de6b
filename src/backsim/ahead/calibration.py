"""Are the outlook's probabilities right?  Days of a simulated history, each looked ahead from.

A long run of the scenario is the truth.  On each of many of its days the state is taken as the
opening of the outlook, with no look at what comes; then the dates given are held against the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.ahead.outlook import place_met
from backsim.ahead.play import fate
from backsim.engines.choose import choose, play
from backsim.engines.log import Log
from backsim.entities import ASKED, NEVER, NONE
from backsim.errors import InputError
from backsim.results.ledger import check_ledger
from backsim.scenario.counting.scenario import smallest_of
from backsim.scenario.model import Model
from backsim.scenario.opening import places_of_open_orders
from backsim.streams import draw

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEVELS = tuple(k / 10 for k in range(1, 10))
"""The probabilities whose dates are held against the truth."""


@dataclass(frozen=True)
class Calibrated:
    """Of the dates given with a probability, how many were met.

    `error`: standard error of the share, with the days of the history as the sample.
    """

    probability: float
    given: int
    met: int
    error: float

    @property
    def share(self) -> float:
        """The share that was met."""
        return self.met / self.given if self.given else float("nan")


def calibration(
    model: Model,
    seed: int,
    *,
    days: int = 200,
    every: float = 5.0,
    ahead: float = 60.0,
    replications: int = 19,
    engine: str = "auto",
    progress: Callable[[int, int], object] | None = None,
) -> tuple[Calibrated, ...]:
    """Look ahead from `days` days of a history, `every` days apart, and compare with it.

    The history is the run of replication 0, from the warm-up on; each look ahead plays `ahead` days
    `replications` times, with other random numbers; 19 plays give every tenth exactly, as the k-th
    of n values is no earlier than another one with probability k / (n + 1).
    Raises InputError for scenarios whose state is more than stock, orders and purchases.
    """
    _check(model)
    first = max(model.warm_up, every) + every / 2
    end = first + days * every + ahead
    truth = model.replace({"horizon": end, "warm_up": 0})
    log = play(truth, draw(truth, seed), choose(truth, engine, 1)[0], record=True)
    check_ledger(truth, log)
    met = np.zeros((days, len(LEVELS)), int)
    given = np.zeros((days, len(LEVELS)), int)
    for number in range(days):
        day = float(truth.on_grid(first + number * every))
        opening, lines = state(truth, log, day)
        if lines:
            today = model.replace({"opening": opening, "horizon": ahead, "warm_up": 0})
            order = [lines[place] for place in places_of_open_orders(today)]
            shipped = _looks(today, seed, number, replications, len(order), engine)
            # What was shipped in the end; who left never is.
            closed = log.lines["closed"][order] - day
            really = np.where(log.lines["left"][order] > 0, NEVER, closed)
            given[number], met[number] = _held_against(shipped, really)
        if progress is not None:
            progress(number + 1, days)
    return tuple(
        Calibrated(level, int(given[:, k].sum()), int(met[:, k].sum()), _error(given, met, k))
        for k, level in enumerate(LEVELS)
    )


def _check(model: Model) -> None:
    """Raise InputError where the state of a day is more than what the opening can say."""
    for name in smallest_of(model.scenario.products):
        raise InputError(
            "validate-outlook: expected products counted in whole units, "
            f"got one with a smallest unit of its own (products.{name}.smallest)"
        )
    for point in model.scenario.stock:
        source = point.supplier[0]
        plain = source.supplier is not None and len(point.supplier) == 1 and not point.made_from
        if not plain or point.review != "continuous" or point.forecasts:
            raise InputError(
                "validate-outlook: expected stock points under continuous review that buy from one "
                f"supplier and forecast nothing, got {point.product} at {point.site}"
            )
    for name, supplier in model.scenario.suppliers.items():
        if supplier.needs_deliveries or supplier.servers is not None:
            raise InputError(
                f"validate-outlook: expected suppliers with a lead time and no more, got {name}"
            )
    for name, product in model.scenario.products.items():
        if product.shelf_life is not None:
            raise InputError(
                "validate-outlook: expected products that keep, as the ages of units are not part "
                f"of a day's state, got one with a shelf life (products.{name}.shelf_life)"
            )
    for name, customer in model.scenario.customers.items():
        if customer.changes is not None:
            raise InputError(
                "validate-outlook: expected customers who keep to what they ordered, "
                f"got some who change quantities (customers.{name}.changes)"
            )
        if customer.announces or customer.shipment not in ("partial", "line"):
            raise InputError(
                "validate-outlook: expected customers who order without notice and take parts, "
                f"got {name}"
            )


def _looks(
    today: Model, seed: int, number: int, replications: int, lines: int, engine: str
) -> Floats:
    """When the open lines ship in each look ahead."""
    name = choose(today, engine, 200 * replications)[0]
    rows = []
    for k in range(replications):
        log = play(today, draw(today, seed + 1, number * replications + k), name)
        rows.append(fate(today, log, lines, 0)[0])
    return np.array(rows)


def _held_against(shipped: Floats, really: Floats) -> tuple[Any, Any]:
    """(dates given, dates met), for each of the levels."""
    count = len(shipped)
    order = np.sort(shipped, axis=0)
    places = [place_met(level, count) for level in LEVELS]
    dates = order[places]
    known = np.isfinite(dates)
    return known.sum(axis=1), (known & (really[None, :] <= dates)).sum(axis=1)


def _error(given: Any, met: Any, k: int) -> float:
    """The standard error of a share whose sample are days with several lines each.

    The ratio estimator.  Source: Cochran, Sampling Techniques (1977), section 6.3.
    """
    total = given[:, k].sum()
    if total == 0:
        return float("nan")
    share = met[:, k].sum() / total
    return float(np.sqrt(((met[:, k] - share * given[:, k]) ** 2).sum()) / total)


def state(model: Model, log: Log, day: float) -> tuple[dict[str, Any], list[int]]:
    """The state of a recorded run on a day as an opening, and the line that each order is.

    Times are counted from that day.
    """
    lines, notes = log.lines, log.notes
    stock = []
    for index, (product, site) in enumerate(model.stock_points):
        own = notes[(notes["stock"] == index) & (notes["time"] <= day)]
        units = int(own["on_hand"][-1]) if len(own) else int(log.stocks["initial"][index])
        stock.append({"product": product, "site": site, "units": units})
    coming = log.purchases[(log.purchases["placed"] <= day) & (log.purchases["arrives"] > day)]
    purchases = [
        {
            "product": model.stock_points[row["stock"]][0],
            "site": model.stock_points[row["stock"]][1],
            "units": int(row["units"]),
            "age": float(day - row["placed"]),
        }
        for row in coming
    ]
    early = log.shipments[log.shipments["time"] <= day]
    gone = np.bincount(early["line"], early["units"], len(lines)).astype(int)
    left = lines["units"] - lines["filled"] - gone
    open_now = np.flatnonzero((lines["time"] <= day) & (lines["closed"] > day) & (left > 0))
    orders = [_order(model, log, day, int(i), int(left[i])) for i in open_now]
    opening = {"stock": stock, "purchases": purchases, "orders": orders}
    return opening, open_now.tolist()


def _order(model: Model, log: Log, day: float, i: int, left: int) -> dict[str, Any]:
    """A line that is open on a day, as an order of its own."""
    line = log.lines[i]
    product, site = model.stock_points[line["stock"]]
    row = {
        "customer": model.classes[line["customer_class"]],
        "lines": {product: left},
        "site": site,
        "age": float(day - line["time"]),
        "due": float(line["due"] - day),
    }
    told = log.notices[(log.notices["head"] == line["head"]) & (log.notices["time"] <= day)]
    told = told[(told["what"] != ASKED) & (told["promise"] < NEVER)]
    if len(told) and line["contact"] != NONE:
        row["promised"] = float(told["promise"][-1] - day)
        row["told"] = float(day - told["time"][-1])
    return row
