"""`new`: copies of the files to start from, and what to do with them."""

from __future__ import annotations

import shutil
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from backsim.cli.console import say
from backsim.cli.registry import command
from backsim.errors import InputError


class Kind(StrEnum):
    """What `new` writes."""

    scenario = "scenario"
    experiment = "experiment"
    book = "book"
    rule = "rule"
    shards = "shards"
    examples = "examples"


TEMPLATES = ("slurm.sh", "kubernetes.yaml", "aws_batch.json", "github.yaml", "Snakefile")
"""How a study is played in shards, by what starts them."""
FILES = {
    "scenario": ("scenario.yaml",),
    "experiment": ("scenario.yaml", "experiment.yaml"),
    "rule": ("scenario.yaml", "docs/examples/my_rules.py"),
    "shards": (
        *("scenario.yaml", "experiment.yaml"),
        *(f"docs/examples/shards/{name}" for name in TEMPLATES),
    ),
}
NEXT = {
    "scenario": "backsim run {0}/scenario.yaml",
    "experiment": "backsim compare {0}/experiment.yaml",
    "rule": "backsim run {0}/scenario.yaml --rules {0}/my_rules.py"
    " --set policy.priority=largest_first",
    "book": "backsim allocate {0}",
    "shards": "backsim work {0}/experiment.yaml --store {0}/results --shard 1/2",
    "examples": "backsim run {0}/scenarios/quickstart.yaml",
}


@command("Files")
def new(
    kind: Annotated[Kind, typer.Argument(help="What to write.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder for the files.")],
) -> None:
    """Write a scenario, experiment, book, rule or jobs.

    `examples` are all scenarios and experiments that backsim brings.  An existing file is kept as
    it is.
    """
    if kind is Kind.book:
        from backsim.allocation import write_template

        written = write_template(folder)
    else:
        written = _copied(_targets(kind, folder), folder)
    for path in written:
        print(path)
    say(f"Edit {'it' if len(written) == 1 else 'them'}, then run: {NEXT[kind].format(folder)}")


def _targets(kind: Kind, folder: Path) -> dict[Path, Path]:
    """What is written, and what it is a copy of."""
    from backsim.examples import example, shipped

    if kind is Kind.examples:
        return {folder / name: example(name) for name in shipped()}
    return {folder / Path(name).name: example(name) for name in FILES[kind]}


def _copied(targets: dict[Path, Path], folder: Path) -> list[Path]:
    own = list(targets)[-1]
    if own.exists():
        raise InputError(f"{own}: already exists. Choose another folder, or move the file away.")
    missing = [path for path in targets if not path.exists()]
    try:
        for path in missing:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(targets[path], path)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror})") from None
    return missing
