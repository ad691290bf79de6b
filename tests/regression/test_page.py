"""docs/ci.md: its commands and its workflow run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from glob import glob
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.regression import gate

from backsim.cli import run as cli
from backsim.scenario.yamlfile import parse_yaml

PAGE = (Path(__file__).parents[2] / "docs" / "ci.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project as on the page, after its commands have been run."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("experiments", "scenarios"):
        (folder / name).mkdir()
    file = gate.write(folder, scenario="../scenarios/shop.yaml", replications=2)
    shutil.move(folder / "shop.yaml", folder / "scenarios" / "shop.yaml")
    shutil.move(file, folder / "experiments" / "shop.yaml")
    commands = [line for kind, text in BLOCKS if kind == "sh" for line in text.splitlines()]
    assert len(commands) == 11
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for command in commands:
            name, *arguments = shlex.split(command, comments=True)
            files = [sorted(glob(a)) if "*" in a else [a] for a in arguments]
            assert (name, cli([a for some in files for a in some])) == ("backsim", 0), command
    return folder


def shell(folder: Path, command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a CI would, with the backsim under test."""
    line = re.sub(r"^backsim ", f"{sys.executable} -m backsim ", command)
    environment = {**os.environ, **variables}
    return subprocess.run(
        ["bash", "-ec", line],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_workflow(project: Path) -> None:
    text = next(text for kind, text in BLOCKS if kind == "yaml" and "GITHUB_STEP_SUMMARY" in text)
    steps = parse_yaml(text, "docs/ci.md").values["jobs"]["check"]["steps"]
    command = next(s["run"] for s in steps if s.get("run", "").startswith("backsim"))
    summary = project / "summary.md"
    variables = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    done = shell(project, command, **variables)
    assert (done.returncode, done.stderr) == (0, "")
    assert "| ✅ | shop | ok: same as the baseline" in summary.read_text()
    gate.replace(project / "experiments" / "baselines" / "shop.yaml", ("seed: 1", "seed: 2"))
    done = shell(project, command, **variables)
    assert done.returncode == 2
    assert "::error file=experiments/shop.yaml,title=backsim check%3A shop" in done.stdout
    assert ElementTree.parse(project / "check.xml").getroot().get("errors") == "1"


def test_what_the_page_says_of_margins() -> None:
    from backsim.regression.margins import Margin

    text = next(text for kind, text in BLOCKS if kind == "yaml" and "margins:" in text)
    margins = parse_yaml(text, "docs/ci.md").values["margins"]
    assert {str(Margin.model_validate(m).down) for m in margins.values()} == {"none", "0.0005"}
