"""Where a stock point buys: suppliers and other sites."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    WrapSerializer,
    model_validator,
)

from backsim.quantities import (
    PER_UNIT,
    Money,
    OpenProbability,
    SomeCount,
    SomeUnits,
)
from backsim.scenario.distributions.fields import Duration
from backsim.scenario.part import MEMBER, fault, member
from backsim.scenario.schema.reactions import Emergency
from backsim.scenario.shorthand import (
    Name,
    Refers,
    Spec,
    listed,
)


class SiteSource(Spec):
    """Another site that supplies this stock point: its purchases are orders there."""

    site: Annotated[Name, Refers("sites", draws=True)]
    """The supplying site; it must keep the same product."""
    transport: Duration = Field(0, validate_default=True)
    """Days from shipment there to arrival here; one draw per purchase."""
    crossing: bool = True
    """Whether units may overtake units shipped earlier."""
    shipment: Literal["partial", "whole"] = "partial"
    """Ship units as they become available (`partial`), or only complete purchases (`whole`)."""
    priority: SomeCount = 1
    """Priority of these purchases there, among customer classes; 1 is the most important."""
    share: OpenProbability | None = None
    """Share of the units bought here; without shares, sources are tried in order."""

    plain: ClassVar[bool] = False
    supplier: ClassVar[None] = None
    emergency: ClassVar[None] = None
    surcharge: ClassVar[float] = 0.0


class Transfers(Spec):
    """Lateral transshipments: units from other sites of the same level when this one runs short."""

    sites: Annotated[
        tuple[Name, ...], Field(min_length=1), listed(Name), Refers("sites", draws=True)
    ]
    """Sites that may send units, in order of preference; a site ignores itself."""
    when: Literal["never", "at_stock_out", "at_level"] = "at_stock_out"
    """`at_stock_out`: request the units that customers wait for. `at_level`: request what is
    missing to `level`.
    """
    level: SomeUnits = 0
    """With `at_level`: target for units here or on their way from the other sites."""
    keep: SomeUnits = 0
    """Units on hand that the sending site keeps for itself."""
    days: Duration = Field(0, validate_default=True)
    """Transfer time in days; one draw per transfer."""

    @model_validator(mode="after")
    def _check_level(self) -> Transfers:
        if self.when == "at_level" and not self.level:
            raise fault("a `level` of 1 unit or more, for at_level", "none")
        if self.when == "at_stock_out" and self.level:
            raise fault("no `level` with at_stock_out", str(self.level))
        return self


class SupplierSource(Spec):
    """A supplier as one of several sources."""

    supplier: Annotated[Name, Refers("suppliers")]
    """The supplier."""
    lead_time: Duration | None = None
    """Lead time of this stock point, where it differs from its supplier's."""
    share: OpenProbability | None = None
    """Share of the units bought here; without shares, sources are tried in order."""
    emergency: Emergency | None = None
    """Use this source only in emergencies; another source must be regular."""
    surcharge: Annotated[Money, PER_UNIT] = 0.0
    """Money per unit bought here, in addition to `costs.purchase`."""

    site: ClassVar[None] = None

    @property
    def plain(self) -> bool:
        """Whether no more is said of it than its name."""
        return self == SupplierSource(supplier=self.supplier)


def _by_name(value: Any) -> Any:
    """A supplier of which no more is said than its name."""
    return SupplierSource(supplier=value) if isinstance(value, str) else value


def _source(value: Any) -> str:
    if isinstance(value, SiteSource) or (isinstance(value, dict) and "site" in value):
        return MEMBER + "site"
    return MEMBER + ("supplier" if isinstance(value, SupplierSource | dict) else "name")


def _shortest(value: Any, dump: Any) -> Any:
    """Suppliers of which no more is said by their names; one source without a list around it."""
    plain = [
        source.supplier if source.plain else said
        for source, said in zip(value, dump(value), strict=True)
    ]
    return plain[0] if len(plain) == 1 else plain


Source = Annotated[
    Annotated[SiteSource, member("site")]
    | Annotated[SupplierSource, member("supplier")]
    | Annotated[Name, AfterValidator(_by_name), Refers("suppliers"), member("name")],
    Discriminator(_source),
]
Sources = Annotated[
    tuple[Source, ...], Field(min_length=1), listed(Source), WrapSerializer(_shortest)
]
"""Where a stock point buys; one entry stands for a list of one."""
