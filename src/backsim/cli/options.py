"""Options and arguments that several commands have, each declared once."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from backsim.cli.console import Format, say
from backsim.errors import InputError, nearest


class Engine(StrEnum):
    """Which engine plays a run."""

    auto = "auto"
    simpy = "simpy"
    compiled = "compiled"


def _load(ctx: typer.Context, files: list[Path] | None) -> list[Path]:
    """Load files of rules as soon as they are named, unless a shell only asks for completion."""
    if files and not ctx.resilient_parsing:
        from backsim.rules.files import load_rules

        load_rules(files)
    return files or []


def to_write(ctx: typer.Context, file: Path | None) -> Path | None:
    """Make the folder of a file: what cannot be written is told before the work for it."""
    if file is not None and not ctx.resilient_parsing:
        from backsim.files import check_folder

        check_folder(file.parent)
    return file


ScenarioFile = Annotated[Path, typer.Argument(metavar="SCENARIO", help="A scenario file (YAML).")]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Set a field of the scenario, such as horizon=365; repeatable.",
    ),
]
RuleFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--rules",
        metavar="FILE",
        help="A Python file with your own rules or metrics; repeatable.",
        callback=_load,
    ),
]
Seed = Annotated[int | None, typer.Option(help="Seed of the random numbers.", min=0)]
Workers = Annotated[
    int | None,
    typer.Option(help="Number of parallel workers; -1 uses all cores. Default: automatic."),
]
Dask = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Run on a cluster: the address of the Dask scheduler."),
]
StoreAt = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="DIR|URL",
        help="Store of the results that several processes share: a folder, or a URL.",
    ),
]
UseEngine = Annotated[
    Engine, typer.Option("--engine", help="The engine; auto uses SimPy for small work.")
]
PrintAs = Annotated[Format, typer.Option("--format", help="The format of printed results.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Write the results to a folder."),
]
Fresh = Annotated[
    bool, typer.Option("--fresh", help="Discard earlier results in the folder and start again.")
]
Metrics = Annotated[
    list[str] | None,
    typer.Option("--metrics", metavar="NAMES", help="Show only these metrics; commas, repeatable."),
]


def named(metrics: list[str] | None) -> list[str]:
    """The metrics that were named: `--metrics a,b --metrics c`."""
    return [name.strip() for text in metrics or [] for name in text.split(",") if name.strip()]


def chosen_metrics(metrics: list[str] | None) -> Collection[str]:
    """The names of the metrics to show: all unless some are named.  Raises InputError."""
    from backsim.results.metrics import METRICS

    wanted = named(metrics)
    for name in wanted:
        plain, bracket, _ = name.partition("[")
        if bracket and plain in METRICS:
            raise InputError(f"--metrics: expected {plain}, which is shown by class, got {name!r}")
        if name not in METRICS:
            near = nearest(name, list(METRICS))
            raise InputError(f"--metrics: expected a metric ({near}), got {name!r}")
    return wanted or METRICS


def known_seed(seed: int | None) -> int:
    """The seed that was given, or one that is drawn and said."""
    if seed is None:
        from backsim.streams import fresh_seed

        seed = fresh_seed()
        say(f"seed: {seed}")
    return seed
