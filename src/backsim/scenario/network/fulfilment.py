"""Which sites serve a customer's order that the site where it is placed cannot fill."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from backsim.scenario.schema import CustomerClass, Scenario
from backsim.scenario.yamlfile import Location

Found = tuple[Location, str, Any]
"""A fault: its place below the customer class, what was expected, what was found."""


def serving_sites(scenario: Scenario) -> set[str]:
    """The sites that may serve orders placed elsewhere."""
    return {
        site
        for customer in scenario.customers.values()
        for site in (_named(customer, scenario) if customer.served_by else ())
    }


def routes(customer: CustomerClass, scenario: Scenario) -> dict[str, list[str]]:
    """For each site at which a class orders the others to be tried, in order."""
    return {home: _others(customer, scenario, home) for home in scenario.sites}


def route_faults(customer: CustomerClass, scenario: Scenario) -> Iterator[Found]:
    """What is wrong with where a class is served from."""
    serving = customer.served_by
    if serving is None:
        return
    stocked = {site for point in scenario.stock for site in _selected(point.sites, scenario)}
    for number, site in enumerate(serving.sites):
        if site in serving.sites[:number]:
            yield ("served_by", "sites", number), "each site once", f"'{site}' again"
        if site not in {*stocked, "*"}:
            yield ("served_by", "sites", number), "a site that keeps stock", f"'{site}'"
    if serving.split in ("units", "fewest_parts") and customer.shipment != "partial":
        expected = "`shipment: partial`, as the units of a line are split"
        yield ("served_by", "split"), expected, "customers who accept no partial shipments"
    if serving.order == "nearest":
        missing = [name for name, site in scenario.sites.items() if site.place is None]
        if missing:
            expected = f"a `place` for every site, to tell which is nearest ({missing[0]} has none)"
            yield ("served_by", "order"), expected, "nearest"


def _named(customer: CustomerClass, scenario: Scenario) -> list[str]:
    assert customer.served_by is not None
    return _selected(customer.served_by.sites, scenario)


def _selected(names: tuple[str, ...], scenario: Scenario) -> list[str]:
    return list(scenario.sites) if "*" in names else list(names)


def _others(customer: CustomerClass, scenario: Scenario, home: str) -> list[str]:
    others = [site for site in _named(customer, scenario) if site != home]
    if customer.served_by is None or customer.served_by.order == "given":
        return others
    places = {name: site.place or (0.0, 0.0) for name, site in scenario.sites.items()}
    return sorted(others, key=lambda site: math.dist(places[home], places[site]))
