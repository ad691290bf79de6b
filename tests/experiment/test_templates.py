"""The templates of `backsim new shards`: each starts every shard once, and then the report."""

from __future__ import annotations

import json
import os
import re
import shlex
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.experiment import shop

from backsim.cli import run as cli
from backsim.experiment import load_study

pytest.importorskip("pyarrow")
SHARDS = 2


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The templates beside a small experiment; a `backsim` that notes how it is called."""
    shop.write(tmp_path, replications=3, set={"horizon": 20})
    (tmp_path / "shop.yaml").rename(tmp_path / "scenario.yaml")
    text = (tmp_path / "experiment.yaml").read_text().replace("shop.yaml", "scenario.yaml")
    (tmp_path / "experiment.yaml").write_text(text)
    assert cli(["new", "shards", str(tmp_path)]) == 0
    for name, text in {"backsim": 'echo "$@" >> calls', "sbatch": SBATCH}.items():
        file = tmp_path / "bin" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


SBATCH = """
array=${1#--array=1-}
for task in $(seq 1 "$array"); do
    SLURM_ARRAY_TASK_ID=$task SLURM_ARRAY_TASK_COUNT=$array sh "$2"
done"""


def shell(command: str | list[str], **environment: str) -> None:
    """Run a command as its scheduler would."""
    command = ["sh", "-c", command] if isinstance(command, str) else command
    subprocess.run(command, env={**os.environ, **environment}, check=True)


def followed(folder: Path) -> list[list[str]]:
    """Do what was noted; the arguments."""
    calls = [shlex.split(line) for line in (folder / "calls").read_text().splitlines()]
    for arguments in calls:
        assert cli([*arguments, "--engine", "simpy"]) == 0
    return calls


def check(folder: Path, calls: list[list[str]], store: str = "results") -> None:
    """Every shard was played once, and the study is whole."""
    played = [call[call.index("--shard") + 1] for call in calls if call[0] == "work"]
    assert sorted(played) == [f"{number}/{SHARDS}" for number in range(1, SHARDS + 1)]
    assert cli(["study", "status", store]) == 0
    assert load_study(store).counts == (3, 3, 3)


def test_slurm(folder: Path) -> None:
    text = (folder / "slurm.sh").read_text()
    assert re.search(r"^#SBATCH --array=1-\d+$", text, re.MULTILINE)
    shell(["sbatch", f"--array=1-{SHARDS}", "slurm.sh"])
    check(folder, followed(folder))


def test_kubernetes(folder: Path) -> None:
    job: Any = yaml.safe_load((folder / "kubernetes.yaml").read_text())
    spec = job["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    given = {one["name"]: one["value"] for one in container["env"]}
    assert spec["completionMode"] == "Indexed"
    assert given["SHARDS"] == str(spec["completions"])
    for index in range(SHARDS):
        known = {**given, "SHARDS": str(SHARDS), "STORE": "results"}
        shell([*container["command"], *container["args"]], JOB_COMPLETION_INDEX=str(index), **known)
    check(folder, followed(folder))


def test_aws_batch(folder: Path) -> None:
    job = json.loads((folder / "aws_batch.json").read_text())
    given = {one["name"]: one["value"] for one in job["containerOverrides"]["environment"]}
    assert given["SHARDS"] == str(job["arrayProperties"]["size"])
    for index in range(SHARDS):
        known = {**given, "SHARDS": str(SHARDS), "STORE": "results"}
        command = job["containerOverrides"]["command"]
        shell(command, AWS_BATCH_JOB_ARRAY_INDEX=str(index), **known)
    check(folder, followed(folder))


def test_github(folder: Path) -> None:
    """Each job has a disk of its own; artifacts are files put together."""
    workflow: Any = yaml.safe_load((folder / "github.yaml").read_text())
    jobs = workflow["jobs"]
    assert jobs["report"]["needs"] == "shard"
    for number in range(1, SHARDS + 1):
        for step in jobs["shard"]["steps"]:
            if "backsim work" in step.get("run", ""):
                command = step["run"].replace("${{ matrix.shard }}", str(number))
                shell(command.replace("${{ strategy.job-total }}", str(SHARDS)))
    (report,) = (
        step["run"] for step in jobs["report"]["steps"] if "backsim" in step.get("run", "")[:8]
    )
    shell(report)
    check(folder, followed(folder))
    assert (folder / "report" / "report.html").exists()


def test_snakemake(folder: Path) -> None:
    text = (folder / "Snakefile").read_text()
    assert f"SHARDS = {8}" in text
    report, shard = re.findall(r'shell:\n\s+"(.*)"', text.replace('" + str(SHARDS)', f'{SHARDS}"'))
    for number in range(1, SHARDS + 1):
        shell(shard.replace("{wildcards.number}", str(number)))
    shell(report)
    check(folder, followed(folder))
    assert (folder / "report" / "report.html").exists()
