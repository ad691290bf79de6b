"""What is around the answer, and the page that shows it."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.search.laws import lost_sales, played_by
from tests.search.periodic import cost, poisson, scenario, search
from tests.search.test_search import BRIEF, TWO, noise

from backsim.scenario.load import from_dict
from backsim.scenario.model import Model
from backsim.search import Search
from backsim.search.page import sections, write_page
from backsim.search.problem import load_problem
from backsim.search.shape import Changed, Shape
from backsim.search.variation import variations
from backsim.search.worlds import Phase
from backsim.statistics import estimate

PERIODIC = scenario(2, 4.0, {"poisson": {"mean": 5.0}}, 100)


@pytest.fixture(scope="module")
def levels(tmp_path_factory: pytest.TempPathFactory) -> Search:
    """The best base stock with lost sales, and what is around it."""
    folder = tmp_path_factory.mktemp("levels")
    with played_by(lost_sales(2, 4.0), lambda random: random.poisson(5, 2000).tolist()):
        return search(
            folder,
            {**PERIODIC, "time_unit": "days"},
            search={"policy.reorder.S": {"integers": [0, 60]}},
            out=folder / "found",
        )


def test_the_surface_around_a_level(levels: Search) -> None:
    """Differences from the answer are those of the exact costs, within their intervals."""
    assert levels.shape is not None
    (around,) = levels.shape.slices
    best = levels.settings["policy.reorder.S"]
    assert len(around.points) == 9
    assert around.points[4] == (best,)
    assert around.apart[4].mean == 0
    exact = [cost(S, 2, 4.0, poisson(5.0)) for (S,) in around.points]
    for found, value in zip(around.apart, exact, strict=True):
        assert abs(found.mean - (value - exact[4])) <= 2.5 * found.half_width + 1e-9


def test_sensitivity_of_a_level(levels: Search) -> None:
    """The laws here know nothing of the scenario, so all stays: but each parameter was asked."""
    assert levels.shape is not None
    names = [one.variation.name for one in levels.shape.changed]
    for name in ("demand -20 %", "demand +20 %", "lead time -20 %", "holding cost +20 %"):
        assert name in names
    assert "lost margin cost +20 %" in names


def test_parameters_that_change_nothing_are_only_named(levels: Search) -> None:
    """The laws know nothing of the scenario: nothing acts, and there is nothing to draw."""
    (*_, section) = sections(levels)
    assert section.title == "Sensitivity"
    assert not section.figures
    assert not section.tables
    assert section.words[0].startswith("No effect on total cost: demand, lead time, holding cost")


def test_the_table_of_sensitivity(levels: Search) -> None:
    """First the scenario as it is; a better policy only where the difference is beyond chance."""
    assert levels.shape is not None
    assert levels.point is not None
    other = (levels.point[0] + 1,)
    by_name = {one.variation.name: one.variation for one in levels.shape.changed}
    base = estimate([99.0, 100.0, 101.0], 0.95)

    def changed(name: str, cost: float, better: tuple[int, ...], *by: float) -> Changed:
        shifted = replace(base, mean=cost)
        return Changed(by_name[name], shifted, better, estimate(list(by), 0.95))

    made = (
        changed("lost margin cost -20 %", 100, levels.point, 0, 0, 0),
        changed("lost margin cost +20 %", 100, levels.point, 0, 0, 0),
        changed("holding cost -20 %", 98, levels.point, 0, 0, 0),
        changed("holding cost +20 %", 102, levels.point, 0, 0, 0),
        replace(changed("demand -20 %", 80, other, -5, -5.1, -4.9), violates=True),
        changed("demand +20 %", 120, other, -5, 5, -1),
    )
    (*_, section) = sections(replace(levels, shape=Shape(base, (), made)))
    assert section.words == ("No effect on total cost: lost margin cost.",)
    ((_, caption),) = section.figures
    assert caption == (
        "Total cost of the answer where one parameter of the scenario is a fifth less or a fifth "
        "more; the line is the scenario as it is."
    )
    (table,) = section.tables
    assert table.rows[0] == ("as it is", base, "", None)
    name = levels.problem.space.name(other)
    found = [(row[0], row[2], row[3] is None) for row in table.rows[1:]]
    assert found == [
        ("demand -20 %", f"{name} (the answer violates a constraint)", False),
        ("demand +20 %", "none known", True),
        ("holding cost -20 %", "none known", True),
        ("holding cost +20 %", "none known", True),
    ]


def test_what_is_around_a_level_is_played_as_asked_and_counted(levels: Search) -> None:
    """20 replications of each policy, and of the answer in each scenario."""
    shape = levels.shape
    assert shape is not None
    around = 20 * (1 + sum(len(one.points) - 1 for one in shape.slices))
    assert levels.spent.replications[Phase.SHAPE] >= around + 20 * len(shape.changed)


def test_a_budget_ends_what_is_around_a_level(tmp_path: Path) -> None:
    with played_by(lost_sales(2, 4.0), lambda random: random.poisson(5, 2000).tolist()):
        found = search(
            tmp_path,
            PERIODIC,
            search={"policy.reorder.S": {"integers": [0, 60]}},
            out=tmp_path / "found",
            replications=800,
        )
    assert found.shape is not None
    assert found.promised
    assert found.spent.total == 800
    assert len(found.shape.changed) < len(list(variations(found.problem.present)))


def test_the_page(levels: Search, tmp_path: Path) -> None:
    text = write_page(levels, tmp_path / "page.html").read_text().replace("\u00a0", " ")
    for title in ("The answer", "Around the answer", "Sensitivity", "Ranking"):
        assert f">{title}<" in text
    assert "per year better than today (95 % interval of what it gains: " in text
    assert "policy.reorder.S" in text
    assert levels.finding.split(":")[0].replace("'", "&#39;") in text
    assert text.count("<svg") >= 2


def test_a_figure_for_each_pair_of_numbers(tmp_path: Path) -> None:
    def law(noise: Any, s: int, S: int, priority: str) -> tuple[float]:
        return (100 + (s - 6) ** 2 + 0.3 * (S - s - 15) ** 2 + 4 * (priority == "fcfs") + noise[0],)

    with played_by(law, noise):
        found = search(tmp_path, BRIEF, search=TWO, indifference=1.0, out=tmp_path / "found")
    assert found.shape is not None
    (around,) = found.shape.slices
    assert around.axes == (0, 1)
    assert len(around.points) == 25
    best = np.array(found.point)[:2]
    for point, apart in zip(around.points, around.apart, strict=True):
        s, S = (found.problem.space.axes[i].amount(point[i]) for i in (0, 1))
        sb, Sb = (found.problem.space.axes[i].amount(int(best[i])) for i in (0, 1))
        value = (s - 6) ** 2 + 0.3 * (S - s - 15) ** 2
        at_best = (sb - 6) ** 2 + 0.3 * (Sb - sb - 15) ** 2
        assert apart.mean == pytest.approx(value - at_best)
    page = write_page(found, tmp_path / "page.html").read_text()
    assert "over s and S, all else as in the answer" in page


def test_policies_that_violate_a_constraint_are_crossed_out(tmp_path: Path) -> None:
    """By how far they are from the answer: what is known of that is more than 20 worlds say."""

    def law(noise: Any, s: int, S: int, priority: str) -> tuple[float, float]:
        cost = 100 + (s - 6) ** 2 + 0.3 * (S - s - 15) ** 2 + 4 * (priority == "fcfs") + noise[0]
        return cost, 0.5 + 0.0171 * S + 0.02 * noise[0]

    with played_by(law, noise):
        found = search(
            tmp_path,
            BRIEF,
            search=TWO,
            constraints="fill_rate >= 0.9",
            indifference=1.0,
            out=tmp_path / "found",
        )
    assert found.shape is not None
    (around,) = found.shape.slices
    axes = found.problem.space.axes
    levels = [axes[1].amount(point[1]) for point in around.points]
    assert around.violates == tuple(0.5 + 0.0171 * S < 0.9 for S in levels)
    assert len(set(around.violates)) == 2
    page = write_page(found, tmp_path / "page.html").read_text()
    assert "crossed out where a constraint is violated." in page


def test_a_scenario_a_fifth_different() -> None:
    model = from_dict(
        {
            "horizon": 10,
            "products": {"mug": {"costs": {"holding": 2.0}}},
            "suppliers": {"acme": {"lead_time": {"gamma": {"mean": 5, "cv": 0.5}}}},
            "customers": {
                "all": {"demand": {"arrivals": {"poisson": {"rate": 4.0}}, "products": "mug"}}
            },
            "policy": {"reorder": {"rule": "base_stock", "S": {"days": 6}}},
            "costs": {"backorder_time": {"all": 3.0}},
        }
    )
    found = {one.name: one.of(model) for one in variations(model)}
    assert set(found) == {
        f"{what} {by}"
        for what in ("demand", "lead time", "holding cost", "backorder time cost")
        for by in ("-20 %", "+20 %")
    }
    (entry,) = found["demand +20 %"].scenario.customers["all"].demand
    assert entry.arrivals.mean_rate() == pytest.approx(4.8)
    assert found["demand +20 %"].scenario.stock[0].reorder.params["S"] == 24  # as it is run today
    longer = found["lead time +20 %"].scenario.stock[0].lead_time
    assert longer is not None
    assert longer.moments() == pytest.approx((6.0, 9.0))
    assert found["holding cost -20 %"].costs["holding"] == pytest.approx([1.6])
    assert found["backorder time cost +20 %"].costs["backorder_time"][0] == pytest.approx([3.6])


def test_price_breaks_vary_with_the_price():
    tiers = {"price": 5, "breaks": [{"units": 20, "price": 4}], "discount": "incremental"}
    model = from_dict(
        {
            "horizon": 10,
            "products": "mug",
            "suppliers": {"acme": {"lead_time": 2}},
            "customers": {
                "all": {"demand": {"arrivals": {"poisson": {"rate": 2}}, "products": "mug"}}
            },
            "policy": {"reorder": {"rule": "base_stock", "S": 9}},
            "costs": {"purchase": tiers},
        }
    )
    found = {one.name: one for one in variations(model)}
    dearer = found["purchase cost +20 %"].of(model).costs.breaks[0]
    assert (dearer.price, dearer.breaks[0].units) == (6.0, 20)
    assert dearer.breaks[0].price == pytest.approx(4.8)
    assert dearer.discount == "incremental"


def _waiting(lead_time: object, interval: object, **more: object) -> Model:
    """One product and class; orders with independent times between them."""
    values = {
        "horizon": 10,
        "products": {"mug": {"price": 10}},
        "suppliers": {"acme": {"lead_time": lead_time}},
        "customers": {
            "all": {"demand": {"arrivals": {"renewal": {"interval": interval}}, "products": "mug"}}
        },
        "policy": {"reorder": {"rule": "base_stock", "S": 9}},
    }
    return from_dict({**values, **more})


@pytest.mark.parametrize(
    "law",
    [
        {"exponential": {"rate": 0.2}},
        {"lognormal": {"mu": 1, "sigma": 0.4}},
        {"geometric": {"p": 0.2}},
        {"negative_binomial": {"n": 5, "p": 0.5}},
        {"negative_binomial": {"mean": 5, "variance": 5.5}},
        {"discrete": {"values": [3, 5], "weights": [1, 2]}},
        {"empirical": {"values": [3, 4, 5, 5]}},
        {"weibull": {"shape": 2, "scale": 4}},
    ],
)
def test_a_fifth_more_of_every_form_of_a_distribution(law: dict[str, Any]) -> None:
    model = _waiting(law, law)
    before = model.scenario.stock[0].lead_time
    assert before is not None
    for one in variations(model):
        after = one.of(model).scenario
        longer, (entry,) = after.stock[0].lead_time, after.customers["all"].demand
        assert longer is not None
        times = one.factor if one.what == "lead time" else 1.0
        assert longer.moments()[0] == pytest.approx(times * before.moments()[0])
        rate = one.factor if one.what == "demand" else 1.0
        assert entry.arrivals.mean_rate() == pytest.approx(rate / before.moments()[0])
    assert {one.what for one in variations(model)} == {"demand", "lead time"}


def test_what_cannot_grow_by_a_fifth_is_not_said_to_have_no_effect() -> None:
    model = _waiting({"logarithmic": {"p": 0.8}}, 1)
    assert {one.what for one in variations(model)} == {"demand"}


def test_lead_times_of_sources_and_shares_by_class_vary() -> None:
    sources = [{"supplier": "acme", "share": 0.5}]
    sources += [{"supplier": "near", "lead_time": 2, "share": 0.5}]
    model = _waiting(
        0,
        1,
        suppliers={"acme": {}, "near": {"lead_time": 1}},
        stock=[{"products": "mug", "supplier": sources}],
        costs={"backorder_time": {"all": {"share": 0.1, "of": "price", "per": "day"}}},
    )
    found = {one.name: one.of(model) for one in variations(model)}
    (point,) = found["lead time +20 %"].to_dict()["stock"]
    assert point["supplier"][1]["lead_time"] == pytest.approx(2.4)
    assert found["backorder time cost +20 %"].costs["backorder_time"][0] == pytest.approx([1.2])


def test_where_nothing_is_promised_the_page_says_so(levels: Search, tmp_path: Path) -> None:
    assert levels.promised
    assert next(sections(levels)).title == "The answer"
    open_one = replace(levels, choice=replace(levels.choice, selection=None))
    page = write_page(open_one, tmp_path / "page.html").read_text()
    assert "is the best so far, but nothing is promised: other policies may be better." in page
    assert "The policy found" in page
    none = replace(open_one, best=None, nearest=levels.best)
    page = write_page(none, tmp_path / "none.html").read_text()
    assert "No policy that was tried can be recommended: the finding says why." in page


def test_a_search_is_pickled(tmp_path: Path) -> None:
    """As joblib does."""
    file = tmp_path / "s.yaml"
    file.write_text(
        f"scenario: {Path('scenarios/gold_and_silver.yaml').resolve()}\nseed: 3\n"
        "search: {policy.reorder.S: {integers: [10, 12]}}\nobjective: minimise cost.total\n"
    )
    problem = load_problem(file)
    assert pickle.loads(pickle.dumps(problem)).space.axes == problem.space.axes
