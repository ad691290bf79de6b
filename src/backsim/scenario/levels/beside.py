"""Why a level from a service is not met: others take, hold back or are asked for units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from backsim.rules import PROGRAM
from backsim.scenario.demand.rates import Pair
from backsim.scenario.distributions.whole import whole
from backsim.scenario.network.network import Network
from backsim.scenario.schema import CustomerClass, OrderList, Process, Scenario


def beside_its_demand(network: Network, pair: Pair, values: Mapping[str, Any]) -> Iterator[str]:
    """Reasons why more, or less, is asked for and given than the formulas of a service know."""
    scenario, source = network.scenario, values["supplier"][0]
    supplier = scenario.suppliers.get(source.supplier)
    if supplier is not None and (supplier.least_value or supplier.container):
        yield "the supplier has a least order value or containers"
    if any(limit.holds(pair) for limit in scenario.purchase_limits):
        yield "purchases have a limit"
    if values["clearing"] != "at_arrival":
        yield "waiting lines are served at batch runs"
    later = [change.rationing for change in values["changes"] if change.rationing is not None]
    if any(use.rule != "none" for use in (values["rationing"], *later)):
        yield "units are held back from some classes"
    if values["priority"].rule == PROGRAM and values["priority"].params.get("capacity", 0) > 0:
        yield "no more than a capacity leaves in a day"
    if _lends(network, pair):
        yield "other sites send units, or are sent some"
    if any(_goes_elsewhere(c, pair, scenario) for c in scenario.customers.values()):
        yield "customers are served by other sites"
    if _replaces(network, pair):
        yield f"{pair[0]} is a substitute for other products"


def needs_other_lines(scenario: Scenario, product: str) -> bool:
    """Whether units of a product wait for other products of the same order."""
    return any(
        _with_others(demand, product)
        for customer in scenario.customers.values()
        if customer.takes == "order" or customer.consolidates
        for demand in customer.demand
    )


def _with_others(demand: Any, product: str) -> bool:
    """Whether orders may have lines of a product and of others."""
    if isinstance(demand, Process):
        several = demand.together or len(whole(demand.lines, least=1)) > 2
        return several and len(demand.products) > 1 and product in demand.products
    if isinstance(demand, OrderList):
        return any(len(order.lines) > 1 and product in order.lines for order in demand.orders)
    return demand.trace.columns.order is not None


def _orders(demand: Any, product: str) -> bool:
    """Whether a product may be ordered."""
    if isinstance(demand, Process):
        return product in demand.products
    if isinstance(demand, OrderList):
        return any(product in order.lines for order in demand.orders)
    return True


def _lends(network: Network, pair: Pair) -> bool:
    """Whether a stock point sends others units, or is sent some, beside its purchases."""

    def asks(other: Pair) -> bool:
        transfers = network.fields[other].get("transfers")
        return transfers is not None and transfers.when != "never"

    receives = asks(pair) and bool(network.senders(pair))
    same = (other for other in network.fields if other[0] == pair[0] and other != pair)
    return receives or any(asks(other) and pair in network.senders(other) for other in same)


def _goes_elsewhere(customer: CustomerClass, pair: Pair, scenario: Scenario) -> bool:
    """Whether a class may be served by several sites, and this is one of them."""
    if customer.served_by is None or len(scenario.sites) == 1:
        return False
    return any(_orders(demand, pair[0]) for demand in customer.demand)


def _replaces(network: Network, pair: Pair) -> bool:
    """Whether customers who find another product missing may take this one."""
    scenario = network.scenario
    takers = [
        customer
        for customer in scenario.customers.values()
        if customer.takes_substitute and customer.takes != "order" and not customer.consolidates
    ]
    return any(
        pair[0] in product.substitutes
        and (name, pair[1]) in network.fields
        and _offers(network, (name, pair[1]))
        and any(_orders(demand, name) for customer in takers for demand in customer.demand)
        for name, product in scenario.products.items()
    )


def _offers(network: Network, pair: Pair) -> bool:
    """Whether a stock point offers substitutes."""
    given = network.fields[pair].get("substitution")
    return bool((given or network.scenario.policy.substitution) != "never")
