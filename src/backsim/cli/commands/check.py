"""`check`: each experiment as it is done, then files for CI."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from backsim.cli.options import Engine, RuleFiles, UseEngine, Workers, to_write
from backsim.cli.registry import command
from backsim.errors import InputError

Experiments = Annotated[
    list[Path], typer.Argument(metavar="EXPERIMENT", help="Experiment files (YAML).")
]
Baselines = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Folder of the baselines. Default: baselines/ next to each file."
    ),
]
Update = Annotated[bool, typer.Option("--update", help="Write the baselines; keep edited margins.")]
Replications = Annotated[
    int | None,
    typer.Option(
        "--replications",
        "-n",
        min=2,
        help="Number of replications of a new baseline (with --update).",
    ),
]
Strict = Annotated[
    bool,
    typer.Option("--strict", help="Also fail if a metric is not shown to be within its margin."),
]
JUnit = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Write JUnit XML with one test case per metric.",
        callback=to_write,
    ),
]
Markdown = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write a Markdown page for a CI summary.", callback=to_write),
]


@command("Verify")
def check(
    experiments: Experiments,
    baseline: Baselines = None,
    update: Update = False,
    replications: Replications = None,
    strict: Strict = False,
    junit: JUnit = None,
    markdown: Markdown = None,
    workers: Workers = None,
    engine: UseEngine = Engine.auto,
    rules: RuleFiles = None,
) -> int:
    """Run experiments against their baselines.

    Exit codes: 0 unchanged, 1 changed, 2 bad input.
    """
    from backsim.regression.check import check_all, worst
    from backsim.regression.github import annotation_lines
    from backsim.regression.junit import write_junit
    from backsim.regression.markdown import write_markdown
    from backsim.regression.outcome import Check, Settings
    from backsim.regression.tell import story

    if replications is not None and not update:
        raise InputError("check: expected --replications with --update (else the baseline says it)")
    settings = Settings(baseline, workers, engine.value, replications, strict, tuple(rules or ()))
    checks: list[Check] = []
    for one in check_all(experiments, settings, update):
        checks.append(one)
        print(story(one), flush=True)
        if os.environ.get("GITHUB_ACTIONS") == "true":
            print(*annotation_lines(one), sep="\n", flush=True)
    if junit is not None:
        write_junit(checks, junit)
    if markdown is not None:
        write_markdown(checks, markdown)
    return worst(checks)
