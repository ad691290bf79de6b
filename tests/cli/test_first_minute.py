"""`demo` and `new`: what a newcomer types first works with no file of theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from backsim.cli import run
from backsim.cli.commands.new import NEXT
from backsim.examples import example


def test_the_demo_ends_with_a_finding_that_decides(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["demo"]) == 0
    out, err = capsys.readouterr()
    assert "17.0 ± 6.7 per day less than 'first come'" in " ".join(out.split())
    assert "backsim-demo/report.html" in err
    assert (tmp_path / "backsim-demo" / "report.html").stat().st_size > 100_000


@pytest.mark.parametrize("kind", NEXT)
def test_what_new_writes_runs_as_it_says(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["new", kind, "shop"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()
    assert all(Path(line).is_file() for line in out.splitlines())
    command = err.strip().partition("then run: backsim ")[2].split()
    few = {"compare": ["-n", "2"], "run": ["--seed", "1"]}.get(command[0], [])
    assert run([*command, *few]) == 0


def test_new_writes_over_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "scenario.yaml").write_text("mine")
    assert run(["new", "scenario", str(tmp_path)]) == 2
    assert "scenario.yaml: already exists. Choose another folder" in capsys.readouterr().err
    assert run(["new", "experiment", str(tmp_path)]) == 0
    assert (tmp_path / "scenario.yaml").read_text() == "mine"
    (tmp_path / "file").write_text("")
    assert run(["new", "rule", str(tmp_path / "file")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_an_example_that_does_not_exist() -> None:
    assert example("scenarios/quickstart.yaml").is_file()
    with pytest.raises(FileNotFoundError):
        example("scenarios/nothing.yaml")


def test_a_new_rule_names_the_files_that_are_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["new", "rule", str(tmp_path)]) == 0
    assert "Edit them, then run" in capsys.readouterr().err
    assert "docs/" not in (tmp_path / "my_rules.py").read_text()
    assert run(["new", "scenario", str(tmp_path / "shop")]) == 0
    assert "Edit it, then run" in capsys.readouterr().err


def test_examples_stand_as_the_documentation_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["new", "examples", "."]) == 0
    written = {Path(line) for line in capsys.readouterr().out.splitlines()}
    assert Path("experiments/search/levels.yaml") in written
    assert Path("docs/examples/my_rules.py") in written
    assert all(path.is_file() for path in written)
    assert run(["validate", "scenarios/quickstart.yaml", "experiments/clearing_order.yaml"]) == 0
