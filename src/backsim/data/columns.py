"""The tables of an export and their columns: each field once, with what it holds and means."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from backsim.scenario.shorthand import Spec

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
    """Price per unit of measure."""
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
    status: Text | None = None
    """What has become of it; cancelled lines say so here."""


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
    """The unit of measure.  Default: that of the order line."""


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
    """The unit of measure.  Default: that of the order line."""
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
    product: Text | None = None
    """What arrived; needed where there is no line number and a purchase is of several products."""
    unit: Text | None = None
    """The unit of measure.  Default: that of the purchase."""


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
