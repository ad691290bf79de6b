"""What is compared of a held-out history and a simulated one: the same sums of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backsim.api import Run
from backsim.data.history import History, usual_supplier

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

MEASURES = ("units_per_day", "fill_rate", "mean_wait", "cancel_rate")
"""Per group of order lines; `mean_wait` in days per unit shipped whole by the end."""
SUPPLY = ("purchases_per_day", "units_bought_per_day", "lead_time", "mean_on_hand")
"""Per group of stock points, so not by class; `lead_time` is the mean of the purchases placed that
had arrived by the end, in days; stock in units."""


@dataclass(frozen=True, slots=True)
class Group:
    """What is looked at together: all, a class, a site, a supplier, a group, a product."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """The groups of a history, and which ones each product, site and class is in."""

    groups: tuple[Group, ...]
    offsets: Mapping[str, int]
    group_of: Codes
    """By product: its group."""
    supplier_of: Codes
    """By product: its usual supplier."""

    @staticmethod
    def of(history: History) -> Groups:
        """All, then classes, sites, suppliers, groups of products where there are any, products."""
        named = [text or "(none)" for text in history.masters.group]
        letters = list(dict.fromkeys(sorted(named)))
        kinds: list[tuple[str, Sequence[str]]] = [("all", ("all",))]
        kinds += [("class", history.classes), ("site", history.sites)]
        kinds += [("supplier", history.suppliers)]
        kinds += [("group", letters), ("product", history.products)]
        offsets: dict[str, int] = {}
        groups: list[Group] = []
        for kind, names in kinds:
            offsets[kind] = len(groups)
            groups += [Group(kind, name) for name in names]
        of = np.array([letters.index(name) for name in named], np.int64)
        return Groups(tuple(groups), offsets, of, usual_supplier(history))

    def sums(
        self, product: Codes, values: Floats, site: Codes | None = None, group: Codes | None = None
    ) -> Floats:
        """Sums of a value by group; 0 by site and by class where these are not told."""
        size, total = len(self.groups), np.zeros(len(self.groups))
        places = {
            "all": np.zeros(len(product), np.int64),
            "class": group,
            "site": site,
            "supplier": self.supplier_of[product],
            "group": self.group_of[product],
            "product": product,
        }
        for kind, codes in places.items():
            if codes is not None:
                total += np.bincount(codes + self.offsets[kind], values, size)
        return total

    def are(self, *kinds: str) -> NDArray[np.bool_]:
        """Which groups are of some kinds."""
        return np.array([group.kind in kinds for group in self.groups], bool)


def realised(history: History, groups: Groups, day: float) -> dict[str, Floats]:
    """The measures of what was ordered and bought from a day on, by group.

    Nothing is known of service where the export does not tell how lines were served, nor of supply
    where it tells of no purchase.
    """
    lines = history.lines
    mine = lines.time >= day
    whole = ~np.isnan(lines.served[mine])
    prompt = lines.at_once[mine] >= lines.units[mine] - 1e-9
    wait = np.where(prompt | ~whole, 0.0, (lines.served - history.ordered)[mine])
    length = history.days - day
    found = _of_lines(
        groups,
        (lines.product[mine], lines.site[mine], lines.customer_class[mine]),
        length,
        lines.units[mine],
        lines.at_once[mine],
        np.where(whole, lines.shipped[mine], 0.0),
        np.maximum(wait, 0.0) * (lines.shipped - lines.at_once)[mine],
        (lines.cancelled_units * lines.waiting)[mine],
    )
    bought, stock = history.purchases, history.stock
    placed = history.placed >= day
    days = (history.arrived - history.placed)[placed]
    counted = stock.day >= day
    count = len(np.unique(stock.day[counted]))
    on_hand = groups.sums(stock.product[counted], stock.units[counted], stock.site[counted])
    on_hand = on_hand / count if count else np.full(len(groups.groups), np.nan)
    places = bought.product[placed], bought.site[placed]
    found |= _of_supply(groups, places, length, bought.units[placed], days, on_hand)
    unknown = np.full(len(groups.groups), np.nan)
    if not lines.known.any():
        found |= dict.fromkeys(MEASURES[1:], unknown)
    if not len(bought):
        found |= dict.fromkeys(SUPPLY[:3], unknown)
    return found


def simulated(run: Run, history: History, groups: Groups) -> dict[str, Floats]:
    """The same of a run, from its warm-up to its horizon."""
    model, orders = run.model, run.orders
    orders = orders[orders["time"] >= model.warm_up]

    length = model.horizon - model.warm_up
    whole = (orders["status"] == "shipped").to_numpy()
    units, once = orders["units"].to_numpy(float), orders["filled_at_once"].to_numpy(float)
    shipped = orders["shipped"].to_numpy(float)
    wait = np.nan_to_num(orders["wait"].to_numpy(float)) * (shipped - once)
    found = _of_lines(
        groups,
        (
            _codes(orders["product"], history.products),
            _codes(orders["site"], history.sites),
            _codes(orders["class"], history.classes),
        ),
        length,
        units,
        once,
        np.where(whole, shipped, 0.0),
        np.where(whole, wait, 0.0),
        orders["left"].to_numpy(float),
    )
    bought = run.purchases
    bought = bought[bought["placed"] >= model.warm_up]
    came = (bought["status"] == "received") & (bought["arrives"] <= model.horizon)
    days = (bought["arrives"] - bought["placed"]).where(came).to_numpy(float)
    places = _codes(bought["product"], history.products), _codes(bought["site"], history.sites)
    by_product = np.array([run.metrics.get("mean_on_hand", "product", p) for p in history.products])
    on_hand = groups.sums(np.arange(len(history.products)), by_product)
    for i, site in enumerate(history.sites):
        on_hand[groups.offsets["site"] + i] = run.metrics.get("mean_on_hand", "site", site)
    units = bought["units"].to_numpy(float)
    return found | _of_supply(groups, places, length, units, days, on_hand)


def _codes(column: pd.Series, names: Sequence[str]) -> Codes:
    """Of each row of a column of categories the place of its name."""
    place = {name: i for i, name in enumerate(names)}
    of = np.array([place.get(str(c), 0) for c in column.cat.categories], np.int64)
    return np.asarray(of[column.cat.codes.to_numpy()])


def _of_lines(
    groups: Groups,
    codes: tuple[Codes, Codes, Codes],
    days: float,
    units: Floats,
    once: Floats,
    shipped: Floats,
    waited: Floats,
    left: Floats,
) -> dict[str, Floats]:
    product, site, of = codes
    asked, at_once, sent, wait, gone = (
        groups.sums(product, np.asarray(values, float), site, of)
        for values in (units, once, shipped, waited, left)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "units_per_day": asked / days,
            "fill_rate": at_once / asked,
            "mean_wait": wait / sent,
            "cancel_rate": gone / asked,
        }


def _of_supply(
    groups: Groups,
    codes: tuple[Codes, Codes],
    length: float,
    units: Floats,
    days: Floats,
    on_hand: Floats,
) -> dict[str, Floats]:
    product, site = codes
    known = ~np.isnan(days)
    count, bought = (groups.sums(product, v, site) for v in (np.ones(len(product)), units))
    came = groups.sums(product, known.astype(float), site)
    waited = groups.sums(product, np.where(known, days, 0.0), site)
    none = groups.are("class")
    with np.errstate(invalid="ignore", divide="ignore"):
        found = {
            "purchases_per_day": count / length,
            "units_bought_per_day": bought / length,
            "lead_time": waited / came,
            "mean_on_hand": on_hand,
        }
    return {name: np.where(none, np.nan, values) for name, values in found.items()}
