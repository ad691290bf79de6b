"""What no clearing rule could have beaten, and what each policy costs more: a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.errors import listed
from backsim.hindsight import TERMS
from backsim.present.numbers import percent
from backsim.present.table import Cell, Column, Table
from backsim.report.words import policy_name, unit_of
from backsim.statistics import estimate
from backsim.study.analysis import Ranking, present
from backsim.study.study import Study

if TYPE_CHECKING:
    import pandas as pd

MONEY = "money per day"


def regret_table(study: Study, ranking: Ranking, bounds: pd.DataFrame) -> Table:
    """Each policy's cost, its bound and the regret, in the order of the ranking.

    `bounds` is what `Study.bound` gives: a row a policy and replication.
    """
    level = study.experiment.confidence
    names = [study.policies[i].name for i in ranking.order]
    rows: list[tuple[Cell, ...]] = []
    for name in names:
        own = bounds[bounds["policy"] == name]
        known = (estimate(own[column].tolist(), level) for column in COLUMNS)
        place = [policy.name for policy in study.policies].index(name)
        rows.append((policy_name(study, ranking, place), len(own), *known))
    columns = (
        Column("policy"),
        Column("replications"),
        *(Column(c, unit_of(study, MONEY)) for c in COLUMNS),
    )
    return Table("regret", "Regret in hindsight", columns, tuple(rows), _note(study, bounds, level))


COLUMNS = ("realised", "bound", "regret")


def _note(study: Study, bounds: pd.DataFrame, level: float) -> str:
    terms = present(study, TERMS) or TERMS
    costs = listed([name.removeprefix("cost.").replace("_", " ") for name in terms])
    reasons = [reason for reason in bounds["given_receipts"].unique() if reason]
    holds = (
        f"Each bound is conditional on the receipts of its own run: {'; '.join(reasons)}."
        if reasons
        else "No clearing rule costs less than the bound on these replications."
    )
    return (
        f"Costs of {costs}. The bound is what the best clearing would have cost, with all orders "
        f"and receipts known beforehand. {holds} Mean and half-width of the {percent(level)} "
        "interval."
    )
