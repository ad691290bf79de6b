"""Stopping rules: as many replications as are needed, whatever is there already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.experiment import shop
from tests.statistics.test_selection import VALLEYS, WRONG, flat_valley

from backsim.errors import InputError
from backsim.experiment.play import load_study, play
from backsim.results.spec import MetricSpec, Objective
from backsim.statistics import estimate, good_selection, precision
from backsim.statistics.direct import looks_until
from backsim.study.stopping.best import Separated
from backsim.study.stopping.rule import Asked, Verdict

SHORT: dict[str, Any] = {
    "set": {"horizon": 60},
    "policies": {**shop.POLICIES, "s=9": {"policy.reorder.s": 9}},
}
UNTIL = {"cost.total": "5 %", "fill_rate[gold]": 0.02}


def test_half_widths_are_as_small_as_asked_for(tmp_path: Path) -> None:
    made = shop.experiment(tmp_path, replications={"until": UNTIL, "least": 5, "most": 400})
    study = play(made, workers=1)
    count = study.counts[0]
    assert study.counts == (count,) * 3
    assert 5 < count < 400
    for row in study.array("fill_rate[gold]"):
        assert estimate(row.tolist()).half_width <= 0.02
    for row in study.array("cost.total"):
        found = estimate(row.tolist())
        assert found.half_width <= 0.05 / 1.05 * found.mean
        assert precision(row, relative=0.05, least=5).reached
    assert study.verdict is not None
    assert study.verdict.note == f"cost.total, fill_rate[gold] known closely enough at {count}"


def test_it_stops_at_the_most_and_says_so(tmp_path: Path) -> None:
    until = {"cost.total": "0.1 %"}
    study = play(shop.experiment(tmp_path, replications={"until": until, "most": 12}), workers=1)
    assert study.counts == (12,) * 3
    assert study.verdict is not None
    assert "stopped at 12 replications, the most allowed: cost.total of" in study.verdict.note


def test_the_best_is_separated(tmp_path: Path) -> None:
    rule = {"until": "best", "indifference": 0.1, "least": 6, "most": 200}
    study = play(shop.experiment(tmp_path, replications=rule, **SHORT), workers=1)
    values = study.array("cost.total")
    again = good_selection(values, 0.1, first=6, looks=looks_until(200, 6))
    assert study.verdict is not None
    assert study.verdict.selection == again
    assert again.best is not None
    assert again.used == study.counts
    assert len(set(study.counts)) > 1  # the others needed fewer
    assert np.isnan(values).sum(axis=1).tolist() == [max(study.counts) - n for n in study.counts]
    assert study.verdict.note == (
        f"no policy is better than '{study.policies[again.best].name}' by more than 0.1, with "
        "probability 0.95 (paired t bounds)"
    )
    assert study.finding
    assert len(study.table()) == 4


def stopped_in_valley(seed: int) -> float:
    """What the policy that is chosen is truly worse by than the best."""
    truth, values = flat_valley(seed)
    rule, names = Separated(1.0, 10, values.shape[1]), tuple(map(str, range(len(values))))
    asked = Asked(names, Objective("minimise", MetricSpec("cost.total")), (), 0.95)
    verdict = Verdict((rule.first(),) * len(values), False)
    while not verdict.enough:
        verdict = rule.judge(asked, verdict, lambda _: values)
    assert verdict.selection is not None
    assert verdict.selection.best is not None
    return float(truth[verdict.selection.best])


def test_many_nearly_as_good_do_not_lead_away_from_the_best() -> None:
    """The one chosen is beyond the indifference zone no more often than is promised."""
    assert sum(stopped_in_valley(seed) > 1.0 for seed in range(VALLEYS)) < WRONG


KEPT = {"objective": "minimise mean_on_hand", "constraints": "fill_rate[gold] >= 0.6"}
"""The leanest policy breaks it."""


def test_the_best_under_constraints_is_separated(tmp_path: Path) -> None:
    """By the objective and by how far the constraint is kept."""
    rule = {"until": "best", "indifference": 0.1, "constraint_tolerance": 0.01, "least": 6}
    study = play(shop.experiment(tmp_path, replications=rule, **SHORT, **KEPT), workers=1)
    rate = study.array("fill_rate[gold]")
    kept, looks = [rate - 0.6], looks_until(1000, 6)
    again = good_selection(
        study.array("mean_on_hand"), 0.1, excess=kept, tolerances=[0.01], first=6, looks=looks
    )
    assert study.verdict is not None
    assert study.verdict.selection == again
    assert again.best is not None
    assert again.used == study.counts
    assert again.feasible[2] is False
    name = study.policies[again.best].name
    assert study.verdict.note == (
        f"no policy that satisfies fill_rate[gold] >= 0.6 by 0.01 or more is better than '{name}' "
        "by more than 0.1, with probability 0.95 (paired t bounds)"
    )
    assert study.finding


def test_no_policy_keeps_the_constraints(tmp_path: Path) -> None:
    rule = {"until": "best", "indifference": 0.1, "least": 6}
    impossible = {"constraints": ["fill_rate[gold] >= 0.99", "mean_backlog <= 1e-6"]}
    study = play(shop.experiment(tmp_path, replications=rule, **SHORT, **impossible), workers=1)
    assert study.verdict is not None
    assert study.verdict.note == (
        "no policy satisfies fill_rate[gold] >= 0.99 by 0.002 or more and mean_backlog <= 1e-06 "
        "by 1e-08 or more, with probability 0.95 (paired t bounds)"
    )
    assert study.finding.startswith("No policy satisfies")


def test_a_selection_under_constraints_is_kept_in_the_study(tmp_path: Path) -> None:
    rule = {"until": "best", "indifference": 0.1, "constraint_tolerance": {"fill_rate[gold]": 0.02}}
    made = shop.experiment(tmp_path, replications=rule, **SHORT, **KEPT)
    study = play(made, workers=1, out=tmp_path / "out")
    again = load_study(tmp_path / "out")
    assert again.verdict == study.verdict
    assert again.experiment.stopping == made.stopping == Separated(0.1, 10, 1000, (0.02,))


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        ({"until": {"cost.total": "10 %"}, "least": 5}, {}),
        ({"until": "best", "indifference": 0.1, "least": 6}, {}),
        ({"until": "best", "indifference": 0.1, "least": 6}, KEPT),
    ],
)
def test_what_counts_does_not_depend_on_what_is_there(
    tmp_path: Path, rule: dict[str, object], fields: dict[str, Any]
) -> None:
    rule, full, fields = {**rule, "most": 90}, tmp_path / "full", {**SHORT, **fields}
    alone = play(shop.experiment(tmp_path, replications=rule, **fields), workers=1)
    play(shop.experiment(tmp_path, replications=90, **fields), workers=1, out=full)
    more = play(shop.experiment(tmp_path, replications=rule, **fields), workers=1, out=full)
    assert more.counts == alone.counts
    assert max(more.counts) < 90
    one, other = alone.array("cost.total"), more.array("cost.total")
    assert np.array_equal(one, other, equal_nan=True)


def test_a_metric_that_means_nothing_cannot_be_waited_for(tmp_path: Path) -> None:
    rule = {"until": {"ready_rate[gold]": 0.1}}
    with pytest.raises(InputError, match=r"until: ready_rate\[gold\] means nothing for 'fcfs'"):
        play(shop.experiment(tmp_path, replications=rule), workers=1)
