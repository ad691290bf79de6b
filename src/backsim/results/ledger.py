"""The ledger: no unit appears or vanishes.  Checked in every run of both engines.

Each side of a check is counted on its own by the kernel, so that a mistake shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from backsim.engines.log import Log
from backsim.entities import RECEIVED, WAITING
from backsim.errors import LedgerError
from backsim.scenario.model import Model


def check_ledger(model: Model, log: Log) -> None:
    """Raise LedgerError, naming the first line or stock point whose units do not add up."""
    for what, left, right in _accounts(model, log):
        wrong = np.flatnonzero(np.asarray(left) != np.asarray(right))
        if len(wrong):
            first = int(wrong[0])
            name = f"line {first}"
            if len(left) == len(model.stock_points):
                name = " at ".join(model.stock_points[first])
            raise LedgerError(
                f"ledger: {name}: {what}: {left[first]} is not {right[first]} "
                f"({len(wrong)} of {len(left)} are wrong)"
            )


def _accounts(model: Model, log: Log) -> Iterator[tuple[str, Any, Any]]:
    """What is counted in two ways: (what, one way, the other), per line and per stock point."""
    lines, stocks, purchases = log.lines, log.stocks, log.purchases

    def per_stock(table: Any, units: Any) -> Any:
        sums = np.bincount(table["stock"], weights=units, minlength=len(stocks))
        return sums.astype(np.int64)

    # Most lines are filled at once: their units are compared, the others' are added up.
    later = np.flatnonzero(lines["filled"] != lines["units"])
    rest = lines[later]
    parts = rest["shipped"] + rest["left"] + rest["open"] + rest["reserved"]
    yield "ordered = shipped + cancelled or lost + open", rest["units"], parts
    at_once = lines["shipped"] - lines["filled"]
    delayed = np.bincount(
        log.shipments["line"], weights=log.shipments["units"], minlength=len(lines)
    ) if len(log.shipments) else np.zeros(len(lines))
    yield "shipped later = shipments logged", at_once, delayed.astype(np.int64)
    shipped = per_stock(lines, lines["shipped"])
    have = shipped + stocks["on_hand"] + stocks["reserved"]
    yield "initial + received = shipped + on hand", stocks["initial"] + stocks["received"], have
    waits = rest["status"] == WAITING
    yield "backlog = open units of waiting lines", stocks["backlog"], per_stock(
        rest[waits], rest["open"][waits]
    )
    yield "reserved = reserved units of lines", stocks["reserved"], per_stock(rest, rest["reserved"])
    arrived = purchases["status"] == RECEIVED
    yield "received = units of purchases received", stocks["received"], per_stock(
        purchases[arrived], purchases["units"][arrived]
    )
    yield "on order = units of purchases under way", stocks["on_order"], per_stock(
        purchases[~arrived], purchases["units"][~arrived]
    )
