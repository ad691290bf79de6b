"""The tables of a book and their columns: what is read, documented, and named in errors."""

from __future__ import annotations

from dataclasses import dataclass

from backsim.allocation.model.constraints import CONSTRAINTS
from backsim.tables.spec import Column, needed

INF, NAN = float("inf"), float("nan")
MAIN = "main"


@dataclass(frozen=True, slots=True)
class TableSpec:
    """A table of the book: a CSV file or a sheet of that name."""

    name: str
    doc: str
    own: tuple[Column, ...]
    required: bool = False

    @property
    def columns(self) -> tuple[Column, ...]:
        """Its own columns, then those of the constraints."""
        return (*self.own, *constrained(self.name))


def constrained(table: str) -> list[Column]:
    """The columns of a table that constraints ask for."""
    return [c for one in CONSTRAINTS.values() for c in one.columns.get(table, ())]


LINES = TableSpec(
    "lines",
    "open order lines, one per row",
    (
        needed("id", "name", "the line's own id"),
        needed("product", "name", "what is asked for"),
        needed("units", "units", "units still open"),
        Column("customer", "name", "who asks for it", default="the order"),
        Column("class", "name", "the customer's class", default="all", empty="all"),
        Column("site", "name", "where it is to be delivered from", default=MAIN, empty=MAIN),
        Column("order", "name", "the order that the line belongs to", default="the line"),
        Column("ordered", "date", "day of the order", default="today"),
        Column(
            "due",
            "date",
            "day for which it is wanted",
            default="today, or the day of not_before",
            empty=-INF,
        ),
        Column(
            "not_before", "date", "day before which it may not come; units wait", default="today"
        ),
        Column(
            "promised",
            "date",
            "day that was promised, to be kept",
            default="no promise",
            empty=INF,
        ),
        Column(
            "tolerance",
            "days",
            "days after the order that the customer waits",
            default="ever",
            empty=INF,
        ),
        Column(
            "weight",
            "number",
            "money per unit and day late",
            default="the class's, or 1",
            empty=NAN,
        ),
        Column(
            "lost",
            "number",
            "money per unit that is not served",
            default="the class's, or as if it came a day after the last known arrival",
            empty=NAN,
        ),
        Column("substitutes", "names", "products taken instead; none", default="all in the table"),
        Column("sites", "names", "other sites that may serve it; none", default="all with a lane"),
    ),
    required=True,
)
STOCK = TableSpec(
    "stock",
    "units on hand",
    (
        needed("product", "name", "what it is; list a product that is out of stock with 0 units"),
        needed("units", "units", "units on hand and free"),
        Column("site", "name", "where it is", default=MAIN, empty=MAIN),
        Column("bin", "name", "where it stands there; a row per bin", default="no bin"),
    ),
    required=True,
)
INBOUND = TableSpec(
    "inbound",
    "purchases in transit",
    (
        needed("id", "name", "the purchase's own id"),
        needed("product", "name", "what comes"),
        needed("units", "units", "units that come"),
        needed("arrives", "date", "day on which they can be shipped"),
        Column(
            "latest",
            "date",
            "day until which they may come; each from `arrives` on is as likely",
            default="sure to come then",
            empty=-INF,
        ),
        Column("site", "name", "where they arrive", default=MAIN, empty=MAIN),
        Column("supplier", "name", "who sends it, if they have a calendar", default="nobody"),
        Column("transit", "days", "days on the road, after the supplier has sent it", default="0"),
        Column(
            "ordered", "date", "day of the purchase, for `outlook`", default="not known", empty=INF
        ),
        Column(
            "expedited",
            "date",
            "day on which they could arrive instead",
            default="never",
            empty=INF,
        ),
        Column("expedite_cost", "number", "money per unit for that", default="0"),
    ),
)
LANES = TableSpec(
    "lanes",
    "which site may serve the lines of another, or its own at a cost",
    (
        needed("from", "name", "site that holds the units"),
        needed("to", "name", "site of the line"),
        Column("days", "days", "days until the units are with the customer", default="0"),
        Column("transport", "number", "money per unit to the customer", default="0"),
        Column("transfer", "number", "money per unit between the sites", default="0"),
        Column("carrier", "name", "who carries it, if its capacity is limited", default="nobody"),
    ),
)
SUBSTITUTES = TableSpec(
    "substitutes",
    "products that may be sent in place of others",
    (
        needed("product", "name", "what is asked for"),
        needed("instead", "name", "what may be sent"),
        Column("cost", "number", "money per unit", default="0"),
    ),
)
CLASSES = TableSpec(
    "classes",
    "customer classes",
    (
        needed("class", "name", "the class"),
        Column("rank", "units", "1 for the most important", default="1", empty=1.0),
        Column("weight", "number", "money per unit and day late", default="1", empty=1.0),
        Column(
            "lost", "number", "money per unit that is not served", default="see lines", empty=NAN
        ),
    ),
)
PRODUCTS = TableSpec(
    "products",
    "all products",
    (
        needed("product", "name", "the product"),
        Column("price", "number", "money per unit, for rules that ask for it", default="0"),
        Column("text", "name", "what it is called, for plans and pick lists", default="nothing"),
    ),
)
CUSTOMERS = TableSpec(
    "customers",
    "customers by name",
    (
        needed("customer", "name", "the customer, as in lines"),
        Column("text", "name", "what they are called, for plans and pick lists", default="nothing"),
    ),
)
CALENDARS = TableSpec(
    "calendars",
    "working days: sites ship and receive, customers receive, suppliers ship on no others",
    (
        Column("site", "name", "a site, or all that have no row of their own", default="see next"),
        Column("customer", "name", "a customer in place of a site, or all", default="see before"),
        Column("supplier", "name", "a supplier in place of a site, or all", default="see before"),
        Column(
            "working_days", "names", "weekdays such as monday; friday", default="monday to friday"
        ),
        Column(
            "country", "name", "public holidays of DE or US-CA are closed", default="no holidays"
        ),
    ),
)
CLOSURES = TableSpec(
    "closures",
    "days on which a site, a customer or a supplier is closed",
    (
        Column("site", "name", "a site, or all", default="see next"),
        Column("customer", "name", "a customer in place of a site, or all", default="see before"),
        Column("supplier", "name", "a supplier in place of a site, or all", default="see before"),
        needed("from", "date", "first closed day"),
        Column("to", "date", "last closed day", default="the same day", empty=NAN),
    ),
)
CAPACITY = TableSpec(
    "capacity",
    "units that a dock (a site) or a carrier moves in a day",
    (
        needed("name", "name", "a site or a carrier"),
        needed("units", "units", "units per day"),
        Column("from", "date", "first day of that", default="today"),
        Column("to", "date", "last day of that", default="no end", empty=INF),
    ),
)
SETTINGS = TableSpec(
    "settings",
    "the rest, by name",
    (
        needed("name", "name", "the name of a setting, such as today"),
        needed("value", "name", "its value"),
    ),
)
HEADINGS = TableSpec(
    "columns",
    "what the columns are called in your files, where these have other names",
    (
        needed("table", "name", "a table, such as lines; its other columns are then left out"),
        needed("column", "name", "a column of it, such as product"),
        needed("heading", "name", "what it is called in the file"),
    ),
)
TABLES = {
    table.name: table
    for table in (
        HEADINGS,
        LINES,
        STOCK,
        INBOUND,
        LANES,
        SUBSTITUTES,
        CLASSES,
        PRODUCTS,
        CUSTOMERS,
        CAPACITY,
        CALENDARS,
        CLOSURES,
        SETTINGS,
    )
}
