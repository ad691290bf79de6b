"""Searches: what is found, what is promised, and what is said when nothing can be."""

from __future__ import annotations

import re
import signal
from html import escape
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from tests.experiment.shop import SHOP
from tests.search.laws import lost_sales, played_by
from tests.search.periodic import cost, poisson, scenario, search

from backsim.errors import InputError
from backsim.results.spec import parse_constraint
from backsim.search import Search, worlds
from backsim.search.choice import Choice, _Choice
from backsim.search.memo import Memo
from backsim.search.words import about
from backsim.search.worlds import Budget, Phase, Spent
from backsim.study.analysis import rank
from backsim.study.stopping.best import usual_tolerance

LEVELS = {"policy.reorder.S": {"integers": [0, 60]}}
PERIODIC = scenario(2, 4.0, {"poisson": {"mean": 5.0}}, 100)


def quick(folder: Path, **fields: Any) -> Search:
    """A search of a base stock; all but the final figures are from a function equal in law."""
    with played_by(lost_sales(2, 4.0), lambda random: random.poisson(5, 120).tolist()):
        return search(folder, PERIODIC, **fields)


@pytest.fixture(scope="module")
def levels(tmp_path_factory: pytest.TempPathFactory) -> Search:
    """The best base stock with lost sales."""
    return quick(tmp_path_factory.mktemp("levels"), search=LEVELS)


def test_the_best_level_of_61(levels: Search) -> None:
    exact = {level: cost(level, 2, 4.0, poisson(5)) for level in range(10, 25)}
    best = min(exact, key=exact.__getitem__)
    assert exact[best] == pytest.approx(4.64, abs=0.005)  # Zipkin (2008), Table 3
    found = levels.settings["policy.reorder.S"]
    assert exact[found] <= exact[best] * 1.03
    assert levels.promised
    assert levels.cost is not None
    assert abs(levels.cost.mean - exact[found]) < 2 * levels.cost.half_width


def test_what_is_promised_in_words(levels: Search) -> None:
    text = levels.finding
    assert f"'S={levels.settings['policy.reorder.S']}' has the lowest total cost: 4." in text
    assert "less than today" in text
    assert "fresh replications, used neither to search nor to choose" in text
    assert "its neighbours among them, is better by more than 0.1" in text
    assert "the range searched" not in text
    assert text.endswith(" s.")


@pytest.mark.parametrize(
    ("constraint", "matters"),
    [
        ("fill_rate >= 0.9", 0.005),
        ("fill_rate >= 0.975", 0.005),
        ("fill_rate >= 0.99", 0.002),
        ("cancel_rate <= 0.01", 0.002),
        ("cancel_rate <= 0", 0.005),
        ("mean_wait <= 3", 0.03),
    ],
)
def test_what_matters_of_a_constraint(constraint: str, matters: float) -> None:
    """Half a point of 99 % is half of the room that is left: better policies have less to spare."""
    asked = parse_constraint(constraint, (("", ""),))
    assert usual_tolerance(asked.metric, asked.bound) == pytest.approx(matters)


def test_a_promise_says_what_policies_have_to_spare(tmp_path: Path) -> None:
    found = quick(tmp_path, search=LEVELS, constraints="fill_rate >= 0.99", indifference="5 %")
    assert (
        " among them, that satisfies fill rate >= 99 % with 0.2 points to spare is "
        in found.finding
    )


def test_the_budget_may_end_as_new_neighbours_join(tmp_path: Path) -> None:
    """They have no results yet, and so are not compared."""

    play = _Choice.play

    def join(self: _Choice, found: Any) -> Any:
        return self.add_neighbours((50,))

    def until_they_joined(self: _Choice, running: Any) -> None:
        if (51,) in running:
            raise Spent
        play(self, running)

    with patch.multiple(_Choice, beside=join, play=until_they_joined):
        choice = quick(tmp_path, search=LEVELS).choice
    assert isinstance(choice, Choice)
    assert not choice.decided
    assert choice.selection is not None
    assert len(choice.points) > len(choice.selection.used)
    assert set(choice.alike) <= set(choice.points[: len(choice.selection.used)])


def test_a_share_is_told_in_percent(tmp_path: Path) -> None:
    tried = {"policy.reorder.S": [14, 16]}
    found = search(tmp_path, PERIODIC, search=tried, objective="maximise fill_rate").finding
    assert re.match(r"'S=16' has the highest fill rate: [89]\d\.\d+ ± 0\.\d+ %, ", found)
    assert re.search(r" percentage points more than today .* by more than 2\.\d+ percentage", found)


def test_what_more_service_costs_is_told_in_the_objective_s_unit(tmp_path: Path) -> None:
    """Points of fill rate per unit less of holding cost: 0.07 and more, not 0.0007."""
    traded = {"trade_off": ["fill_rate", "mean_on_hand"], "objective": "maximise fill_rate"}
    tried = {"policy.reorder.S": {"integers": [12, 17]}}
    found = search(tmp_path, PERIODIC, search=tried, indifference="1 %", **traded)
    price = 100 * found.trade_off()["price"].iloc[1:]
    told = re.search(r"one unit less costs ([\d.]+) to ([\d.]+) percentage points\.", found.finding)
    assert told is not None
    assert [float(each) for each in told.groups()] == pytest.approx(
        [price.iloc[0], price.iloc[-1]], rel=0.01
    )


def test_policies_without_the_objective_are_named(tmp_path: Path) -> None:
    """With more and more stock nobody waits in some replication, and waiting lines have no age."""
    given = {**PERIODIC, "horizon": 60, "warm_up": 10}
    customers = {name: {**c, "tolerance": "unlimited"} for name, c in given["customers"].items()}
    tried = {"policy.reorder.S": {"integers": [10, 45]}}
    found = search(tmp_path, {**given, "customers": customers}, search=tried,
                   objective="minimise backorder_age", indifference=0.2)  # fmt: skip
    assert isinstance(found.choice, Choice)
    assert found.choice.without
    assert "its neighbours among them" not in found.finding
    assert re.search(
        r"Nothing is known of \d+ more \('S=\d+', .*there is no backorder age", found.finding
    )


def test_the_figures_take_no_more_than_the_budget(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"figures: expected at most 50, .* got 60"):
        search(tmp_path, PERIODIC, search=LEVELS, replications=100, figures=60)
    budget = Budget(10_000, 1.0)
    budget.spent[Phase.SEARCH] = 100
    budget.started -= 50.0
    assert budget.figures(5_000, 2) == 30  # in 10 s there are 20 replications more
    budget.started += 40.0
    assert budget.figures(5_000, 2) == pytest.approx(250, abs=2)


def test_a_larger_budget_is_searched_with_as_well() -> None:
    """Where the search ended early, four tenths of what is added go into the choice."""
    found = SimpleNamespace(lacking=lambda _: 40, worlds=SimpleNamespace(budget=Budget(1000, None)))
    assert _Choice.needs(found, None) == 40  # type: ignore[arg-type]
    found.worlds.budget.cut = True
    assert _Choice.needs(found, None) == 100  # type: ignore[arg-type]


def test_a_saving_says_where_today_breaks_a_constraint(tmp_path: Path) -> None:
    tried = {"policy.reorder.S": {"integers": [18, 22]}}
    found = search(tmp_path, PERIODIC, search=tried, constraints="fill_rate >= 0.8")
    assert re.search(r"than today, which does not satisfy fill rate >= 80 %", found.finding)
    assert found.settings == {"policy.reorder.S": 18}
    assert (
        "It is at the end of the range searched of policy.reorder.S: a better one may be beyond; "
        "if that is allowed, widen the range."
    ) in found.finding


def test_today_s_policy_may_keep_what_none_that_was_tried_does(tmp_path: Path) -> None:
    policy = {"reorder": {"rule": "base_stock", "S": 24}, "review": 1}
    tried = {"policy.reorder.S": {"integers": [4, 9]}}
    found = search(tmp_path, {**PERIODIC, "policy": policy}, search=tried,
                   constraints="fill_rate >= 0.95")  # fmt: skip
    assert found.best is None
    assert "Today's policy does: keep it, or widen the ranges searched." in found.finding


def test_a_difference_that_may_be_chance_says_so_first(tmp_path: Path) -> None:
    today = {"reorder": {"rule": "base_stock", "S": 18}, "review": 1}
    given = {**PERIODIC, "policy": today, "horizon": 40}
    tried = {"policy.reorder.S": [15, 25]}
    found = search(tmp_path, given, search=tried, seed=4, indifference=1.0)
    assert found.saving is not None
    assert not found.saving.significant
    assert re.search(r"per day\. That it is .* than today may be chance \(95 %", found.finding)


def test_a_share_of_nearly_nothing_is_no_indifference(tmp_path: Path) -> None:
    """A profit of about 0: what a share of it is, chance would say.

    A little more than 0 is told from it by more replications.
    """
    given = {**PERIODIC, "products": {"item": {"price": 1.0}}, "horizon": 120}
    zero, little = ({**given, "costs": {"holding": 0.0, "ordering": c}} for c in (5.07, 4.87))
    levels = {"policy.reorder.S": {"integers": [40, 60]}}
    with pytest.raises(InputError, match=r"near 0 at the best policy found .*, got 3 % of it"):
        search(tmp_path, zero, search=levels, objective="maximise profit")
    found = search(tmp_path, little, search=levels, objective="maximise profit")
    assert found.promised
    assert 0.003 < found.choice.indifference < 0.009


def test_todays_policy_is_kept_where_it_is_better(levels: Search, tmp_path: Path) -> None:
    """The search may look only at worse ones, or end within its indifference of the best."""
    today = levels.settings["policy.reorder.S"]
    reorder = {"rule": "base_stock", "S": today}
    present = {**PERIODIC, "policy": {**PERIODIC["policy"], "reorder": reorder}}
    with played_by(lost_sales(2, 4.0), lambda random: random.poisson(5, 120).tolist()):
        found = search(tmp_path, present, search={"policy.reorder.S": {"integers": [0, 9]}})
    assert found.keep_today
    assert not levels.keep_today
    assert found.finding.startswith(
        "Keep today's policy: the search found none that is better. 'S=9' has total cost "
    )
    assert "more than today (95 %, " in found.finding
    assert found.to_dict()["saving"]["mean"] < 0 < levels.to_dict()["saving"]["mean"]
    assert found.to_dict()["keep_today"]


def test_saving_is_positive_where_more_is_made_of_what_is_to_be_large(tmp_path: Path) -> None:
    found = quick(tmp_path, search=LEVELS, objective="maximise fill_rate")
    assert found.saving is not None
    assert found.saving.mean > 0
    assert found.to_dict()["saving"]["mean"] == found.saving.mean


def test_what_a_notebook_shows(levels: Search) -> None:
    """The finding, and a row per policy; the short form is the finding alone."""
    assert repr(levels) == f"Search: {levels.finding}"
    shown = levels._repr_html_()
    assert escape(levels.finding) in shown
    assert levels.figures is not None
    assert shown.count("<tr") >= len(levels.figures.policies) + 1


def test_every_phase_has_worlds_of_its_own(levels: Search) -> None:
    spent = levels.spent.replications
    assert all(spent[phase] > 0 for phase in Phase if phase is not Phase.SHAPE)
    assert levels.spent.total == sum(spent.values())
    assert len({phase.value for phase in Phase}) == 4
    assert levels.figures is not None
    assert [p.name for p in levels.figures.policies][1] == "today"


def test_the_engine_agrees_with_what_stands_in_for_it(levels: Search) -> None:
    """Two means of the same policy: of the engine, and of the function that is equal in law."""
    level = levels.settings["policy.reorder.S"]
    law, random = lost_sales(2, 4.0), np.random.default_rng(1)
    found = [law(random.poisson(5, 120).tolist(), level)[0] for _ in range(2000)]
    assert levels.cost is not None
    assert abs(np.mean(found) - levels.cost.mean) < 2 * levels.cost.half_width


def test_most_levels_are_never_tried(levels: Search) -> None:
    assert levels.spent.points < 30


def test_the_same_search_twice_finds_the_same(levels: Search, tmp_path: Path) -> None:
    again = quick(tmp_path, search=LEVELS)
    one, other = levels.to_dict(), again.to_dict()
    for found in (one, other):
        del found["spent"]["seconds"], found["finding"], found["title"]
    assert one == other


def test_more_figures(levels: Search, tmp_path: Path) -> None:
    """The same answer, known better."""
    again = quick(tmp_path, search=LEVELS, figures=120)
    assert again.settings == levels.settings
    assert again.cost is not None
    assert levels.cost is not None
    assert (levels.cost.count, again.cost.count) == (30, 120)
    assert again.cost.half_width < levels.cost.half_width


def test_another_seed_has_another_world(levels: Search, tmp_path: Path) -> None:
    again = quick(tmp_path, search=LEVELS, seed=2)
    assert again.cost is not None
    assert levels.cost is not None
    assert again.cost.mean != levels.cost.mean


def test_a_constraint_costs(tmp_path: Path) -> None:
    """The cheapest level breaks the constraint, so a dearer one is found that surely keeps it."""
    found = quick(tmp_path, search=LEVELS, constraints="fill_rate >= 0.95")
    exact = {level: cost(level, 2, 4.0, poisson(5)) for level in range(10, 25)}
    assert found.settings["policy.reorder.S"] > min(exact, key=exact.__getitem__)
    assert found.promised
    (kept,) = found.kept
    assert kept.surely
    assert 0.95 <= kept.bound < kept.estimate.mean < 0.975
    assert "It satisfies fill rate >= 95 %: it has at least 95" in found.finding


def test_what_no_policy_keeps(tmp_path: Path) -> None:
    few = {"policy.reorder.S": {"integers": [0, 12]}}
    found = quick(tmp_path, search=few, constraints="fill_rate >= 0.95")
    assert found.best is None
    assert not found.promised
    assert found.nearest is not None
    assert found.nearest.name == "S=12"
    assert "None of the 13 policies tried satisfies fill rate >= 95 %" in found.finding
    assert "'S=12' comes nearest, with fill rate 7" in found.finding


def test_a_budget_that_does_not_suffice(tmp_path: Path) -> None:
    found = quick(tmp_path, search=LEVELS, replications=350, indifference="0.1 %")
    assert not found.promised
    assert found.choice.needs > 0
    assert found.best is not None
    assert found.spent.total <= 350
    assert "Nothing is promised: " in found.finding
    assert about(found.choice.needs) in found.finding


@pytest.mark.parametrize(
    ("needs", "told"),
    [
        (7, "about 7 more replications"),
        (1_234, "about 1,200 more replications"),
        (3_456_789, "about 3.5 million more replications"),
        (325_852_349_019_777, "more replications than anyone can play: give a larger"),
    ],
)
def test_how_many_more_replications(needs: int, told: str) -> None:
    assert about(needs).startswith(told)


ONE_CLASS = {**PERIODIC, "policy": {"reorder": {"rule": "base_stock", "S": 18}, "review": 1}}


def test_policies_that_are_the_same_in_every_replication_are_told_so(tmp_path: Path) -> None:
    """With one class of customers no priority differs: "may be chance" was said of 0 per day."""
    given = {**ONE_CLASS, "horizon": 60}
    given["policy"] = {**ONE_CLASS["policy"], "priority": "class_priority"}
    tried = {"policy.priority": ["fcfs", {"rule": "urgency_ageing", "rate": 0.2}]}
    found = search(tmp_path, given, search=tried)
    assert ". It is as today in every replication (95 %" in found.finding
    assert "chance" not in found.finding


def test_a_service_that_is_always_perfect_has_a_bound(tmp_path: Path) -> None:
    """The rule of three: with none of n replications short, 1 - 0.05 ** (1 / n) may be."""
    tried = {"policy.reorder.S": [60, 61]}
    found = search(tmp_path, ONE_CLASS, search=tried, constraints="fill_rate >= 0.98")
    (kept,) = found.kept
    assert kept.estimate.mean == 1.0
    assert kept.bound == pytest.approx(0.05 ** (1 / kept.estimate.count))
    assert kept.surely
    assert kept.estimate.count >= 149  # log 0.05 / log 0.98
    assert "at least 100 %" not in found.finding


TWO: dict[str, Any] = {
    "policy.reorder.s": {"integers": [0, 30]},
    "policy.reorder.S": {"integers": [1, 60], "above": "policy.reorder.s"},
    "policy.priority": ["fcfs", "class_priority"],
}
BRIEF = {**SHOP, "horizon": 30}


def noise(random: np.random.Generator) -> Any:
    """What is random in a replication: for all policies alike, and for each a little."""
    return random.normal(0, 3), random.normal(0, 0.3, 100)


def test_two_numbers_and_a_choice(tmp_path: Path) -> None:
    """Along a constraint, on which one number has to give way to another."""

    def law(noise: Any, s: int, S: int, priority: str) -> tuple[float, float]:
        common, own = noise
        cost = 100 + (s - 6) ** 2 + 0.3 * (S - s - 15) ** 2 + 4 * (priority == "fcfs")
        return cost + common + own[S], 0.7 + 0.02 * s + 0.002 * (S - s) + own[s] / 50

    with played_by(law, noise):
        found = search(
            tmp_path, BRIEF, search=TWO, indifference=1.0, constraints="fill_rate[gold] >= 0.9"
        )
    assert found.choice.decided
    s, S, priority = found.settings.values()
    assert priority == "class_priority"
    assert 0.7 + 0.02 * s + 0.002 * (S - s) >= 0.9
    cheapest = min(
        (s - 6) ** 2 + 0.3 * (S - s - 15) ** 2
        for s in range(31)
        for S in range(s + 1, 61)
        if 0.7 + 0.02 * s + 0.002 * (S - s) >= 0.905
    )
    assert (s - 6) ** 2 + 0.3 * (S - s - 15) ** 2 <= cheapest + 1.0
    assert found.spent.points < 250  # of 2,786


def test_a_parameter_of_a_rule_and_days_with_a_step(tmp_path: Path) -> None:
    ageing = {"rule": "urgency_ageing", "rate": 0.2}
    tried = {
        "policy.reorder.S": {"days": [2, 12], "step": 0.5},
        "policy.priority": ["fcfs", ageing],
    }
    given = {**BRIEF, "policy": {"reorder": {"rule": "base_stock", "S": {"days": 1}}}}

    def law(noise: Any, S: dict[str, float], priority: Any) -> tuple[float]:
        return (100 + 2 * (S["days"] - 7.5) ** 2 + (priority == "fcfs") + noise[0],)

    with played_by(law, noise):
        found = search(tmp_path, given, search=tried, indifference=0.2)
    assert found.settings == {"policy.reorder.S": {"days": 7.5}, "policy.priority": ageing}
    assert found.best is not None
    assert found.best.name == "S=7.5 days, urgency_ageing(rate=0.2)"
    assert found.best.model.scenario.stock[0].priority.params == {"rate": 0.2}


def test_a_number_of_a_rule_among_choices(tmp_path: Path) -> None:
    """Only policies with that rule have the number; the others are one policy each."""
    tried = {
        "policy.reorder.S": {"integers": [4, 24]},
        "policy.priority": ["fcfs", {"rule": "urgency_ageing", "rate": {"numbers": [0, 2]}}],
    }

    def law(noise: Any, S: int, priority: Any) -> tuple[float]:
        own = 3.0 if priority == "fcfs" else 20 * (priority["rate"] - 1.3) ** 2
        return (100 + (S - 12) ** 2 + own + noise[0],)

    given = {**BRIEF, "policy": {"reorder": {"rule": "base_stock", "S": 5}}}
    with played_by(law, noise):
        found = search(tmp_path, given, search=tried, indifference=0.1)
    assert found.problem.space.size == 21 * (1 + 101)
    assert found.settings["policy.reorder.S"] == 12
    rule = found.settings["policy.priority"]
    assert rule["rule"] == "urgency_ageing"
    assert abs(rule["rate"] - 1.3) < 0.1
    assert found.best is not None
    assert found.best.name == f"S=12, urgency_ageing(rate={rule['rate']:g})"
    assert found.best.model.scenario.stock[0].priority.params == {"rate": rule["rate"]}


def test_four_numbers(tmp_path: Path) -> None:
    """A valley that none of the numbers follows alone; 14,641 policies."""
    path = "policy.rationing.levels."
    tried = {
        "policy.reorder.s": {"integers": [0, 10]},
        "policy.reorder.S": {"integers": [20, 30]},
        f"{path}silver": {"integers": [0, 10]},
        "policy.observe.every": {"integers": [1, 11]},
    }

    def law(noise: Any, *x: int) -> tuple[float]:
        s, S, silver, every = x
        sums = (s + silver - 9) ** 2 + 0.2 * (s - silver - 1) ** 2
        return (100 + sums + (S - every - 18) ** 2 + 0.2 * (every - 6) ** 2 + noise[0],)

    rationing = {"rule": "critical_level", "levels": {"silver": 0}}
    given = {**BRIEF, "policy": {**SHOP["policy"], "rationing": rationing}}
    with played_by(law, noise):
        found = search(tmp_path, given, search=tried, indifference=0.5)
    assert found.choice.decided
    assert law((0.0,), *found.settings.values())[0] <= 100 + 0.5
    assert found.spent.points < 700


def test_numbers_that_change_nothing_beyond_some_value(tmp_path: Path) -> None:
    """From where no order reaches a cap, the search comes back to caps that matter."""

    def law(noise: Any, S: int, cap: int) -> tuple[float]:
        return (100 + 0.5 * (S - 20) ** 2 + (min(cap, 30) - 8) ** 2 / 10 + noise[0],)

    tried = {path: {"integers": [1, 60]} for path in ("policy.reorder.S", "policy.reorder.cap")}
    rule = {"rule": "capped_base_stock", "S": 20, "cap": 55}
    given = {**BRIEF, "policy": {"reorder": rule}}
    with played_by(law, noise), patch("backsim.search.optimise.starts", lambda problem: [(19, 54)]):
        found = search(tmp_path, given, search=tried, indifference=0.2)
    assert tuple(found.settings.values()) in ((20, 7), (20, 8), (20, 9))


def test_a_search_goes_around_policies_that_cannot_be(tmp_path: Path) -> None:
    """The optimum is next to policies that have no cost at all."""

    def law(noise: Any, s: int, S: int) -> tuple[float]:
        return (100 + (s - 20) ** 2 + (S - 18) ** 2 + noise[0] if s < S else float("nan"),)

    tried = {path: {"integers": [0, 40]} for path in ("policy.reorder.s", "policy.reorder.S")}
    with played_by(law, noise):
        found = search(tmp_path, BRIEF, search=tried, indifference=1.0)
    assert found.choice.decided
    assert tuple(found.settings.values()) in ((18, 19), (19, 20))  # equally good
    assert len(found.alike) == 1


def test_policies_that_cannot_be_are_passed_over(tmp_path: Path) -> None:
    """Levels that the rule refuses (S not above s) are no policies, and no errors."""
    few = {"integers": [6, 10]}
    tried = {"policy.reorder.s": few, "policy.reorder.S": few}
    found = search(tmp_path, BRIEF, search=tried, indifference="50 %")
    assert found.settings["policy.reorder.S"] > found.settings["policy.reorder.s"]


def test_a_small_space_is_compared_whole(tmp_path: Path) -> None:
    few = {"policy.reorder.S": {"integers": [12, 20]}}
    found = quick(tmp_path, search=few, indifference="5 %")
    assert len(found.choice.points) == 9
    assert found.promised


def test_levels_of_a_class(tmp_path: Path) -> None:
    """A path into a mapping by customer class, which the scenario does not have."""
    given = {
        **BRIEF,
        "policy": {
            **SHOP["policy"],
            "rationing": {"rule": "critical_level", "levels": {"silver": 0}},
        },
    }
    tried = {"policy.rationing.levels.silver": {"integers": [0, 8]}}
    found = search(tmp_path, given, search=tried, indifference="10 %")
    assert found.promised


def test_progress_tells_the_best_so_far_and_how_far_it_may_be_from_the_best(
    tmp_path: Path,
) -> None:
    """The gap is the largest t bound; at the end it is what matters at most."""
    told: list[str] = []
    found = quick(tmp_path, search=LEVELS, progress=lambda done, most, best: told.append(best))
    pattern = r"best so far \d\.\d+: S=\d+, gap at most (\S+) \((\S+) asked\), \d+ of \d+ not .*"
    gaps = [match.groups() for text in told if (match := re.fullmatch(pattern, text))]
    assert {float(asked) for _, asked in gaps} == {float(f"{found.choice.indifference:.2g}")}
    sizes = [float(gap) for gap, _ in gaps]
    assert max(sizes) > sizes[-1]
    assert sizes[-1] < 3 * found.choice.indifference


def test_the_best_so_far_is_that_of_all_worlds() -> None:
    """A few fresh worlds do not turn what many of the search have shown."""
    search_of_both = 1.0, 1.1
    some = {Phase.SEARCH: (20, search_of_both), Phase.CHOICE: (10, (1.02, 1.0))}

    def values(phase: Phase, point: tuple[int]) -> Any:
        count, means = some[phase]
        return np.full((count, 1), means[point[0]])

    problem = SimpleNamespace(sign=1.0)
    choice = object.__new__(_Choice)
    choice.points = ((0,), (1,))
    choice.worlds = SimpleNamespace(problem=problem, values=values)  # type: ignore[assignment]
    assert choice.behind()[0] == 0.0
    assert choice.behind()[1] == pytest.approx((20 * 0.1 - 10 * 0.02) / 30)
    some[Phase.CHOICE] = 200, (1.02, 1.0)
    assert choice.behind()[1] < 0.0


def test_an_interrupted_search_goes_on(levels: Search, tmp_path: Path) -> None:
    """With what it has found out it takes the same way, and simulates from where that ends."""
    out = tmp_path / "found"
    reached: list[int] = []

    class Killed(Exception):
        """As by `kill -9`."""

    told: list[str] = []

    def kill(done: int, most: int, best: str) -> None:
        reached.append(done)
        told.append(best)
        if done >= 60:
            raise Killed

    with pytest.raises(Killed):
        quick(tmp_path, search=LEVELS, out=out, progress=kill)
    assert re.fullmatch(r"best so far \d\.\d+: S=\d+", told[-1])
    with patch.object(Memo, "add", autospec=True, side_effect=Memo.add) as spy:
        again = quick(tmp_path, search=LEVELS, out=out, progress=lambda *_: None)
    assert again.settings == levels.settings
    assert again.choice == levels.choice
    spent = levels.spent.replications
    played = [call.args[1][0] for call in spy.call_args_list]
    new = sum(phase in (Phase.SEARCH, Phase.CHOICE) for phase in played)
    assert new == spent[Phase.SEARCH] + spent[Phase.CHOICE] - reached[-1]
    around = again.spent.replications[Phase.SHAPE]
    assert again.spent.total == levels.spent.total + around  # it takes the same way
    assert again.spent.known == reached[-1]
    assert again.finding.endswith(f" {reached[-1]} of them were there from an earlier run.")
    assert "earlier run" not in levels.finding


def test_what_the_search_excludes_does_not_compete(levels: Search) -> None:
    """Levels far from the best are told by the data of the search, yet count as tried."""
    assert 0 < levels.choice.screened < levels.choice.tried
    exact = {level: cost(level, 2, 4.0, poisson(5)) for level in range(2, 26)}
    best = (min(exact, key=exact.__getitem__),)
    assert best in levels.choice.points
    assert f"None of the {levels.choice.tried} policies tried" in levels.finding


def test_another_search_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    out, few = tmp_path / "found", {"policy.reorder.S": {"integers": [14, 17]}}
    quick(tmp_path, search=few, out=out)
    with pytest.raises(InputError, match=r"holds another search: seed changed\. Use"):
        quick(tmp_path, search=few, out=out, seed=2)
    with pytest.raises(InputError, match="search, objective or constraints changed"):
        quick(tmp_path, search=LEVELS, out=out, constraints="fill_rate >= 0.9")
    assert quick(tmp_path, search=few, out=out, seed=2, fresh=True).promised
    (out / "search.sqlite").write_text("no database, but longer than a header of one would be")
    with pytest.raises(InputError, match="expected the results of a search"):
        quick(tmp_path, search=few, out=out, seed=2)


def test_hardly_any_time(tmp_path: Path) -> None:
    """As much as it takes to say something is always spent."""
    found = quick(tmp_path, search=LEVELS, minutes=1e-6)
    assert not found.promised
    assert found.best is not None
    assert "Nothing is promised: the budget ended before" in found.finding


def test_nothing_to_search_for(tmp_path: Path) -> None:
    """An objective that has no value under any policy."""
    given = {**PERIODIC, "warm_up": 0, "horizon": 0.5}
    with pytest.raises(InputError, match="none of the policies to start from can be played"):
        search(tmp_path, given, search=LEVELS, objective="minimise promise_error")


def test_what_more_service_costs(tmp_path: Path) -> None:
    """A frontier, with intervals on both axes, and the price of one more unit of service."""
    traded = {"trade_off": ["cost.total", "fill_rate"], "objective": "minimise cost.total"}
    found = quick(tmp_path, search=LEVELS, indifference="10 %", **traded)
    rows = found.trade_off()
    assert len(rows) >= 4
    assert rows["fill_rate"].is_monotonic_increasing
    assert rows["cost.total"].is_monotonic_increasing
    assert (rows["fill_rate_half_width"] > 0).all()
    assert (rows["price"].iloc[1:] > 0).all()
    assert rows["price"].iloc[-1] > rows["price"].iloc[1]  # ever dearer
    assert "The frontier of " in found.finding
    assert len(found.to_dict()["trade_off"]) == len(rows)


def test_a_frontier_without_todays_policy_where_it_violates_a_constraint(tmp_path: Path) -> None:
    """It costs least, and another constraint than one on the service excludes it."""
    asked: dict[str, Any] = {
        "search": LEVELS,
        "trade_off": ["cost.total", "fill_rate"],
        "objective": "minimise cost.total",
        "constraints": "mean_on_hand >= 5",
        "set": {"policy.reorder": {"rule": "base_stock", "S": 2}, "costs": {"holding": 1.0}},
        "indifference": "10 %",
    }
    found = search(tmp_path, PERIODIC, **asked)
    rows = found.trade_off()
    assert found.today[0].estimate.mean < 5
    assert "today" not in set(rows["policy"])
    assert len(rows) >= 2
    none = search(tmp_path, PERIODIC, **{**asked, "constraints": "mean_on_hand >= 1000"})
    assert none.trade_off().empty
    assert "No policy trades total cost for fill rate." in none.finding


@pytest.mark.parametrize("replications", [500, 700])
def test_a_frontier_within_the_budget(tmp_path: Path, replications: int) -> None:
    """Final figures of as many of its policies as replications are left for."""
    traded = {"trade_off": ["cost.total", "fill_rate"], "objective": "minimise cost.total"}
    how: dict[str, Any] = {"figures": 60, "replications": replications, "indifference": "10 %"}
    found = quick(tmp_path, search=LEVELS, **traded, **how)
    assert found.spent.total <= replications
    assert found.figures is not None
    assert found.figures.counts[0] >= 60


def test_the_policy_chosen_comes_first_in_the_figures(tmp_path: Path) -> None:
    """Though another of the frontier may have a lower mean in these replications."""
    traded = {"trade_off": ["cost.total", "fill_rate"], "objective": "minimise cost.total"}
    for seed in range(6):
        folder = tmp_path / str(seed)
        folder.mkdir()
        found = quick(folder, search=LEVELS, indifference="10 %", seed=seed, **traded)
        assert found.best is not None
        assert found.figures is not None
        names = [policy.name for policy in found.figures.policies]
        ranking = rank(found.figures)
        assert names[ranking.order[0]] == found.best.name
        means = [estimate.mean for estimate in ranking.estimates]
        if names[int(np.argmin(means))] != found.best.name:
            return
    pytest.fail("no search in which another policy has the lowest mean")


def test_what_a_trade_off_needs(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"metric of the objective \(cost.total\) and another"):
        quick(tmp_path, search=LEVELS, trade_off=["fill_rate", "mean_wait"])
    with pytest.raises(InputError, match="fill_rate"):
        quick(tmp_path, search=LEVELS, trade_off=["cost.total", "fil_rate"])


def test_results_do_not_depend_on_workers(tmp_path: Path) -> None:
    """Two processes beside each other, for every batch however small, give the same to the bit."""
    few = {"policy.reorder.S": {"integers": [13, 18]}}
    (tmp_path / "one").mkdir()
    one = search(tmp_path / "one", PERIODIC, search=few, indifference="10 %")
    with patch.object(worlds, "WORTH", 0.0):
        two = search(tmp_path, PERIODIC, search=few, indifference="10 %", workers=2)
    assert two.choice == one.choice
    assert two.kept == one.kept
    assert two.spent.replications == one.spent.replications


def test_two_searches_in_one_folder(tmp_path: Path) -> None:
    """The second would write what the first has written: it is told to wait."""
    out, few = tmp_path / "found", {"policy.reorder.S": {"integers": [14, 17]}}

    def beside(done: int, most: int, best: str) -> None:
        with pytest.raises(InputError, match="another process is at work on this search"):
            quick(tmp_path, search=few, out=out)

    assert quick(tmp_path, search=few, out=out, progress=beside).promised
    assert quick(tmp_path, search=few, out=out).promised


def test_a_full_disk(tmp_path: Path) -> None:
    """A limit of the process stands for it; what is on the disk is kept."""
    resource = pytest.importorskip("resource")
    problem = quick(tmp_path, search={"policy.reorder.S": {"integers": [14, 17]}}).problem
    memo = Memo(tmp_path / "found", problem)
    memo.add((0, "first", 0), np.ones(9))
    memo.write()
    was = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (24 * 1024, was[1]))
        for number in range(1000):
            memo.waiting.append((0, "next", number, b"12345678" * 9))
        with pytest.raises(InputError, match=r"search\.sqlite: cannot write: the disk"):
            memo.write()
        memo.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, was)
    again = Memo(tmp_path / "found", problem)
    again.close()
    assert list(again.known) == [(0, "first", 0)]
