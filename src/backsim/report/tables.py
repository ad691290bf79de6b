"""The tables of a study.  One definition each; the console, the page and a workbook render them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from os.path import normpath
from typing import Any

import numpy as np

from backsim.errors import counted, listed
from backsim.present.numbers import percent
from backsim.present.table import Cell, Column, Table
from backsim.report.breakdown import classes_table, sites_table
from backsim.report.products import levels_table, products_table
from backsim.report.words import column_of, condition, label, policy_name
from backsim.results.metrics import COMMUNICATION, COST, groups, parts_of
from backsim.results.metrics.money import MONEY
from backsim.results.spec import MetricSpec
from backsim.scenario.timeunit import per_year
from backsim.statistics import Estimate, Feasible, times
from backsim.statistics.screening import Elementary, Indices
from backsim.study.analysis import (
    Ranking,
    against,
    estimates,
    kept_words,
    present,
    rank,
    wanted,
)
from backsim.study.effects import level_text, main_effects
from backsim.study.screened import screened
from backsim.study.study import Study


def tables(study: Study) -> tuple[Table, ...]:
    """All tables of a study that have rows, in the order in which they are read."""
    ranking = rank(study)
    made = (
        ranking_table(study, ranking),
        differences_table(study, ranking),
        best_table(study, ranking),
        costs_table(study, ranking),
        yearly_table(study, ranking),
        classes_table(study, ranking),
        sites_table(study, ranking),
        products_table(study, ranking),
        levels_table(study, ranking),
        promises_table(study, ranking),
        cancellations_table(study, ranking),
        screening_table(study, ranking),
        effects_table(study, ranking),
        settings_table(study, ranking),
        provenance_table(study),
    )
    return tuple(table for table in made if table.rows)


def ranking_table(study: Study, ranking: Ranking) -> Table:
    """Every policy with the metrics asked for, best first.

    Constraints stand right after the first metric, the objective's: a table may be cut at its end.
    """
    specs, constraints = wanted(study), study.experiment.constraints
    first, *more = [estimates(study, spec) for spec in specs]
    verdicts = ranking.objective and len(study.policies) > 1
    columns = [Column("policy"), *([Column("verdict", keep=True)] if verdicts else [])]
    columns.append(column_of(study, specs[0], keep=specs[0] == ranking.spec))
    columns += [Column(condition(constraint)) for constraint in constraints]
    columns += [column_of(study, spec, keep=spec == ranking.spec) for spec in specs[1:]]
    rows: list[tuple[Cell, ...]] = [
        (
            policy_name(study, ranking, i),
            *([ranking.verdict(i)] if verdicts else []),
            first[i],
            *kept_words(study, ranking, i),
            *(one[i] for one in more),
        )
        for i in ranking.order
    ]
    level = percent(study.experiment.confidence)
    note = f"Mean ± half-width of the {level} confidence interval (Student's t over replications)."
    return Table("ranking", "Ranking", tuple(columns), tuple(rows), note)


def differences_table(study: Study, ranking: Ranking) -> Table:
    """Every other policy less the reference, paired."""
    specs = wanted(study)
    found = [against(study, spec, ranking.reference) for spec in specs]
    others = [i for i in ranking.order if i != ranking.reference]
    main = against(study, ranking.spec, ranking.reference)
    columns = (
        Column("policy"),
        *(column_of(study, spec) for spec in specs),
        Column("pairs"),
        Column("variance reduction", "%"),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            policy_name(study, ranking, i),
            *(one.get(i) for one in found),
            main[i].count if i in main else None,
            _percent(main[i].reduction) if i in main else None,
        )
        for i in others
    ]
    note = (
        f"Policy minus '{study.policies[ranking.reference].name}', paired by replication. "
        f"Simultaneous {percent(study.experiment.confidence)} confidence intervals per column "
        f"(Bonferroni, {counted(max(len(others), 1), 'comparison')}). Variance reduction: of the "
        f"difference in {label(ranking.spec)}, due to common random numbers."
    )
    return Table("differences", "Differences from the reference", columns, tuple(rows), note)


def best_table(study: Study, ranking: Ranking) -> Table:
    """Every policy against the best of the others."""
    columns = (
        Column("policy"),
        column_of(study, ranking.spec, "from"),
        column_of(study, ranking.spec, "to"),
        Column("verdict"),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            policy_name(study, ranking, i),
            _finite(ranking.with_best[i].low),
            _finite(ranking.with_best[i].high),
            ranking.verdict(i),
        )
        for i in ranking.order
        if i in ranking.with_best and ranking.state(i) is not Feasible.no
    ]
    kept = " that satisfy the constraints" if study.experiment.constraints else ""
    note = (
        f"{label(ranking.spec).capitalize()} minus that of the best of the others{kept}: Hsu's "
        f"constrained intervals, simultaneous at {percent(study.experiment.confidence)}."
    )
    if kept:
        note += (
            " The constraints take half of the error probability. - means that possibly no other "
            "policy satisfies them."
        )
    return Table("best", "Comparison with the best", columns, tuple(rows), note)


def costs_table(study: Study, ranking: Ranking) -> Table:
    """Every policy's costs, those that are 0 everywhere left out."""
    names = present(study, [m.name for m in groups()[COST]])
    return _metrics_table(study, ranking, "costs", "Costs", names)


def yearly_table(study: Study, ranking: Ranking) -> Table:
    """Every policy's money per year, where it is known how long the time unit is."""
    scenario = study.policies[0].model.scenario
    years = per_year(scenario.time_unit)
    all_ = present(study, [m.name for m in groups()[COST] if m.unit == MONEY])
    names = all_ if years not in (None, 1.0) else []
    table = _metrics_table(study, ranking, "yearly", "Costs per year", names)
    columns = [replace(c, unit=scenario.currency or "money") for c in table.columns[1:]]
    rows = tuple((row[0], *(times(cell, years or 1.0) for cell in row[1:])) for row in table.rows)
    note = f"The costs above, times {years or 1.0:.4g} {scenario.time_unit} per year."
    return replace(table, columns=(table.columns[0], *columns), rows=rows, note=note)


def promises_table(study: Study, ranking: Ranking) -> Table:
    """How well promises were kept; without rows when none were made."""
    names = present(study, [m.name for m in groups()[COMMUNICATION] if not m.part_of])
    return _metrics_table(study, ranking, "promises", "Promises and messages", names)


def cancellations_table(study: Study, ranking: Ranking) -> Table:
    """Units cancelled and lost, by cause; without rows when there were none."""
    names = present(study, ["cancel_rate", "lost_rate", *parts_of("cancel_rate")])
    return _metrics_table(study, ranking, "cancellations", "Cancellations", names)


def _metrics_table(
    study: Study, ranking: Ranking, name: str, title: str, metrics: list[str]
) -> Table:
    specs = [MetricSpec(metric) for metric in metrics]
    found = [estimates(study, spec) for spec in specs]
    columns = (Column("policy"), *(column_of(study, spec) for spec in specs))
    rows: list[tuple[Cell, ...]] = [
        (policy_name(study, ranking, i), *(one[i] for one in found)) for i in ranking.order if specs
    ]
    return Table(name, title, columns, tuple(rows))


def effects_table(study: Study, ranking: Ranking) -> Table:
    """The effect of each factor's levels on the ranking's metric."""
    columns = (
        Column("factor"),
        Column("level"),
        Column("policies"),
        column_of(study, ranking.spec, f"effect on {label(ranking.spec)}"),
    )
    rows: list[tuple[Cell, ...]] = [
        (e.factor, e.level, e.policies, e.estimate) for e in main_effects(study, ranking.spec)
    ]
    note = (
        "Mean over the policies with that level minus the mean over all policies. In an "
        "unbalanced design, effects of other factors are mixed in."
    )
    return Table("effects", "Sensitivity to each factor", columns, tuple(rows), note)


def screening_table(study: Study, ranking: Ranking) -> Table:
    """How much each factor matters, the most important first."""
    found = screened(study, ranking.spec)
    rows: list[tuple[Cell, ...]] = []
    columns: tuple[Column, ...]
    if any(isinstance(one, Indices) for one in found.values()):
        columns = (Column("factor"), Column("total index"), Column("first index"))
        rows = [(n, one.total, one.first) for n, one in found.items() if isinstance(one, Indices)]
        note = (
            "Shares of the variance over the ranges: with all interactions, and alone (Saltelli et "
            "al. 2010); intervals by the jackknife over base points."
        )
    else:
        columns = (
            Column("factor"),
            *(
                column_of(study, ranking.spec, heading)
                for heading in ("mean absolute effect", "mean effect", "sd of effects")
            ),
        )
        rows = [
            (n, one.strength, one.effect, one.sd)
            for n, one in found.items()
            if isinstance(one, Elementary)
        ]
        note = (
            "Effects of going through a factor's whole range (Morris; Campolongo et al. 2011); "
            "a large sd says that the effect is curved or depends on other factors."
        )
    rows.sort(key=lambda row: -row[1].mean if isinstance(row[1], Estimate) else 0.0)
    return Table(
        "screening", f"Which factors matter for {label(ranking.spec)}", columns, tuple(rows), note
    )


def settings_table(study: Study, ranking: Ranking) -> Table:
    """What each policy sets."""
    names = list(dict.fromkeys(key for p in study.policies for key in p.settings))
    columns = (Column("policy"), *map(Column, names))
    rows: list[tuple[Cell, ...]] = [
        (
            policy_name(study, ranking, i),
            *(
                level_text(study.policies[i].settings[key])
                if key in study.policies[i].settings
                else None
                for key in names
            ),
        )
        for i in ranking.order
        if names
    ]
    told = all(cell is not None for row in rows for cell in row)
    note = "" if told else "- means the value in the scenario."
    return Table("settings", "What each policy sets", columns, tuple(rows), note)


def provenance_table(study: Study) -> Table:
    """Where the numbers come from: a row a fact."""
    values = {key: value for key, value in study.provenance.items() if key not in WRITTEN_OUT}
    engines = values.pop("engines", {})
    names = listed(list(dict.fromkeys(normpath(p.model.name) for p in study.policies)))
    place = study.place(study.experiment.reference or study.policies[0].name)
    reference = study.policies[place]
    rows = [("scenario", names), (f"sha256 of {reference.name}", reference.model.digest)]
    rows += [(key, text) for key, text in _facts(values) if text]
    used: dict[str, list[str]] = {}
    for policy, choice in engines.items():
        used.setdefault(f"{choice['engine']}: {choice['reason']}", []).append(policy)
    for text, policies in used.items():
        which = "all policies" if len(used) == 1 else listed(policies)
        rows.append(("engine", f"{text} ({which})"))
    return Table("provenance", "Provenance", (Column("what"), Column("value")), tuple(rows))


WRITTEN_OUT = ("metrics", "experiment", "scenarios", "scenario")
"""What of a provenance is no fact for a table: the page carries it in full."""
MOST_TEXT = 400


def _facts(values: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    """Nested values as pairs of a dotted name and text."""
    found: list[tuple[str, str]] = []
    for key, value in values.items():
        name = f"{before}{key}"
        if key == "versions" and isinstance(value, Mapping):
            found.append((name, ", ".join(f"{part} {text}" for part, text in value.items())))
        elif isinstance(value, Mapping) and value and len(name.split(".")) < 3:
            found += _facts(value, f"{name}.")
        elif not isinstance(value, str | int | float | bool) and value is not None:
            found.append((name, json.dumps(value, default=str)[:MOST_TEXT]))
        else:
            found.append((name, "" if value is None else str(value)[:MOST_TEXT]))
    return found


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _percent(share: float) -> int | None:
    return None if np.isnan(share) else round(100 * share)
