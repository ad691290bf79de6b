"""What may be wrong with a network: cycles, products without a source, sites no one reads from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from backsim.scenario.demand.rates import Pair
from backsim.scenario.network.graph import grouped, reached
from backsim.scenario.network.network import Network
from backsim.scenario.schema.reactions import misplaced
from backsim.scenario.yamlfile import Location

Found = tuple[Pair, str, Location, str, Any]
"""A fault: stock point, field, place below it, what was expected, what was found."""


def network_faults(network: Network, demanded: set[str]) -> Iterator[Found]:
    """Everything that is wrong; `demanded` are the sites where customers order."""
    for pair in network.fields:
        yield from _own_faults(network, pair)
    yield from _cycle(network)
    yield from _circles(network)
    if any(network.above.values()):
        yield from _unread(network, demanded)


def _own_faults(network: Network, pair: Pair) -> Iterator[Found]:
    fields = network.fields[pair]
    sources = fields.get("supplier") or ()
    for number, (product, site) in enumerate(network.sites_of(pair)):
        if (product, site) not in network.fields:
            expected = f"a site that keeps {product}, for {pair[1]} to be supplied from"
            yield pair, "supplier", _entry(sources, number, "site"), expected, f"'{site}'"
    for product, site in network.parts_of(pair):
        if (product, site) not in network.fields:
            expected = f"`stock` to hold {product} at {site}, of which {pair[0]} is made"
            yield pair, "made_from", (product,), expected, "no such stock point"
    yield from _transfer_faults(network, pair)
    orders = network.above[pair] or network.senders(pair)
    if orders and pair[1] in network.scenario.customers:
        expected = f"another name for site {pair[1]}, which orders there like a customer class"
        yield pair, "", (), expected, "the name of a customer class"
    if fields.get("starts_with") == "available" and not fields.get("made_from"):
        yield pair, "starts_with", (), "`made_from`, components to start with", "none"
    if fields.get("made_from") and (len(sources) > 1 or network.sites_of(pair)):
        expected = f"one supplier, the workshop, as {pair[0]} is made from components"
        yield pair, "supplier", (), expected, "a site" if network.sites_of(pair) else "several"
    if fields.get("lead_time") is not None and (len(sources) > 1 or network.sites_of(pair)):
        expected = "the lead time with each source, not here (for a site: `transport`)"
        yield pair, "lead_time", (), expected, "one"
    names = [source.site or source.supplier for source in sources]
    for number, name in enumerate(names):
        if name in names[:number]:
            yield pair, "supplier", (number,), "each source once", f"'{name}' again"
    for number, expected, found in misplaced(sources):
        yield pair, "supplier", (number,), expected, found
    regular = [source for source in sources if source.emergency is None]
    shares = [float(source.share or 0) for source in regular]
    if any(shares) and (0 in shares or abs(sum(shares) - 1) > 1e-9):
        total = "none for some" if 0 in shares else f"{sum(shares):g} in all"
        yield pair, "supplier", (), "a `share` for each source, 1 in all", total


def _transfer_faults(network: Network, pair: Pair) -> Iterator[Found]:
    transfers = network.fields[pair].get("transfers")
    if transfers is None:
        return
    product, own = pair
    if set(transfers.sites) == {own}:
        yield pair, "transfers", ("sites",), f"another site than {own}", f"'{own}' alone"
    for number, site in enumerate(transfers.sites):
        if (product, site) not in network.fields:
            expected = f"a site that keeps {product}, for {own} to be sent units from"
            yield pair, "transfers", ("sites", number), expected, f"'{site}'"
        if site in transfers.sites[:number]:
            yield pair, "transfers", ("sites", number), "each site once", f"'{site}' again"


def _cycle(network: Network) -> Iterator[Found]:
    pairs = set(network.fields) - set(network.order())
    if not pairs:
        return
    start = next(pair for pair in network.fields if pair in pairs)
    path = [start]
    while path.count(path[-1]) < 2:
        path.append(next(above for above in network.above[path[-1]] if above in pairs))
    path = path[path.index(path[-1]) :]
    words = " <- ".join(f"{product} at {site}" for product, site in path)
    which = "made_from" if path[1] in network.parts_of(path[0]) else "supplier"
    yield path[0], which, (), "a network without a cycle", words


def _circles(network: Network) -> Iterator[Found]:
    """Those who send each other units stand at one level: none of them supplies another.

    Else a unit could go round: sent by one, bought back from the other.
    """
    sent = ((pair, other) for pair in network.fields for other in network.senders(pair))
    group = grouped(network.fields, sent)
    over: dict[Pair, set[Pair]] = {g: set() for g in group.values()}
    for pair, above in network.above.items():
        over[group[pair]] |= {group[up] for up in above if up in group}
    for pair in network.fields:
        if network.senders(pair) and group[pair] in reached(over, over[group[pair]]):
            expected = f"sites of one level, none of which supplies another, for {pair[1]}"
            found = ", ".join(site for _, site in network.senders(pair))
            yield pair, "transfers", ("sites",), expected, found
            return


def _unread(network: Network, demanded: set[str]) -> Iterator[Found]:
    read = demanded | {site for above in network.above.values() for _, site in above}
    read |= {site for pair in network.fields for _, site in network.senders(pair)}
    for site in network.scenario.sites:
        own = [pair for pair in network.fields if pair[1] == site]
        if own and site not in read:
            expected = f"customers or a site to draw on {site}"
            yield own[0], "", (), expected, "no one who does"


def _entry(sources: tuple[Any, ...], number: int, key: str) -> Location:
    """Where a site's key stands below `supplier`; `number` counts the sites among the sources."""
    at = [i for i, source in enumerate(sources) if source.site is not None][number]
    return at, key
