"""Studies, reruns and checks with rules of a user's own: none goes on with another rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import backsim
from backsim.cli import run
from backsim.errors import RuleError
from backsim.experiment.store import StudyError
from backsim.results.metrics import METRICS
from backsim.rules import FAMILIES
from backsim.rules.files import load_rules

RULE = """
import numpy as np
from backsim import reorder

LEVEL = np.loadtxt({file!r})


@reorder
def weekly(position, now):
    return LEVEL[int(now) % 7] - position
"""
SCENARIO = """\
horizon: 60
products: x
suppliers: {s: {lead_time: 2}}
customers: {c: {demand: {arrivals: {poisson: {rate: 5}}, products: x}}}
policy: {review: 1, reorder: weekly}
stock: [{initial: 16}]
"""


def shop(folder: Path) -> list[Path]:
    """The files of a shop whose rule reads its levels from a file: scenario, rules, levels."""
    scenario, rules, levels = folder / "s.yaml", folder / "r.py", folder / "levels.txt"
    levels.write_text("16\n" * 7)
    rules.write_text(RULE.format(file=str(levels)))
    scenario.write_text(SCENARIO)
    return [scenario, rules, levels]


def load_anew(rules: Path) -> None:
    """Run a file of rules as a new process would."""
    from backsim.rules import files

    files._loaded.clear()
    load_rules([rules])


def test_a_study_does_not_go_on_with_another_rule(tmp_path: Path) -> None:
    scenario, rules, levels = shop(tmp_path)
    load_anew(rules)
    how: dict[str, Any] = {"seed": 1, "out": tmp_path / "out", "workers": 1}
    backsim.compare({"one": scenario, "two": scenario}, replications=2, **how)
    load_anew(rules)  # nothing has changed
    backsim.compare({"one": scenario, "two": scenario}, replications=3, **how)
    levels.write_text("12\n" * 7)
    load_anew(rules)
    with pytest.raises(StudyError, match=r"rules.*weekly.*in the study"):
        backsim.compare({"one": scenario, "two": scenario}, replications=4, **how)


def test_rerun_and_check_say_that_a_rule_has_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario, rules, levels = shop(tmp_path)
    experiment = tmp_path / "e.yaml"
    experiment.write_text("scenario: s.yaml\npolicies: {one: {}, two: {horizon: 61}}\n"
                          "replications: 3\nseed: 1\nmetrics: [fill_rate]\n")  # fmt: skip
    load_anew(rules)
    out = str(tmp_path / "out")
    assert run(["run", str(scenario), "--seed", "1", "-n", "2", "--out", out]) == 0
    assert run(["check", str(experiment), "--update"]) == 0
    capsys.readouterr()
    assert run(["check", str(experiment)]) == 0
    levels.write_text("12\n" * 7)
    load_anew(rules)
    assert run(["reproduce", out]) == 1
    assert "your rules, or what they use (reorder.weekly)" in capsys.readouterr().out
    assert run(["check", str(experiment)]) == 1
    assert "rules of every policy" in capsys.readouterr().out


LAW = """
from backsim import Distribution, distribution
from backsim.quantities import Positive

LONGER = {longer}


class Exactly(Distribution):
    value: Positive

    def moments(self):
        return LONGER * self.value, 0.0

    def draw(self, generator, count):
        return [LONGER * self.value] * count


@distribution("exactly")
class Derived(Exactly):
    \"\"\"Always the same.\"\"\"
"""


ALONE = ["--workers", "1"]


def test_nor_does_it_with_another_distribution(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What its class uses counts, too, not its text alone."""
    scenario, rules, _ = shop(tmp_path)
    rules.write_text(LAW.format(longer=1))
    load_anew(rules)
    scenario.write_text(
        SCENARIO.replace("lead_time: 2", "lead_time: {exactly: {value: 2}}").replace(
            "reorder: weekly", "reorder: {rule: base_stock, S: 16}"
        )
    )
    experiment, out = tmp_path / "e.yaml", str(tmp_path / "out")
    experiment.write_text("scenario: s.yaml\npolicies: {one: {}, two: {horizon: 61}}\n"
                          "replications: 3\nseed: 1\nmetrics: [fill_rate]\n")  # fmt: skip
    check = ["check", str(experiment), *ALONE]
    compare = ["compare", str(experiment), "--out", out, "-q", *ALONE]
    assert run(compare) == 0
    assert run([*check, "--update"]) == 0
    load_anew(rules)  # nothing has changed
    assert run(compare) == 0
    assert run(check) == 0
    rules.write_text(LAW.format(longer=3))
    load_anew(rules)
    capsys.readouterr()
    assert run(compare) == 2
    assert "rules.distribution exactly: " in capsys.readouterr().err
    assert run(["reproduce", out, *ALONE]) == 1
    assert "your rules, or what they use (distribution exactly)" in capsys.readouterr().out
    assert run(check) == 1
    assert "rules of every policy (rules.distribution exactly: " in capsys.readouterr().out


METRIC = """
from backsim import metric


@metric("share", better="less")
def mine(m):
    \"\"\"A part of the fill rate.\"\"\"
    return {part} * m["fill_rate"]
"""


def test_rerun_check_and_search_say_that_a_metric_has_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario, rules, _ = shop(tmp_path)
    rules.write_text(METRIC.format(part=0.5))
    scenario.write_text(SCENARIO.replace("reorder: weekly", "reorder: {rule: base_stock, S: 16}"))
    experiment, out = tmp_path / "e.yaml", str(tmp_path / "out")
    search, found = tmp_path / "search.yaml", str(tmp_path / "found")
    experiment.write_text("scenario: s.yaml\npolicies: {one: {}, two: {horizon: 61}}\n"
                          "replications: 3\nseed: 1\nmetrics: [mine]\n")  # fmt: skip
    search.write_text("scenario: s.yaml\nsearch: {policy.reorder.S: {integers: [8, 12]}}\n"
                      "objective: minimise mine\n")  # fmt: skip
    try:
        load_anew(rules)
        assert run(["run", str(scenario), "--seed", "1", "-n", "2", "--out", out]) == 0
        assert run(["check", str(experiment), "--update"]) == 0
        optimise = ["optimise", str(search), "--out", found, "--minutes", "0.02", "-q"]
        assert run(optimise) in (0, 1)
        rules.write_text(METRIC.format(part=0.9))
        load_anew(rules)
        capsys.readouterr()
        assert run(["reproduce", out]) == 1
        assert "your rules, or what they use (metric mine)" in capsys.readouterr().out
        run(["check", str(experiment)])
        assert "rules of every policy (rules.metric mine: " in capsys.readouterr().out
        assert run(optimise) == 2
        assert "holds another search: rules changed" in capsys.readouterr().err
    finally:
        METRICS.pop("mine", None)


def typed(source: str) -> None:
    exec(compile(source, "<ipython-input-1-a>", "exec"), {"__name__": "__main__"})


def test_a_study_refuses_what_cannot_be_known(tmp_path: Path) -> None:
    scenario, _, _ = shop(tmp_path)
    typed(
        "import random\nfrom backsim import reorder\n\n@reorder\n"
        "def weekly(position):\n    return random.random()\n"
    )
    with pytest.raises(RuleError, match=r"rule reorder\.weekly: it uses random\.random.*a study"):
        backsim.compare({"one": scenario, "two": scenario}, replications=2, seed=1)


def test_a_study_notices_what_changes_on_the_way(tmp_path: Path) -> None:
    """A library that changes its argument is not seen beforehand."""
    scenario, _, _ = shop(tmp_path)
    typed(
        "import numpy as np\nfrom backsim import reorder\nMEMORY = np.zeros(1)\n\n@reorder\n"
        "def weekly(position):\n    np.add(MEMORY, 1.0, MEMORY)\n    return 16 - position\n"
    )
    with pytest.raises(RuleError, match=r"rule reorder\.weekly.*while it was asked"):
        backsim.compare(
            {"one": scenario, "two": scenario}, replications=2, seed=1, engine="simpy", workers=1
        )


@pytest.fixture
def without_forks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers are processes that load the rules themselves, as where no process can be copied."""
    monkeypatch.setattr("backsim.workers.pool.can_fork", lambda: False)


@pytest.mark.usefixtures("without_forks")
def test_another_process_that_has_another_rule(tmp_path: Path) -> None:
    """The file reads other levels when a worker runs it again."""
    scenario, rules, levels = shop(tmp_path)
    load_anew(rules)
    levels.write_text("12\n" * 7)
    with pytest.raises(RuleError, match=r"rule reorder\.weekly.*loaded it again"):
        list(backsim.replicate(scenario, replications=2, seed=1, workers=2, engine="simpy"))


@pytest.mark.usefixtures("without_forks")
def test_a_worker_forgets_the_rules_of_the_run_before(tmp_path: Path) -> None:
    """Workers outlive a run; the next run's rule of the same name is another file's."""
    waits = []
    for level in (16, 12):
        folder = tmp_path / str(level)
        folder.mkdir()
        scenario, rules, levels = shop(folder)
        levels.write_text(f"{level}\n" * 7)
        FAMILIES["reorder"].rules.pop("weekly", None)
        load_anew(rules)
        runs = backsim.replicate(scenario, replications=2, seed=1, workers=2, engine="simpy")
        waits.append(sum(run.metrics["mean_on_hand"] for run in runs))
    assert waits[0] > waits[1]
