"""Stock points, as a file describes them and as they are resolved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import (
    Discriminator,
    Field,
    WrapSerializer,
)

from backsim.quantities import AboveMinusOne, PositiveUnits, SomeUnits
from backsim.rules import FAMILIES, Rule
from backsim.scenario.costs import CostRates
from backsim.scenario.distributions.fields import Duration
from backsim.scenario.part import member
from backsim.scenario.schema.opening import Inbound
from backsim.scenario.schema.policy import Policy
from backsim.scenario.schema.rule_use import (
    Cover,
    ReorderRule,
    RuleUse,
    level_kind,
)
from backsim.scenario.schema.sources import (
    SiteSource,
    Sources,
    SupplierSource,
    _shortest,
)
from backsim.scenario.shorthand import (
    OFF_TAPE,
    Name,
    Refers,
    Selection,
)

Initial = Annotated[
    Annotated[SomeUnits, member("number")] | Annotated[Cover, member("cover")],
    Discriminator(level_kind),
]


class StockPoint(Policy):
    """Stock points: products at sites, and how they differ from `policy`.

    Several entries may match one stock point; the last value given for a field counts.
    """

    products: Annotated[Selection, Refers("products")] = ("*",)
    """Which products: a name, a list, or "*" for all."""
    sites: Annotated[Selection, Refers("sites")] = ("*",)
    """Which sites: a name, a list, or "*" for all."""
    groups: Selection | None = Field(None, exclude_if=lambda names: names is None)
    """Only products of these groups: a name, a list, or "*" for all that have one."""
    raise_levels: Annotated[AboveMinusOne, OFF_TAPE] = Field(
        0.0, exclude_if=lambda share: not share
    )
    """Share by which the lowest level of the reorder rule is raised (-0.1: lowered by a tenth);
    its other levels move along, so that purchases stay as large."""
    supplier: Sources | None = None
    """Where it buys: a supplier's name, a site, or a list. Default: the only supplier."""
    made_from: Annotated[
        Annotated[Mapping[Name, PositiveUnits], Field(min_length=1)] | None,
        Refers("products", draws=True),
    ] = None
    """Bill of materials: units of products at the same site per unit made; the supplier is the
    workshop.
    """
    starts_with: Literal["all", "available"] = "all"
    """When a purchase of what is `made_from` components starts: when all its components are there
    (`all`), or with as many units as the scarcest component allows, the rest later (`available`).
    """
    costs: Annotated[CostRates | None, OFF_TAPE] = None
    """Costs of this stock point, where they differ."""
    initial: Annotated[Initial | None, OFF_TAPE] = None
    """Units on hand at the start. Default: what the reorder rule orders when nothing is there."""
    inbound: tuple[Inbound, ...] = ()
    """Purchases in transit at the start."""
    lead_time: Duration | None = None
    """Lead time of this stock point, where it differs from its supplier's."""


class ResolvedPoint(StockPoint):
    """One product at one site, with nothing left open: what a run needs."""

    reorder: ReorderRule
    supplier: Annotated[tuple[SiteSource | SupplierSource, ...], WrapSerializer(_shortest)]
    initial: SomeUnits

    @property
    def product(self) -> str:
        """The product."""
        return self.products[0]

    @property
    def site(self) -> str:
        """The site."""
        return self.sites[0]

    @property
    def rules(self) -> Iterator[Rule]:
        """The rules that it names."""
        for name, family in FAMILIES.items():
            given = getattr(self, name)
            for use in given if isinstance(given, tuple) else (given,):
                yield family.of(use.rule, use.params)
        for change in self.changes:
            for name, family in FAMILIES.items():
                if (use := getattr(change, name, None)) is not None:
                    yield family.of(use.rule, use.params)

    @property
    def reorders(self) -> tuple[RuleUse, ...]:
        """The reorder rules that it follows, one after the other."""
        later = [change.reorder for change in self.changes if change.reorder is not None]
        return (self.reorder, *later)

    def asks(self, feature: str) -> bool:
        """Whether its reorder rule asks for what that part of the kernel answers."""
        return feature in FAMILIES["reorder"].get(self.reorder.rule).features

    @property
    def divides(self) -> bool:
        """Whether its purchases are split over several sources."""
        return self.split.rule != "none" and self.chooses

    @property
    def chooses(self) -> bool:
        """Whether its reorder rule has several sources to buy from."""
        return sum(source.emergency is None for source in self.supplier) > 1

    @property
    def forecasts(self) -> bool:
        """Whether it forecasts its demand: a reorder rule asks, or a method is named."""
        return self.observe is not None
