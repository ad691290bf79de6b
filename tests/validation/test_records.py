"""The data file, and what models of theory become."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backsim.scenario.load import from_dict
from backsim.theory import coverage, critical_value, read, records, skipped, validate, why_not
from backsim.theory.laws import law, units
from backsim.theory.programs import is_program
from backsim.theory.records import Unsupported, answers, model_of
from backsim.theory.translate import translate
from backsim.theory.validate import check_of

COLLECTION = Path(__file__).parents[2].parent / "shared" / "oracles.json"


@pytest.mark.skipif(not COLLECTION.exists(), reason="the collection of known answers is not there")
def test_data_equals_the_collection():
    collection = read(COLLECTION)
    by_id = {record.id: record for record in collection}
    assert all(by_id[record.id] == record for record in records())
    assert {r.id for r in records()} | {r.id for r in skipped()} == set(by_id)
    known = answers(collection)
    expressed = [r.id for r in collection if why_not(r, known[r.instance]) is None]
    assert expressed == [r.id for r in records()]


def test_every_record_is_expressed_and_has_a_source():
    known = answers(records())
    assert [r.id for r in records() if why_not(r, known[r.instance])] == []
    assert all(r.source and r.exactness for r in records())
    assert len({r.id for r in records()}) == len(records())
    assert not {r.id for r in records()} & {r.id for r in skipped()}
    assert all(row.reason for row in skipped())


def test_what_is_not_expressed_is_passed_over():
    record = next(r for r in records() if r.instance == "P1")
    other = replace(record, model={**record.model, "phase_of_the_moon": "full"})
    (verdict,) = validate([other])
    assert (verdict.verdict, verdict.note) == (
        "skipped",
        "waits for the model's 'phase_of_the_moon'",
    )


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (3, 3.0),
        ({"dist": "deterministic", "value": "7/2"}, 3.5),
        ({"dist": "exponential", "rate": 4}, {"exponential": {"mean": 0.25}}),
        ({"dist": "gamma", "shape": 0.5, "scale": 10}, {"gamma": {"shape": 0.5, "scale": 10}}),
        ({"dist": "gamma", "mean": 4, "cv": 0.5}, {"gamma": {"mean": 4, "cv": 0.5}}),
        ({"dist": "erlang2", "mean": 3}, {"gamma": {"shape": 2, "scale": 1.5}}),
        ({"dist": "erlang", "k": 4, "rate": 2}, {"gamma": {"shape": 4, "scale": 0.5}}),
        ({"dist": "lognormal", "mu": 1, "sigma": 0.5}, {"lognormal": {"mu": 1, "sigma": 0.5}}),
        ({"dist": "weibull", "shape": 2, "scale": 3}, {"weibull": {"shape": 2, "scale": 3}}),
        ({"dist": "uniform", "low": 2, "high": 8}, {"uniform": {"low": 2, "high": 8}}),
        (
            {"dist": "two_point", "values": [1, 9], "probs": ["1/4", "3/4"], "iid": True},
            {"discrete": {"values": [1, 9], "weights": [0.25, 0.75]}},
        ),
        ({"dist": "any iid (ample)", "mean": 4}, {"uniform": {"low": 2, "high": 6}}),
    ],
)
def test_laws_of_times(spec: Any, expected: Any):
    assert law(spec) == expected


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (2, 2),
        ({"dist": "poisson", "mean": 5}, {"poisson": {"mean": 5}}),
        ({"dist": "geometric", "p": 0.5, "support": "1,2,..."}, {"geometric": {"p": 0.5}}),
        (
            {"dist": "geometric", "p": 0.5, "support": "0,1,..."},
            {"negative_binomial": {"n": 1, "p": 0.5}},
        ),
        (
            {"dist": "negative_binomial", "r": 2.5, "p": 0.4},
            {"negative_binomial": {"n": 2.5, "p": 0.4}},
        ),
        (
            {"dist": "negative_binomial", "mean": 5, "variance": 9},
            {"negative_binomial": {"mean": 5, "variance": 9}},
        ),
        ({"dist": "logarithmic", "p": 0.7}, {"logarithmic": {"p": 0.7}}),
    ],
)
def test_laws_of_units(spec: Any, expected: Any):
    assert units(spec) == expected


@pytest.mark.parametrize(
    "spec",
    [
        {"dist": "poisson", "mean": 2, "support": "1,2,..."},
        {"dist": "normal", "mean": 100, "sd": 10},
        2.5,
        {"dist": "gamma", "mean": 2},
    ],
)
def test_laws_of_units_that_there_are_not(spec: Any):
    with pytest.raises(Unsupported):
        units(spec)


def model(**parts: Any) -> dict[str, Any]:
    """A continuous-review model, with parts changed."""
    base: dict[str, Any] = {
        "review": "continuous",
        "policy": "base_stock",
        "S": 4,
        "demand": {"process": "poisson", "rate": 2.0, "size": 1},
        "lead_time": {"dist": "exponential", "mean": 1.0},
        "unmet_demand": "backorder",
    }
    return {k: v for k, v in (base | parts).items() if v is not None}


@pytest.mark.parametrize(
    ("parts", "what"),
    [
        ({"surprise": 1}, "the model's 'surprise'"),
        ({"supplier": {"up": "exponential"}}, "the model's 'up'"),
        ({"policy": "t_S"}, "the policy 't_S'"),
        ({"S": None}, "the level 'S', which the record does not give"),
        ({"S": 3.5}, "quantities that are not whole numbers"),
        ({"unmet_demand": "shrugs"}, "unmet demand 'shrugs'"),
        ({"backorder_clearing": "accumulating priority"}, "clearing 'accumulating priority'"),
        ({"backorder_clearing": "by height"}, "clearing 'by height'"),
        ({"demand": {"process": "bursts", "rate": 2}}, "the demand process 'bursts'"),
        ({"cost": {"h": 1, "regret": 2}}, "the cost 'regret'"),
        (
            {"unmet_demand": {"backorder_probability": 0.5, "regret": 3}},
            "the model's 'regret'",
        ),
        ({"supply": {"type": "single_server", "breakdown_rate": 1}}, "breakdowns None"),
        (
            {"supplier": {"disruption_rate": 1, "while_down": "orders lost"}},
            "a supplier that is down with 'orders lost'",
        ),
    ],
)
def test_what_is_not_understood_is_not_ignored(parts: dict[str, Any], what: str):
    with pytest.raises(Unsupported) as refused:
        translate(model(**parts))
    assert str(refused.value) == what


@pytest.mark.parametrize(
    ("words", "level"),
    [("order when IP <= s", 10), ("order when IP < s", 9), ("if I(t) < s order", 9)],
)
def test_strict_triggers_are_one_lower(words: str, level: int):
    case = translate(model(policy="s_S", s=10, S=20, trigger=words))
    assert case.scenario["policy"]["reorder"] == {"rule": "s_S", "s": level, "S": 20}


def test_every_case_is_a_scenario():
    known = answers(records())
    seen: set[str] = set()
    for record in records():
        if record.instance in seen or "initial_inventory" in record.model or is_program(record):
            continue
        seen.add(record.instance)
        case = translate(model_of(record, known[record.instance]), record.family)
        text = json.dumps(case.explicit)
        assert from_dict(json.loads(text)).horizon == case.span[1]


def test_documentation_has_the_coverage():
    text = (Path(__file__).parents[2] / "docs" / "validation.md").read_text(encoding="utf-8")
    assert f"holds {len(records())} such" in " ".join(text.split())
    rows = re.findall(r"^\| (\d\d_\w+) \| (\d+) \| (\d+) \| *(.*?) *\|$", text, re.MULTILINE)
    for (family, checked, left, reasons), row in zip(rows, coverage(), strict=True):
        assert (family, int(checked), int(left)) == (row.family, row.checked, row.skipped)
        told = set(reasons.split("; ")) - {""}
        assert told == {f"{reason} ({count})" for reason, count in row.reasons.items()}
    known = answers(records())
    simulated = [r for r in records() if not is_program(r)]
    tests = sum(check_of(r, known[r.instance]).tests for r in simulated)
    assert f"{tests} tests" in text
    assert f"{critical_value(tests, 30):.2f} standard errors" in " ".join(text.split())


def test_times_of_queues_are_in_one_unit():
    queue = {"queue": "M/M/n+M", "n": 3, "arrival_rate": "2/min", "service_mean": "1 min"}
    assert translate(queue).scenario["policy"]["reorder"] == {"rule": "base_stock", "S": 3}
    with pytest.raises(Unsupported, match="times in 'hour'"):
        translate({**queue, "service_mean": "1 hour"})
