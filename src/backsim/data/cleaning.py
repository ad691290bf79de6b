"""From an export's tables to a history: rows joined, and left out by stated rules, each counted."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from backsim.data.history import (
    History,
    LineHistory,
    Masters,
    Movements,
    PurchaseHistory,
    Rows,
    StockHistory,
)
from backsim.data.mapping import Mapping as MappingFile
from backsim.data.reading import Data, distinct
from backsim.errors import InputError
from backsim.tables.dates import EPOCH
from backsim.tables.values import Coded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]
    Flags = NDArray[np.bool_]

ALL, MAIN = "all", "main"
"""The customer class and the site of an export that names none."""
SHORT = 3.0
"""Days: cancellations for reasons that are no wait come within them."""


def clean(mapping: MappingFile, tables: dict[str, Data]) -> History:
    """The history of an export.  Raises InputError where nothing is left."""
    return _Cleaning(mapping, dict(tables)).history()


@dataclass(eq=False)
class _Cleaning:
    mapping: MappingFile
    tables: dict[str, Data]
    notes: list[str] = field(default_factory=list)

    def history(self) -> History:
        self._join_heads()
        self._name_products()
        self._convert_units()
        self._leave_out()
        since, until = self._window()
        fates = self._fates(since, until)
        lines = self._lines(since, until, fates)
        purchases = self._purchases(since, until)
        first = EPOCH.date() + datetime.timedelta(days=since)
        rows = tuple(
            Rows(name, data.place.rsplit("/", 1)[-1], data.read, len(data), dict(data.dropped))
            for name, data in self.tables.items()
        )
        clocked = self.tables["lines"].clocked.get("ordered", False)
        bought = self.tables.get("purchases")
        exact = bought is not None and bought.clocked.get("ordered", False)
        return History(
            first=first,
            days=float(until + 1 - since),
            products=tuple(self.products),
            sites=tuple(self.sites),
            classes=tuple(self.classes),
            suppliers=tuple(self.suppliers),
            lines=lines,
            sent=self._sent,
            purchases=purchases,
            stock=self._stock(since),
            masters=self._masters(),
            rows=rows,
            notes=tuple(self.notes),
            clocked=clocked,
            exact=exact,
            shift=0.0 if exact or self.mapping.within_day == "morning" else 1.0,
        )

    # -- rows --------------------------------------------------------------------------------

    def _keep(self, table: str, kept: Flags, reason: str) -> None:
        self.tables[table] = self.tables[table].take(kept, reason)

    def _join_heads(self) -> None:
        """Put what the heads of orders say on their lines."""
        lines = self.tables["lines"]
        self._keep("lines", ~lines.is_empty("order") & ~lines.is_empty("product"), "no name")
        if "orders" in self.tables:
            self._date_by_number("orders")
            heads, lines = self.tables["orders"], self.tables["lines"]
            _, (head, line) = distinct([heads.names["order"], lines.names["order"]])
            place = np.full(int(max(head.max(initial=0), line.max(initial=0))) + 1, -1)
            place[head[::-1]] = np.arange(len(heads))[::-1]
            there = place[line] >= 0
            self._keep("lines", there, "an order without a head")
            lines, where = self.tables["lines"], place[line][there]
            names = {n: Coded(c.codes[where], c.texts) for n, c in heads.names.items()}
            dates = {n: values[where] for n, values in heads.dates.items()}
            self.tables["lines"] = Data(
                lines.table,
                lines.place,
                lines.rows,
                lines.read,
                {**names, **lines.names},
                lines.numbers,
                {**dates, **lines.dates},
                {**heads.clocked, **lines.clocked},
                lines.dropped,
            )
        else:
            self._date_by_number("lines")

    def _date_by_number(self, table: str) -> None:
        """Orders without a date take that of the number before, where numbers rise with time."""
        data = self.tables[table]
        ordered = data.dates["ordered"]
        missing = np.isnan(ordered)
        if not missing.any():
            return
        texts = data.names["order"].texts
        if all(text.isdecimal() and len(text) < 16 for text in texts):
            number = np.array([int(text) for text in texts], float)[data.names["order"].codes]
            known = np.flatnonzero(~missing)
            rising = known[np.argsort(number[known], kind="stable")]
            steps = np.diff(np.floor(ordered[rising]))
            if len(rising) > 10 and (steps < 0).mean() < 0.02:
                before = np.searchsorted(number[rising], number[missing], "right") - 1
                ordered = ordered.copy()
                ordered[missing] = ordered[rising[np.maximum(before, 0)]]
                data.dates["ordered"][:] = ordered
                self.notes.append(
                    f"{int(missing.sum()):,} rows of {table} without a date took that of the order "
                    "number before theirs."
                )

    def _name_products(self) -> None:
        """Products on one list, by the number that each has now."""
        named = [n for n, d in self.tables.items() if "product" in d.names]
        texts, codes = distinct([self.tables[n].names["product"] for n in named])
        now = np.arange(len(texts))
        masters = self.tables.get("products")
        if masters is not None and "successor" in masters.names:
            place = {text: i for i, text in enumerate(texts)}
            later = masters.names["successor"]
            renamed = 0
            for code, new in zip(codes[named.index("products")], later.codes, strict=True):
                if later.texts[new]:
                    target = place.setdefault(later.texts[new], len(texts))
                    if target == len(texts):
                        texts.append(later.texts[new])
                        now = np.append(now, target)
                    renamed += now[code] == code
                    now[code] = target
            for _ in range(len(texts)):
                if (now[now] == now).all():
                    break
                now = now[now]
            if renamed:
                self.notes.append(f"{renamed} products were followed to the number they have now.")
        used = np.zeros(len(texts), bool)
        used[now[codes[named.index("lines")]]] = True
        if "purchases" in named:
            used[now[codes[named.index("purchases")]]] = True
        place_of = np.cumsum(used) - 1
        place_of[~used] = -1
        self.products = [text for text, there in zip(texts, used, strict=True) if there and text]
        for name in named:
            self.tables[name].codes["product"] = place_of[now[codes[named.index(name)]]]

    def _convert_units(self) -> None:
        """Units of lines, shipments, ... in those in which stock is counted."""
        masters = self.tables.get("products")
        if masters is None or "unit" not in masters.names:
            return
        base: dict[int, str] = {}
        factors: dict[tuple[int, str], float] = {}
        product = self._products_of("products")
        factor = masters.numbers.get("sales_factor", np.full(len(masters), np.nan))
        sales = masters.names.get("sales_unit")
        for i, code in enumerate(product.tolist()):
            base[code] = masters.names["unit"].texts[masters.names["unit"].codes[i]]
            if sales is not None and factor[i] > 0:
                factors[code, sales.texts[sales.codes[i]]] = float(factor[i])
        for name in ("lines", "shipments", "cancellations", "purchases"):
            data = self.tables.get(name)
            if data is None or "unit" not in data.names or "units" not in data.numbers:
                continue
            if "product" not in data.codes:
                continue
            unit, code = data.names["unit"], self._products_of(name)
            pairs = code * len(unit.texts) + unit.codes
            known, inverse = np.unique(pairs, return_inverse=True)
            scale = np.array(
                [
                    _factor(
                        int(p) // len(unit.texts),
                        unit.texts[int(p) % len(unit.texts)],
                        base,
                        factors,
                    )
                    for p in known
                ]
            )[inverse]
            data.numbers["units"][:] *= scale
            self._keep(name, ~np.isnan(scale), "a unit that the product master does not know")

    def _products_of(self, table: str) -> Codes:
        return self.tables[table].codes["product"]

    def _leave_out(self) -> None:
        """Lines that are no demand."""
        rules, lines = self.mapping.rules, self.tables["lines"]
        test = re.compile(rules.test)
        tests = lines.is_any("text", test.fullmatch) | lines.is_any(
            "customer_class", test.fullmatch
        )
        tests |= lines.is_any("customer", self._test_customers(test).__contains__)
        self._keep("lines", ~tests, "a test order")
        lines = self.tables["lines"]
        returned = lines.is_any("kind", {r.lower() for r in rules.returns}.__contains__)
        returned |= lines.is_any("kind", set(rules.returns).__contains__)
        returned |= lines.numbers["units"] < 0
        self._keep("lines", ~returned, "a return")
        lines = self.tables["lines"]
        self._keep("lines", lines.numbers["units"] > 0, "no units")
        if "line" in self.tables["lines"].names:
            self._drop_repeats()
        lines = self.tables["lines"]
        self._keep("lines", ~np.isnan(lines.dates["ordered"]), "no date")
        if not len(self.tables["lines"]):
            raise InputError(
                f"{lines.place}: expected order lines that are demand, found none left"
            )

    def _test_customers(self, test: re.Pattern[str]) -> set[str]:
        data = self.tables.get("customers")
        if data is None:
            return set()
        tests = data.is_any("name", test.fullmatch) | data.is_any("customer_class", test.fullmatch)
        customer = data.names["customer"]
        return {customer.texts[code] for code in np.unique(customer.codes[tests])}

    def _drop_repeats(self) -> None:
        """Rows that are equal in every column to one before."""
        lines = self.tables["lines"]
        columns = [c.codes for c in lines.names.values()]
        columns += [np.unique(v, return_inverse=True)[1] for v in lines.numbers.values()]
        columns += [np.unique(v, return_inverse=True)[1] for v in lines.dates.values()]
        group = np.zeros(len(lines), np.int64)
        for codes in columns:
            group = np.unique(group * (int(codes.max(initial=0)) + 1) + codes, return_inverse=True)[
                1
            ]
        first = np.zeros(len(lines), bool)
        first[np.unique(group, return_index=True)[1]] = True
        self._keep("lines", first, "a repeated row")

    # -- time --------------------------------------------------------------------------------

    def _window(self) -> tuple[int, int]:
        """(first day, day of the export), days since 1970."""
        happened = [
            self.tables[table].dates[name]
            for table, name in (
                ("shipments", "shipped"),
                ("cancellations", "cancelled"),
                ("lines", "shipped"),
                ("lines", "cancelled"),
            )
            if table in self.tables and name in self.tables[table].dates
        ]
        happened = [values for values in happened if not np.isnan(values).all()]
        ordered = self.tables["lines"].dates["ordered"]
        if "purchases" in self.tables:
            bought = [self.tables["purchases"].dates["ordered"]]
            bought += [d for n, d in self.tables["purchases"].dates.items() if n == "received"]
        else:
            bought = []
        if self.mapping.since is not None:
            since = (self.mapping.since - EPOCH.date()).days
        elif happened:
            since = int(np.floor(min(np.nanmin(values) for values in happened)))
        else:
            since = int(np.floor(ordered.min()))
        if self.mapping.until is not None:
            until = (self.mapping.until - EPOCH.date()).days
        else:
            known = [v for v in (ordered, *happened, *bought) if not np.isnan(v).all()]
            until = int(np.floor(max(np.nanmax(values) for values in known)))
        if until < since:
            raise InputError(
                f"{self.tables['lines'].place}: expected `until` after `since`, got "
                f"{EPOCH.date() + datetime.timedelta(days=until)} and "
                f"{EPOCH.date() + datetime.timedelta(days=since)}"
            )
        return since, until

    # -- order lines -------------------------------------------------------------------------

    @cached_property
    def _keys(self) -> dict[str, Codes]:
        """The order line that rows are about, by table: order and line, or order and product."""
        tables = [n for n in ("lines", "shipments", "cancellations") if n in self.tables]
        _, order = distinct([self.tables[n].names["order"] for n in tables])
        by_line = all("line" in self.tables[n].names for n in tables)
        if by_line:
            texts, second = distinct([self.tables[n].names["line"] for n in tables])
            width = len(texts) + 1
        else:
            for name in tables:
                if "product" not in self.tables[name].codes:
                    raise InputError(
                        f"{self.tables[name].place}: expected the column `line` here and in lines, "
                        "or `product`, to tell which order line it is about"
                    )
            second = [self._products_of(n) + 1 for n in tables]
            width = len(self.products) + 2
        return {n: o * width + s for n, o, s in zip(tables, order, second, strict=True)}

    def _match(self, table: str) -> Codes:
        """The line of each row of a table; -1 where there is none."""
        keys, mine = self._keys["lines"], self._keys[table]
        order = np.argsort(keys, kind="stable")
        place = np.searchsorted(keys[order], mine)
        place[place == len(keys)] = 0
        found = order[place]
        return np.where(keys[found] == mine, found, -1)

    def _fates(self, since: int, until: int) -> Mapping[str, Floats]:
        """What was shipped and cancelled of each line, and when, in days from `since`."""
        lines = self.tables["lines"]
        count, units = len(lines), lines.numbers["units"]
        ordered = lines.dates["ordered"] - since
        shipped, last = np.zeros(count), np.full(count, -np.inf)
        at_once, unknown = np.zeros(count), np.zeros(count, bool)
        clocked = False
        if "shipments" in self.tables:
            line, data = self._match("shipments"), self.tables["shipments"]
            self._keep("shipments", line >= 0, "of no line that is used")
            data, line = self.tables["shipments"], line[line >= 0]
            sent, when = data.numbers["units"], data.dates["shipped"] - since
            clocked = data.clocked["shipped"]
            undated = np.isnan(when)
            unknown[line[undated]] = True
            if undated.any():
                self.notes.append(
                    f"{int(undated.sum()):,} shipments have no date: their units count, the wait "
                    "of their lines does not."
                )
            np.add.at(shipped, line, sent)
            np.maximum.at(last, line, np.where(undated, -np.inf, when))
            prompt = self._prompt(ordered[line], when, clocked)
            np.add.at(at_once, line, np.where(prompt, sent, 0.0))
        elif "shipped" in lines.dates:
            when = lines.dates["shipped"] - since
            clocked = lines.clocked["shipped"]
            sent = lines.numbers.get("shipped_units", np.where(np.isnan(when), 0.0, units))
            shipped = np.where(np.isnan(when), 0.0, np.nan_to_num(sent))
            last = np.where(np.isnan(when), -np.inf, when)
            at_once = np.where(self._prompt(ordered, when, clocked), shipped, 0.0)
            line, sent, undated = np.arange(count), shipped, np.isnan(when)
        else:
            unknown[:] = True
            line, sent, when = np.empty(0, np.int64), np.empty(0), np.empty(0)
            undated = np.empty(0, bool)
        self._sent = Movements(
            self._products_of("lines")[line],
            self._site_codes("lines")[line],
            np.where(undated, ordered[line], when),
            np.asarray(sent),
        )
        return {
            "shipped": np.minimum(shipped, units),
            "at_once": np.minimum(at_once, units),
            "last": last,
            "unknown": unknown.astype(float),
            **self._cancelled(since, units, shipped),
        }

    def _cancelled(self, since: int, units: Floats, shipped: Floats) -> dict[str, Floats]:
        count = len(units)
        taken, when, waiting = np.zeros(count), np.full(count, np.nan), np.ones(count)
        ordered = self.tables["lines"].dates["ordered"] - since
        if "cancellations" in self.tables:
            line, data = self._match("cancellations"), self.tables["cancellations"]
            self._keep("cancellations", line >= 0, "of no line that is used")
            data, line = self.tables["cancellations"], line[line >= 0]
            left = np.maximum(units[line] - shipped[line], 0.0)
            back = np.nan_to_num(data.numbers.get("units", left), nan=0.0)
            np.add.at(taken, line, back)
            when[line] = data.dates["cancelled"] - since
            waiting[line] = ~self._not_waiting(
                data, data.dates["cancelled"] - since - ordered[line]
            )
        elif "cancelled" in self.tables["lines"].dates:
            data = self.tables["lines"]
            when = data.dates["cancelled"] - since
            taken = np.where(np.isnan(when), 0.0, units - shipped)
            waiting = (~self._not_waiting(data, when - ordered)).astype(float)
        return {"taken": taken, "cancelled": when, "waiting": waiting}

    def _not_waiting(self, data: Data, age: Floats) -> Flags:
        """Which cancellations have nothing to do with waiting, by their reasons."""
        nothing = np.zeros(len(data), bool)
        if "reason" not in data.names:
            return nothing
        given = self.mapping.rules.not_waiting
        reason = data.names["reason"]
        if given is None:
            known = ~np.isnan(age)
            longest = np.full(len(reason.texts), -np.inf)
            np.maximum.at(longest, reason.codes[known], np.floor(age[known]))
            counts = np.bincount(reason.codes[known], minlength=len(reason.texts))
            quick = (longest <= SHORT) & (counts >= 5)
            if not quick.any() or quick[counts > 0].all():
                return nothing
            given = tuple(t for t, q in zip(reason.texts, quick, strict=True) if q)
            self.notes.append(
                f"Cancellations for {', '.join(map(repr, given))} are taken to have nothing to do "
                f"with waiting: all came within {SHORT:g} days (`rules.not_waiting`)."
            )
        return data.is_any("reason", set(given).__contains__)

    def _prompt(self, ordered: Floats, shipped: Floats, clocked: bool) -> Flags:
        """Which shipments left as soon as orders leave that find their units on hand.

        Where both have a time of day: at that time.  Else on the day of the order, or on the next
        day on which goods leave at all, for orders after the hour at which the day's last leave.
        """
        with np.errstate(invalid="ignore"):
            if clocked and self.tables["lines"].clocked.get("ordered"):
                return np.asarray(shipped <= ordered + 1e-6)
            day, hour = np.floor(ordered), (ordered - np.floor(ordered)) * 24
            known = ~np.isnan(shipped)
            weekdays = np.bincount(
                ((day[known] * 0 + np.floor(shipped[known])) % 7).astype(int), minlength=7
            )
            works = weekdays > 0.02 * weekdays.sum()
            following = np.array([1 + int(np.argmax(np.roll(works, -(d + 1)))) for d in range(7)])
            of_week = (day % 7).astype(int)
            late = hour >= self._last_hour(day, hour, shipped, works[of_week])
            allowed = np.where(works[of_week] & ~late, day, day + following[of_week])
            return np.asarray(np.floor(shipped) <= allowed)

    def _last_hour(self, day: Floats, hour: Floats, shipped: Floats, works: Flags) -> float:
        """The hour from which orders leave the next day, by when they did; 24: there is none."""
        if not self.tables["lines"].clocked.get("ordered"):
            return 24.0
        soon = works & (shipped - day < 4)
        slot = hour[soon].astype(int)
        same = np.bincount(slot, np.floor(shipped[soon]) <= day[soon], 24)
        total = np.bincount(slot, minlength=24)
        share = np.where(total >= 5, same / np.maximum(total, 1), np.nan)
        low = [h for h in range(24) if share[h] < 0.1]
        if not low or np.nanmax(share) < 0.3:
            return 24.0
        after = [h for h in low if not np.nanmax(share[h:]) >= 0.1]
        if not after:
            return 24.0
        self.notes.append(f"Orders from {after[0]}:00 on leave on the next working day.")
        return float(after[0])

    def _lines(self, since: int, until: int, fates: Mapping[str, Floats]) -> LineHistory:
        lines = self.tables["lines"]
        time = lines.dates["ordered"] - since
        group = self._class_codes()
        units, product = lines.numbers["units"], self._products_of("lines")
        site = self._site_codes("lines")
        whole = fates["shipped"] >= units - 1e-9
        served = np.where(whole & np.isfinite(fates["last"]), fates["last"], np.nan)
        order = np.flatnonzero((time >= 0) & (time < until + 1 - since))
        order = order[np.argsort(time[order], kind="stable")]
        self._keep("lines", time >= 0, "ordered before the first day, and open then")
        late = self.tables["lines"].dates["ordered"] - since >= until + 1 - since
        self._keep("lines", ~late, "ordered after the last day")
        if not len(order):
            raise InputError(f"{lines.place}: expected orders between the first and last day")
        group = self._only_used(group, order)
        return LineHistory(
            order=lines.names["order"].codes[order],
            product=product[order],
            site=site[order],
            customer_class=group[order],
            units=units[order],
            time=time[order],
            at_once=fates["at_once"][order],
            shipped=fates["shipped"][order],
            served=served[order],
            cancelled=fates["cancelled"][order],
            cancelled_units=fates["taken"][order],
            waiting=fates["waiting"][order] > 0,
            known=fates["unknown"][order] == 0,
        )

    @cached_property
    def _all_sites(self) -> tuple[list[str], dict[str, Codes]]:
        """The sites, those of order lines first, and their codes by table."""
        named = [n for n in ("lines", "purchases", "stock", "products") if n in self.tables]
        named = [n for n in named if "site" in self.tables[n].names]
        if "lines" not in named:
            return [MAIN], {}
        texts, codes = distinct([self.tables[n].names["site"] for n in named])
        used = np.zeros(len(texts), bool)
        for name, found in zip(named, codes, strict=True):
            if name in ("lines", "purchases"):
                used[found] = True
        place = np.cumsum(used) - 1
        place[~used] = -1
        sites = [text or MAIN for text, there in zip(texts, used, strict=True) if there]
        return sites, {n: place[c] for n, c in zip(named, codes, strict=True)}

    def _site_codes(self, table: str) -> Codes:
        codes = self._all_sites[1].get(table)
        return np.zeros(len(self.tables[table]), np.int64) if codes is None else codes

    def _class_codes(self) -> Codes:
        """Customer classes of the lines: their own, or those of their customers."""
        lines, customers = self.tables["lines"], self.tables.get("customers")
        if "customer_class" in lines.names:
            named = lines.names["customer_class"]
            self.classes = [text or ALL for text in named.texts]
            return named.codes
        if customers is None or "customer" not in lines.names:
            self.classes = [ALL]
            return np.zeros(len(lines), np.int64)
        if "customer_class" not in customers.names:
            self.classes = [ALL]
            return np.zeros(len(lines), np.int64)
        _, (line, master) = distinct([lines.names["customer"], customers.names["customer"]])
        group = customers.names["customer_class"]
        of = np.full(int(max(line.max(), master.max(initial=0))) + 1, len(group.texts))
        of[master] = group.codes
        self.classes = [*(text or ALL for text in group.texts), "unknown"]
        return np.asarray(of[line])

    def _only_used(self, group: Codes, rows: Codes) -> Codes:
        """Classes of which some rows are, in place of all; the codes of the other rows are void."""
        used = np.bincount(group[rows], minlength=len(self.classes)) > 0
        self.classes = [name for name, there in zip(self.classes, used, strict=True) if there]
        return np.asarray((np.cumsum(used) - 1)[group])

    # -- the rest ----------------------------------------------------------------------------

    def _purchases(self, since: int, until: int) -> PurchaseHistory:
        data = self.tables.get("purchases")
        nothing, nobody = np.empty(0), np.empty(0, np.int64)
        self.sites = self._all_sites[0]
        self.suppliers = ["supplier"]
        if data is None:
            empty = PurchaseHistory(nobody, nobody, nobody, nothing, nothing, nothing, nothing)
            return empty
        placed, units = data.dates["ordered"] - since, data.numbers["units"]
        supplier = np.zeros(len(data), np.int64)
        if "supplier" in data.names:
            self.suppliers = [text or "unknown" for text in data.names["supplier"].texts]
            supplier = data.names["supplier"].codes
        received = self._received(data) - since
        site = self._site_codes("purchases")
        confirmed = data.dates.get("confirmed", np.full(len(data), np.nan)) - since
        reasons = {
            "no date": np.isnan(placed),
            "no units": ~(units > 0),
            "received before it was ordered": received < placed,
            "ordered after the last day": placed >= until + 1 - since,
            "received before the first day": received < 0,
        }
        kept = np.ones(len(data), bool)
        for reason, wrong in reasons.items():
            self._keep("purchases", ~wrong[kept], reason)
            kept &= ~wrong
        received = np.where(received >= until + 1 - since, np.nan, received)
        order = np.flatnonzero(kept)
        order = order[np.argsort(placed[order], kind="stable")]
        used = np.bincount(supplier[order], minlength=len(self.suppliers)) > 0
        self.suppliers = [n for n, there in zip(self.suppliers, used, strict=True) if there]
        return PurchaseHistory(
            product=data.codes["product"][order],
            site=site[order],
            supplier=(np.cumsum(used) - 1)[supplier[order]],
            units=units[order],
            placed=placed[order],
            confirmed=confirmed[order],
            received=received[order],
        )

    def _received(self, data: Data) -> Floats:
        """When each purchase had arrived whole: its own date, or that of its last receipt."""
        receipts = self.tables.get("receipts")
        if receipts is None or "purchase" not in data.names:
            return data.dates.get("received", np.full(len(data), np.nan))
        tables = [data, receipts]
        _, key = distinct([t.names["purchase"] for t in tables])
        if all("line" in t.names for t in tables):
            texts, line = distinct([t.names["line"] for t in tables])
            key = [k * (len(texts) + 1) + n for k, n in zip(key, line, strict=True)]
        known, place = np.unique(key[0], return_inverse=True)
        where = np.searchsorted(known, key[1])
        where[where == len(known)] = 0
        mine = known[where] == key[1]
        self._keep("receipts", mine, "of no purchase")
        last, came = np.full(len(known), -np.inf), np.zeros(len(known))
        np.maximum.at(
            last, where[mine], np.nan_to_num(receipts.dates["received"][mine], nan=-np.inf)
        )
        np.add.at(came, where[mine], receipts.numbers["units"][mine])
        whole = came[place] >= data.numbers["units"] - 1e-9
        return np.where(whole & np.isfinite(last[place]), last[place], np.nan)

    def _stock(self, since: int) -> StockHistory:
        data = self.tables.get("stock")
        nobody = np.empty(0, np.int64)
        if data is None:
            return StockHistory(nobody, nobody, np.empty(0), np.empty(0))
        site = self._site_codes("stock")
        day, units = data.dates["day"] - since, data.numbers["units"]
        kept = (data.codes["product"] >= 0) & (site >= 0) & ~np.isnan(day) & ~np.isnan(units)
        self._keep("stock", kept, "of nothing that was sold or bought, or without a day")
        return StockHistory(data.codes["product"][kept], site[kept], day[kept], units[kept])

    def _masters(self) -> Masters:
        """What the masters say; of a price, the price list counts, then the master, then sales."""
        count, places = len(self.products), len(self.sites)
        price, cost = np.full(count, np.nan), np.full(count, np.nan)
        lines = self.tables["lines"]
        if "price" in lines.numbers:
            code, value = lines.codes["product"], lines.numbers["price"]
            good = value > 0
            sums = np.bincount(code[good], value[good], count)
            seen = np.bincount(code[good], minlength=count)
            price = np.where(seen > 0, sums / np.maximum(seen, 1), np.nan)
        by_site = {
            n: np.full((count, places), np.nan)
            for n in ("reorder_point", "up_to", "least_order", "multiple")
        }
        group, supplier = [""] * count, np.full(count, -1)
        for name in ("products", "prices"):
            data = self.tables.get(name)
            if data is None:
                continue
            code = data.codes["product"]
            there = code >= 0
            for target, fld in ((price, "price"), (cost, "cost")):
                if fld in data.numbers:
                    value = data.numbers[fld]
                    good = there & ~np.isnan(value)
                    target[code[good]] = value[good]
            if name == "prices":
                continue
            site = self._all_sites[1].get("products")
            for fld, table in by_site.items():
                if fld not in data.numbers:
                    continue
                value = data.numbers[fld]
                for i in np.flatnonzero(there & ~np.isnan(value)).tolist():
                    if site is None:
                        table[code[i], :] = value[i]
                    elif site[i] >= 0:
                        table[code[i], site[i]] = value[i]
            if "group" in data.names:
                for i in np.flatnonzero(there).tolist():
                    group[code[i]] = data.names["group"].texts[data.names["group"].codes[i]]
            if "supplier" in data.names:
                known = {text: i for i, text in enumerate(self.suppliers)}
                named = data.names["supplier"]
                to = np.array([known.get(text, -1) for text in named.texts])
                supplier[code[there]] = to[named.codes[there]]
        return Masters(
            price=price,
            cost=cost,
            group=tuple(group),
            supplier=supplier,
            due_days=self._due_days(),
            **by_site,
        )

    def _due_days(self) -> Floats:
        data = self.tables.get("customers")
        found = np.full(len(self.classes), np.nan)
        if data is None or not {"customer_class"} <= set(data.names):
            return found
        value = data.numbers.get("due_days")
        if value is None:
            return found
        named = data.names["customer_class"]
        for i, name in enumerate(self.classes):
            mine = np.array([text == name for text in named.texts], bool)[named.codes]
            mine &= ~np.isnan(value)
            if mine.any():
                found[i] = float(np.median(value[mine]))
        return found


def _factor(
    product: int, unit: str, base: Mapping[int, str], factors: Mapping[tuple[int, str], float]
) -> float:
    """Stock units in a unit of measure; nan: not known."""
    if not unit or product not in base or unit == base[product]:
        return 1.0
    return factors.get((product, unit), float("nan"))
