"""What is said of a study, sentence by sentence, from numbers written by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from tests.report.standin import StandIn, study_of

from backsim.errors import InputError
from backsim.present.numbers import Share
from backsim.present.table import cell_text
from backsim.report.finding import finding
from backsim.report.tables import ranking_table
from backsim.study.analysis import rank

NOISE = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
"""Five replications of mean 0; the half-width of their mean is 1.96."""
OWN = np.array([1.0, -1.0, 0.0, 1.0, -1.0])
"""Another five; the half-width is 1.24."""


def study(written: Mapping[str, Sequence[Any]], policies: int = 2, **settings: Any) -> StandIn:
    """Policies A, B, ... with these values of metrics."""
    names = "ABCDE"[:policies]
    return study_of(
        {name: {"policy.reorder.s": 20 + i} for i, name in enumerate(names)},
        base={**SHORT},
        written={name: np.array(rows) for name, rows in written.items()},
        **{"replications": 1, "metrics": (), **settings},
    )


SHORT: dict[str, Any] = {
    "horizon": 1,
    "products": "mug",
    "suppliers": {"acme": {}},
    "customers": {"gold": {"demand": {"orders": [{"time": 0, "lines": {"mug": 1}}]}}},
    "policy": {"reorder": {"rule": "s_S", "s": 20, "S": 60}},
}


def test_one_beats_the_reference() -> None:
    found = study(
        {
            "cost.total": [500 + 10 * NOISE, 400 + 10 * NOISE + OWN],
            "fill_rate[gold]": [0.9 + 0.01 * NOISE, 0.9 - 0.01 * NOISE],
            "mean_wait": [3 + NOISE, 2 + NOISE + 0.1 * OWN],
        },
        metrics=("fill_rate[gold]", "mean_wait"),
    )
    assert finding(found) == (
        "'B' has the lowest total cost, 400 ± 19 per day: 100.0 ± 1.2 per day less than 'A' "
        "(500 ± 20 per day). "
        "Based on 5 paired replications; ± marks 95 % confidence intervals. "
        "No other policy can be the best (95 % confidence, Hsu's comparison with the best). "
        "Compared with 'A', mean wait is 1.00 ± 0.12 days lower. "
        "There is no significant difference in fill rate of gold."
    )
    assert finding(found, str.upper).startswith("B has the lowest total cost")


def test_not_distinguishable_from_the_reference() -> None:
    found = study({"cost.total": [500 + NOISE, 499.5 - NOISE]})
    assert finding(found) == (
        "No difference in total cost is known between 'B' and 'A': 'B' has 0.5 ± 3.9 per day "
        "less, which may be chance. "
        "'B' has the lowest mean, 499.5 ± 2.0 per day, and 'A' has 500.0 ± 2.0 per day. "
        "Based on 5 paired replications; ± marks 95 % confidence intervals. "
        "'A' may also be the best (95 % confidence)."
    )


def test_not_distinguishable_from_the_best_reference() -> None:
    found = study({"cost.total": [500 + NOISE, 500.5 - NOISE]})
    assert finding(found).startswith(
        "No difference in total cost is known between 'B' and 'A': 'B' has 0.5 ± 3.9 per day "
        "more, which may be chance. "
        "'A' has the lowest mean, 500.0 ± 2.0 per day, and 'B' has 500.5 ± 2.0 per day. Based on"
    )


def test_no_difference_is_known_without_objective_either() -> None:
    made = study({"mean_wait": [3 + OWN, 3.1 - OWN]}, objective=None, metrics=("mean_wait",))
    assert finding(made).startswith(
        "No difference in mean wait is known between 'B' and 'A': 'B' has 0.1 ± 2.5 days more"
    )


def test_what_is_the_best_by_one_sided_intervals_alone_is_not_called_chance() -> None:
    """The paired interval, of both sides, holds 0; Hsu's comparison, of one side, excludes it."""
    found = study({"cost.total": [500 + NOISE, 498.9 + NOISE + OWN]})
    text = finding(found)
    assert text.startswith(
        "'B' has the lowest total cost, 498.9 ± 2.0 per day; how far from 'A' is uncertain: "
        "1.1 ± 1.2 per day less."
    )
    assert "No other policy can be the best" in text
    assert "chance" not in text


def test_what_is_like_the_reference_is_told() -> None:
    """B is best; C cannot be told from A, D is worse than A, E agrees with A."""
    rows = [500 + NOISE, 400 + NOISE + OWN, 500.2 - NOISE, 600 + NOISE + OWN, 500 + NOISE]
    text = finding(study({"cost.total": rows}, policies=5))
    assert "Whether 'C' differs from 'A' in total cost is not known." in text


def test_what_became_worse_is_said_to_be() -> None:
    """Of `fairness` less is better, and of a fill rate more: each metric declares it."""
    made = study(
        {
            "cost.total": [500 + NOISE, 400 + NOISE + OWN],
            "fairness": [0.4 + OWN / 99, 0.6 + OWN / 99],
            "mean_wait": [3 + NOISE, 2 + NOISE],
            "fill_rate": [0.9 + OWN / 99, 0.5 + OWN / 99],
            "mean_on_order": [3 + NOISE, 5 + NOISE],
        },
        metrics=("fairness", "mean_wait", "fill_rate", "mean_on_order"),
    )
    assert (
        "Gini index of waits is 0.2000 higher (worse), mean wait is 1.000 days lower, "
        "fill rate is 40.00 percentage points lower (worse) and mean on order is 2.000 units "
        "higher."
    ) in finding(made)


def test_the_reference_is_best() -> None:
    found = study({"cost.total": [400 + NOISE, 500 + NOISE + OWN]})
    assert finding(found) == (
        "'A', the reference, has the lowest total cost: 400.0 ± 2.0 per day. "
        "'B' is next with 100.0 ± 1.2 per day more. "
        "Based on 5 paired replications; ± marks 95 % confidence intervals. "
        "No other policy can be the best (95 % confidence, Hsu's comparison with the best)."
    )


def test_maximising() -> None:
    found = study({"profit": [400 + NOISE, 500 + NOISE + OWN]}, objective="maximise profit")
    assert finding(found).startswith(
        "'B' has the highest profit, 500.0 ± 2.0 per day: 100.0 ± 1.2 per day more than 'A' "
        "(400.0 ± 2.0 per day)."
    )


def test_twins_are_named() -> None:
    rows = [500 + NOISE, 400 + NOISE + OWN, 400 + NOISE + OWN]
    text = finding(study({"cost.total": rows}, policies=3))
    assert "'C' has exactly the same total cost. No other policy can be better" in text
    text = finding(study({"cost.total": [400 + NOISE, 400 + NOISE]}))
    assert "'A', the reference, has the lowest total cost: 400.0 ± 2.0 per day. Based" in text
    assert "'B' has exactly the same total cost. No other policy can be better" in text
    assert "chance" not in text


ORDER = "These policies differ only in the order of service, which changes nothing where each "
COVERED = f"{ORDER}arrival covers the whole backlog."
KEPT_BACK = (
    "These policies differ only in the units that they keep back, which changes nothing where "
    "stock never falls that low."
)
HOLDS = {"rule": "critical_level", "levels": {"gold": 1}}


def tied(policies: Mapping[str, Mapping[str, Any]], costs: Sequence[Any], **more: Any) -> str:
    written = {"cost.total": np.array(costs), **more}
    return finding(study_of(policies, base=SHORT, replications=1, metrics=(), written=written))


def test_the_reason_of_a_tie_of_the_best() -> None:
    """The order of service decides nothing where all who wait are served."""
    by_order = {"A": {}, "B": {"policy.priority": "lifo"}, "C": {"policy.reorder.s": 30}}
    rows = [400 + NOISE, 400 + NOISE, 500 + NOISE + OWN]
    text = tied(by_order, rows)
    assert f"'B' has exactly the same total cost. {COVERED} No other policy can be" in text
    waits = np.array([3 + OWN, 2 + OWN, 2 + OWN])
    text = tied(by_order, rows, **{"mean_wait[gold]": waits})
    assert "differ only" not in text, "who is served first changed who waits"
    text = tied({**by_order, "B": {"policy.rationing": HOLDS}}, rows)
    assert f"'B' has exactly the same total cost. {KEPT_BACK} No other" in text
    text = tied({**by_order, "B": {"policy.reorder.s": 19}}, rows)
    assert "differ only" not in text, "they differ in what is ordered"


def test_policies_that_tie_and_are_not_the_best_are_named() -> None:
    names = {"A": {}, "B": {"policy.priority": "lifo"}, "C": {"policy.reorder.s": 30}}
    text = tied(names, [500 + NOISE + OWN, 500 + NOISE + OWN, 400 + NOISE])
    assert text.count("exactly") == 1
    assert f"'A' and 'B' have exactly the same total cost. {COVERED}" in text


def test_nobody_can_be_excluded() -> None:
    rows = [500 + NOISE, 499.9 - NOISE, 500.1 + 2 * OWN]
    text = finding(study({"cost.total": rows}, policies=3))
    assert text.endswith("None of the others can be excluded as the best (95 % confidence).")


def test_a_constraint_decides() -> None:
    """B is cheapest and breaks it, C keeps it for less than A."""
    found = study(
        {
            "cost.total": [500 + NOISE, 300 + NOISE, 400 + NOISE + OWN],
            "fill_rate[gold]": [0.99 + 0 * OWN, 0.5 + 0 * OWN, 0.96 + 0.001 * OWN],
        },
        policies=3,
        constraints=("fill_rate[gold] >= 0.95",),
    )
    text = finding(found)
    assert text.startswith(
        "'C' has the lowest total cost among the policies whose means satisfy the constraints, "
        "400.0 ± 2.0 per day: 100.0 ± 1.6 per day less than 'A'"  # one of two comparisons
    )
    assert "'C' satisfies fill rate of gold >= 95 % with 96.00 ± 0.12 %." in text


def test_a_constraint_in_doubt_is_said_to_be() -> None:
    found = study(
        {
            "cost.total": [500 + NOISE, 400 + NOISE + OWN],
            "fill_rate[gold]": [0.5 + 0 * OWN, 0.951 + 0.01 * OWN],
        },
        constraints=("fill_rate[gold] >= 0.95",),
    )
    text = finding(found)
    assert (
        "No other policy satisfies the constraints (95 % confidence, constraints included)."
    ) in text
    assert "; 'A' violates a constraint." in text
    assert "with 95.1 ± 1.2 %, which may be chance." in text


def test_what_may_keep_the_constraint_may_be_the_best() -> None:
    """B and C are cheaper by far; their means break the constraint, but not surely.

    With few replications A would look like the best that keeps it; with more B does.
    """
    found = study(
        {
            "cost.total": [500 + NOISE, 300 + NOISE + OWN, 400 + NOISE],
            "fill_rate[gold]": [0.96 + 0.001 * OWN, 0.949 + 0.01 * OWN, 0.945 + 0.01 * OWN],
        },
        policies=3,
        constraints=("fill_rate[gold] >= 0.95",),
    )
    text = finding(found)
    assert text.startswith(
        "'A', the reference, has the lowest total cost among the policies whose means satisfy the "
        "constraints: 500.0 ± 2.0 per day"
    )
    assert (
        "None of the others that may satisfy the constraints can be excluded as the best "
        "(95 % confidence, constraints included)."
    ) in text
    assert "No other policy" not in text


def test_who_may_be_the_best_and_on_which_condition() -> None:
    """B and C surely keep the constraint and cost the same; D may keep it, E surely breaks it."""
    found = study(
        {
            "cost.total": [900 + NOISE, 500 + NOISE, 500.1 - NOISE, 400 + NOISE + OWN, 1 + NOISE],
            "fill_rate[gold]": [
                *(0.99 + 0 * OWN, 0.99 + 0 * OWN, 0.99 + 0 * OWN),
                *(0.949 + 0.01 * OWN, 0.5 + 0 * OWN),
            ],
        },
        policies=5,
        constraints=("fill_rate[gold] >= 0.95",),
    )
    assert (
        "'C' may also be the best, and so may 'D', if it satisfies the constraints "
        "(95 % confidence, constraints included)."
    ) in finding(found)


def test_no_mean_keeps_the_constraint_but_a_policy_may() -> None:
    found = study(
        {
            "cost.total": [500 + NOISE, 400 + NOISE],
            "fill_rate[gold]": [0.5 + 0.01 * OWN, 0.949 + 0.01 * OWN],
        },
        constraints=("fill_rate[gold] >= 0.95",),
    )
    assert finding(found) == (
        "The mean of no policy satisfies fill rate of gold >= 95 % (5 replications). "
        "'B' comes nearest, with fill rate of gold 94.9 ± 1.2 %. "
        "'B' may still satisfy it: more replications would settle it (95 % confidence)."
    )


def test_nothing_keeps_the_constraint() -> None:
    found = study(
        {
            "cost.total": [500 + NOISE, 400 + NOISE],
            "fill_rate[gold]": [0.5 + 0.01 * OWN, 0.9 + 0.01 * OWN],
        },
        constraints=("fill_rate[gold] >= 0.95",),
    )
    assert finding(found) == (
        "No policy satisfies fill rate of gold >= 95 % (5 replications). "
        "'B' comes nearest, with fill rate of gold 90.0 ± 1.2 %."
    )


def test_without_objective_nothing_is_best() -> None:
    found = study({"mean_wait": [3 + OWN, 2 + OWN]}, objective=None, metrics=("mean_wait",))
    assert finding(found) == (
        "No objective is set, so no policy is called best. By mean wait (less is better), 'B' "
        "comes first with 2.0 ± 1.2 days and 'A' last with 3.0 ± 1.2 days (5 replications)."
    )


def test_one_policy() -> None:
    found = study({"cost.total": [500 + NOISE]}, policies=1)
    assert finding(found) == (
        "'A': total cost 500.0 ± 2.0 per day (95 % confidence interval, 5 replications)."
    )


def test_one_replication_says_nothing() -> None:
    with pytest.raises(InputError) as caught:
        finding(study({"cost.total": [[500.0], [400.0]]}))
    assert str(caught.value) == (
        "policy A: expected at least 2 replications with cost.total, got 1"
    )


def test_shares_are_in_percent_for_people_and_plain_for_programs() -> None:
    rates = [0.5 + OWN / 99, 0.9 + OWN / 99]
    made = study(
        {"cost.total": [500 + NOISE, 400 + NOISE], "fill_rate": rates}, metrics=("fill_rate",)
    )
    table = ranking_table(made, rank(made))
    column = [c.heading for c in table.columns].index("fill rate (%)")
    best = table.rows[0][column]
    assert best.mean == pytest.approx(0.9)  # type: ignore[union-attr]
    assert cell_text(best, table.columns[column].kind) == "90.0 ± 1.3"
    assert cell_text(Share(0.96)) == "96.0 %"
    assert "fill rate is 40.00 percentage points higher" in finding(made)


def test_the_last_digits_of_a_sum_tell_no_policies_apart() -> None:
    made = study({"mean_wait": [3 + OWN, (3 + OWN) * (1 - 4e-16)]}, objective="minimise mean_wait")
    assert "'A', the reference, has the lowest mean wait: 3.0 ± 1.2 days." in finding(made)
    assert "'B' has exactly the same mean wait." in finding(made)
