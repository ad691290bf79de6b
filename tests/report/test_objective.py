"""What is said of an objective that rewards running stock down or losing customers."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

import backsim
from backsim.cli import run
from backsim.scenario.load import from_dict

SHOP: dict[str, Any] = {
    "horizon": 30,
    "products": {"paper": {"price": 12}},
    "suppliers": {"press": {"lead_time": 2}},
    "customers": {
        "reader": {
            "demand": {"arrivals": {"poisson": {"rate": 3}}, "products": "paper"},
            "tolerance": "none",
        }
    },
    "policy": {"reorder": {"rule": "base_stock", "S": 12}},
    "costs": {"holding": 1, "purchase": 5},
}


def files(folder: Path, objective: str, **costs: float) -> Path:
    """An experiment about the shop."""
    scenario = SHOP | {"costs": SHOP["costs"] | costs}
    (folder / "shop.yaml").write_text(json.dumps(scenario))
    experiment = {
        "scenario": "shop.yaml",
        "policies": {"few": {}, "more": {"policy.reorder.S": 16}},
        "objective": objective,
        "replications": 2,
    }
    path = folder / "experiment.yaml"
    path.write_text("\n".join(f"{key}: {json.dumps(value)}" for key, value in experiment.items()))
    return path


CHEAP = "running stock down and losing customers look cheap: `maximise profit` is meant"


def test_an_experiment_is_warned_of_before_it_is_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["validate", str(files(tmp_path, "minimise cost.total"))]) == 0
    told = capsys.readouterr().out
    assert (
        f"warning: minimise cost.total counts purchases when they are ordered, so that {CHEAP}"
        in told
    )
    assert "customers of reader are lost and cost no lost margin" in told
    assert run(["validate", str(files(tmp_path, "maximise profit"))]) == 0
    assert "warning" not in capsys.readouterr().out


def test_a_comparison_warns_before_it_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = StringIO()
    monkeypatch.setattr("sys.stdout", both)
    monkeypatch.setattr("sys.stderr", both)
    experiment = files(tmp_path, "minimise cost.total")
    assert run(["compare", str(experiment), "--out", str(tmp_path / "out")]) == 0
    said = both.getvalue()
    assert (
        0
        <= said.index("warning: minimise cost.total")
        < said.index("Based on 2 paired replications")
    )


def asked(objective: str, price: float = 12, tolerance: Any = "none", **costs: float) -> str:
    model = from_dict(
        {
            "horizon": 30,
            "products": {"paper": {"price": price}},
            "suppliers": {"press": {"lead_time": 2}},
            "customers": {
                "reader": {
                    "demand": {"arrivals": {"poisson": {"rate": 3}}, "products": "paper"},
                    "tolerance": tolerance,
                }
            },
            "policy": {"reorder": {"rule": "base_stock", "S": 4}},
            "costs": {"holding": 1, **costs},
        }
    )
    more = model.replace({"policy.reorder.S": 6})
    study = backsim.compare({"few": model, "more": more}, replications=2, objective=objective)
    return "\n".join(w for w in study.warnings if "MSER" not in w)


@pytest.mark.parametrize("costs", [{"purchase": 5}, {"purchase": 5, "lost_margin": 7}])
def test_purchases_in_total_cost(costs: dict[str, float]) -> None:
    told = asked("minimise cost.total", **costs)
    assert "running stock down and losing customers look cheap: `maximise profit` is meant" in told


def test_purchases_in_total_cost_where_everybody_waits() -> None:
    told = asked("minimise cost.total", tolerance="unlimited", purchase=5)
    assert "running stock down looks cheap: `maximise profit` is meant" in told


def test_lost_customers_that_cost_nothing() -> None:
    told = asked("minimise cost.total")
    assert "customers of reader are lost and cost no lost margin" in told
    assert "`maximise profit` is meant, or set costs.lost_margin" in told
    assert "give every product its `price`" in asked("minimise cost.total", price=0)


def test_profit_without_prices() -> None:
    assert "no product has a price" in asked("maximise profit", price=0)


def test_which_products_have_no_price() -> None:
    model = from_dict(
        {
            "horizon": 30,
            "products": {"paper": {"price": 3}, "book": {}, "spare": {}},
            "suppliers": {"press": {"lead_time": 2}},
            "customers": {
                "reader": {
                    "demand": {
                        "arrivals": {"poisson": {"rate": 9}},
                        "products": ["paper", "book"],
                    },
                    "tolerance": "none",
                }
            },
            "policy": {"reorder": {"rule": "base_stock", "S": 4}},
        }
    )
    more = model.replace({"policy.reorder.S": 6})
    study = backsim.compare(
        {"few": model, "more": more}, replications=2, objective="maximise profit"
    )
    told = "\n".join(study.warnings)
    assert "1 of 2 products has no price (book)" in told  # nobody orders spares


@pytest.mark.parametrize(
    ("objective", "tolerance", "costs"),
    [
        ("minimise cost.total", "unlimited", {}),
        ("minimise cost.total", "none", {"lost_margin": 7}),  # a lost unit costs what it is worth
        ("maximise profit", "none", {"purchase": 5}),
        ("maximise fill_rate", "none", {"purchase": 5}),
    ],
)
def test_nothing_is_said_of_an_objective_that_is_right(
    objective: str, tolerance: str, costs: dict[str, float]
) -> None:
    assert asked(objective, tolerance=tolerance, **costs) == ""


@pytest.mark.parametrize("objective", ["maximise profit", "minimise cost.total"])
def test_stock_that_costs_nothing_to_hold(objective: str) -> None:
    """An export tells no holding cost; more stock then wins whatever it ties up."""
    told = asked(objective, holding=0, lost_margin=7)
    assert f"{objective} while holding stock costs nothing" in told
    assert "set costs.holding, money per unit and day" in told
    assert "holding" not in asked("maximise fill_rate", holding=0)


def by_rank(rule: str = "class_priority", **customers: dict[str, Any]) -> tuple[str, str]:
    """What is warned of and found where one policy serves by a rule that ranks classes."""
    demand = {"arrivals": {"poisson": {"rate": 3}}, "products": "paper"}
    readers = {name: {"demand": demand, **said} for name, said in customers.items()}
    model = from_dict({**SHOP, "customers": readers})
    others = model.replace({"policy.priority": rule})
    study = backsim.compare(
        {"today": model, "ranked": others}, replications=2, objective="minimise mean_wait"
    )
    return "\n".join(w for w in study.warnings if "MSER" not in w), study.finding


def test_classes_of_one_priority_are_not_served_by_it() -> None:
    """Not because arrivals cover all who wait, as was said of it."""
    told, found = by_rank(gold={}, silver={})
    assert told == (
        "'ranked': class_priority serves first come, first served where all customer classes have "
        "the same priority, as they have here: set customers.gold.priority and "
        "customers.silver.priority (1 is served first)"
    )
    assert "All customer classes have the same `priority`, so that `class_priority`" in found
    assert "covers the whole backlog" not in found
    told, found = by_rank(gold={"priority": 1}, silver={"priority": 2})
    assert not told
    assert "same `priority`" not in found


def test_orders_that_are_due_as_they_come_are_served_as_they_come() -> None:
    _, found = by_rank("earliest_due", gold={"due_in": 2}, silver={"due_in": 2})
    assert "All customer classes have the same `due_in`, so that `earliest_due` serves" in found
    assert "covers the whole backlog" not in found
    _, found = by_rank("earliest_due", gold={"due_in": 2}, silver={"due_in": 9})
    assert "same `due_in`" not in found


def test_an_objective_against_the_declared_direction() -> None:
    assert "maximise fairness: less of fairness is better, as it is declared" in asked(
        "maximise fairness"
    )
    assert "as it is declared" not in asked("minimise fairness")
