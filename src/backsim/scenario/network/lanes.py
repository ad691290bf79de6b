"""The ways into a stock point: from a site, from a supplier, from who helps out."""

from __future__ import annotations

from dataclasses import dataclass

from backsim.scenario.distributions.base import Distribution
from backsim.scenario.distributions.discrete import Deterministic
from backsim.scenario.schema import (
    ResolvedPoint,
    ResolvedScenario,
    SiteSource,
    SupplierSource,
    Transfers,
)
from backsim.scenario.schema.reactions import Emergency
from backsim.scenario.schema.suppliers import PriceFactor

TRANSFERRED = 2
"""Among the suppliers of purchases, beyond a scenario's own: sites that make transfers.

Before it come sites as sources, with and without crossing.
"""

NOTHING = Deterministic(value=0.0)


@dataclass(frozen=True)
class Lane:
    """One way into a stock point: from another one (`place`), or from a supplier; by index.

    `given` is what the scenario says of it.
    """

    stock: int
    name: str
    place: int | None
    supplier: int | None
    time: Distribution
    service: Distribution
    given: SiteSource | SupplierSource | Transfers
    price_factors: tuple[PriceFactor, ...] = ()

    @property
    def share(self) -> float:
        """Share of the units that are bought there; 0 where there are no shares."""
        return 0.0 if isinstance(self.given, Transfers) else self.given.share or 0.0

    @property
    def surcharge(self) -> float:
        """Money per unit bought there, in addition to what units cost."""
        return 0.0 if isinstance(self.given, Transfers) else self.given.surcharge

    @property
    def emergency(self) -> Emergency | None:
        """When it is asked, if only in emergencies."""
        return None if isinstance(self.given, Transfers) else self.given.emergency

    @property
    def transfer(self) -> bool:
        """Units come from another site of the level, when there are too few here."""
        return isinstance(self.given, Transfers)


def lanes(scenario: ResolvedScenario) -> tuple[Lane, ...]:
    """The first source of each stock point, then their further ones, then those of transfers."""
    codes = {(point.product, point.site): i for i, point in enumerate(scenario.stock)}
    suppliers = {name: i for i, name in enumerate(scenario.suppliers)}

    def bought(stock: int, point: ResolvedPoint, source: SiteSource | SupplierSource) -> Lane:
        if source.site is not None:
            place = codes[point.product, source.site]
            return Lane(stock, source.site, place, None, source.transport, NOTHING, source)
        supplier = scenario.suppliers[source.supplier]
        time = source.lead_time or point.lead_time or supplier.lead_time
        service = supplier.servers.service if supplier.servers else NOTHING
        code = suppliers[source.supplier]
        factors = supplier.price_factors
        return Lane(stock, source.supplier, None, code, time, service, source, factors)

    points = list(enumerate(scenario.stock))
    return (
        *(bought(i, point, point.supplier[0]) for i, point in points),
        *(bought(i, point, source) for i, point in points for source in point.supplier[1:]),
        *(
            Lane(i, site, codes[point.product, site], None, sent.days, NOTHING, sent)
            for i, point in points
            if (sent := point.asks_for_units) is not None
            for site in sent.sites
        ),
    )
