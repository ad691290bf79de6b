"""Recalls, as the tables hold them."""

from __future__ import annotations

from backsim.engines.initial_state.start import Setup
from backsim.entities import RECALL, Recall
from backsim.scenario.model import Model


def add_recalls(setup: Setup, model: Model) -> None:
    """A row for each stock point, where any product is recalled."""
    products = model.scenario.products
    if not any(product.recall for product in products.values()):
        return
    for index, (name, _) in enumerate(model.stock_points):
        row = Recall(stock=index)
        if (given := products[name].recall) is not None:
            row.time = float(model.on_grid(given.day))
            row.since = float(model.on_grid(given.day - (given.within or 0.0)))
            if given.repair is not None:
                row.mends = given.repair.share
                row.days = float(model.on_grid(given.repair.days))
            setup.events.append((row.time, RECALL, index))
        setup.recalls.append(row)
