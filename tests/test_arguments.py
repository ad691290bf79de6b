"""What the library is given is looked at: a message, not an error from deep inside."""

import pickle
from copy import copy, deepcopy
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import backsim
from backsim.rules import FAMILIES


def refused(message: str, call: Any, *given: Any, **named: Any) -> None:
    with pytest.raises(backsim.InputError) as error:
        call(*given, **named)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("load", "the path of a scenario"),
        ("load_experiment", "the path of an experiment"),
        ("load_study", "the path of a study"),
        ("optimise", "the path of a search for a policy"),
        ("read_book", "the path of a book of open orders"),
        ("allocate", "a Book, as `read_book` gives"),
        ("priority", "a function to decorate"),
    ],
)
def test_what_is_of_another_kind_is_refused(name: str, what: str) -> None:
    for given in (3, None, [1]):
        refused(f"expected {what}, got {type(given).__name__}", getattr(backsim, name), given)


def test_what_a_model_and_its_results_are_asked_is_looked_at() -> None:
    base = backsim.load("scenarios/base_surge.yaml", ["horizon=30", "warm_up=0"])
    refused("replace: expected a mapping of values by path, got int", base.replace, 3)
    refused("--set 3=4", base.replace, {3: 4})
    run = backsim.simulate(base, seed=1)
    refused("expected a metric", run.metrics.get, ["fill_rate"])
    study = backsim.compare({"a": base, "b": base}, replications=2, workers=1)
    refused("expected a metric", study.array, 3)
    refused("expected a policy", study.profiles, 2)
    refused("expected a policy", study.place, None)
    assert study.place(np.int64(1)) == study.place(-1) == study.place("b") == 1
    refused(": expected a file that can be written", study.report, "")
    refused(
        "extend: expected a list of functions", backsim.compare, {"a": base, "b": base}, extend=3
    )


def test_a_scenario_is_not_changed_in_place() -> None:
    """What is known of a model, and what its study is known by, would not see it."""
    base = backsim.load("scenarios/base_surge.yaml")
    scenario = base.scenario
    products = scenario.customers["dealers"].demand[0].products
    for call in (scenario.products.clear, scenario.suppliers.popitem, products.clear):
        refused("is not changed in place: use `model.replace({path: value})`", call)
    for same in (pickle.loads(pickle.dumps(base)), deepcopy(base), copy(base)):
        assert same == base
        assert same.digest == base.digest
        refused("is not changed in place", same.scenario.products.clear)


@pytest.mark.parametrize(
    "levels", [np.array([30, 40]), pd.Series([30, 40]), np.linspace(30, 40, 2), range(30, 41, 10)]
)
def test_numbers_of_numpy_and_pandas_are_as_good_as_python_s(levels: Any) -> None:
    base = backsim.load("scenarios/base_surge.yaml", ["warm_up=0"])
    asked = backsim.experiment_from(
        base, factors={"horizon": levels}, replications=np.int64(2), metrics=np.array(["fill_rate"])
    )
    assert [policy.model.horizon for policy in asked.policies] == [30, 40]
    assert base.replace({"horizon": levels[0]}) == base.replace(horizon=30)
    refused("horizon: expected a number > 0", base.replace, horizon=np.bool_(True))


def test_what_is_shown_of_results_is_short() -> None:
    run = backsim.simulate("scenarios/gold_and_silver.yaml", seed=1)
    assert dict(run.metrics)["fill_rate"] == run.metrics["fill_rate"]
    asked = backsim.experiment_from(run.model, factors={"horizon": [400, 500]}, replications=2)
    for shown in (run, run.log, run.metrics, run.profile, asked):
        assert len(repr(shown)) < 120


def test_a_rule_that_is_typed_in_again_is_that_of_models_made_before() -> None:
    """As in a notebook, of which each cell is a file to Python."""

    def typed(cell: int, answer: str) -> None:
        text = f"@backsim.priority\ndef typed_in(line{answer}\n"
        exec(compile(text, f"<cell {cell}>", "exec"), {"__name__": "__main__", "backsim": backsim})

    try:
        typed(1, "):\n    return line.time")
        base = backsim.load("scenarios/gold_and_silver.yaml", ["policy.rationing=none"])
        of = {name: base.replace({"policy.priority": name}) for name in ("fcfs", "lifo")}
        of["typed_in"] = of["fcfs"].replace({"policy.priority": "typed_in"})
        digests = {n: backsim.simulate(m, seed=1, engine="simpy").log.digest for n, m in of.items()}
        assert digests["typed_in"] == digests["fcfs"] != digests["lifo"]
        typed(2, "):\n    return -line.time")
        for engine in ("simpy", "compiled"):
            again = backsim.simulate(of["typed_in"], seed=1, engine=engine)
            assert again.log.digest == digests["lifo"]
        typed(3, ", weight: float = 2.0):\n    return line.time * weight")
        refused("rule typed_in: expected the rule that", backsim.simulate, of["typed_in"], seed=1)
    finally:
        FAMILIES["priority"].rules.pop("typed_in")


def test_a_model_is_of_the_folder_in_which_it_was_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("orders.csv").write_text("day,product,units\n1,mug,2\n5,mug,3\n")
    columns = {"time": "day", "product": "product", "units": "units"}
    trace = {"file": "orders.csv", "date_format": "days", "columns": columns}
    base = backsim.simulate(
        {
            "products": "mug",
            "customers": {"all": {"demand": {"trace": trace}}},
            "suppliers": {"acme": {"lead_time": 5}},
            "stock": [{"initial": 15}],
            "policy": {"reorder": {"rule": "base_stock", "S": 20}},
            "horizon": 60,
        },
        seed=1,
    ).model
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert base.replace(horizon=50).folder == tmp_path


def test_what_a_book_and_an_outlook_are_given_is_looked_at() -> None:
    where = files("backsim.allocation.book") / "example"
    book = backsim.read_book(str(where), today="2026-11-01")
    assert book.today == date(2026, 11, 1)
    refused("today: expected a date written as YYYY-MM-DD", backsim.read_book, where, today=3)
    refused("decimal: expected point or comma", backsim.read_book, where, decimal=";")
    refused("encoding: expected a known encoding", backsim.read_book, where, encoding="xx")
    refused("rule: expected a rule that can order a book", backsim.allocate, book, ["lp"])
    shown = [repr(book), repr(backsim.allocate(book))]
    assert all(len(text) < 100 for text in shown), shown
    scenario = "scenarios/monday_morning.yaml"
    for days in ("x", None, float("nan")):
        refused(f"got days {days}", backsim.outlook, book, scenario, days=days)
    refused("seed: expected a whole number", backsim.outlook, book, scenario, seed=2.5)
    runs = backsim.replicate("scenarios/gold_and_silver.yaml", replications=2, seed=1)
    refused("confidence: expected above 0 and below 1, got 95", runs.summary, 95)
