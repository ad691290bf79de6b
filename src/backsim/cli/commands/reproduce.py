"""`reproduce`: whether a result is the same when it is run again, and if not, what differs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backsim.cli.options import Engine, RuleFiles, Workers
from backsim.cli.registry import command
from backsim.errors import counted, listed

if TYPE_CHECKING:
    from backsim.regression.rerun import Deviation

MOST = 10
"""Values that differ, of which a line each is printed."""


@command("Verify", formerly="rerun")
def reproduce(
    result: Annotated[
        Path,
        typer.Argument(
            metavar="RESULT",
            help="A folder of `run --out` or `compare --out`, or an archive of `bundle`.",
        ),
    ],
    workers: Workers = None,
    engine: Annotated[
        Engine | None, typer.Option(help="Override the engine that made the result.")
    ] = None,
    run_code: Annotated[
        bool,
        typer.Option("--run-code", help="Run the Python files of rules that an archive brings."),
    ] = False,
    rules: RuleFiles = None,
) -> int:
    """Repeat a saved result and verify it bit for bit.

    Exits with 1 if it differs, and lists the differences.
    """
    from backsim.publish.archive import is_archive, unpacked
    from backsim.publish.bundle import read_bundle

    if not is_archive(result):
        return _told(result, workers, engine)
    with unpacked(result) as folder:
        return _told(read_bundle(folder, run_code), workers, engine, result)


def _told(
    result: Path, workers: int | None, engine: Engine | None, archive: Path | None = None
) -> int:
    """Run a result again and say what came of it; an archive's is called by the archive."""
    from backsim.regression.rerun import rerun as play_again
    from backsim.regression.saved import read_saved

    saved = read_saved(result, in_place=archive is not None)
    if archive is not None:
        saved = replace(saved, path=archive)
    found = play_again(saved, workers, engine and engine.value)
    runs = len(saved.values)
    if found.same:
        print(
            f"{saved.path}: bit-identical: {counted(found.compared, 'value')} of "
            f"{counted(runs, 'run')}"
        )
    elif not found.deviations:
        print(
            f"{saved.path}: {counted(found.compared, 'value')} bit-identical, but "
            f"{listed(found.edited)} changed after `backsim run --out` wrote the folder"
        )
    else:
        number = len(found.deviations)
        print(f"{saved.path}: {number:,} of {counted(found.compared, 'value')} differ")
        for deviation in sorted(found.deviations, key=lambda d: -d.size)[:MOST]:
            print(f"  {_line(deviation)}")
        if number > MOST:
            print(f"  and {number - MOST:,} more")
    if found.changed:
        print("what has changed since it was made:")
        for text in found.changed:
            print(f"  {text}")
    elif found.deviations:
        print(
            "scenario, versions, platform, engine and code are unchanged: the result was "
            "edited, or "
            "there is a defect in backsim"
        )
    return 0 if found.same else 1


def _line(deviation: Deviation) -> str:
    from backsim.results.spec import MetricSpec

    policy = f"{deviation.policy}: " if deviation.policy else ""
    now = "nothing" if deviation.now is None else repr(deviation.now)
    return (
        f"{policy}{MetricSpec(*deviation.key)}, replication {deviation.replication}: "
        f"{deviation.before!r} -> {now}"
    )
