"""The workflow of docs/ci.md, word for word, in a new repository of a user."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from tests.regression import gate

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The code blocks of the page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def workflow() -> dict[str, Any]:
    """The workflow, as GitHub reads it."""
    found = [YAML(typ="safe").load(block) for block in blocks("yaml") if "runs-on" in block]
    assert len(found) == 1
    return dict(found[0])


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A new repository: an experiment named as on the page, and `backsim` on the path."""
    (tmp_path / "experiments").mkdir()
    file = gate.write(tmp_path / "experiments", set={"horizon": 60}, replications=8)
    (tmp_path / "experiments" / "shop.yaml").rename(tmp_path / "shop_scenario.yaml")
    text = file.read_text().replace("scenario: shop.yaml", "scenario: ../shop_scenario.yaml")
    (tmp_path / "experiments" / "shop.yaml").write_text(text)
    file.unlink()
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "backsim"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m backsim "$@"\n')
    command.chmod(0o755)
    return tmp_path


def run(repository: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a step as GitHub does: bash that stops at the first error."""
    environment = {
        **os.environ,
        "PATH": f"{repository / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(repository / "summary.md"),
    }
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_workflow_runs_word_for_word(repository: Path) -> None:
    made = run(repository, re.findall(r"`(backsim check experiments/\*.yaml --update)`", PAGE)[0])
    assert made.returncode == 0, made.stdout + made.stderr
    assert (repository / "experiments" / "baselines" / "shop.yaml").is_file()
    steps = [step["run"] for step in workflow()["jobs"]["check"]["steps"] if "run" in step]
    installs = [step for step in steps if step.startswith("pip install")]
    assert installs == ["pip install wheels/backsim-*.whl"]  # there is no registry to install from
    checks = [step for step in steps if step not in installs]
    assert len(checks) == 1
    done = run(repository, checks[0])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "shop: ok: same as the baseline" in done.stdout
    kept = workflow()["jobs"]["check"]["steps"][-1]["with"]["path"]
    assert (repository / kept).is_file()
    assert "## backsim check" in (repository / "summary.md").read_text()
    gate.replace(repository / "shop_scenario.yaml", ("holding: 0.1", "holding: 0.9"))
    failed = run(repository, checks[0])
    assert failed.returncode == 1
    assert "::error file=experiments/shop.yaml" in failed.stdout
    assert "costs.holding: 0.1 -> 0.9" in failed.stdout


def test_the_first_commands_of_the_page_run(repository: Path) -> None:
    done = run(repository, blocks("sh")[0])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "shop: baseline written: experiments/baselines/shop.yaml" in done.stdout
