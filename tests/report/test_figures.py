"""Every figure: what is drawn, on whose axes, with which words; and for a single run."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from tests.report.standin import BASE, NETWORK, StandIn, bounds_of, study_of

import backsim
from backsim import plot
from backsim.errors import InputError
from backsim.report.captions import BEYOND
from backsim.report.figures import style
from backsim.report.figures.layout import layout
from backsim.report.figures.waits import _cut_right
from backsim.report.html import render
from backsim.report.svg import inline_svg
from backsim.scenario.load import from_dict
from backsim.study.analysis import efficient, rank
from backsim.study.screening import Screening

FIGURES: dict[str, Callable[..., Axes]] = {
    name: getattr(plot, name)
    for name in plot.__all__
    if name not in ("network", "regret")  # below
}
OF_A_RUN = ("backlog", "cancellations", "costs", "pareto", "stock", "waits")


@pytest.fixture(scope="module")
def study() -> StandIn:
    policies = {
        f"{rule} {s}": {"policy.priority": rule, "policy.reorder.s": s}
        for rule in ("fcfs", "class_priority")
        for s in (10, 20)
    }
    kept = np.array([[0.75] * 5, [0.5] * 5, [1.0] * 5, [0.25] * 5])
    return study_of(policies, written={"promise_kept": kept})


POINTS = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (0.0, 1.0), (1.0, 0.0))
DESIGN = Screening("morris", ("fcfs or not", "s"), POINTS, (0, 2, 1, 3, 1, 2))
"""Two base points of elementary effects, on the policies of the study."""


def drawn(ax: Axes) -> str:
    """Draw the figure and give back all its words."""
    from matplotlib.text import Text

    FigureCanvasAgg(ax.figure).draw()  # type: ignore[arg-type]
    return " | ".join(t.get_text() for t in ax.figure.findobj(Text) if t.get_text())


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_every_figure(name: str, study: StandIn) -> None:
    """It uses the axes it is given, makes its own otherwise, and names what is on them."""
    if name == "promises" and "promise_kept" not in backsim.results.metrics.METRICS:
        pytest.skip("no promises in this version")
    if name == "screening":
        study = replace(study, experiment=replace(study.experiment, screening=DESIGN))
    given = Figure().subplots()
    assert FIGURES[name](study, ax=given) is given
    ax = FIGURES[name](study)
    assert ax is not given
    words = drawn(ax)
    assert ax.get_xlabel()
    units = ("money per day", "%", "days", "day", "units")
    assert any(unit in ax.get_xlabel() for unit in units)
    if name in ("backlog", "pareto", "stock", "waits"):
        assert any(unit in ax.get_ylabel() for unit in units)
    else:
        assert "fcfs" in words
    sizes = {t.get_size() for t in [*ax.get_xticklabels(), *ax.get_yticklabels(), ax.xaxis.label]}
    assert min(sizes) >= 10


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_a_run(name: str) -> None:
    run = backsim.simulate(from_dict(BASE), seed=1, engine="simpy")
    if name in OF_A_RUN:
        assert drawn(FIGURES[name](run))
    else:
        with pytest.raises(InputError, match=f"{name}: expected"):
            FIGURES[name](run)


def test_matplotlib_is_left_as_it_was() -> None:
    """No pyplot, no other backend, no changed setting; and no matplotlib before a figure."""
    code = """
import sys, backsim.plot
assert "matplotlib" not in sys.modules
import matplotlib as mpl
settings = lambda: {k: mpl.rcParams[k] for k in mpl.rcParams if k != "backend"}
before = settings()
import backsim
run = backsim.simulate("scenarios/quickstart.yaml", seed=1, engine="simpy")
from backsim.report.svg import inline_svg
inline_svg(backsim.plot.stock(run).figure, "f", "stock")
assert "matplotlib.pyplot" not in sys.modules
assert settings() == before
"""
    root = __file__.split("/tests/")[0]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True, text=True, check=False, cwd=root,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_page_draws_a_figure_once(study: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """One drawing serves a light ground, a dark one and print: all its colours are variables."""
    times, draw = [], Axes.draw
    monkeypatch.setattr(Axes, "draw", lambda ax, renderer: (times.append(ax), draw(ax, renderer)))
    ax = plot.ranking(study)
    svg = inline_svg(ax.figure, "f", "ranking")
    assert times == [ax]
    assert not re.search("#[0-9a-f]{6}", svg)
    assert {"var(--ink)", "var(--faint)", "var(--blue)"} < set(re.findall(r"var\([^)]*\)", svg))
    assert not re.search(r' (?:d|x|y|transform)="[^"]*\d\.\d{3}', svg)


def points(ax: Axes) -> np.ndarray:
    """The marks of a figure in a row a policy, (row, value)."""
    return np.concatenate([c.get_offsets() for c in ax.collections if len(c.get_offsets()) > 1])


def test_the_ranking_is_in_order(study: StandIn) -> None:
    found = points(plot.ranking(study))
    assert (np.diff(found[:, 0]) >= 0).all()
    assert found[0, 0] == pytest.approx(study.array("cost.total").mean(axis=1).min())
    fill = points(plot.ranking(study, metric="fill_rate[gold]"))
    assert (np.diff(fill[:, 0]) <= 0).all()


def test_differences_are_coloured_by_what_they_say() -> None:
    """Better blue, worse orange, neither grey."""
    noise = np.array([-1.0, 0.0, 1.0, 0.5, -0.5])
    rows = np.array([500 + noise, 400 + noise, 600 + noise, 500 - noise])
    one = study_of(
        {n: {"policy.reorder.s": 10 + i} for i, n in enumerate("ABCD")},
        replications=1,
        written={"cost.total": rows},
    )
    ax = plot.differences(one)
    marks = [c for c in ax.collections if len(c.get_offsets()) > 1][-1]
    colours = [to_hex(c) for c in marks.get_facecolors()]
    names = [t.get_text() for t in ax.get_yticklabels()]
    assert dict(zip(names, colours, strict=True)) == {
        "B": style.BLUE, "D": style.GREY, "C": style.VERMILION,
    }  # fmt: skip


def of_costs(means: Sequence[float]) -> StandIn:
    """Five policies with these mean costs."""
    noise = np.array([-1.0, 0.0, 1.0, 0.5, -0.5])
    return study_of(
        {n: {"policy.reorder.s": 10 + i} for i, n in enumerate("ABCDE")},
        replications=1,
        written={"cost.total": np.array([m + noise for m in means])},
    )


def test_an_outlier_does_not_squeeze_the_others() -> None:
    """It is cut off, its number stands at the edge; zero stays in sight among differences."""
    one = of_costs((500, 495, 490, 485, 9000))
    ranking, apart = plot.ranking(one), plot.differences(one)
    assert ranking.get_xlim()[1] < 510
    assert "9,000" in drawn(ranking)
    low, high = apart.get_xlim()
    assert -20 < low < 0 < high < 10
    assert "8,500" in drawn(apart)


def of_service(rates: Sequence[float], spread: float) -> StandIn:
    """Five policies whose costs fall by 5, with their fill rates."""
    noise = np.array([-1.0, 0.0, 1.0, 0.5, -0.5])
    return study_of(
        {n: {"policy.reorder.s": 10 + i} for i, n in enumerate("ABCDE")},
        replications=1,
        written={
            "cost.total": np.array([m + noise for m in (500, 495, 490, 485, 480)]),
            "fill_rate": np.array([m + noise * spread for m in rates]),
        },
    )


def test_the_mark_of_an_outlier_is_explained_where_there_is_one() -> None:
    """In the caption of the page, and only there."""
    assert BEYOND not in render(of_costs((500, 495, 490, 485, 480)))
    assert BEYOND in render(of_costs((500, 495, 490, 485, 9000)))


def test_an_outlier_does_not_squeeze_service_against_cost() -> None:
    """On either axis."""
    ax = plot.pareto(of_service((0.95, 0.96, 0.97, 0.98, 0.15), 1e-3))
    assert ax.get_ylim()[0] > 0.9
    assert f"{style.DOWN} E 15" in drawn(ax)


@pytest.mark.parametrize(
    ("objective", "title", "axis"),
    [
        ("maximise profit", "Service against profit", "profit"),
        ("minimise cost.holding", "Service against holding cost", "holding cost"),
        ("minimise cost.total", "Service against total cost", "total cost"),
        ("minimise mean_wait", "Service against total cost", "total cost"),
    ],
)
def test_service_is_drawn_against_the_objective_where_it_is_money(
    objective: str, title: str, axis: str
) -> None:
    """A policy that buys less has a lower total cost and earns less: nobody beats it by cost only.

    Policy A buys least and earns least; B earns most, with more service.
    """
    noise = np.array([-1.0, 0.0, 1.0, 0.5, -0.5])
    one = study_of(
        {name: {"policy.reorder.s": 10 + i} for i, name in enumerate("AB")},
        replications=1,
        objective=objective,
        written={
            "cost.total": np.array([400 + noise, 500 + noise]),
            "cost.holding": np.array([40 + noise, 50 + noise]),
            "profit": np.array([100 + noise, 150 + noise]),
            "mean_wait": np.array([3 + noise, 2 + noise]),
            "fill_rate": np.array([0.8 + noise / 1000, 0.9 + noise / 1000]),
        },
    )
    ax = plot.pareto(one)
    assert ax.get_xlabel().startswith(f"{axis} (")
    assert len(ax.lines[0].get_xdata()) == (1 if axis == "profit" else 2)
    page = render(one)
    assert f">{title}<" in page
    assert f"{title[0].lower()}{title[1:]}" in page


def test_the_best_service_is_no_outlier() -> None:
    """Of policies that are nearly equal and one that serves a few points more."""
    ax = plot.pareto(of_service((0.88, 0.881, 0.882, 0.88, 0.957), 1e-4))
    assert ax.get_ylim()[1] > 0.957


def test_a_policy_that_overflows_does_not_squeeze_the_course_of_others() -> None:
    """Nor does a warm-up that begins with much stock; the figure says how far both go."""
    stocked = {**BASE, "stock": [{"initial": 40}]}
    one = study_of(
        {"lean": {"stock[0].initial": 40}, "full": {"stock[0].initial": 4000}},
        base=stocked,
        replications=2,
    )
    ax = plot.stock(one, policies=["lean", "full"])
    assert ax.get_ylim()[1] < 300
    assert f"{style.UP} full: up to 4,000" in drawn(ax)
    early = study_of(
        {"lean": {"stock[0].initial": 120}, "other": {"stock[0].initial": 120}},
        base={**stocked, "policy": {"reorder": {"rule": "s_S", "s": 3, "S": 8}}},
        replications=2,
    )
    ax = plot.stock(early)
    assert 8 < ax.get_ylim()[1] < 60
    assert f"{style.UP} lean: up to 120" in drawn(ax)


def test_one_long_wait_does_not_squeeze_the_others() -> None:
    ax = Figure().subplots()
    _cut_right(ax, [2.0, 3.0, 4.0, 300.0], "days")
    assert ax.get_xlim()[1] == pytest.approx(6)
    assert f"up to 300 days {style.RIGHT}" in [t.get_text() for t in ax.texts]
    _cut_right(ax, [2.0, 8.0, 4.0], "days")
    assert ax.get_xlim()[1] == pytest.approx(8.16)


def test_what_is_far_is_not_always_cut() -> None:
    """Rows that agree closely make others look far: the room they need decides."""
    wide = 60 * np.array([-1.0, 0.0, 1.0, 0.5, -0.5])
    rows = np.array([m + wide for m in (500, 501, 502, 503, 590)])
    one = study_of(
        {n: {"policy.reorder.s": 10 + i} for i, n in enumerate("ABCDE")},
        replications=1,
        written={"cost.total": rows},
    )
    assert plot.ranking(one).get_xlim()[1] > 590


def test_names_of_points_cover_none() -> None:
    """No name lies on a mark or on another name, and the reference has one."""
    noise = np.array([-1.0, 0.0, 1.0, 0.5, -0.5])
    costs, fills = (500, 505, 510, 505, 560), (0.5, 0.51, 0.52, 0.6, 0.9)
    one = study_of(
        {f"policy {n}": {"policy.reorder.s": 10 + i} for i, n in enumerate("ABCDE")},
        replications=1,
        written={
            "cost.total": np.array([m + noise for m in costs]),
            "fill_rate": np.array([m + noise / 1000 for m in fills]),
        },
    )
    ax = plot.pareto(one)
    words = drawn(ax)
    assert "policy A" in words
    assert "policy E" in words
    renderer = ax.figure.canvas.get_renderer()  # type: ignore[attr-defined]
    boxes = [t.get_window_extent(renderer) for t in ax.texts]
    marks = ax.transData.transform(np.array([costs, fills]).T)
    assert not any(box.contains(*mark) for box in boxes for mark in marks)
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_the_front() -> None:
    cost, service = [1.0, 2.0, 3.0, 2.5], [0.5, 0.9, 0.95, 0.8]
    assert efficient(np.array([cost, service]), ["minimise", "maximise"]) == [0, 1, 2]
    assert efficient(np.array([[1.0, 1.0], [2.0, 2.0]]), ["minimise", "minimise"]) == [0, 1]


def test_bars_add_up(study: StandIn) -> None:
    ax = plot.costs(study)
    ends = [p.get_x() + p.get_width() for p in ax.patches]
    assert max(ends) == pytest.approx(study.array("cost.total").mean(axis=1).max())


def test_regret_stands_on_the_bound(study: StandIn) -> None:
    """Best first, each bar as long as the policy's cost, the bound at its foot."""
    ax = plot.regret(study, bounds_of(study))
    assert "money per day" in ax.get_xlabel()
    words = drawn(ax)
    assert "bound" in words
    assert "fcfs 10 (ref.)" in words
    feet, tops = ax.patches[:4], ax.patches[4:]
    assert [p.get_width() for p in feet] == [5.0] * 4
    regrets = [6.0 + i for i in rank(study).order]
    assert [p.get_width() for p in tops] == regrets
    assert [p.get_x() for p in tops] == [5.0] * 4


def test_waits_start_at_the_fill_rate(study: StandIn) -> None:
    ax = plot.waits(study, policies=["fcfs 10"])
    line = next(li for li in ax.lines if to_hex(li.get_color()) == style.PALETTE[0])  # gold
    courses = study.profiles("fcfs 10")
    share = sum(p.within[0, 0] for p in courses) / sum(p.ordered[0] for p in courses)
    assert np.asarray(line.get_ydata())[0] == pytest.approx(share)


def test_a_factor_that_only_names_the_policies_has_no_effect() -> None:
    """It would say what the ranking says; numbers keep their order and so their figure."""
    rules = ("fcfs", "lifo", "class_priority")
    one = study_of({rule: {"policy.priority": rule} for rule in rules}, replications=2)
    with pytest.raises(InputError, match="a factor of 2 levels"):
        plot.sensitivity(one)
    levels = study_of({str(s): {"policy.reorder.s": s} for s in (10, 20, 15)}, replications=2)
    words = drawn(plot.sensitivity(levels))
    assert words.index("s = 10") < words.index("s = 15") < words.index("s = 20")


def test_sensitivity_names_levels_in_order(study: StandIn) -> None:
    words = drawn(plot.sensitivity(study))
    assert words.index("priority = fcfs") < words.index("s = 10") < words.index("s = 20")


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda s: plot.ranking(s, metric="fill_rat"), "expected a metric"),
        (lambda s: plot.stock(s, policies=["fcfs 1"]), "expected a policy .*fcfs 10.*got 'fcfs 1'"),
        (lambda s: plot.waits(s, policies=[]), "expected the name of a policy or more, got none"),
        (lambda s: plot.differences(s, reference="lifo"), "expected a policy"),
    ],
)
def test_bad_questions(draw: Callable[[Any], Any], message: str, study: StandIn) -> None:
    with pytest.raises(InputError, match=message):
        draw(study)


def test_words_are_plain() -> None:
    assert style.text("a $x^2$ b") == r"a \$x^2\$ b"
    assert style.text("two\nlines\u202e\x00") == "two lines"
    assert len(style.text("x" * 99)) == style.LONGEST


def arrows(ax: Axes) -> int:
    return sum(getattr(t, "arrow_patch", None) is not None for t in ax.texts)


def test_a_network() -> None:
    """Every site once, an arrow for each connection; bars only of a run."""
    model = from_dict(NETWORK)
    ax = plot.network(model)
    words = drawn(ax)
    assert all(words.count(site) == 1 for site in model.sites)
    assert arrows(ax) == 2
    boxes = len(ax.patches)
    run = backsim.simulate(model, seed=1, engine="simpy")
    ax = plot.network(run)
    assert len(ax.patches) == boxes + 3 * 3
    assert f"{run.metrics.get('mean_on_hand', 'site', 'hub'):.2f}" in drawn(ax)


def test_a_network_of_a_study() -> None:
    """Means over replications of the best policy or the one asked for, to one scale."""
    study = study_of(
        {"much": {"stock.0.reorder": {"rule": "base_stock", "S": 20}}, "little": {}},
        base=NETWORK,
        metrics=("cost.total",),
        objective="minimise mean_backlog",
    )
    best, other = plot.network(study), plot.network(study, policy="little")
    hub = study.array("mean_on_hand", "site", "hub").mean(axis=1)
    waiting = sum(study.array(m, "site", "hub") for m in ("mean_backlog", "mean_site_backlog"))
    for ax, row, name in ((best, 0, "much"), (other, 1, "little")):
        words = drawn(ax)
        assert name in words
        assert f"{hub[row]:.2f}" in words
        assert f"{waiting[row].mean():.2f}" in words
        assert "other sites wait for" in words

    def first_bar(ax: Axes) -> float:
        return float(
            next(p.get_width() for p in ax.patches if to_hex(p.get_facecolor()) == style.BLUE)
        )

    assert first_bar(best) / first_bar(other) == pytest.approx(hub[0] / hub[1])


def test_a_network_where_there_is_none() -> None:
    with pytest.raises(InputError, match=r"network: expected .* sites that supply sites, got none"):
        plot.network(from_dict(BASE))
    with pytest.raises(InputError, match="expected a policy"):
        plot.network(
            study_of({"a": {}, "b": {}}, base=NETWORK, metrics=("cost.total",)), policy="c"
        )


def network_like(sites: list[str], supplies: list[tuple[str, str]], **more: Any) -> Any:
    """A model of sites and whom they supply; without connections there is no figure."""
    above: dict[str, list[str]] = {site: [a for a, b in supplies if b == site] for site in sites}
    stock = [
        {"sites": [site], **more}
        | ({"supplier": [{"site": a, "transport": 1} for a in above[site]]} if above[site] else {})
        for site in sites
    ]
    demand = {"arrivals": {"poisson": {"rate": 1}}, "products": "mug", "sites": sites}
    return from_dict(
        {**NETWORK, "sites": sites, "stock": stock, "customers": {"all": {"demand": demand}}}
    )


def test_many_sites() -> None:
    """The eight with most to wait for have a box, the others one together; no name gets lost."""
    branches = [f"b{i}" for i in range(30)]
    model = network_like(["hub", *branches], [("hub", b) for b in branches])
    found = layout(model, {"b29": 2.0, "b17": 1.0})
    assert found is not None
    assert found.across
    names = [place.name for place in found.places]
    assert names == ["hub", *branches[:5], "b17", "b29", "23 more, each"]
    assert sorted(s for place in found.places for s in place.sites) == sorted(model.sites)
    assert len(found.supplies) == 8


def test_a_long_network() -> None:
    """It runs downwards, a supplier always above whom it supplies, however it is written."""
    sites = ["shop", "depot", "works", "mine", "port"]
    chain = ["mine", "works", "port", "depot", "shop"]
    model = network_like(sites, [*pairwise(chain), ("works", "shop")])
    found = layout(model, {})
    assert found is not None
    assert not found.across
    assert [place.name for place in found.places] == chain
    assert [place.row for place in found.places] == [0, 1, 2, 3, 4]


def test_sites_that_help_out() -> None:
    """Those who send each other units are joined, and that alone is a network."""
    sites = ["north", "south", "west"]
    model = network_like(sites, [], transfers={"sites": sites, "days": 1})
    ax = plot.network(model)
    assert arrows(ax) == 0
    assert [line.get_linestyle() for line in ax.lines] == ["--", "--"]
    model = network_like(sites, [], transfers={"sites": sites, "days": 1, "when": "never"})
    assert layout(model, {}) is None


def test_sites_that_supply_each_other_with_different_products() -> None:
    """No cycle of stock points, but one of sites: both still have a place."""
    model = from_dict(
        {
            **NETWORK,
            "products": ["cup", "mug"],
            "sites": ["east", "west"],
            "customers": {
                "all": {"demand": {"arrivals": {"poisson": {"rate": 1}}, "products": "*"}}
            },
            "stock": [
                {
                    "products": ["cup"],
                    "sites": ["west"],
                    "supplier": {"site": "east", "transport": 1},
                },
                {
                    "products": ["mug"],
                    "sites": ["east"],
                    "supplier": {"site": "west", "transport": 1},
                },
                {"products": ["cup"], "sites": ["east"]},
                {"products": ["mug"], "sites": ["west"]},
            ],
        }
    )
    assert arrows(plot.network(model)) == 2
    found = layout(model, {})
    assert found is not None
    assert (found.columns, found.rows, found.across) == (2, 1, True)
