"""The package's files of known answers: complete, well formed, as their sources say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.validation.files import verdicts, write

import backsim
from backsim.validation import answers, critical_value, families, left_out, validate
from backsim.validation.collection import files
from backsim.validation.compare import USUAL
from backsim.validation.measures import MEASURES
from backsim.validation.sampling import PILOT

COLLECTION = Path(__file__).parents[2].parent / "shared" / "oracles.json"
ALL = answers()
DOCS = Path(__file__).parents[2] / "docs" / "validation.md"


def test_every_answer_has_a_source_and_an_id_of_its_own():
    assert len({answer.id for answer in ALL}) == len(ALL) >= 792
    assert all(answer.source for answer in ALL)
    assert not {answer.id for answer in ALL} & {row.id for row in left_out()}
    assert all(row.reason for row in left_out())


@pytest.mark.skipif(not COLLECTION.exists(), reason="the collection of known answers is not there")
def test_values_are_those_of_the_collection():
    rows = {row["id"]: row for row in json.loads(COLLECTION.read_text(encoding="utf-8"))}
    known = {answer.id: answer for answer in ALL}
    assert set(rows) <= set(known) | {row.id for row in left_out()}
    for name, answer in known.items():
        if name in rows:
            row = rows[name]
            assert answer.value == row["value"]
            assert answer.share == (row["unit"] == "fraction") or answer.neighbours
            assert answer.half_width in (0.0, row["tolerance"])


def test_every_scenario_says_how_long_it_runs():
    """So that no answer depends on a default."""
    for answer in ALL:
        for case in answer.cases:
            assert {"warm_up", "horizon"} <= set(case.scenario), answer.id


def test_every_measure_is_used_and_has_a_meaning():
    text = "".join(path.read_text("utf-8") for paths in files().values() for path in paths)
    assert [name for name in MEASURES if not re.search(rf"\b{name}\b", text)] == []
    assert all(measure.meaning.endswith(".") for measure in MEASURES.values())


def test_documentation_has_the_families():
    text = DOCS.read_text(encoding="utf-8")
    assert f"holds {len(ALL)} of them" in " ".join(text.split())
    rows = re.findall(r"^\| (\d\d_\w+) \| (\d+) \| (\d+) \| (\d+) \| *(.*?) *\|$", text, re.M)
    assert len(rows) == len(families())
    for (name, instances, count, out, reasons), family in zip(rows, families(), strict=True):
        assert (name, int(instances), int(count)) == (
            family.name,
            family.instances,
            family.answers,
        )
        assert int(out) == sum(family.left_out.values())
        told = set(filter(None, reasons.split("; ")))
        assert told == {f"{reason} ({n})" for reason, n in family.left_out.items()}
    tests = sum(answer.tests for answer in ALL)
    assert f"{tests} tests" in text
    first, usual = critical_value(tests, PILOT), critical_value(tests, USUAL)
    limits = f"limit is then {first:.2f} standard errors, with {USUAL} replications {usual:.2f}"
    assert limits in " ".join(text.split())


def test_documentation_has_the_measures():
    text = DOCS.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (?:`\w+`)? *\| (.*?) \|$", text, re.M))
    expected = {name: " ".join(measure.meaning.split()) for name, measure in MEASURES.items()}
    assert rows == expected


# -- files of one's own ----------------------------------------------------------------------------

MUG = {
    "horizon": 4000,
    "warm_up": 400,
    "products": "mug",
    "suppliers": {"acme": {"lead_time": 5}},
    "customers": {"gold": {"demand": {"arrivals": {"poisson": {"rate": 2}}, "products": "mug"}}},
    "policy": {"reorder": {"rule": "base_stock", "S": 13}},
}


def own(**fields: object) -> dict[str, object]:
    return {"source": "Palm (1938)", "scenario": MUG, **fields}


def test_an_answer_of_one_s_own_is_one_file(tmp_path: Path):
    expect = {
        "fill_rate": 0.791556476394876,
        "mean_backlog[gold]": {"value": 0.32247273010230015, "tolerance": 1e-9},
        "late": {"metric": {"wait_above": 1}, "value": 0.0637971967365637},
        "with_less": {
            "metric": "fill_rate",
            "set": {"policy.reorder.S": 9},
            "value": 0.33281967875071896,
        },
    }
    path = write(tmp_path, own(expect=expect), "palm")
    found = verdicts(path)
    assert list(found) == list(expect)
    assert set(found.values()) == {"agrees"}
    (first, *_) = validate([tmp_path], fast=True)
    assert (first.id, first.instance, first.family) == (
        "palm.fill_rate",
        "palm",
        tmp_path.name,
    )


def test_a_wrong_value_of_one_s_own_is_found(tmp_path: Path):
    assert verdicts(write(tmp_path, own(expect={"fill_rate": 0.9}))) == {"fill_rate": "differs"}


def test_an_optimal_level_of_one_s_own(tmp_path: Path):
    """h = 1, b = 9: P(Poisson(10) <= S) first reaches 0.9 at S = 14."""
    scenario = {**MUG, "costs": {"holding": 1, "backorder_time": 9}}

    def optimal(level: int) -> dict[str, str]:
        levels = {"policy.reorder.S": level, "of": "cost.total"}
        return verdicts(write(tmp_path, own(scenario=scenario, optimal=levels)))

    assert optimal(14) == {"S_opt": "agrees"}
    assert optimal(17) == {"S_opt": "differs"}


def test_paths_in_a_scenario_start_at_the_file_s_folder(tmp_path: Path):
    (tmp_path / "orders.csv").write_text("day,product,units\n1,mug,2\n3,mug,1\n")
    trace = {
        "file": "orders.csv",
        "columns": {"time": "day", "product": "product", "units": "units"},
        "date_format": "days",
    }
    scenario = {
        **MUG,
        "horizon": 10,
        "warm_up": 0,
        "customers": {"gold": {"demand": {"trace": trace}}},
    }
    path = write(tmp_path, own(scenario=scenario, random=False, expect={"units_filled_at_once": 3}))
    assert verdicts(path) == {"units_filled_at_once": "agrees"}


def test_what_is_too_rare_is_passed_over(tmp_path: Path):
    expect = {"lost": {"metric": "lost_rate", "value": 1e-5}}
    (verdict,) = validate([write(tmp_path, own(expect=expect))])
    assert (verdict.verdict, verdict.note) == (
        "skipped",
        "its probability is below what a simulation shows",
    )


def test_a_measure_that_the_scenario_cannot_answer(tmp_path: Path):
    path = write(tmp_path, own(expect={"server_utilisation": 0.5}))
    with pytest.raises(backsim.InputError, match=r"own\.yaml: server_utilisation: this scenario"):
        verdicts(path)


def test_a_folder_without_files(tmp_path: Path):
    with pytest.raises(backsim.InputError, match="expected a folder of files of known answers"):
        list(validate([tmp_path]))


def test_the_list_names_every_answer_and_runs_none(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from backsim.cli import run as cli

    monkeypatch.setattr("backsim.validation.validate", None)
    assert cli(["selftest", "13", "KS1.z", "--list", "--format", "json"]) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    known = [answer for answer in answers() if answer.family == "13_hand_traces"]
    assert {answer.id for answer in known} == rows.keys() - {"KS1.z"}
    assert all(rows[answer.id]["source"] == answer.source for answer in known)
    assert rows["KS1.z"]["source"].startswith("skipped: ")
    assert cli(["selftest", "13", "--list"]) == 0
    text = capsys.readouterr().out
    assert "T1_priority" in text
    assert f"{len(known)} answers of 3 models; 0 more are skipped" in text


def test_answers_with_a_rule_of_your_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two units are asked for every day: of a vector base stock of 6 over one day, 2 are left."""
    from backsim.cli import run as cli

    file = tmp_path / "vector.yaml"
    file.write_text(
        """
source: by hand
random: false
scenario:
  products: item
  customers: {all: {demand: {arrivals: {period: {every: 1}}, products: item, size: 2}}}
  suppliers: {maker: {lead_time: 1}}
  policy: {reorder: {rule: vector_base_stock, S: 6, S1: 4}, review: 1}
  warm_up: 10
  horizon: 20
expect: {mean_on_hand: 2}
"""
    )
    rules = Path(__file__).parents[2] / "docs" / "examples" / "vector_base_stock.py"
    assert cli(["selftest", str(file), "--rules", str(rules), "--workers", "1"]) == 0
    assert "1 agrees" in capsys.readouterr().out
