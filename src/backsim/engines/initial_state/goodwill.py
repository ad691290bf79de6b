"""The tables of how customers react to service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import JUDGE, JUDGED, Reaction
from backsim.scenario.model import Model

if TYPE_CHECKING:
    from backsim.engines.initial_state.start import Setup


def add_goodwill(setup: Setup, model: Model) -> None:
    """What each class reacts to, and its first judgement."""
    for index, customer in enumerate(model.scenario.customers.values()):
        given = customer.goodwill
        if given is None:
            continue
        row = setup.classes[index]
        row.judges_every = model.on_grid(given.every)
        row.judges_by = JUDGED.index(given.judged_by)
        row.weight, row.substitute = given.weight, given.substitute
        row.reactions_at, row.reactions = len(setup.reactions), len(given.service)
        row.since = model.warm_up
        pairs = zip(given.service, given.orders, strict=True)
        setup.reactions += [Reaction(service, share) for service, share in pairs]
        setup.events.append((row.judges_every, JUDGE, index))
