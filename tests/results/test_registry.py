"""A metric is one declaration: from it come units, directions, tables, pages and checks."""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.models import build

import backsim
from backsim.cli import run as cli
from backsim.errors import InputError, RuleError
from backsim.experiment import load_study
from backsim.regression.margins import default_margin
from backsim.report.words import label
from backsim.results.metrics import METRICS, groups, metric, parts_of
from backsim.results.metrics.registry import GROUPS
from backsim.results.spec import MetricSpec, SpecError, parse_metric
from backsim.results.store import to_yaml
from backsim.rules.files import keep_only, load_rules
from backsim.scenario.load import from_dict

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "my_metrics.py"
SHOP = {
    "horizon": 60,
    "products": ["mug"],
    "suppliers": {"acme": {"lead_time": 9}},
    "customers": {
        "gold": {"demand": {"arrivals": {"poisson": {"rate": 2}}, "products": "mug"}},
        "silver": {"demand": {"arrivals": {"poisson": {"rate": 1}}, "products": "mug"}},
    },
    "policy": {"reorder": {"rule": "base_stock", "S": 10}},
    "costs": {"holding": 1, "backorder_time": 2},
}


@pytest.mark.parametrize(
    ("name", "sense", "up", "down"),
    [
        ("site_fill_rate", "maximise", "none", 0.0005),
        ("fill_rate", "maximise", "none", 0.0005),
        ("mean_site_wait", "minimise", "0.5 %", "none"),
        ("cancel.gave_up", "minimise", 0.0005, "none"),
        ("emergency_share", "minimise", 0.0005, 0.0005),
        ("mean_in_transit", "minimise", "0.5 %", "0.5 %"),
        ("contacts_per_order", "minimise", "0.5 %", "0.5 %"),
    ],
)
def test_a_fall_of_service_is_bad_and_what_is_neither_is_guarded_both_ways(
    name: str, sense: str, up: object, down: object
) -> None:
    spec = MetricSpec(name)
    assert spec.sense == sense
    margin = default_margin(spec, {})
    assert (margin.up, margin.down) == (up, down)


def test_every_service_share_that_counts_units_served_is_better_higher() -> None:
    rates = [name for name in METRICS if name.endswith(("fill_rate", "ready_rate", "clear_rate"))]
    assert len(rates) == 7
    assert {METRICS[name].better for name in [*rates, "otif", "promise_kept"]} == {"more"}


def test_the_order_of_results_is_that_of_the_subjects() -> None:
    """Stored tables are in this order: an import between modules may not change it."""
    modules = [m.function.__module__.rsplit(".", 1)[1] for m in METRICS.values() if m.built_in]
    assert [name for name, _ in groupby(modules)] == [
        *("availability", "stock", "waste", "waits", "fulfilment", "returns", "goodwill"),
        *("communication", "fairness", "flows", "network", "purchasing", "money"),
    ]
    assert list(groups()) == list(GROUPS)


def test_parts_add_up() -> None:
    metrics = backsim.simulate(from_dict(SHOP), seed=1).metrics
    for whole in ("cost.total", "cancel_rate"):
        parts = np.nan_to_num([metrics[name] for name in parts_of(whole)])
        assert parts.sum() == pytest.approx(metrics[whole])


def test_labels() -> None:
    assert label(MetricSpec("cost.total")) == "total cost"
    assert label(MetricSpec("cost.backorder_time", "class", "gold")) == (
        "backorder time cost of gold"
    )
    assert label(MetricSpec("wait_p95")) == "wait, 95th percentile"
    assert label(MetricSpec("cancel.gave_up")) == "cancelled: gave up"
    assert label(MetricSpec("promise_error.within_2")) == "promise error, within 2"


def test_one_decorated_function_is_a_metric(capsys: pytest.CaptureFixture[str]) -> None:
    @metric("units", better="less", group="waiting")
    def longest_queue(m: object) -> float:
        """Units of the largest order that waited."""
        return float(m.rest["units"].max())  # type: ignore[attr-defined]

    model = build({"a": {"demand": {"orders": [{"time": 1, "lines": {"mug": 4}}]}}})
    metrics = backsim.simulate(model, seed=1, engine="simpy").metrics
    assert metrics["longest_queue"] == 4
    assert np.isnan(metrics.get("longest_queue", "class", "a"))
    assert list(metrics)[-1] == "longest_queue"
    study = backsim.compare(
        {"a": from_dict(SHOP), "b": from_dict(SHOP).replace({"policy.reorder.S": 20})},
        replications=3,
        metrics=["longest_queue"],
        objective="minimise longest_queue",
        engine="simpy",
        workers=1,
    )
    assert "longest queue" in study.finding
    assert cli(["metrics"]) == 0
    assert "longest_queue" in capsys.readouterr().out


def test_metrics_of_a_file_go_from_the_run_to_the_study(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = tmp_path / "s.yaml"
    scenario.write_text(to_yaml(SHOP))
    rules = ["--rules", str(EXAMPLE)]
    assert cli(["run", str(scenario), "--seed", "1", "-n", "2", *rules]) == 0
    table = capsys.readouterr().out.splitlines()
    headings = [line.strip() for line in table if line.strip() in GROUPS]
    assert headings == ["demand", "service", "waiting", "stock", "purchasing", "cost"]
    assert any(line.split()[:1] == ["cost_per_unit"] for line in table)
    experiment = tmp_path / "e.yaml"
    experiment.write_text(
        "scenario: s.yaml\nreplications: 3\nseed: 1\nmetrics: [cost_per_unit]\n"
        "policies: {low: {policy.reorder.S: 9}, high: {policy.reorder.S: 20}}\n"
    )
    folder = tmp_path / "study"
    assert cli(["compare", str(experiment), "--out", str(folder), "--engine", "simpy", *rules]) == 0
    capsys.readouterr()
    study = load_study(folder)
    per_unit = study.array("cost_per_unit")
    assert per_unit == pytest.approx(study.array("cost.total") / study.array("shipped_per_day"))
    assert 0 < study.array("shipped_late[gold]").mean() < 1
    for name in ("cost_per_unit", "shipped_late"):  # as in a process that does not know the file
        del METRICS[name]
    with pytest.raises(InputError, match=r"metric 'cost_per_unit' is not known here.*--rules"):
        load_study(folder)


def test_a_study_made_before_a_metric_existed_is_read_by_name(tmp_path: Path) -> None:
    models = {"a": from_dict(SHOP), "b": from_dict(SHOP).replace({"policy.reorder.S": 20})}
    made = backsim.compare(models, replications=2, engine="simpy", workers=1, out=tmp_path)
    before = {name: made.array(name).tolist() for name in ("fill_rate", "cost.total")}
    late = METRICS.pop("fill_rate")
    METRICS["fill_rate"] = late  # it comes last now
    METRICS["ready_rate_2"] = METRICS["ready_rate"]
    found = load_study(tmp_path)
    assert {name: found.array(name).tolist() for name in before} == before
    assert np.isnan(found.array("ready_rate_2")).all()


def test_what_a_declaration_must_say() -> None:
    def undefined(m: object) -> float:
        return 1.0

    def fill_rate(m: object) -> float:
        """Another one."""
        return 1.0

    with pytest.raises(RuleError, match="metric 'undefined': expected a docstring"):
        metric("share", better="more")(undefined)
    with pytest.raises(RuleError, match="expected more, less or neither, got 'up'"):
        metric("share", better="up")(fill_rate)
    with pytest.raises(RuleError, match="metric 'fill_rate' exists already"):
        metric("share", better="more")(fill_rate)


def test_a_metric_that_fails_says_which() -> None:
    @metric("share", better="more")
    def broken(m: object) -> float:
        """Divides by nothing."""
        return 1 // 0

    with pytest.raises(InputError, match="metric 'broken': ZeroDivisionError"):
        _ = backsim.simulate(from_dict(SHOP), seed=1).metrics
    del METRICS["broken"]

    @metric("share", better="more")
    def too_long(m: object) -> list[float]:
        """Gives the wrong number of values."""
        return [1.0, 2.0]

    with pytest.raises(InputError, match="metric 'too_long': expected one number, or one per view"):
        _ = backsim.simulate(from_dict(SHOP), seed=1).metrics
    del METRICS["too_long"]

    @metric("share", better="more")
    def nothing(m: object) -> None:
        """Forgets to return."""

    with pytest.raises(InputError, match=r"metric 'nothing': expected a number .*, got none"):
        _ = backsim.simulate(from_dict(SHOP), seed=1).metrics
    del METRICS["nothing"]

    @metric("share", better="more")
    def leaving(m: object) -> float:
        """Ends Python."""
        sys.exit(3)

    with pytest.raises(InputError, match="metric 'leaving': SystemExit: 3"):
        _ = backsim.simulate(from_dict(SHOP), seed=1).metrics


def test_a_metric_cannot_change_another_one() -> None:
    """`fill_rate` was 100 times as large, also in `run.metrics`, and its own users' too."""

    @metric("percent", better="more")
    def fill_percent(m: Any) -> Any:
        """The fill rate in percent."""
        found = m["fill_rate"]
        found *= 100
        return found

    with pytest.raises(InputError, match=r"metric 'fill_percent': ValueError: .* read-only"):
        _ = backsim.simulate(from_dict(SHOP), seed=1).metrics
    del METRICS["fill_percent"]
    metrics = backsim.simulate(from_dict(SHOP), seed=1).metrics
    with pytest.raises(ValueError, match="read-only"):
        metrics.values["fill_rate"][0] = 1


@pytest.mark.parametrize(
    ("written", "name"),
    [("fill rate", "fill_rate"), ("total cost", "cost.total"), ("Gini index of waits", "fairness")],
)
def test_a_metric_written_as_tables_show_it_is_answered_with_its_name(
    written: str, name: str
) -> None:
    with pytest.raises(SpecError) as fault:
        parse_metric(written, [])
    assert fault.value.expected == name


def test_other_days_than_those_that_are_counted_are_pointed_to_due_dates() -> None:
    with pytest.raises(SpecError) as found:
        parse_metric("shipped_within_2[gold]", [("class", "gold")])
    assert str(found.value) == (
        "expected a metric (shipped_within_1, shipped_within_3, shipped_within_7, "
        "shipped_within_14 and shipped_within_30; or otif[gold], orders shipped whole by their "
        "due date, with `due_in: 2` of the customers), got 'shipped_within_2'"
    )


def test_a_metric_is_forgotten_with_its_file(tmp_path: Path) -> None:
    """A worker outlives a run: the next one may bring a metric of the same name."""
    for number in (1, 2):
        file = tmp_path / f"numbers_{number}.py"
        file.write_text(
            "from backsim import metric\n\n\n@metric('units', better='less')\n"
            f"def a_number(m):\n    '''A number.'''\n    return {number}\n"
        )
        keep_only([file])
        load_rules([file])
        assert METRICS["a_number"].function(None) == number
    keep_only([])
    assert "a_number" not in METRICS
