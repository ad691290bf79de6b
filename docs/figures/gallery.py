"""The figures of the gallery: each experiment's ranking, drawn from the stored results.

They are those that `backsim check` compares with, so that nothing is simulated here.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from backsim import plot
from backsim.experiment import load_experiment
from backsim.regression.baseline import baseline_file, read_baseline
from backsim.report.captions import BEYOND
from backsim.report.figures.style import is_cut
from backsim.results.metrics import METRICS, views_of
from backsim.results.spec import parse_metric
from backsim.study.stopping.fixed import Fixed
from backsim.study.study import Study


def stored(file: Path) -> Study:
    """An experiment's baseline as a study: of metrics that it does not hold nothing is known."""
    asked = load_experiment(file)
    baseline, _ = read_baseline(baseline_file(file, None))
    count, rows = baseline.replications, {name: row for row, name in enumerate(METRICS)}
    values = {}
    for place, policy in enumerate(asked.policies):
        views = views_of(policy.model)
        columns = {view: column for column, view in enumerate(views)}
        results = baseline.policies[policy.name]
        table = np.full((count, len(METRICS), len(columns)), np.nan)
        for text in results.values:
            spec = parse_metric(text, tuple(views))
            column = columns[spec.dimension, spec.member]
            table[:, rows[spec.metric], column] = results.array(text)
        values |= {(place, k): table[k] for k in range(count)}
    counts = (count,) * len(asked.policies)
    return Study(replace(asked, stopping=Fixed(count)), counts, values, {}, {})


def draw(file: Path, folder: Path) -> tuple[Path, int, str]:
    """Write the figure of an experiment: (its path, the number of replications, further words)."""
    folder.mkdir(exist_ok=True)
    study, target = stored(file), folder / f"{file.stem}.png"
    ax = plot.ranking(study)
    ax.figure.savefig(target, dpi=120, facecolor="white", bbox_inches="tight")
    return target, study.counts[0], f" {BEYOND}" if is_cut(ax) else ""
