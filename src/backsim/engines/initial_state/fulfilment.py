"""The tables of which sites serve whom, where orders may be served from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import NONE, SPLITS
from backsim.scenario.model import Model
from backsim.scenario.network.fulfilment import routes

if TYPE_CHECKING:
    from backsim.engines.initial_state.start import Setup


def add_routes(setup: Setup, model: Model) -> None:
    """For each class and site the other sites in order; and the stock points by product, site."""
    if "ROUTES" not in setup.switches:
        return
    customers = model.scenario.customers.values()
    site_code = {name: i for i, name in enumerate(model.sites)}
    stock_code = {pair: i for i, pair in enumerate(model.stock_points)}
    for row, customer in zip(setup.classes, customers, strict=False):  # sites' own come after them
        if customer.served_by is not None:
            found = routes(customer, model.scenario)
            row.choices = max(map(len, found.values()))
            row.choices_at = len(setup.choices)
            row.splits = SPLITS.index(customer.served_by.split)
            for home in model.sites:
                others = [site_code[site] for site in found[home]]
                setup.choices += others + [NONE] * (row.choices - len(others))
    setup.places = [
        stock_code.get((product, site), NONE) for product in model.products for site in model.sites
    ]
