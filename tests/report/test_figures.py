"""Every figure: what is drawn, on whose axes, with which words; and for a single run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from tests.report.standin import BASE, StandIn, study_of

import backsim
from backsim import plot
from backsim.errors import InputError
from backsim.report.figures import style
from backsim.report.figures.policies import efficient
from backsim.scenario.load import from_dict

FIGURES: dict[str, Callable[..., Axes]] = {
    name: getattr(plot, name)
    for name in plot.__all__
    if name != "network"  # of no study
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
    given = Figure().subplots()
    assert FIGURES[name](study, ax=given) is given
    ax = FIGURES[name](study)
    assert ax is not given
    words = drawn(ax)
    assert ax.get_xlabel()
    units = ("money per day", "share", "days", "day", "units")
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


def test_an_outlier_does_not_squeeze_the_others() -> None:
    """It is cut off, its number stands at the edge; zero stays in sight among differences."""
    noise = np.array([-1.0, 0.0, 1.0, 0.5, -0.5])
    rows = np.array([m + noise for m in (500, 495, 490, 485, 9000)])
    one = study_of(
        {n: {"policy.reorder.s": 10 + i} for i, n in enumerate("ABCDE")},
        replications=1,
        written={"cost.total": rows},
    )
    ranking, apart = plot.ranking(one), plot.differences(one)
    assert ranking.get_xlim()[1] < 510
    assert "9,000" in drawn(ranking)
    low, high = apart.get_xlim()
    assert -20 < low < 0 < high < 10
    assert "8,500" in drawn(apart)


def test_the_front() -> None:
    cost, service = [1.0, 2.0, 3.0, 2.5], [0.5, 0.9, 0.95, 0.8]
    assert efficient(np.array([cost, service]), ["minimise", "maximise"]) == [0, 1, 2]
    assert efficient(np.array([[1.0, 1.0], [2.0, 2.0]]), ["minimise", "minimise"]) == [0, 1]


def test_bars_add_up(study: StandIn) -> None:
    ax = plot.costs(study)
    ends = [p.get_x() + p.get_width() for p in ax.patches]
    assert max(ends) == pytest.approx(study.array("cost.total").mean(axis=1).max())


def test_waits_start_at_the_fill_rate(study: StandIn) -> None:
    ax = plot.waits(study, policies=["fcfs 10"])
    line = next(li for li in ax.lines if to_hex(li.get_color()) == style.PALETTE[0])  # gold
    courses = study.profiles("fcfs 10")
    share = sum(p.within[0, 0] for p in courses) / sum(p.ordered[0] for p in courses)
    assert np.asarray(line.get_ydata())[0] == pytest.approx(share)


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


def test_a_network() -> None:
    """Every site once, an arrow for each connection; bars only of a run."""
    model = from_dict(
        {
            "horizon": 20,
            "products": "mug",
            "sites": ["hub", "north", "south"],
            "suppliers": {"maker": {}},
            "customers": {
                "all": {
                    "demand": {
                        "arrivals": {"poisson": {"rate": 1}},
                        "products": "mug",
                        "sites": ["north", "south"],
                    }
                }
            },
            "policy": {"reorder": {"rule": "base_stock", "S": 3}},
            "stock": [
                {"sites": ["hub"]},
                {"sites": ["north", "south"], "supplier": {"site": "hub", "transport": 1}},
            ],
        }
    )
    ax = plot.network(model)
    words = drawn(ax)
    assert all(words.count(site) == 1 for site in model.sites)
    assert sum(t.arrow_patch is not None for t in ax.texts if hasattr(t, "arrow_patch")) == 2
    bars = len(ax.patches)
    run = backsim.simulate(model, seed=1, engine="simpy")
    ax = plot.network(run)
    assert len(ax.patches) == bars + 6
    assert f"{run.metrics.get('mean_on_hand', 'site', 'hub'):,.3g}" in drawn(ax)
