"""The ledger: no unit appears or vanishes.  Checked in every run of both engines.

Each side of a check is counted on its own by the kernel, so that a mistake shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from backsim.engines.log import Log
from backsim.entities import (
    CANCELLED,
    LOST,
    NONE,
    RECEIVED,
    SUBSTITUTED,
    UNDER_WAY,
    WAITING,
    WITHDRAWN,
)
from backsim.errors import LedgerError
from backsim.long_tables import added_up
from backsim.scenario.model import Model


def check_ledger(model: Model, log: Log) -> None:
    """Raise LedgerError, naming the first line or stock point whose units do not add up."""
    for what, left, right in _accounts(model, log):
        wrong = np.flatnonzero(np.asarray(left) != np.asarray(right))
        if len(wrong):
            first = int(wrong[0])
            if what.startswith("site's"):
                name = f"line {first + len(log.lines)}"
            elif " at least " in what:
                name = f"line {first}"
            elif what.startswith(("ordered =", "shipped", "substituted", "cancelled")):
                name = f"line {log.later[first]}"
            else:
                name = " at ".join(model.stock_points[first])
            raise LedgerError(
                f"ledger: {name}: {what}: {left[first]} is not {right[first]} "
                f"({len(wrong)} of {len(left)} are wrong)"
            )


def _accounts(model: Model, log: Log) -> Iterator[tuple[str, Any, Any]]:
    """What is counted in two ways: (what, one way, the other), per line and per stock point."""
    stocks, sites = log.stocks, log.ordered_by_sites
    stock = log.column("stock")

    def per_stock(places: Any, units: Any) -> Any:
        if len(stocks) == 1:
            return np.array([np.sum(units, dtype=np.int64)])
        return added_up(places, units, len(stocks))

    rest, rest_stock = log.rest, stock[log.later]
    parts = rest["shipped"] + rest["left"] + rest["open"] + rest["reserved"]
    yield "ordered = shipped + cancelled, lost or substituted + open", rest["units"], parts
    ended = np.isin(rest["status"], (CANCELLED, LOST, SUBSTITUTED))
    early = np.where(ended, np.minimum(rest["left"], log.reduced), rest["left"])
    yield "cancelled in part = reductions logged", early, log.reduced
    logged = _by_line(log, log.shipped_later)
    yield "shipped later = shipments logged", rest["shipped"] - rest["filled"], logged
    waits = rest["status"] == WAITING
    waiting = per_stock(rest_stock[waits], rest["open"][waits])
    waiting += per_stock(sites["stock"], sites["open"])
    yield "backlog = open units of waiting lines", stocks["backlog"], waiting
    reserved = per_stock(rest_stock, rest["reserved"]) + per_stock(
        sites["stock"], sites["reserved"]
    )
    yield "reserved = reserved units of lines", stocks["reserved"], reserved
    taken = log.substitutions
    replaced = np.where(rest["status"] == SUBSTITUTED, rest["left"] - log.reduced, 0)
    yield "substituted = units of substitutes taken", replaced, _by_line(log, taken)
    shipped = per_stock(stock, log.shipped) + per_stock(sites["stock"], sites["shipped"])
    shipped += per_stock(taken["stock"], taken["units"])
    split = log.splits  # other sites have shipped these
    shipped += per_stock(split["stock"], split["units"])
    shipped -= per_stock(stock[split["line"]], split["units"])
    have = shipped + stocks["on_hand"] + stocks["reserved"]
    came = stocks["initial"] + stocks["received"] + stocks["returned"]
    have += stocks["expired"] + per_stock(log.recalls["stock"], log.recalls["units"])
    yield "initial + received + returned = shipped + expired + recalled + on hand", came, have
    lots = log.lots
    yield (
        "expired = units of lots that did",
        stocks["expired"],
        per_stock(lots["stock"], lots["expired"]),
    )
    ages = np.isfinite(stocks["shelf_life"])
    for name, of_lots in (("on_hand", "units"), ("reserved", "kept")):
        what = f"{name.replace('_', ' ')} = {of_lots} of lots, where there is a shelf life"
        yield what, stocks[name] * ages, per_stock(lots["stock"], lots[of_lots])
    yield from _returns(log, per_stock)
    for name in ("on_hand", "reserved", "backlog", "on_order", "received"):
        found = stocks[name]
        yield f"{name.replace('_', ' ')} of 0 or more units", found, np.maximum(found, 0)
    yield from _purchases(log, per_stock)
    if len(sites):
        yield from _between_sites(log)


def _by_line(log: Log, rows: Any) -> Any:
    """Units of these rows, for each line that was not filled at once."""
    if not len(rows):
        return np.zeros(len(log.later), np.int64)
    return added_up(log.place_in_rest[rows["line"]], rows["units"], len(log.later))


def _returns(log: Log, per_stock: Callable[[Any, Any], Any]) -> Iterator[tuple[str, Any, Any]]:
    """Units come back once, of what was shipped, and go to stock, to a repair or to scrap."""
    rows, recalls = log.returns, log.recalls
    if not len(rows) and not len(recalls):
        return
    to_stock = per_stock(rows["stock"], rows["restocked"].astype(np.int64) + rows["repaired"])
    to_stock += per_stock(recalls["stock"], recalls["repaired"])
    yield "returned = units of returns put on hand", log.stocks["returned"], to_stock
    took, again = (per_stock(recalls["stock"], recalls[name]) for name in ("units", "repaired"))
    yield "recalled at least what has been repaired", took, np.maximum(took, again)
    back, mended = (
        np.bincount(rows["line"], rows[name], len(log.lines)).astype(np.int64)
        for name in ("units", "repaired")
    )
    shipped = log.lines["shipped"]
    yield "shipped at least what came back", shipped, np.maximum(shipped, back)
    to_repair = np.bincount(rows["line"], rows["to_repair"], len(log.lines)).astype(np.int64)
    yield "ordered to be repaired at least what has been", to_repair, np.maximum(to_repair, mended)


def _purchases(log: Log, per_stock: Callable[[Any, Any], Any]) -> Iterator[tuple[str, Any, Any]]:
    """What stock points have bought."""
    purchases, stocks = log.bought, log.stocks
    if len(log.deliveries):
        yield from _deliveries(log, per_stock)
        return
    arrived = purchases["status"] == RECEIVED
    received = per_stock(purchases["stock"][arrived], purchases["units"][arrived])
    yield "received = units of purchases received", stocks["received"], received
    coming = per_stock(purchases["stock"][~arrived], purchases["units"][~arrived])
    yield "on order = units of purchases under way", stocks["on_order"], coming


def _deliveries(log: Log, per_stock: Callable[[Any, Any], Any]) -> Iterator[tuple[str, Any, Any]]:
    """The same where purchases come in parts, or not all of their units are fit for use."""
    place, units, deliveries = log.purchases["stock"], log.purchases["units"], log.deliveries
    received = per_stock(place, deliveries["received"])
    yield "received = units of deliveries received", log.stocks["received"], received
    arrived = deliveries["received"] + deliveries["rejected"]
    over = np.isin(log.purchases["status"], (RECEIVED, WITHDRAWN))
    coming = per_stock(place, np.where(over, 0, units - arrived))
    yield "on order = units of purchases to come", log.stocks["on_order"], coming
    parts = arrived + deliveries["withdrawn"] + np.where(over, 0, units - arrived)
    ordered = per_stock(place, deliveries["ordered"])
    yield (
        "purchased = received + rejected + withdrawn + to come",
        ordered,
        per_stock(place, parts),
    )


def _between_sites(log: Log) -> Iterator[tuple[str, Any, Any]]:
    """Units that leave a site for another are on their way there or have arrived."""
    purchases, sites = log.bought, log.ordered_by_sites
    parts = sites["shipped"] + sites["open"] + sites["reserved"]
    yield "site's order = shipped + open", sites["units"], parts
    bought = (purchases["source"] != NONE) & (purchases["line"] != NONE)
    line = purchases["line"] - len(log.lines)
    sent = bought & np.isin(purchases["status"], (UNDER_WAY, RECEIVED))
    whole = np.zeros(len(sites), bool)  # lines of purchases, not of components
    whole[line[bought]] = True
    for what, rows, units in (
        ("site's units shipped = in transit + received", sent, sites["shipped"]),
        ("site's units open = purchased and not sent", bought & ~sent, parts - sites["shipped"]),
    ):
        found = np.bincount(line[rows], purchases["units"][rows], len(sites)).astype(np.int64)
        yield what, np.where(whole, units, 0), found
