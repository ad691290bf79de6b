"""A run: one replication of a model, its log as tables, its metrics, and where it came from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
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
    WAITING,
)
from backsim.errors import counted
from backsim.results.ledger import check_ledger
from backsim.results.metrics import Metrics, measure
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

        lines = self.log.lines
        stocks = self.log.stocks[lines["stock"]]
        status = np.array(LINE_STATUS)[lines["status"]]
        closed = np.where(lines["status"] == WAITING, np.nan, lines["closed"])
        shipped = status == "shipped"
        return pd.DataFrame(
            {
                "order": np.cumsum(lines["head"] == np.arange(len(lines))) - 1,
                "time": lines["time"],
                "class": _names(self.model.classes, lines["customer_class"]),
                "product": _names(self.model.products, stocks["product"]),
                "site": _names(self.model.sites, stocks["site"]),
                "units": lines["units"],
                "due": lines["due"],
                "tolerance": lines["tolerance"],
                "filled_at_once": lines["filled"],
                "shipped": lines["shipped"],
                "left": lines["left"],
                "open": lines["units"] - lines["shipped"] - lines["left"],
                "status": status,
                "closed": closed,
                "wait": np.where(shipped, closed - lines["time"], np.nan),
            }
        )

    @cached_property
    def purchases(self) -> pd.DataFrame:
        """One row per purchase, by time.

        `units` are those ordered and not withdrawn.  `quoted` is the date the supplier gave first,
        `expected` the last it told, `arrives` the actual one; the first two are nan where no one
        asks for dates (`docs/suppliers.md`).
        """
        import pandas as pd

        rows, deliveries = self.log.purchases, self.log.deliveries
        stocks = self.log.stocks[rows["stock"]]
        received = np.where(rows["status"] == RECEIVED, rows["units"], 0)
        return pd.DataFrame(
            {
                "placed": rows["placed"],
                "product": _names(self.model.products, stocks["product"]),
                "site": _names(self.model.sites, stocks["site"]),
                "supplier": self._suppliers(rows, stocks),
                "units": rows["units"],
                "received": deliveries["received"] if len(deliveries) else received,
                "rejected": deliveries["rejected"] if len(deliveries) else 0,
                "lead_time": rows["lead_time"],
                "service": rows["service"],
                "quoted": _date(rows["quoted"]),
                "expected": _date(rows["expected"]),
                "arrives": rows["arrives"],
                "status": np.array(PURCHASE_STATUS)[rows["status"]],
            }
        )

    def _suppliers(self, rows: Any, stocks: Any) -> Any:
        """Names of those whom purchases are from: suppliers, then sites."""
        names = [*self.model.suppliers, *self.model.sites]
        code = np.where(rows["supplier"] == NONE, stocks["supplier"], rows["supplier"])
        if len(self.model.stock_points):
            site = self.log.stocks["site"][rows["source"].clip(min=0)]
            code = np.where(rows["source"] == NONE, code, len(self.model.suppliers) + site)
        return _names(names, code)

    @cached_property
    def notices(self) -> pd.DataFrame:
        """One row per notice to a waiting customer, or inquiry by one, by time.

        `order` is the number of the order as in `orders`; `promise` the date told, nan where none
        was; `closed` when the order's last line was shipped, cancelled or lost (nan: it waits).
        """
        import pandas as pd

        rows, lines = self.log.notices, self.log.lines
        head = rows["head"]
        stocks = self.log.stocks[lines["stock"][head]]
        closed = np.zeros(len(lines))
        np.maximum.at(closed, lines["head"], lines["closed"])
        order = np.cumsum(lines["head"] == np.arange(len(lines))) - 1
        return pd.DataFrame(
            {
                "time": rows["time"],
                "order": order[head],
                "class": _names(self.model.classes, lines["customer_class"][head]),
                "product": _names(self.model.products, stocks["product"]),
                "site": _names(self.model.sites, stocks["site"]),
                "what": np.array(NOTICES)[rows["what"]],
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
        stocks = self.log.stocks[rows["stock"]]
        purchase = np.isin(rows["what"], PURCHASE_NOTES)
        line = np.where(purchase, 0, rows["subject"])
        codes = np.r_[self.log.lines["customer_class"], self.log.site_lines["customer_class"]]
        code = codes[line] if len(codes) else line
        names = np.array(_class_names(self.model, self.log), dtype=object)[code]
        return pd.DataFrame(
            {
                "time": rows["time"],
                "event": np.array(NOTES)[rows["what"]],
                "class": np.where(purchase, "", names),
                "product": _names(self.model.products, stocks["product"]),
                "site": _names(self.model.sites, stocks["site"]),
                "units": rows["units"],
                "line": np.where(purchase, -1, rows["subject"]),
                "purchase": np.where(purchase, rows["subject"], -1),
                "on_hand": rows["on_hand"],
                "on_order": rows["on_order"],
                "backlog": rows["backlog"],
            }
        )

    @cached_property
    def profile(self) -> Profile:
        """Stock and backlog over time, and the waits of each class."""
        return profile(self.model, self.log)

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """All that is needed to run it again: scenario, seed, engine, versions."""
        m, seed, replication = self.model, self.seed, self.replication
        return provenance(m, seed, replication, self.engine, self.reason, self.extend)


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
    import pandas as pd

    return pd.Categorical.from_codes(codes, categories=pd.Index(list(names)))
