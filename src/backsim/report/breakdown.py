"""The tables of a study by customer class and by site."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from backsim.present.table import Cell, Column, Table
from backsim.report.words import column_of, policy_name
from backsim.results.metrics import shown_by
from backsim.results.spec import MetricSpec
from backsim.statistics import estimate
from backsim.study.analysis import Ranking, estimates, present, shown_policies, values_of
from backsim.study.study import Study

MOST_ROWS = 200


def classes_table(study: Study, ranking: Ranking) -> Table:
    """Service by customer class; of many policies the best and the reference."""
    classes = list(dict.fromkeys(c for p in study.policies for c in p.model.classes))
    names = present(study, shown_by("class"))
    most = max(2, MOST_ROWS // len(classes))
    order = [i for k, i in enumerate(ranking.order) if k < most or i == ranking.reference]
    found = {(c, n): estimates(study, MetricSpec(n, "class", c)) for c in classes for n in names}
    rows: list[tuple[Cell, ...]] = [
        (policy_name(study, ranking, i), c, *(found[c, n][i] for n in names))
        for i in order
        for c in classes
        if c in study.policies[i].model.classes
    ]
    left_out = len(ranking.order) > len(order)
    note = f"{len(order)} of {len(ranking.order)} policies: the best and the reference."
    columns = _columns(study, "class", names)
    title = "Service by customer class"
    return Table("classes", title, columns, tuple(rows), note if left_out else "")


WAITING = ("mean_backlog", "mean_site_backlog")
MOST_SITES = 40


def sites_table(study: Study, ranking: Ranking) -> Table:
    """Service and stock by site, of the best policy and the reference; of many sites the worst.

    Without rows where there is one site.
    """
    shown = shown_policies(study, ranking, 2)
    sites = list(dict.fromkeys(s for i in shown for s in study.policies[i].model.sites))
    names = present(study, shown_by("site")) if len(sites) > 1 else []

    def values(name: str, site: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        return values_of(study, MetricSpec(name, "site", site))[list(shown)]

    def waiting(site: str) -> float:
        return sum(float(np.nansum(values(name, site))) for name in WAITING if name in names)

    kept = sorted(sites, key=waiting, reverse=True)[:MOST_SITES]
    rows: list[tuple[Cell, ...]] = []
    for row, i in enumerate(shown):
        for site in study.policies[i].model.sites if names else ():
            if site in kept:
                cells = (values(name, site)[row].tolist() for name in names)
                found = (estimate(cell, study.experiment.confidence) for cell in cells)
                rows.append((policy_name(study, ranking, i), site, *found))
    left_out = len(sites) > len(kept)
    note = f"The {len(kept)} of {len(sites)} sites with the most backlog." if left_out else ""
    return Table(
        "sites", "Service and stock by site", _columns(study, "site", names), tuple(rows), note
    )


def _columns(study: Study, what: str, names: Sequence[str]) -> tuple[Column, ...]:
    specs = [MetricSpec(name) for name in names]
    metrics = (column_of(study, spec) for spec in specs)
    return (
        Column("policy"),
        Column(what),
        *metrics,
    )
