"""What a mapping file may say: which file holds which table, and under which headings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from backsim.data.columns import TABLES, kinds_of
from backsim.kinds import Kind, expect
from backsim.scenario.dates import Date
from backsim.scenario.demand.schema import Regex
from backsim.scenario.load import check_form
from backsim.scenario.part import fault
from backsim.scenario.shorthand import Spec, listed
from backsim.scenario.yamlfile import Document, FileError, read_yaml
from backsim.tables.dates import check_format
from backsim.tables.opening import check_encoding


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


Words = Annotated[tuple[str, ...], listed(str)]


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
    once: Words = ()
    """Of lines: fields that an order says once, on the first of its rows, as in Shopify; also the
    number of the order, as in lists of Odoo."""
    rows: Literal["add", "last"] = "add"
    """Of stock: what several rows of one product, site and day are: bins or batches, whose units
    are added, or movements of a ledger, of which the last tells the stock."""

    @model_validator(mode="after")
    def _check_columns(self) -> TableFile:
        TABLES[self.table].model_validate(self.columns)
        kinds = kinds_of(self.table) if self.table == "lines" else {}
        known = [name for name in self.columns if kinds.get(name) in ("name", "date")]
        for name in self.once:
            if name not in known:
                raise fault(f"names and dates of lines as `once` ({', '.join(known)})", name)
        return self


class Rules(Spec):
    """By which rules rows are left out; each is counted on the page."""

    test: Regex = r"(?i).*\btest.*"
    """A customer, class or text of a line that this matches whole is a test."""
    returns: Words = (
        *("RE", "REN", "return", "returns", "refund", "credit", "credit note", "credit memo"),
        *("Retoure", "Gutschrift", "retour", "avoir", "devolución", "abono", "reso"),
    )
    """Kinds of documents that are returns, in capitals or not; negative lines are returns too."""
    cancelled: Words = (
        *("cancelled", "canceled", "cancel", "void", "voided", "storniert", "abgesagt"),
        "closed",
        *("annulé", "annulée", "cancelado", "cancelada", "anulado", "annullato", "geannuleerd"),
    )
    """The `status` of lines that were cancelled, in capitals or not; without a day, it is not known
    how they were served.  `closed` lines were cancelled as far as they were not shipped."""
    not_waiting: Words | None = None
    """Reasons of cancellations that have nothing to do with waiting.  Default: those whose
    cancellations all come within three days of the order, while others do not."""
    unreadable: Literal["refuse", "drop"] = "refuse"
    """What to do with a row that has a number or date which cannot be read."""


class WithinDayRules(Spec):
    """Before the orders of the day (morning) or after them (evening).  Default: what fits best."""

    placed: Literal["morning", "evening"] | None = None
    """Purchases."""
    received: Literal["morning", "evening"] | None = None
    """Receipts."""


class Mapping(Spec):
    """A mapping: the files of an export and the headings of their columns."""

    title: str = ""
    """One line for the scenario and the page."""
    currency: str = ""
    """What money is counted in."""
    since: Date | None = None
    """First day of the history.  Default: the first shipment, cancellation or receipt; orders from
    before were open then."""
    until: Date | None = None
    """The day of the export.  Default: the last day that it tells of."""
    country: str | None = None
    """A country, or a part of one (DE, US-CA), on whose public holidays nobody works; needs the
    package `holidays`."""
    within_day: WithinDayRules = WithinDayRules()
    """When purchases and receipts happen whose dates have no time of day."""
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
        lines = self.entry("lines")
        if "orders" not in names and "ordered" not in lines.columns:
            raise fault("the column `ordered` of lines, or a table of orders", "neither")
        return self

    def entry(self, table: str) -> TableFile:
        """Where a table is that the export has."""
        return next(entry for entry in self.tables if entry.table == table)


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


__all__ = ["Mapping", "Rules", "TableFile", "checked", "load_mapping"]
