"""Files of a search: what they come to, and what is said when they are wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.experiment.shop import SHOP

from backsim.errors import InputError
from backsim.experiment import load_experiment
from backsim.results.store import to_yaml
from backsim.scenario import json_schema
from backsim.search.problem import load_problem
from backsim.search.schema import Integers, SearchFile
from backsim.search.space import Space
from backsim.search.starts import starts

TRIED: dict[str, Any] = {
    "policy.reorder.s": {"integers": [0, 30]},
    "policy.reorder.S": {"integers": [1, 60], "above": "policy.reorder.s"},
    "policy.priority": ["fcfs", "class_priority", {"rule": "urgency_ageing", "rate": 1}],
}


def write(folder: Path, **fields: Any) -> Path:
    """A file of a search in the shop."""
    (folder / "shop.yaml").write_text(to_yaml(SHOP))
    file = folder / "search.yaml"
    file.write_text(to_yaml({"scenario": "shop.yaml", "search": TRIED, **fields}))
    return file


def test_the_space(tmp_path: Path) -> None:
    found = load_problem(write(tmp_path))
    assert found.space.size == 31 * 60 * 3
    assert found.space.name((3, 19, 2)) == "s=3, S=20, urgency_ageing(rate=1)"
    assert found.policy((3, 19, 1)).model.scenario.stock[0].reorder.params == {"s": 3, "S": 20}
    assert (found.asked.confidence, found.sign) == (0.95, 1.0)
    assert found.indifference(200.0) == 1.0


def test_numbers_of_the_same_name_are_told_apart() -> None:
    paths = ("stock[0].reorder.S", "stock[1].reorder.S")
    space = Space.of({path: Integers(integers=(0, 9)) for path in paths})
    assert space.name((4, 7)) == "stock[0].reorder.S=4, stock[1].reorder.S=7"


def test_several_rules_at_once_have_a_short_name(tmp_path: Path) -> None:
    told = [["at_order"], ["at_order", {"rule": "every", "days": 7}]]
    found = load_problem(write(tmp_path, search={"policy.notice": told}))
    assert [found.space.name((i,)) for i in (0, 1)] == ["at_order", "at_order + every(days=7)"]


def test_it_starts_from_what_there_is_and_from_the_textbook(tmp_path: Path) -> None:
    found = load_problem(write(tmp_path))
    points = starts(found)
    assert (10, 17, 0) in points  # s = 10, S = 18
    assert len(points) > 3 * 3
    assert {point[2] for point in points} == {0, 1, 2}


@pytest.mark.parametrize(
    ("numbers", "replications", "spread"),
    [(2, 100_000, 7), (3, 100_000, 49), (3, 100, 10), (3, 1_500, 30)],
)
def test_many_numbers_begin_at_more_points(
    tmp_path: Path, numbers: int, replications: int, spread: int
) -> None:
    """A tenth of the budget at most is for points beyond the few, five replications each."""
    paths = ("policy.reorder.s", "policy.reorder.S", "stock[0].initial")
    tried = {path: {"integers": [0, 40]} for path in paths[:numbers]}
    tried["policy.reorder.S"] = {"integers": [1, 60], "above": "policy.reorder.s"}
    (tmp_path / "shop.yaml").write_text(to_yaml({**SHOP, "stock": [{"initial": 9}]}))
    file = tmp_path / "search.yaml"
    given = {"scenario": "shop.yaml", "search": tried, "replications": replications}
    file.write_text(to_yaml(given))
    others = 3  # the present policy, the textbook's and the middle
    assert spread <= len(starts(load_problem(file))) <= spread + others


def test_it_starts_from_todays_numbers_wherever_they_stand(tmp_path: Path) -> None:
    sources = [{"supplier": "acme"}, {"supplier": "near", "emergency": {"up_to": 7}}]
    later = {"starts": 9, "reorder": {"rule": "s_S", "s": 11, "S": 44}}
    shop = {
        **SHOP,
        "suppliers": {**SHOP["suppliers"], "near": {"lead_time": 1}},
        "stock": [{"supplier": sources, "changes": [later]}],
    }
    (tmp_path / "shop.yaml").write_text(to_yaml(shop))
    tried = {
        "stock[0].supplier[1].emergency.up_to": {"integers": [0, 30]},
        "stock[0].changes[0].reorder.S": {"integers": [20, 60]},
    }
    file = tmp_path / "search.yaml"
    file.write_text(to_yaml({"scenario": "shop.yaml", "search": tried}))
    assert starts(load_problem(file))[0] == (7, 24)


def test_the_schema_knows_the_file(tmp_path: Path) -> None:
    import yaml

    schema = json_schema(SearchFile)
    jsonschema.validate(yaml.safe_load(write(tmp_path).read_text()), schema)
    assert "indifference" in schema["properties"]


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "bounds cross": (
        {"search": {"policy.reorder.s": {"integers": [30, 0]}}},
        'search."policy.reorder.s": expected the lower end first, and an upper end above it, '
        "got [30, 0]",
    ),
    "one end": (
        {"search": {"policy.reorder.s": {"integers": [30]}}},
        'search."policy.reorder.s".integers: expected at least 2 entries, got [30]',
    ),
    "three ends": (
        {"search": {"policy.reorder.s": {"integers": [0, 9, 30]}}},
        'search."policy.reorder.s".integers: expected at most 2 entries, got [0, 9, 30]',
    ),
    "no such path": (
        {"search": {"policy.reorder.q": {"integers": [0, 30]}}},
        "search.\"policy.reorder.q\": expected a known key (s, S), got 'q'",
    ),
    "no such field": (
        {"search": {"policy.reordr.s": {"integers": [0, 30]}}},
        "(reorder",
    ),
    "how long it is measured": (
        {"search": {"horizon": {"integers": [100, 2000]}}},
        "search.horizon: expected a field that a policy decides on, not how it is measured, got "
        "horizon",
    ),
    "from when on it is measured": (
        {"search": {"policy.reorder.s": {"integers": [0, 9]}, "warm_up": [10, 20]}},
        "search.warm_up: expected a field that a policy decides on, not how it is measured, got "
        "warm_up",
    ),
    "above nothing": (
        {"search": {"policy.reorder.S": {"integers": [0, 30], "above": "policy.reorder.s"}}},
        "the path of another number that is searched (none), got policy.reorder.s",
    ),
    "above each other": (
        {
            "search": {
                "policy.reorder.s": {"integers": [0, 30], "above": "policy.reorder.S"},
                "policy.reorder.S": {"integers": [1, 60], "above": "policy.reorder.s"},
            }
        },
        'search."policy.reorder.s".above: expected numbers that are not above each other, got',
    ),
    "no room for three": (
        {
            "set": {"policy.reorder": {"rule": "can_order", "s": 1, "c": 2, "S": 3}},
            "search": {
                "policy.reorder.s": {"integers": [5, 6]},
                "policy.reorder.c": {"integers": [5, 6], "above": "policy.reorder.s"},
                "policy.reorder.S": {"integers": [5, 6], "above": "policy.reorder.c"},
            },
        },
        "search: expected ranges in which each number can be `above` its other one, got none",
    ),
    "above what it cannot reach": (
        {
            "search": {
                "policy.reorder.s": {"integers": [30, 40]},
                "policy.reorder.S": {"integers": [1, 30], "above": "policy.reorder.s"},
            }
        },
        "an upper end above the lower end of policy.reorder.s, 30, got 30",
    ),
    "one choice": ({"search": {"policy.priority": ["fcfs"]}}, "at least two choices"),
    "a choice twice": (
        {"search": {"policy.priority": ["fcfs", "fcfs"]}},
        "each choice once, got 'fcfs' a second time",
    ),
    "a choice twice, once with its key": (
        {"search": {"policy.priority": ["fcfs", {"rule": "fcfs"}]}},
        "each choice once, got {rule: 'fcfs'} a second time",
    ),
    "a word": ({"search": {"policy.priority": "fcfs"}}, "what is to be tried"),
    "no kind": ({"search": {"policy.reorder.s": {"step": 2}}}, "one of integers, numbers, days"),
    "an unknown key": (
        {"search": {"policy.reorder.s": {"integers": [0, 9], "stepp": 2}}},
        "a known key (step",
    ),
    "a fraction": (
        {"search": {"policy.reorder.s": {"integers": [0, 9.5]}}},
        "a whole number, got 9.5",
    ),
    "a step too long": (
        {"search": {"policy.reorder.s": {"integers": [0, 9], "step": 10}}},
        "a step of at most 9, from end to end, got 10",
    ),
    "a choice that is none": ({"search": {"policy.priority": ["fcfs", "fifo"]}}, "fcfs"),
    "set twice": (
        {"set": {"policy.reorder.s": 3}, "search": {"policy.reorder.s": {"integers": [0, 9]}}},
        "a path that does not undo `policy.reorder.s`, set by set",
    ),
    "no such metric": ({"objective": "minimise cost.totl"}, "cost.total"),
    "no such share": (
        {"constraints": "fill_rate >= 95"},
        "a share from 0 to 1 (write 95 % or 0.95), got 95",
    ),
    "no such class": ({"constraints": "fill_rate[golf] >= 0.9"}, "gold"),
    "no such scenario": ({"scenario": "shopp.yaml"}, "a readable scenario file"),
    "too few replications": ({"replications": 10}, "a whole number >= 100, got 10"),
    "no zone": ({"indifference": "0 %"}, "a number > 0, or a share of the mean such as 2 %"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults(name: str, tmp_path: Path) -> None:
    fields, said = FAULTS[name]
    with pytest.raises(InputError) as error:
        load_problem(write(tmp_path, **fields))
    assert said in str(error.value)
    assert "search.yaml:" in str(error.value)


def test_each_kind_of_file_has_its_command(tmp_path: Path) -> None:
    file = write(tmp_path)
    with pytest.raises(InputError, match=r"is a search for a policy: use `backsim optimise"):
        load_experiment(file)
    file.write_text(to_yaml({"scenario": "shop.yaml", "policies": {"a": {}, "b": {}}}))
    with pytest.raises(InputError, match=r"is an experiment: use `backsim compare"):
        load_problem(file)


def test_a_tolerance_by_metric_is_for_all_constraints_on_it(tmp_path: Path) -> None:
    """Unless one of them is named itself."""
    constraints = ["fill_rate[gold] >= 0.9", "fill_rate >= 0.8", "mean_wait <= 4"]
    given = {"fill_rate": 0.002, "fill_rate[gold]": 0.001}
    for told in (given, dict(reversed(given.items()))):
        found = load_problem(write(tmp_path, constraints=constraints, constraint_tolerance=told))
        assert found.tolerances[:2] == (0.001, 0.002)
    plain = {"fill_rate": 0.003}
    found = load_problem(write(tmp_path, constraints=constraints, constraint_tolerance=plain))
    assert found.tolerances[:2] == (0.003, 0.003)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"fil_rate": 0.01}, "constraint_tolerance.fil_rate: expected a metric"),
        ({"mean_wait": 0.01}, "constraint_tolerance.mean_wait: expected a metric of the constr"),
    ],
)
def test_a_tolerance_that_is_for_nothing_is_found_where_it_stands(
    tmp_path: Path, told: dict[str, float], said: str
) -> None:
    file = write(tmp_path, constraints="fill_rate >= 0.9", constraint_tolerance=told)
    lines = file.read_text().splitlines()
    with pytest.raises(InputError, match=said) as error:
        load_problem(file)
    line = next(i for i, text in enumerate(lines, 1) if next(iter(told)) in text)
    assert str(error.value).startswith(f"{file}:{line}:")
