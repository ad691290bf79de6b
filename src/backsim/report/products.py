"""Results and levels by product: the worst first, the best policy against the reference."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from backsim.present.table import Cell, Column, Table
from backsim.report.finding import quoted
from backsim.report.words import column_of, policy_name
from backsim.results.metrics import shown_by
from backsim.results.spec import MetricSpec
from backsim.scenario.schema import ResolvedPoint
from backsim.study.analysis import Ranking, estimates, present, shown_policies, values_of
from backsim.study.study import Study

MOST_PRODUCTS = 20
MOST_POINTS = 200
WORST_BY = "mean_backlog"


def products_table(study: Study, ranking: Ranking) -> Table:
    """Service and stock by product, under the best policy and the reference; the worst first.

    The worst are those with the largest backlog.  Without rows where there is one product.
    """
    shown = shown_policies(study, ranking, 2)
    products = list(dict.fromkeys(p for i in shown for p in study.policies[i].model.products))
    names = present(study, shown_by("product")) if len(products) > 1 else []
    backlog = {
        product: float(
            np.nansum(values_of(study, MetricSpec(WORST_BY, "product", product))[shown[0]])
        )
        for product in (products if names else ())
    }
    worst = sorted(backlog, key=lambda product: -backlog[product])[:MOST_PRODUCTS]
    found = {
        (product, name): estimates(study, MetricSpec(name, "product", product))
        for product in worst
        for name in names
    }
    rows: list[tuple[Cell, ...]] = [
        (product, policy_name(study, ranking, i), *(found[product, name][i] for name in names))
        for product in worst
        for i in shown
        if product in study.policies[i].model.products
    ]
    left_out = len(products) > len(worst)
    note = f"The {len(worst)} of {len(products):,} products with the largest backlog."
    specs = [MetricSpec(name) for name in names]
    columns = (Column("product"), Column("policy"),
               *(column_of(study, spec) for spec in specs))  # fmt: skip
    title = "Service and stock by product"
    return Table("products", title, columns, tuple(rows), note if left_out else "")


def levels_table(study: Study, ranking: Ranking) -> Table:
    """The levels of every stock point under the reference and the best policy.

    Those that change most come first.  Without rows where no level changes.
    """
    reference = study.policies[ranking.reference].model
    best = study.policies[ranking.order[0]].model
    now, new = (
        dict(zip(model.stock_points, map(_levels, model.written.stock), strict=True))
        for model in (reference, best)
    )
    names = list(dict.fromkeys(name for found in (*now.values(), *new.values()) for name in found))
    changed = {
        point: max(abs(new[point].get(name, 0.0) - now[point].get(name, 0.0)) for name in names)
        for point in now
        if point in new and names
    }
    order = sorted((p for p in changed if changed[p]), key=lambda point: -changed[point])
    rows: list[tuple[Cell, ...]] = [
        (*point, *(cell for name in names for cell in (now[point].get(name), new[point].get(name))))
        for point in order[:MOST_POINTS]
    ]
    columns = (Column("product"), Column("site"), *(
        Column(f"{name} {when}", "units", kind="units")
        for name in names for when in ("today", "proposed")
    ))  # fmt: skip
    names_of = [quoted(study.policies[i].name) for i in (ranking.reference, ranking.order[0])]
    note = f"Today: {names_of[0]}. Proposed: {names_of[1]}."
    if len(order) > MOST_POINTS:
        note += f" The {MOST_POINTS} of {len(order):,} stock points that change most."
    return Table("reorder_levels", "Levels, today and proposed", columns, tuple(rows), note)


def _levels(point: ResolvedPoint) -> Mapping[str, float]:
    """The numbers of a stock point's reorder rule, by name."""
    params = point.reorder.params
    return {name: float(value) for name, value in params.items() if isinstance(value, int | float)}
