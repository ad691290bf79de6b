"""What customers ask for: processes, traces and written orders."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, model_validator

from backsim.quantities import (
    LEAST,
    Days,
    Growth,
    NonNegative,
    Number,
    PackedUnits,
    PositiveCount,
    PositiveDays,
)
from backsim.scenario.demand.arrivals import AnyArrivals, OnDates
from backsim.scenario.distributions.fields import Deterministic, Lines, Size
from backsim.scenario.part import MEMBER, Part, fault, member
from backsim.scenario.shorthand import Name, Refers, Spec, Weights
from backsim.tables.dates import check_format
from backsim.tables.delimited import check_delimiter
from backsim.tables.opening import check_encoding


def _some(factors: tuple[float, ...]) -> tuple[float, ...]:
    if max(factors) < LEAST:
        raise fault("at least one factor above 0", "only zeros")
    return factors


def _exactly(count: int, span: str) -> BeforeValidator:
    def check(value: Any) -> Any:
        if isinstance(value, tuple) and len(value) != count:
            raise fault(f"{count} factors, {span}", str(len(value)))
        return value

    return BeforeValidator(check)


Factors = Annotated[tuple[NonNegative, ...], Field(min_length=1), AfterValidator(_some)]


class Cycle(Spec):
    """A season: factors on the rate that repeat."""

    period: PositiveDays
    """Length of the cycle in days."""
    factors: Factors
    """One factor per equal part of the period; scaled to a mean of 1."""


class Pattern(Spec):
    """How the rate of arrivals changes.  A trend's rate is constant within each hour."""

    weekdays: Annotated[Factors, _exactly(7, "Monday to Sunday")] | None = None
    """Factors Monday to Sunday, scaled to a mean of 1; needs `start`."""
    months: Annotated[Factors, _exactly(12, "January to December")] | None = None
    """Factors January to December, scaled to a mean of 1; needs `start`."""
    season: Cycle | None = None
    """A cycle of any length, starting on day 0."""
    trend: Growth = 0.0
    """Growth of the rate per day, as a share of the rate on day 0."""


class Process(Spec):
    """Orders that arrive at random, or period by period."""

    arrivals: AnyArrivals
    """When orders arrive."""
    pattern: Pattern = Pattern()
    """Season, trend and calendar of the rate."""
    products: Annotated[Weights, Refers("products")]
    """What is ordered: one product, or several with weights.  These are no quantities: with `{pump:
    1, seal: 3}` a line is for one of the two, three times out of four a seal; `size` says for how
    many units.
    """
    together: bool = False
    """Whether each order has one line of each of the products (an order of a set, as in
    assemble-to-order systems); weights do not count then.
    """
    sites: Annotated[Weights, Refers("sites")] = Field({"*": 1.0})
    """Where: one site, or several with weights (drawn for each order)."""
    lines: Lines = Field(1, validate_default=True)
    """Lines per order (rounded, at least 1)."""
    size: Size = Field(1, validate_default=True)
    """Units per line, or packs if the product has a `pack` (rounded, to a multiple of `smallest`
    where the product has one; a line of 0 or less is dropped).
    """

    @property
    def shares(self) -> tuple[Mapping[str, float], float]:
        """Weights by product, and the weight of a line: those of `together` are 1 of 1 line."""
        if self.together:
            return dict.fromkeys(self.products, 1.0), 1.0
        return self.products, sum(self.products.values())

    @model_validator(mode="after")
    def _check_fields(self) -> Process:
        if self.together and self.lines != Deterministic(value=1):
            raise fault("no `lines` with `together`: one line of each product", "lines")
        fixed = self.arrivals.period or isinstance(self.arrivals, OnDates)
        if fixed and self.pattern != Pattern():
            raise fault("no `pattern` with arrivals on fixed days, which have no rate", "a pattern")
        return self


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise fault(f"a regular expression ({error})") from None
    return pattern


Regex = Annotated[str, AfterValidator(_compiles)]


class Filter(Spec):
    """Keep the rows that pass this filter; the others are counted as skipped."""

    column: str
    """The column's name."""
    min: Number | None = None
    """At least this number."""
    max: Number | None = None
    """At most this number."""
    matches: Regex | None = None
    """The whole text matches this regular expression."""
    excludes: Regex | None = None
    """The whole text does not match this regular expression."""


class Columns(Spec):
    """Which column of the file holds what."""

    time: str
    """When the order was placed."""
    product: str
    """The product's name or code."""
    units: str
    """Units ordered."""
    order: str | None = None
    """Rows with the same value are lines of one order. Without it, each row is an order."""
    site: str | None = None
    """Site of the order. Without it, all orders go to the only site, or to `Trace.site`."""
    customer: str | None = None
    """The customer. The same order number for another customer is another order."""
    price: str | None = None
    """Price per unit. Its mean becomes the product's price if none is given."""


class Cancellations(Spec):
    """Rows that take back units of an earlier order, wherever in the file they stand.

    The latest row of the same units is dropped; or else the latest rows lose these units.
    """

    column: str
    """The column that identifies a cancellation."""
    matches: Regex
    """Regular expression that the whole text of a cancellation matches."""
    same: Annotated[tuple[str, ...], Field(min_length=1)]
    """Columns whose texts must agree, such as customer and product."""


def _found(value: Any) -> Any:
    """Words by which other tools say that a form is to be found."""
    return None if value in ("auto", "mixed") else value


def _date_format(text: str) -> str:
    try:
        return text if text == "days" else check_format(text)
    except ValueError:
        raise fault("a date format such as %Y-%m-%d %H:%M, or days") from None


def _told(check: Callable[[str], str]) -> AfterValidator:
    """What a check of a text expects, told as a fault of the field."""

    def checked(text: str) -> str:
        try:
            return check(text)
        except ValueError as error:
            raise fault(str(error)) from None

    return AfterValidator(checked)


DateFormat = Annotated[Annotated[str, AfterValidator(_date_format)] | None, BeforeValidator(_found)]
Delimiter = Annotated[str, _told(check_delimiter)]
Encoding = Annotated[str, _told(check_encoding)]


class Trace(Spec):
    """Order lines from a CSV file (plain or .gz) or an Excel workbook, replayed as recorded."""

    file: str
    """Path of the file, relative to the folder of the scenario file."""
    columns: Columns
    """The names of the columns to use."""
    date_format: DateFormat = None
    """Date format as in `strptime`, such as "%Y-%m-%d", or "days" for plain numbers of days.
    Default (or "auto", "mixed"): detected from the whole column; an ambiguous column is an
    error.
    """
    decimal: Literal[".", ","] | None = None
    """The decimal sign; the other sign separates thousands. Default: detected."""
    delimiter: Delimiter | None = None
    """The delimiter of a CSV file. Default: detected."""
    encoding: Encoding | None = None
    """The encoding of a CSV file. Default: UTF-8 or UTF-16, otherwise cp1252."""
    sheet: str | None = None
    """The sheet of a workbook; optional if there is only one."""
    order_numbers: Literal["may_repeat", "unique"] = "may_repeat"
    """`may_repeat`: rows with the same number form one order only on the same day, for the same
    site and customer. `unique`: always.
    """
    where: tuple[Filter, ...] = ()
    """Filters; a row must pass all of them."""
    cancelled: Cancellations | None = None
    """How the file records that an order was cancelled; both rows are skipped."""
    top_products: PositiveCount | None = None
    """Use only this many products: those with most lines."""
    site: Annotated[Name | None, Refers("sites")] = None
    """The site of all orders."""


class WrittenOrder(Spec):
    """One order, written out in the scenario."""

    time: Days
    """Days from the start."""
    lines: Annotated[Mapping[Name, PackedUnits], Field(min_length=1), Refers("products")]
    """Units of each product."""
    site: Annotated[Name | None, Refers("sites")] = None
    """Optional if there is only one site."""


class TraceDemand(Spec):
    """`{trace: {file: ..., columns: ..., date_format: ...}}`"""

    trace: Trace
    """The file and how to read it."""


class OrderList(Spec):
    """`{orders: [{time: 1, lines: {mug: 2}}]}`"""

    orders: tuple[WrittenOrder, ...] = Field(min_length=1)
    """The orders, in any order of time."""


def _demand(value: Any) -> str:
    keys = value if isinstance(value, dict) else vars(value) if isinstance(value, Part) else ()
    return MEMBER + ("trace" if "trace" in keys else "orders" if "orders" in keys else "process")


Demand = Annotated[
    Annotated[Process, member("process")]
    | Annotated[TraceDemand, member("trace")]
    | Annotated[OrderList, member("orders")],
    Discriminator(_demand),
]
