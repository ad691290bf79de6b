"""Where the sites of a network stand in its figure, and what joins them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from backsim.scenario.model import Model
from backsim.scenario.network.graph import grouped, reached

MOST_ACROSS = 3
"""Levels beside each other, at most; a longer network is drawn downwards."""
MOST_OF_A_LEVEL = {True: 8, False: 3}
"""Boxes of a level, drawn across or downwards."""


@dataclass(frozen=True)
class Place:
    """A box: a site, or several of a level that have no room of their own.

    `column` and `row` count from the top left; they are fractions where a level has fewer boxes
    than another.
    """

    sites: tuple[str, ...]
    column: float
    row: float

    @property
    def name(self) -> str:
        """What is written in it."""
        return self.sites[0] if len(self.sites) == 1 else f"{len(self.sites)} more, each"


@dataclass(frozen=True)
class Layout:
    """The boxes of a network, across or downwards; supply and exchange as pairs of their places."""

    places: tuple[Place, ...]
    supplies: tuple[tuple[int, int], ...]
    exchanges: tuple[tuple[int, int], ...]
    across: bool

    @property
    def columns(self) -> int:
        """Boxes beside each other."""
        return 1 + round(max(place.column for place in self.places))

    @property
    def rows(self) -> int:
        """Boxes above each other, at most."""
        return 1 + round(max(place.row for place in self.places))


def is_joined(model: Model) -> bool:
    """Whether a site supplies or helps another."""
    return any(_joined(model))


def layout(model: Model, weights: Mapping[str, float]) -> Layout | None:
    """Suppliers before whom they supply; None where no site supplies or helps another.

    Of a level with too many sites those with the most weight are drawn, the others as one.
    """
    supplies, exchanges = _joined(model)
    if not supplies and not exchanges:
        return None
    levels = _levels(model, supplies)
    deepest = max(levels.values())
    across = deepest < MOST_ACROSS
    rows = [
        _boxes([s for s in levels if levels[s] == level], weights, MOST_OF_A_LEVEL[across])
        for level in range(deepest, -1, -1)
    ]
    widest = max(map(len, rows))
    places = []
    for before, boxes in enumerate(rows):
        for i, sites in enumerate(boxes):
            beside = i + (widest - len(boxes)) / 2
            places.append(Place(sites, *((before, beside) if across else (beside, before))))
    where = {site: i for i, place in enumerate(places) for site in place.sites}

    def between(pairs: list[tuple[str, str]]) -> tuple[tuple[int, int], ...]:
        """Pairs of boxes, each once."""
        found = ((where[one], where[other]) for one, other in pairs)
        return tuple(dict.fromkeys((one, other) for one, other in found if one != other))

    return Layout(tuple(places), between(supplies), between(exchanges), across)


def _boxes(sites: list[str], weights: Mapping[str, float], most: int) -> list[tuple[str, ...]]:
    """The sites of a level, those that have no room together at the end."""
    if len(sites) <= most:
        return [(site,) for site in sites]
    first = sorted(sites, key=lambda site: -weights.get(site, 0.0))[: most - 1]
    rest = tuple(site for site in sites if site not in first)
    return [*((site,) for site in sites if site in first), rest]


def _joined(model: Model) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(site, whom it supplies), and neighbours among those who send each other units."""
    network = model.network
    supplies: dict[tuple[str, str], None] = {}
    sent: list[tuple[str, str]] = []
    for pair, point in zip(model.stock_points, model.scenario.stock, strict=True):
        supplies |= {(site, pair[1]): None for _, site in network.sites_of(pair)}
        if point.asks_for_units:
            sent += [(pair[1], site) for _, site in network.senders(pair)]
    group = grouped(model.sites, sent)
    exchanges: list[tuple[str, str]] = []
    for one in dict.fromkeys(group.values()):
        members = [site for site in model.sites if group[site] == one]
        exchanges += pairwise(members)
    return list(supplies), exchanges


def _levels(model: Model, supplies: list[tuple[str, str]]) -> dict[str, int]:
    """How many sites stand, at most, between each and the last customer.

    Sites that supply each other, with different products, count as the first of these says.
    """
    below: dict[str, set[str]] = {site: set() for site in model.sites}
    for site, supplied in supplies:
        if site not in reached(below, [supplied]):
            below[site].add(supplied)
    levels = dict.fromkeys(model.sites, 0)
    for _ in model.sites:  # as often as the longest way may be
        for site, others in below.items():
            levels[site] = max([levels[site], *(levels[other] + 1 for other in others)])
    return levels
