"""What is compared of a held-out history and a simulated one: the same sums of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backsim.api import Run
from backsim.data.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

MEASURES = ("units_per_day", "fill_rate", "mean_wait", "cancel_rate")
"""Per group of order lines; `mean_wait` in days per unit shipped whole by the end."""
SUPPLY = ("purchases_per_day", "units_bought_per_day", "mean_on_hand")
"""Of all stock points together; stock in units."""


@dataclass(frozen=True, slots=True)
class Group:
    """Order lines that are looked at together: all, a class, a site, a group, a product."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """The groups of a history, and which ones each product, site and class is in."""

    groups: tuple[Group, ...]
    offsets: Mapping[str, int]
    group_of: Codes
    """By product: its group."""

    @staticmethod
    def of(history: History) -> Groups:
        """All lines, then classes, sites, groups of products where there are any, and products."""
        named = [text or "(none)" for text in history.masters.group]
        letters = list(dict.fromkeys(sorted(named)))
        kinds: list[tuple[str, Sequence[str]]] = [("all", ("all",))]
        kinds += [("class", history.classes), ("site", history.sites)]
        kinds += [("group", letters), ("product", history.products)]
        offsets: dict[str, int] = {}
        groups: list[Group] = []
        for kind, names in kinds:
            offsets[kind] = len(groups)
            groups += [Group(kind, name) for name in names]
        of = np.array([letters.index(name) for name in named], np.int64)
        return Groups(tuple(groups), offsets, of)

    def sums(self, product: Codes, site: Codes, group: Codes, values: Floats) -> Floats:
        """Sums of a value of lines, by group."""
        size, total = len(self.groups), np.zeros(len(self.groups))
        places = {
            "all": np.zeros(len(product), np.int64),
            "class": group,
            "site": site,
            "group": self.group_of[product],
            "product": product,
        }
        for kind, codes in places.items():
            total += np.bincount(codes + self.offsets[kind], values, size)
        return total


def realised(history: History, groups: Groups, day: float) -> dict[str, Floats]:
    """The measures of the lines placed from a day on, by group; then those of supply."""
    lines = history.lines
    mine = lines.time >= day
    codes = lines.product[mine], lines.site[mine], lines.customer_class[mine]
    whole = ~np.isnan(lines.served[mine])
    prompt = lines.at_once[mine] >= lines.units[mine] - 1e-9
    wait = np.where(prompt | ~whole, 0.0, lines.served[mine] - lines.time[mine])
    found = _measures(
        groups,
        codes,
        history.days - day,
        lines.units[mine],
        lines.at_once[mine],
        np.where(whole, lines.shipped[mine], 0.0),
        np.maximum(wait, 0.0) * (lines.shipped - lines.at_once)[mine],
        (lines.cancelled_units * lines.waiting)[mine],
    )
    bought = history.purchases
    placed = history.placed >= day
    length = history.days - day
    counted = history.stock.day >= day
    days = len(np.unique(history.stock.day[counted]))
    return found | {
        "purchases_per_day": np.array([placed.sum() / length]),
        "units_bought_per_day": np.array([bought.units[placed].sum() / length]),
        "mean_on_hand": np.array([history.stock.units[counted].sum() / days if days else np.nan]),
    }


def simulated(run: Run, history: History, groups: Groups) -> dict[str, Floats]:
    """The same of a run, from its warm-up to its horizon."""
    model, orders = run.model, run.orders
    orders = orders[orders["time"] >= model.warm_up]

    def codes(column: str, names: Sequence[str]) -> Codes:
        place = {name: i for i, name in enumerate(names)}
        of = np.array([place.get(str(c), 0) for c in orders[column].cat.categories], np.int64)
        return np.asarray(of[orders[column].cat.codes.to_numpy()])

    named = codes("product", history.products), codes("site", history.sites)
    length = model.horizon - model.warm_up
    whole = (orders["status"] == "shipped").to_numpy()
    units, once = orders["units"].to_numpy(float), orders["filled_at_once"].to_numpy(float)
    shipped = orders["shipped"].to_numpy(float)
    wait = np.nan_to_num(orders["wait"].to_numpy(float)) * (shipped - once)
    found = _measures(
        groups,
        (*named, codes("class", history.classes)),
        length,
        units,
        once,
        np.where(whole, shipped, 0.0),
        np.where(whole, wait, 0.0),
        orders["left"].to_numpy(float),
    )
    bought = run.purchases
    bought = bought[bought["placed"] >= model.warm_up]
    return found | {
        "purchases_per_day": np.array([len(bought) / length]),
        "units_bought_per_day": np.array([bought["units"].sum() / length]),
        "mean_on_hand": np.array([float(run.metrics["mean_on_hand"])]),
    }


def _measures(
    groups: Groups,
    codes: tuple[Codes, Codes, Codes],
    days: float,
    units: Floats,
    once: Floats,
    shipped: Floats,
    waited: Floats,
    left: Floats,
) -> dict[str, Floats]:
    asked, at_once, sent, wait, gone = (
        groups.sums(*codes, np.asarray(values, float))
        for values in (units, once, shipped, waited, left)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "units_per_day": asked / days,
            "fill_rate": at_once / asked,
            "mean_wait": wait / sent,
            "cancel_rate": gone / asked,
        }
