"""An archive of a study: whole, the same when it is made again, and run again anywhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tests.experiment import shop

from backsim.cli import run as cli
from backsim.results.store import to_yaml
from backsim.rules.files import keep_only

RULE = '''
from rank_beside import rank_of
from backsim import priority

@priority
def most_units(line) -> float:
    """The line with most units first."""
    return rank_of(line.open)
'''
BESIDE = "def rank_of(units):\n    return -float(units)\n"
ORDERS = "day,product,units\n" + "".join(f"{day},mug,{1 + day % 7}\n" for day in range(1, 100))
TRACE = {"file": "data/orders.csv", "date_format": "days",
         "columns": {"time": "day", "product": "product", "units": "units"}}  # fmt: skip


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study of a trace and a rule of the author's own, and its archive."""
    folder = tmp_path_factory.mktemp("prepared")
    (folder / "data").mkdir()
    (folder / "data" / "orders.csv").write_text(ORDERS)
    (folder / "rule.py").write_text(RULE)
    (folder / "rank_beside.py").write_text(BESIDE)
    file = shop.write(
        folder,
        replications=2,
        policies={"own": {"policy.priority": "most_units"}, "fcfs": {"policy.priority": "fcfs"}},
    )
    customers = {**shop.SHOP["customers"], "recorded": {"demand": {"trace": TRACE}}}
    (folder / "shop.yaml").write_text(to_yaml({**shop.SHOP, "customers": customers}))
    own = ["--rules", str(folder / "rule.py")]
    study = str(folder / "study")
    play = ["compare", str(file), "--workers", "1", "--engine", "simpy", "--out", study]
    assert cli([*play, *own]) == 0
    for name in ("a.zip", "b.zip"):
        assert cli(["bundle", study, "--out", str(folder / name), *own]) == 0
    keep_only([])
    return folder


@pytest.fixture
def archive(prepared: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(prepared / "a.zip", tmp_path / "study.zip"))


def test_it_holds_all_that_is_asked_for(archive: Path) -> None:
    names = set(zipfile.ZipFile(archive).namelist())
    assert {
        *("README.md", "rerun.sh", "requirements.txt", "provenance.json", "study.sqlite"),
        *("results.csv", "report.html", "model.md", "stress.md", "SHA256SUMS"),
        *("scenarios/001.yaml", "scenarios/002.yaml", "data/0_orders.csv"),
        *("rules/0/0_rule.py", "rules/0/rank_beside.py"),
        *("figures/ranking.svg", "code/backsim/__init__.py"),
    } <= names
    packages = zipfile.ZipFile(archive).read("requirements.txt").decode()
    assert "numpy==" in packages
    assert "pytest" not in packages


def test_the_same_study_makes_the_same_archive(prepared: Path) -> None:
    one, other = (zipfile.ZipFile(prepared / name) for name in ("a.zip", "b.zip"))
    assert one.namelist() == other.namelist()
    assert one.read("SHA256SUMS") == other.read("SHA256SUMS")


def test_code_of_others_runs_only_when_that_is_said(
    archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli(["reproduce", str(archive)]) == 2
    assert (
        "(rules/0/0_rule.py and rules/0/rank_beside.py): look at them, then use --run-code"
        in capsys.readouterr().err
    )
    assert cli(["reproduce", str(archive), "--run-code", "--workers", "1"]) == 0
    assert "study.zip: bit-identical: " in capsys.readouterr().out
    keep_only([])


def test_it_runs_again_with_the_code_it_brings_where_nothing_else_is(
    archive: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "elsewhere"
    zipfile.ZipFile(archive).extractall(folder)
    command = [sys.executable, "-m", "backsim", "reproduce", ".", "--run-code", "--workers", "1"]
    environment = {**os.environ, "PYTHONPATH": "code", "HOME": str(tmp_path)}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "bit-identical" in done.stdout
    assert "version of" not in done.stdout
    assert "code" not in done.stdout


@pytest.mark.slow
def test_its_script_runs_it_again_in_an_environment_of_its_own(
    archive: Path, tmp_path: Path
) -> None:
    """With the packages of its lock file from the registry, and nothing from here."""
    folder = tmp_path / "elsewhere"
    zipfile.ZipFile(archive).extractall(folder)
    here = Path(sys.executable).parent
    environment = {
        **{name: os.environ[name] for name in os.environ if name.startswith(("PIP_", "SSL_"))},
        "PATH": f"{here}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
    }
    done = subprocess.run(
        ["sh", "rerun.sh"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "bit-identical" in done.stdout
    assert "version of" not in done.stdout
    found = list(folder.glob(".venv/lib/python*/site-packages/numpy"))
    assert len(found) == 1


def test_what_has_been_changed_is_named(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "changed"
    zipfile.ZipFile(archive).extractall(folder)
    with (folder / "data" / "0_orders.csv").open("a") as file:
        file.write("3,mug,9\n")
    (folder / "README.md").unlink()
    assert cli(["reproduce", str(folder)]) == 1
    assert "not as it was written: README.md and data/0_orders.csv" in capsys.readouterr().err


def test_a_name_that_leads_out_of_the_archive_is_refused(
    archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with zipfile.ZipFile(archive, "a") as packed:
        packed.writestr("../evil.py", "x")
    assert cli(["reproduce", str(archive)]) == 2
    assert "expected an archive of `backsim bundle`" in capsys.readouterr().err
    assert cli(["reproduce", "none.zip"]) == 2


def test_data_that_has_changed_since_is_refused(
    prepared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = prepared / "data" / "orders.csv"
    data.write_text(f"{ORDERS}99,mug,1\n")
    own = ["--rules", str(prepared / "rule.py")]
    code = cli(["bundle", str(prepared / "study"), "--out", str(tmp_path / "x.zip"), *own])
    data.write_text(ORDERS)
    assert code == 2
    assert "have changed since the study was made" in capsys.readouterr().err


def test_so_are_other_rules_and_another_backsim(
    prepared: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The archive would hold a source that did not make the results."""
    keep_only([])
    other, same = tmp_path / "rule.py", prepared / "rule.py"
    other.write_text(RULE)
    (tmp_path / "rank_beside.py").write_text(BESIDE.replace("-float", "float"))
    bundle = ["bundle", str(prepared / "study"), "--out", str(tmp_path / "x.zip"), "--rules"]
    assert cli([*bundle, str(other)]) == 2
    assert "your rules in 'own', or what they use, have changed since" in capsys.readouterr().err
    keep_only([])
    monkeypatch.setattr("backsim.publish.bundle.versions_that_count", lambda: {"source": "x"})
    assert cli([*bundle, str(same)]) == 2
    assert "the source of backsim has changed since the study was" in capsys.readouterr().err
    keep_only([])
    assert not (tmp_path / "x.zip").exists()


def test_only_a_study_can_be_bundled(prepared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["bundle", str(prepared / "shop.yaml")]) == 2
    assert "is a scenario" in capsys.readouterr().err
    assert cli(["bundle", str(prepared / "study"), "--out", "x.tar"]) == 2
    assert "ends in .zip" in capsys.readouterr().err
