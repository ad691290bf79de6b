"""What a mapping file may say: which file holds which table, and under which headings."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from backsim.kinds import Kind, expect
from backsim.scenario.demand.schema import Regex
from backsim.scenario.load import check_form
from backsim.scenario.part import fault
from backsim.scenario.shorthand import Spec, listed
from backsim.scenario.yamlfile import Document, FileError, read_yaml
from backsim.tables.dates import check_format
from backsim.tables.opening import check_encoding

Holds = Literal["name", "number", "date", "time"]
Text = Annotated[str, Field(min_length=1), "name"]
"""The heading of a column of names or codes."""
Amount = Annotated[str, Field(min_length=1), "number"]
Date = Annotated[str, Field(min_length=1), "date"]
Clock = Annotated[str, Field(min_length=1), "time"]
"""The heading of a column of times of day, 13:59."""


class Orders(Spec):
    """Heads of orders, where these are a file of their own."""

    order: Text
    """The order's number."""
    ordered: Date
    """When it was placed."""
    time: Clock | None = None
    """The time of day, where the date has none."""
    customer: Text | None = None
    """Who ordered."""
    customer_class: Text | None = None
    """The customer's class."""
    kind: Text | None = None
    """The kind of document: orders, returns."""
    site: Text | None = None
    """Where it is to be delivered from."""


class Lines(Spec):
    """Order lines, one per row."""

    order: Text
    """The order's number."""
    product: Text
    """What is ordered."""
    units: Amount
    """How many; negative: a return."""
    line: Text | None = None
    """The line's number within its order."""
    unit: Text | None = None
    """The unit of measure, as pieces or cartons."""
    site: Text | None = None
    """Where it is to be delivered from."""
    price: Amount | None = None
    """Price per unit."""
    text: Text | None = None
    """The line's text; test orders say so here."""
    customer: Text | None = None
    """Who ordered."""
    customer_class: Text | None = None
    """The customer's class."""
    kind: Text | None = None
    """The kind of document or line: orders, returns."""
    ordered: Date | None = None
    """When it was placed, where the heads of orders do not say it."""
    time: Clock | None = None
    """The time of day, where the date has none."""
    wanted: Date | None = None
    """For when the customer wants it."""
    promised: Date | None = None
    """The date that was confirmed."""
    shipped: Date | None = None
    """When it was shipped, where shipments are no file of their own."""
    shipped_units: Amount | None = None
    """How many were shipped; all, if there is a date and no such column."""
    cancelled: Date | None = None
    """When it was cancelled, where cancellations are no file of their own."""
    reason: Text | None = None
    """Why it was cancelled."""


class Shipments(Spec):
    """Deliveries to customers, partial ones each in a row."""

    order: Text
    """The order's number."""
    units: Amount
    """How many."""
    shipped: Date
    """When they were shipped."""
    line: Text | None = None
    """The line's number within its order."""
    product: Text | None = None
    """What was shipped; needed where there is no line number."""
    unit: Text | None = None
    """The unit of measure."""


class Cancellations(Spec):
    """Lines, or what is left of them, that customers took back."""

    order: Text
    """The order's number."""
    cancelled: Date
    """When it was cancelled."""
    line: Text | None = None
    """The line's number within its order."""
    product: Text | None = None
    """What was cancelled; needed where there is no line number."""
    units: Amount | None = None
    """How many; without it, all that were open."""
    unit: Text | None = None
    """The unit of measure."""
    reason: Text | None = None
    """Why."""


class Purchases(Spec):
    """Purchases from suppliers, the open ones too."""

    product: Text
    """What was bought."""
    ordered: Date
    """When it was ordered."""
    units: Amount
    """How many."""
    purchase: Text | None = None
    """The purchase's number; needed where receipts are a file of their own."""
    line: Text | None = None
    """The line's number within its purchase."""
    supplier: Text | None = None
    """From whom."""
    site: Text | None = None
    """Where it arrives."""
    unit: Text | None = None
    """The unit of measure."""
    confirmed: Date | None = None
    """The date that the supplier confirmed."""
    received: Date | None = None
    """When it arrived; empty: open."""


class Receipts(Spec):
    """Goods receipts, where these are a file of their own; partial ones each in a row."""

    purchase: Text
    """The purchase's number."""
    received: Date
    """When it arrived."""
    units: Amount
    """How many."""
    line: Text | None = None
    """The line's number within its purchase."""


class Stock(Spec):
    """Stock on hand on some days: month ends, or every day."""

    day: Date
    """The day, at whose end it was counted."""
    product: Text
    """What it is."""
    units: Amount
    """How many."""
    site: Text | None = None
    """Where it is."""


class Products(Spec):
    """The product master, one row per product, or per product and site."""

    product: Text
    """Its number."""
    name: Text | None = None
    """What it is called."""
    group: Text | None = None
    """Its group, as A, B, C."""
    site: Text | None = None
    """The site of this row's levels."""
    unit: Text | None = None
    """The unit in which stock is counted."""
    sales_unit: Text | None = None
    """The other unit in which it is sold."""
    sales_factor: Amount | None = None
    """Stock units in a sales unit."""
    price: Amount | None = None
    """Price per unit."""
    cost: Amount | None = None
    """What a unit costs in stock."""
    supplier: Text | None = None
    """From whom it is bought."""
    planned_days: Amount | None = None
    """The lead time that the system plans with, in days."""
    reorder_point: Amount | None = None
    """The level at or below which it is ordered."""
    up_to: Amount | None = None
    """The level up to which it is ordered."""
    least_order: Amount | None = None
    """The smallest purchase."""
    multiple: Amount | None = None
    """Purchases are multiples of it."""
    successor: Text | None = None
    """The number that it has later."""


class Customers(Spec):
    """The customer master."""

    customer: Text
    """The customer's number."""
    customer_class: Text | None = None
    """The class."""
    name: Text | None = None
    """The name; test customers say so here."""
    due_days: Amount | None = None
    """Days within which the customer is to be served."""


class Suppliers(Spec):
    """The supplier master."""

    supplier: Text
    """The supplier's number."""
    name: Text
    """The name."""


class Prices(Spec):
    """A list of prices."""

    product: Text
    """The product's number."""
    price: Amount | None = None
    """Price per unit."""
    cost: Amount | None = None
    """What a unit costs in stock."""


TABLES: dict[str, type[Spec]] = {
    "orders": Orders,
    "lines": Lines,
    "shipments": Shipments,
    "cancellations": Cancellations,
    "purchases": Purchases,
    "receipts": Receipts,
    "stock": Stock,
    "products": Products,
    "customers": Customers,
    "suppliers": Suppliers,
    "prices": Prices,
}


def kinds_of(table: str) -> dict[str, Holds]:
    """The fields of a table, and what their columns hold."""
    return {
        name: next(m for m in _metadata(field) if isinstance(m, str))  # type: ignore[misc]
        for name, field in TABLES[table].model_fields.items()
    }


def required_of(table: str) -> list[str]:
    """The fields that a table must have."""
    return [name for name, f in TABLES[table].model_fields.items() if f.is_required()]


def _metadata(field: Any) -> list[Any]:
    if field.metadata:
        return list(field.metadata)
    return [m for part in getattr(field.annotation, "__args__", ()) for m in _of(part)]


def _of(part: Any) -> tuple[Any, ...]:
    return tuple(getattr(part, "__metadata__", ()))


def _date_format(text: str) -> str:
    try:
        return check_format(text)
    except ValueError as error:
        raise fault(str(error)) from None


def _encoding(text: str) -> str:
    try:
        return check_encoding(text)
    except ValueError as error:
        raise fault(str(error)) from None


class TableFile(Spec):
    """Where a table is, and how it is written."""

    table: Literal[
        "orders",
        "lines",
        "shipments",
        "cancellations",
        "purchases",
        "receipts",
        "stock",
        "products",
        "customers",
        "suppliers",
        "prices",
    ]
    """What it is."""
    file: str
    """The file, from the mapping file's folder: CSV (plain or .gz) or Excel."""
    columns: dict[str, str]
    """The headings, by field."""
    sheet: str | None = None
    """The sheet of a workbook."""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    """The character between fields.  Default: found."""
    encoding: Annotated[str, AfterValidator(_encoding)] | None = None
    """Default: UTF-8 or UTF-16, or else cp1252."""
    decimal: Literal[".", ","] | None = None
    """The decimal sign.  Default: found from all numbers of the export."""
    date_format: Annotated[str, AfterValidator(_date_format)] | None = None
    """As in `strptime`.  Default: found, and refused where a date can be read in two ways."""

    @model_validator(mode="after")
    def _check_columns(self) -> TableFile:
        TABLES[self.table].model_validate(self.columns)
        return self


def _day(value: Any) -> Any:
    if isinstance(value, datetime.date):
        return value
    try:
        return datetime.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise fault("a date such as 2024-01-31") from None


Day = Annotated[datetime.date, BeforeValidator(_day)]
Words = Annotated[tuple[str, ...], listed(str)]


class Rules(Spec):
    """By which rules rows are left out; each is counted on the page."""

    test: Regex = r"(?i).*\btest.*"
    """A customer, class or text of a line that this matches whole is a test."""
    returns: Words = ("RE", "REN", "return", "returns", "refund", "credit")
    """Kinds of documents that are returns; negative lines are returns too."""
    not_waiting: Words | None = None
    """Reasons of cancellations that have nothing to do with waiting.  Default: those whose
    cancellations all come within three days of the order, while others do not."""
    unreadable: Literal["refuse", "drop"] = "refuse"
    """What to do with a row that has a number or date which cannot be read."""


class Mapping(Spec):
    """A mapping: the files of an export and the headings of their columns."""

    title: str = ""
    """One line for the scenario and the page."""
    currency: str = ""
    """What money is counted in."""
    since: Day | None = None
    """First day of the history.  Default: the first shipment, cancellation or receipt; orders from
    before were open then."""
    until: Day | None = None
    """The day of the export.  Default: the last day that it tells of."""
    within_day: Literal["morning", "evening"] = "evening"
    """When purchases are placed that have no time of day; receipts are there in the morning."""
    rules: Rules = Rules()
    """What is left out."""
    tables: Annotated[tuple[TableFile, ...], Field(min_length=1)]
    """The files."""

    @model_validator(mode="after")
    def _check_tables(self) -> Mapping:
        names = [entry.table for entry in self.tables]
        for name in dict.fromkeys(names):
            if names.count(name) > 1:
                raise fault("each table once", f"{name} {names.count(name)} times")
        if "lines" not in names:
            raise fault("a table of order lines (`table: lines`)", ", ".join(names))
        lines = next(entry for entry in self.tables if entry.table == "lines")
        if "orders" not in names and "ordered" not in lines.columns:
            raise fault("the column `ordered` of lines, or a table of orders", "neither")
        return self


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file.  Raises FileError with every fault found."""
    expect(path, Kind.MAPPING)
    return checked(read_yaml(path))


def checked(document: Document) -> Mapping:
    """A document as a mapping.  Raises FileError with every fault found."""
    mapping, faults = check_form(document, Mapping)
    if mapping is None:
        raise FileError(document.name, faults)
    return mapping


__all__ = [
    "TABLES",
    "Mapping",
    "Rules",
    "TableFile",
    "checked",
    "kinds_of",
    "load_mapping",
    "required_of",
]
