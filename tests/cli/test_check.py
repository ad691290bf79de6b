"""`backsim check` as a user and a CI meet it: output, files, exit codes."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.regression import gate

from backsim.cli import run as cli
from backsim.regression.baseline import read_baseline

BASELINE = Path("baselines/experiment.yaml")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an experiment and its baseline."""
    folder = tmp_path_factory.mktemp("prepared")
    assert cli(["check", str(gate.write(folder)), "--update", "--workers", "1"]) == 0
    return folder


@pytest.fixture(autouse=True)
def in_a_copy(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a copy, and is in it."""
    shutil.copytree(prepared, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)


def check(*arguments: str) -> int:
    return cli(["check", "experiment.yaml", "--workers", "1", *arguments])


def same() -> str:
    """What is said when nothing has changed."""
    return f"experiment: ok: same as the baseline ({number()} metrics, 5 replications)"


def number() -> int:
    """How many metrics the baseline has."""
    policies = read_baseline(BASELINE)[0].policies.values()
    return sum(len(results.values) for results in policies)


def lines_with(text: str, file: str) -> list[int]:
    """The numbers of the lines that hold a text."""
    lines = Path(file).read_text().splitlines()
    return [number for number, line in enumerate(lines, 1) if text in line]


def dearer() -> None:
    """Change the scenario: storing costs 1 % more."""
    gate.replace(Path("shop.yaml"), ("holding: 0.1", "holding: 0.101"))


def test_as_before(capsys: pytest.CaptureFixture[str]) -> None:
    assert check() == 0
    said = capsys.readouterr().out
    assert said == f"{same()}\n"
    assert number() > 60


def test_what_the_objective_rewards_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    gate.replace(Path("shop.yaml"), ("lost_margin: 3", "lost_margin: 0"))
    warning = "  warning: minimise cost.total while customers of silver are lost"
    assert check() == 0  # the cost has fallen
    assert warning in capsys.readouterr().out
    assert check("--update") == 0
    assert warning in capsys.readouterr().out


NOBODY = """
horizon: 200
products: [mug, slow]
suppliers: {acme: {lead_time: 5}}
customers:
  main: {demand: {arrivals: {poisson: {rate: 3}}, products: mug}}
  rare: {demand: {arrivals: {poisson: {rate: 0.004}}, products: slow}}
policy: {reorder: {rule: base_stock, S: 15}}
costs: {holding: 1, backorder_time: 5}
"""


def test_a_class_without_orders_that_has_the_name_of_a_site(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nobody of the rare class orders in some replications; `main` is a class and the site."""
    values = {
        "policies": {"low": {"policy.reorder.S": 14}, "high": {"policy.reorder.S": 22}},
        "metrics": ["cost.total", "fill_rate", "fill_rate[rare]"],
        "constraints": "fill_rate[rare] >= 0.95",
        "set": {},
    }
    Path("experiment.yaml").unlink()
    gate.shop.write(Path(), **values, scenario="nobody.yaml", replications=5)
    Path("nobody.yaml").write_text(NOBODY)
    Path("baselines/experiment.yaml").unlink()
    assert check("--update") == 0
    assert "fill_rate[main]" in BASELINE.read_text()
    capsys.readouterr()
    assert check() == 0
    assert "ok: same as the baseline" in capsys.readouterr().out


def test_a_change_is_said_in_the_scenario_s_units(capsys: pytest.CaptureFixture[str]) -> None:
    units = ("horizon: 120", "horizon: 120\ntime_unit: months\ncurrency: EUR")
    gate.replace(Path("shop.yaml"), units, ("holding: 0.1", "holding: 0.101"))
    assert check() == 1
    assert "cost.holding: 1.041 -> 1.052 EUR per month (+1 %)" in capsys.readouterr().out


def test_a_change_beyond_its_margin(capsys: pytest.CaptureFixture[str]) -> None:
    dearer()
    assert check("--junit", "out/j.xml", "--markdown", "out/m.md") == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0] == (
        f"experiment: FAILED: 2 of {number()} metrics beyond the margin "
        "(changed: the resolved scenario or rules of every policy (costs.holding: 0.1 -> 0.101))"
    )
    start, _, end = said[1].partition("; change between ")
    assert start == "  plain: cost.holding: 1.041 -> 1.052 per day (+1 %); margin +0.00521"
    low, _, high, sure = end.split(" ", 3)
    assert 0.00521 < float(low) < 0.0104 < float(high)
    assert sure == "(99 % simultaneous confidence)"
    assert said[-2:] == [
        "  to see more: backsim compare experiment.yaml",
        "  if the change is intended: backsim check experiment.yaml --update",
    ]
    suites = ElementTree.parse("out/j.xml").getroot()
    assert (suites.get("tests"), suites.get("failures"), suites.get("errors")) == (
        f"{number() + 1}",
        "2",
        "0",
    )
    failed = [case for case in suites.iter("testcase") if case.find("failure") is not None]
    assert [(c.get("classname"), c.get("name")) for c in failed] == [
        ("experiment.plain", "cost.holding"),
        ("experiment.classes", "cost.holding"),
    ]
    page = Path("out/m.md").read_text()
    assert page.count("| 🔴 ▲ | cost.holding |") == 2
    assert f"<details><summary>{number() - 2} same, or within their margins</summary>" in page
    assert "mean\\_wait\\[gold\\]" in page


def test_an_update_makes_the_change_the_baseline(capsys: pytest.CaptureFixture[str]) -> None:
    before = BASELINE.read_text()
    dearer()
    assert check("--update") == 0
    assert check() == 0
    assert check("--update") == 0
    assert capsys.readouterr().out.splitlines() == [
        "experiment: baseline written: baselines/experiment.yaml",
        same(),
        "experiment: baseline unchanged: baselines/experiment.yaml",
    ]
    lines = zip(before.splitlines(), BASELINE.read_text().splitlines(), strict=True)
    changed = {new.split(":")[0].strip() for old, new in lines if old != new}
    assert changed == {
        *("digests", '"costs.holding"', '"cost.holding"', '"cost.total"', "profit"),
        "cost_to_serve",
    }


def test_an_update_keeps_what_a_person_may_edit() -> None:
    margin = '"cost.holding": {up: "0.5 %", down: none}'
    mine = '"cost.holding": {up: "2 %", down: 0.25}'
    gate.replace(BASELINE, (margin, mine), ("error_rate: 0.01", "error_rate: 0.02"))
    dearer()
    assert check() == 0
    assert check("--update", "-n", "3") == 0
    text = BASELINE.read_text()
    assert mine in text
    assert "error_rate: 0.02" in text
    assert "replications: 3" in text
    assert check("--update") == 0
    assert BASELINE.read_text() == text


def test_an_edited_number_of_replications_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    """The check says in a line what to do; the update does it."""
    gate.replace(BASELINE, ("replications: 5", "replications: 3"))
    assert check() == 2
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 2
    assert said[1].endswith(
        "replications: expected 5, as many as each metric has values (--update makes as many as "
        "it says), got 3"
    )
    assert check("--update") == 0
    assert check() == 0
    assert "replications: 3\n" in BASELINE.read_text()
    assert capsys.readouterr().out.splitlines()[-1].endswith("metrics, 3 replications)")


@pytest.mark.parametrize("changed", [False, True])
def test_a_value_edited_by_hand_is_found(changed: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """Whether all digests agree, or something else has changed and the values are tested."""
    text = BASELINE.read_text()
    edited = re.sub(r'(otif: ")0\.\d+', r"\g<1>0.123", text, count=1)
    assert edited != text
    BASELINE.write_text(edited)
    if changed:
        dearer()
    assert check() == 2
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 2
    assert said[1].endswith(
        "policies.plain.values: expected the values that were written (--update writes those of "
        "now), got others"
    )


def test_every_command_that_is_told_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a folder of baselines and rules of one's own, both of which have names with a blank."""
    rules = Path("my rules.py")
    rules.write_text(
        "from backsim import priority\n\n\n@priority\ndef told_youngest(line):\n"
        "    return -line.time\n"
    )
    gate.replace(Path("experiment.yaml"), ("class_priority", "told_youngest"))
    options = ["--workers", "1", "--baseline", "my baselines", "--rules", str(rules)]
    assert cli(["check", "experiment.yaml", *options]) == 2
    told = capsys.readouterr().out
    made = hints(told)
    assert len(made) == 1
    assert run_hint(made[0]) == 0
    assert Path("my baselines/experiment.yaml").is_file()
    gate.replace(Path("shop.yaml"), ("holding: 0.1", "holding: 0.9"), ("rate: 2", "rate: 9"))
    assert cli(["check", "experiment.yaml", *options]) == 1
    told = capsys.readouterr().out
    commands = hints(told)
    assert [line.split()[1] for line in commands] == ["check", "compare", "check"], told
    assert "--markdown check.md" in commands[0]
    assert [run_hint(line) for line in commands] == [1, 0, 0]
    assert Path("check.md").is_file()
    assert cli(["check", "experiment.yaml", *options]) == 0


def hints(said: str) -> list[str]:
    """The commands that a message tells."""
    return re.findall(r": (backsim \S.*)$", said, re.MULTILINE)


def run_hint(line: str) -> int:
    words = shlex.split(line)
    assert words[0] == "backsim"
    return cli(words[1:])


def test_strict_fails_also_where_it_is_not_sure(capsys: pytest.CaptureFixture[str]) -> None:
    gate.replace(Path("shop.yaml"), ("s: 10", "s: 11"))
    gate.replace(BASELINE, (' "0.5 %"', ' "90 %"'), ("0.0005", "0.9"))
    assert check() == 0
    assert check("--strict", "--junit", "j.xml") == 1
    said = capsys.readouterr().out
    unsure = ElementTree.parse("j.xml").getroot().get("failures")
    assert f"FAILED: {unsure} of {number()} metrics not shown to be within the margin" in said


def test_fewer_lines_for_github(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dearer()
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert check() == 1
    line = capsys.readouterr().out.splitlines()[-1]
    start = "::error file=experiment.yaml,title=backsim check%3A experiment%3A FAILED%3A 2 of "
    assert line.startswith(start)
    assert "%0A  plain: cost.holding: " in line
    assert "(+1 %25)" in line


def test_bad_input_of_one_does_not_stop_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    text = Path("experiment.yaml").read_text()
    for name in ("missing", "damaged", "other", "seed", "gone", "unresolved", "policy"):
        Path(f"{name}.yaml").write_text(text)
        shutil.copy(BASELINE, f"baselines/{name}.yaml")
        gate.replace(
            Path(f"baselines/{name}.yaml"), ('experiment: "experiment"', f'experiment: "{name}"')
        )
    Path("baselines/missing.yaml").unlink()
    gate.replace(
        Path("baselines/damaged.yaml"), ("seed: 1", "seed: -1"), ("format: 1", "format: 2")
    )
    gate.replace(Path("baselines/other.yaml"), ('experiment: "other"', 'experiment: "that"'))
    gate.replace(Path("seed.yaml"), ("objective:", "seed: 2\nobjective:"))
    gone_text = Path("baselines/gone.yaml").read_text().replace("fairness:", "unfairness:")
    Path("baselines/gone.yaml").write_text(re.sub(r', values: "\w+"\}', "}", gone_text))
    gate.replace(Path("unresolved.yaml"), ("class_priority", "class_prioritty"))
    gate.replace(Path("policy.yaml"), ("classes:", "by class:"))
    names = ["nowhere", "missing", "damaged", "other", "seed", "gone", "unresolved", "policy"]
    files = [f"{name}.yaml" for name in names]
    arguments = ["--workers", "1", "--junit", "j.xml", "--markdown", "m.md"]
    assert cli(["check", *files, "experiment.yaml", *arguments]) == 2
    plain, classes = lines_with('unfairness: "', "baselines/gone.yaml")
    policy = lines_with("  classes:", "baselines/policy.yaml")[0]
    gone = "expected a metric (fairness), got 'unfairness', which is gone"
    assert capsys.readouterr().out.splitlines() == [
        "nowhere: not checked",
        "  nowhere.yaml: expected a readable file (No such file or directory)",
        "missing: not checked",
        "  baselines/missing.yaml: expected the baseline of missing.yaml, found none; "
        "to make it: backsim check missing.yaml --update",
        "damaged: not checked",
        "  baselines/damaged.yaml:9:1: format: expected 1, got 2",
        "  baselines/damaged.yaml:11:1: seed: expected a whole number >= 0, got -1",
        "other: not checked",
        "  baselines/other.yaml:10:1: experiment: expected the baseline of 'other', "
        "got that of 'that'",
        "seed: not checked",
        "  baselines/seed.yaml:11:1: seed: expected the experiment's seed, 2 "
        "(--update makes a new baseline), got 1",
        "gone: not checked",
        f"  baselines/gone.yaml:{plain}:7: policies.plain.values.unfairness: {gone}",
        f"  baselines/gone.yaml:{classes}:7: policies.classes.values.unfairness: {gone}",
        "unresolved: not checked",
        '  unresolved.yaml:6:5: policies.classes."policy.priority": expected a known priority '
        "rule (class_priority, accumulating_priority), got 'class_prioritty'",
        "policy: not checked",
        f"  baselines/policy.yaml:{policy}:3: policies.classes: expected a policy of "
        "the experiment (by class), got 'classes', which is gone",
        same(),
    ]
    suites = ElementTree.parse("j.xml").getroot()
    assert (suites.get("errors"), suites.get("failures")) == ("8", "0")
    page = Path("m.md").read_text()
    assert "| ⚠️ | policy | not checked: bad input |" in page
    assert f"<pre>baselines/policy.yaml:{policy}:3: " in page


def test_an_update_does_not_overwrite_what_it_cannot_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    gate.replace(BASELINE, ("error_rate: 0.01", "error_rate: 1.01"))
    before = BASELINE.read_text()
    assert check("--update") == 2
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == (
        "  baselines/experiment.yaml: correct it, or delete it to have it written again"
    )
    assert BASELINE.read_text() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-n", "3"], "check: expected --replications with --update (else the baseline says it)"),
        (["sub/experiment.yaml"], "check: expected files of different names, got experiment.yaml"),
        (["--junit", "shop.yaml/j.xml"], "shop.yaml: expected a folder to write to"),
        (["--workers", "0"], "workers: expected at least 1, or -1 for all cores, got 0"),
    ],
)
def test_bad_options(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    extra = ["--baseline", "baselines"] if "sub/experiment.yaml" in arguments else []
    assert cli(["check", "experiment.yaml", *arguments, *extra]) == 2
    said = capsys.readouterr()
    assert message in said.err + said.out


def test_the_engine_does_not_matter() -> None:
    assert check("--engine", "simpy") == 0


def test_the_same_file_twice_is_checked_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert check("experiment.yaml") == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
