"""What there is at the start: stock, open orders, and purchases under way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from backsim.quantities import Days, PackedUnits, PositiveUnits, SomeUnits, Time
from backsim.scenario.demand.schema import DateFormat, Delimiter, Encoding
from backsim.scenario.distributions.fields import Duration
from backsim.scenario.part import fault
from backsim.scenario.schema.customers import Tolerance
from backsim.scenario.shorthand import Name, Refers, Spec


class Inbound(Spec):
    """A purchase already under way at the start."""

    units: PositiveUnits
    """Units that arrive."""
    arrives: Duration | None = None
    """When, in days from the start: a number, or a distribution.

    Without it the arrival is drawn from the lead time, given the purchase's `age`.
    """
    age: Days | None = None
    """Days before the start that it was ordered."""
    expected: Time | None = None
    """The day on which the supplier says that it arrives.

    Default: `arrives` or its mean; for a purchase of an `age`, its mean lead time after it was
    ordered.  Negative: it is overdue.
    """

    @model_validator(mode="after")
    def _check_arrival(self) -> Inbound:
        if self.arrives is None and self.age is None:
            raise fault("`arrives` (days from the start) or `age` (days since ordered)", "neither")
        return self


class OpenPurchase(Inbound):
    """A purchase under way, and where it goes."""

    product: Annotated[Name, Refers("products")]
    """The product."""
    site: Annotated[Name | None, Refers("sites")] = None
    """May be left out when there is one site."""


class OpenStock(Spec):
    """Units on hand of a product at a site."""

    product: Annotated[Name, Refers("products")]
    """The product."""
    site: Annotated[Name | None, Refers("sites")] = None
    """May be left out when there is one site."""
    units: SomeUnits
    """Units on hand."""


class OpenOrder(Spec):
    """An order from before the start, of which units are still open."""

    customer: Annotated[Name, Refers("customers")]
    """The customer class."""
    lines: Annotated[Mapping[Name, PackedUnits], Field(min_length=1), Refers("products")]
    """Units of each product that are still open."""
    site: Annotated[Name | None, Refers("sites")] = None
    """The site that serves it; may be left out when there is one site."""
    age: Days = 0.0
    """Days before the start that it was placed."""
    due: Time | None = None
    """The day for which it is wanted; negative: it is late.  Default: as its class says."""
    promised: Time | None = None
    """The day that the customer was promised last; negative: the promise is broken."""
    told: Days | None = None
    """Days before the start that the customer was told so.  Default: when the order was placed."""
    tolerance: Tolerance | None = None
    """Days that the customer waits, from the order; default: as its class says.

    Of a distribution only what is longer than the customer has waited already.
    """

    @property
    def told_at(self) -> float:
        """When the customer was told the promise, in days from the start (not above 0)."""
        return -(self.age if self.told is None else self.told)

    @model_validator(mode="after")
    def _check_promise(self) -> OpenOrder:
        if self.told is not None and self.told > self.age:
            raise fault(f"`told` of at most its age of {self.age:g} (days)", f"{self.told:g}")
        if self.told is not None and self.promised is None:
            raise fault("`promised`, the day that the customer was told", "only `told`")
        if self.promised is not None and self.promised < self.told_at:
            expected = f"`promised` no earlier than it was told, on day {self.told_at:g}"
            raise fault(expected, f"{self.promised:g}")
        return self


class OpenTable(Spec):
    """A table with a row per line, stock point or purchase: a CSV file or an Excel workbook."""

    file: str
    """Path of the file; a relative one starts at the scenario file's folder."""
    columns: Mapping[str, str] = {}
    """What columns are called in the file, where they have other names."""
    date_format: DateFormat = None
    """As in `strptime`, or "days" for numbers of days from the start.  Default: found from the
    column, and refused where it can be read in two ways."""
    decimal: Literal[".", ","] | None = None
    """The decimal sign; the other one stands between thousands.  Default: found from the file."""
    delimiter: Delimiter | None = None
    """The character between fields of a CSV file.  Default: found from the header."""
    encoding: Encoding | None = None
    """Of a CSV file.  Default: UTF-8 or UTF-16, or else cp1252."""


class OpenTables(Spec):
    """Tables of what there is at the start; their rows come after those that are written out."""

    stock: OpenTable | None = None
    """Columns `product`, `units`, `site`."""
    orders: OpenTable | None = None
    """Columns `product`, `units`, `site`, `customer`, `order`, `tolerance`; the dates `ordered`,
    `due`, `promised`, `told`."""
    purchases: OpenTable | None = None
    """Columns `product`, `units`, `site`, and the dates `ordered`, `arrives`, `expected`."""


class Opening(Spec):
    """What there is at the start of the run."""

    stock: tuple[OpenStock, ...] = ()
    """Units on hand; they stand in place of `initial`."""
    orders: tuple[OpenOrder, ...] = ()
    """Orders from before the start that are still open."""
    purchases: tuple[OpenPurchase, ...] | None = None
    """Purchases under way; where they are given, they stand in place of every `inbound`."""
    tables: OpenTables | None = None
    """Tables that hold any of these."""
