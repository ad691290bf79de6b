"""Options that all commands have, names that commands had before, and progress."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path

import pytest

from backsim.cli import console
from backsim.cli import run as cli
from backsim.cli.app import app
from backsim.cli.progress import Bar, Meter, counting
from backsim.cli.registry import COMMANDS

app()  # loads all commands

FILE = """
horizon: 60
products: mug
suppliers: {acme: {lead_time: 2}}
customers: {gold: {demand: {arrivals: {poisson: {rate: 1}}, products: mug}}}
policy: {reorder: {rule: base_stock, S: 4}}
"""
RUN = ["run", "shop.yaml", "-n", "2", "--engine", "simpy"]


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(console, "quiet", False)
    Path("shop.yaml").write_text(FILE)


def test_quiet_prints_results_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(RUN) == 0
    assert "seed: " in capsys.readouterr().err
    assert cli([*RUN, "-q"]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert "fill_rate" in told.out


def test_quiet_still_says_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["run", "none.yaml", "--quiet"]) == 2
    assert "none.yaml" in capsys.readouterr().err


def test_metrics_are_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli([*RUN, "-q", "--metrics", "fill_rate, mean_wait", "--metrics", "otif"]) == 0
    out = capsys.readouterr().out
    assert [name in out for name in ("fill_rate", "mean_wait", "otif", "mean_backlog")] == [
        *(True, True, True, False)
    ]
    assert cli([*RUN, "-q", "--metrics", "fill_rate", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)["metrics"]
    assert {row["metric"] for row in found} == {"fill_rate"}
    assert cli([*RUN, "--metrics", "fil_rate"]) == 2
    assert "--metrics: expected a metric (fill_rate" in capsys.readouterr().err


def test_a_comparison_of_other_metrics(capsys: pytest.CaptureFixture[str]) -> None:
    Path("x.yaml").write_text(
        "scenario: shop.yaml\nreplications: 2\nmetrics: [fill_rate]\n"
        "policies: {few: {policy.reorder.S: 2}, many: {policy.reorder.S: 6}}\n"
    )
    asked = ["compare", "x.yaml", "--engine", "simpy", "-q", "--metrics", "mean_backlog"]
    assert cli([*asked, "--out", "o"]) == 0
    out = capsys.readouterr().out
    assert "mean backlog" in out
    assert "fill rate" not in out


def test_former_names_warn_and_work(capsys: pytest.CaptureFixture[str]) -> None:
    former = {one.formerly: one.name for one in COMMANDS.values() if one.formerly}
    assert former == {"bound": "regret", "rerun": "reproduce", "validate-theory": "selftest"}
    assert cli(["validate-theory", "13", "--list"]) == 0
    told = capsys.readouterr()
    assert "`backsim validate-theory` is now `backsim selftest`" in told.err
    assert "answers" in told.out
    assert cli(["--help"]) == 0
    assert "validate-theory" not in capsys.readouterr().out


def test_progress_is_drawn_from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with counting("replications") as meter:
        assert isinstance(meter, Bar)
        meter.stage("loading shop.yaml")
        assert "loading shop.yaml" in terminal.getvalue()
        assert list(meter.each("abc", 3)) == ["a", "b", "c"]
        assert "3/3" in terminal.getvalue()
        meter(0, 10)


def test_in_a_pipe_a_line_says_at_times_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A search that took ten minutes said nothing for as long."""
    with counting("replications") as meter:
        assert list(meter.each("ab", 2)) == ["a", "b"]
        assert capsys.readouterr().err == ""
        now = time.monotonic()
        monkeypatch.setattr("time.monotonic", lambda: now + 31)
        meter(1_200, 3_000, "gap at most 4")
        meter(1_201, 3_000, "gap at most 3")
    assert capsys.readouterr().err == "1,200 of 3,000 replications: gap at most 4\n"
    monkeypatch.setattr("backsim.cli.console.quiet", True)
    with counting("replications") as meter:
        assert type(meter) is Meter


def test_a_word_that_is_no_choice_is_told_with_the_choices(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli(["study", "stat", "here"]) == 2
    said = capsys.readouterr().err
    assert "Invalid value for 'VERB': 'stat' is not one of 'status', 'compact', 'report'" in said
