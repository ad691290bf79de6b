"""Studies and baselines of made-up values, to test what is said of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.experiment import shop

from backsim.experiment import Study
from backsim.experiment.load import experiment_of_models
from backsim.regression.baseline import Baseline, Digests, MadeWith, PolicyResults, spell_value
from backsim.regression.judge import Judgement, judge
from backsim.regression.margins import Margin, default_margin
from backsim.results.metrics import METRICS, views_of
from backsim.scenario.yamlfile import Document

NOW = MadeWith(versions={"numpy": "2.0", "source": "now"}, python="3.11", arithmetic="x86")
BEFORE = MadeWith(versions={"numpy": "2.0", "source": "before"}, python="3.11", arithmetic="x86")
SHOP = shop.shop()
VIEWS = {member: place for place, (_, member) in enumerate(views_of(SHOP))}
ROWS = {name: row for row, name in enumerate(METRICS)}

Values = dict[str, Any]
"""Metric, such as fill_rate[gold] -> a value a replication."""


def digests(mark: str = "", **changes: str) -> Digests:
    names = ("scenario", "tape", "orders", "lead_times", "log", "results")
    return Digests(**{**{name: f"{name}{mark}" for name in names}, **changes})


def study(**policies: Values) -> Study:
    """A study of these values."""
    models = dict.fromkeys([*policies, "other"][: max(2, len(policies))], SHOP)
    experiment = experiment_of_models(models, {"metrics": list(next(iter(policies.values())))})
    tables, counts = {}, []
    for place, name in enumerate(models):
        values = policies.get(name, next(iter(policies.values())))
        counts.append(len(next(iter(values.values()))))
        for replication in range(counts[-1]):
            table = np.full((len(METRICS), len(VIEWS)), np.nan)
            for text, row in values.items():
                metric, _, member = text.rstrip("]").partition("[")
                table[ROWS[metric], VIEWS[member]] = row[replication]
            tables[place, replication] = table
    return Study(experiment, tuple(counts), tables, {}, {})


def baseline(
    made_with: MadeWith = BEFORE,
    margins: dict[str, Margin] | None = None,
    error_rate: float = 0.01,
    **policies: Values,
) -> Baseline:
    """A baseline of these values."""
    specs = {text: study(**policies).spec(text) for text in next(iter(policies.values()))}
    return Baseline(
        format=1,
        experiment="made",
        seed=1,
        replications=2,
        error_rate=error_rate,
        margins={t: (margins or {}).get(t) or default_margin(s, {}) for t, s in specs.items()},
        made_with=made_with,
        policies={
            name: PolicyResults(
                digests=digests(),
                values={text: " ".join(map(spell_value, row)) for text, row in values.items()},
            )
            for name, values in policies.items()
        },
    )


def judged(now: Study, before: Baseline, **changes: str) -> Judgement:
    """The judgement; `changes` are digests that differ."""
    found = [digests(**changes)] * len(now.policies)
    return judge(now, found, NOW, before, Document("b.yaml", {}))
