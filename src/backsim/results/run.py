"""A run: one replication of a model, its log as tables, its metrics, and where it came from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.engines.choose import play
from backsim.engines.log import Log
from backsim.engines.setup import Linked
from backsim.entities import (
    LINE_STATUS,
    NEVER,
    NONE,
    NOTES,
    NOTICES,
    PURCHASE_NOTES,
    PURCHASE_STATUS,
    RECEIVED,
    SHIPPED,
    WAITING,
)
from backsim.errors import counted
from backsim.long_tables import outcomes
from backsim.results.ledger import check_ledger
from backsim.results.metrics import Metrics, measure
from backsim.results.products_units import said
from backsim.results.profile import Profile, profile
from backsim.results.provenance import provenance
from backsim.scenario.model import Model
from backsim.streams import Tape, draw

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class Run:
    """One replication of a model."""

    model: Model
    seed: int
    replication: int
    engine: str
    reason: str
    log: Log = field(repr=False)
    extend: Sequence[Callable[..., Any]] = field(default=(), repr=False)

    def __repr__(self) -> str:
        return (
            f"Run of {self.model.name}: replication {self.replication}, seed {self.seed}, "
            f"{self.engine} engine, {counted(self.log.orders, 'order')}"
        )

    def _repr_html_(self) -> str:
        """What a notebook shows: what it is, and its metrics."""
        return f"<p>{escape(repr(self))}</p>{self.metrics._repr_html_()}"

    @cached_property
    def metrics(self) -> Metrics:
        """The metrics by name, overall and by class, product and site."""
        return measure(self.model, self.log)

    @cached_property
    def orders(self) -> pd.DataFrame:
        """One row per order line, by time: what was ordered and what happened to it.

        `wait` is the days to the last shipment; nan for a line that is not shipped whole.
        """
        import pandas as pd

        log = self.log
        time, stock = log.column("time"), log.column("stock")
        found = outcomes(log.lines)
        units, filled, shipped, left = (
            self._said(units, stock)
            for units in (log.column("units").copy(), found.filled, found.shipped, found.left)
        )
        closed = found.closed
        closed[found.status == WAITING] = np.nan
        wait = closed - time
        wait[found.status != SHIPPED] = np.nan
        return pd.DataFrame(
            {
                "order": self._order_numbers,
                "time": time.copy(),
                "class": _names(self.model.classes, log.column("customer_class")),
                **self._places(stock),
                "units": units,
                "due": log.column("due").copy(),
                "tolerance": log.column("tolerance").copy(),
                "filled_at_once": filled,
                "shipped": shipped,
                "left": left,
                "open": units - shipped - left,
                "status": _names(LINE_STATUS, found.status),
                "closed": closed,
                "wait": wait,
            },
            copy=False,  # each column is made here; to join them into blocks takes longer
        )

    def _said(self, units: Any, stock: Any) -> Any:
        """Quantities at stock points in the units of their products."""
        return said(self.model, units, stock)

    @property
    def _order_numbers(self) -> Any:
        """For each line the number of its order."""
        count = np.arange(len(self.log.lines))
        if self.log.single:
            return count
        return np.cumsum(self.log.column("head") == count) - 1

    def _places(self, stock: Any) -> dict[str, Any]:
        """The columns that say where something happened, from the numbers of stock points."""
        stocks = self.log.stocks  # a few records of many fields: read by field, never row by row
        return {
            "product": _names(self.model.products, stocks["product"][stock]),
            "site": _names(self.model.sites, stocks["site"][stock]),
        }

    @cached_property
    def purchases(self) -> pd.DataFrame:
        """One row per purchase, by time.

        `units` are those ordered and not withdrawn.  `quoted` is the date the supplier gave first,
        `expected` the last it told, `arrives` the actual one; the first two are nan where no one
        asks for dates (`docs/suppliers.md`).
        """
        import pandas as pd

        rows, deliveries = self.log.purchases, self.log.deliveries
        received = np.where(rows["status"] == RECEIVED, rows["units"], 0)
        stock = rows["stock"]
        return pd.DataFrame(
            {
                "placed": rows["placed"],
                **self._places(rows["stock"]),
                "supplier": self._suppliers(rows),
                "units": self._said(rows["units"], stock),
                "received": self._said(
                    deliveries["received"] if len(deliveries) else received, stock
                ),
                "rejected": self._said(deliveries["rejected"], stock) if len(deliveries) else 0,
                "lead_time": rows["lead_time"],
                "service": rows["service"],
                "quoted": _date(rows["quoted"]),
                "expected": _date(rows["expected"]),
                "arrives": rows["arrives"],
                "status": _names(PURCHASE_STATUS, rows["status"]),
            }
        )

    def _suppliers(self, rows: Any) -> Any:
        """Names of those whom purchases are from: suppliers, then sites."""
        names, stocks = [*self.model.suppliers, *self.model.sites], self.log.stocks
        own = stocks["supplier"][rows["stock"]]
        code = np.where(rows["supplier"] == NONE, own, rows["supplier"])
        if len(self.model.stock_points):
            site = stocks["site"][rows["source"].clip(min=0)]
            code = np.where(rows["source"] == NONE, code, len(self.model.suppliers) + site)
        return _names(names, code)

    @cached_property
    def notices(self) -> pd.DataFrame:
        """One row per notice to a waiting customer, or inquiry by one, by time.

        `order` is the number of the order as in `orders`; `promise` the date told, nan where none
        was; `closed` when the order's last line was shipped, cancelled or lost (nan: it waits).
        """
        import pandas as pd

        log, rows = self.log, self.log.notices
        head = rows["head"]
        closed = log.lines["closed"]
        if not log.single:
            closed = np.zeros(len(log.lines))
            np.maximum.at(closed, log.column("head"), log.lines["closed"])
        return pd.DataFrame(
            {
                "time": rows["time"],
                "order": self._order_numbers[head],
                "class": _names(self.model.classes, log.column("customer_class")[head]),
                **self._places(log.column("stock")[head]),
                "what": _names(NOTICES, rows["what"]),
                "promise": np.where(rows["promise"] == NEVER, np.nan, rows["promise"]),
                "closed": np.where(closed[head] == NEVER, np.nan, closed[head]),
            }
        )

    @cached_property
    def events(self) -> pd.DataFrame:
        """One row for each thing that happened, in order.

        The event log is not kept in the first place: the replication is played again, with it on.
        """
        import pandas as pd

        rows = self.log.notes
        if not len(rows):
            tape = draw(self.model, self.seed, self.replication)
            rows = play(self.model, tape, self.engine, record=True, extend=self.extend).notes
        purchase = np.isin(rows["what"], PURCHASE_NOTES)
        line = np.where(purchase, NONE, rows["subject"])
        nobody = ["", *_class_names(self.model, self.log)]  # a purchase is no customer's
        codes = np.r_[
            self.log.column("customer_class"), self.log.site_lines["customer_class"], NONE
        ]  # the last row is that of NONE
        return pd.DataFrame(
            {
                "time": rows["time"],
                "event": _names(NOTES, rows["what"]),
                "class": _names(nobody, 1 + codes[line]),
                **self._places(rows["stock"]),
                "units": self._said(rows["units"], rows["stock"]),
                "line": line,
                "purchase": np.where(purchase, rows["subject"], NONE),
                **{
                    name: self._said(rows[name], rows["stock"])
                    for name in ("on_hand", "on_order", "backlog")
                },
            }
        )

    @cached_property
    def profile(self) -> Profile:
        """Stock and backlog over time, and the waits of each class."""
        return profile(self.model, self.log)

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """All that is needed to run it again: scenario, seed, engine, versions."""
        return self.origin()

    @property
    def origin(self) -> Callable[[], dict[str, Any]]:
        """What makes the provenance, without the run: it takes longer than a short run."""
        m, seed, replication = self.model, self.seed, self.replication
        return partial(provenance, m, seed, replication, self.engine, self.reason, self.extend)


def play_and_check(
    model: Model,
    tape: Tape,
    engine: str,
    reason: str,
    record: bool = False,
    extend: Sequence[Callable[..., Any]] = (),
    linked: Linked = (),
) -> Run:
    """Play a tape and check the ledger.  Raises LedgerError."""
    log = play(model, tape, engine, record, extend, linked)
    check_ledger(model, log)
    return Run(model, tape.seed, tape.replication, engine, reason, log, tuple(extend))


def _date(times: Any) -> Any:
    """Dates, nan where there is none."""
    return np.where(np.isfinite(times), times, np.nan)


def _class_names(model: Model, log: Log) -> list[str]:
    """Whom an order line's class stands for: a customer class, or a site."""
    return [*model.classes, *(model.sites[i] for i in log.classes["site"][len(model.classes) :])]


def _names(names: Sequence[str], codes: Any) -> Any:
    """Words by their codes; a name that several codes have is one word, as a site's may be."""
    import pandas as pd

    words = list(dict.fromkeys(names))
    if len(words) < len(names):
        codes = np.array([words.index(name) for name in names])[codes]
    return pd.Categorical.from_codes(codes, categories=pd.Index(words))
