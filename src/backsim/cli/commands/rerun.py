"""`rerun`: whether a result is the same when it is run again, and if not, what differs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backsim.cli.options import Engine, RuleFiles, Workers
from backsim.cli.registry import command

if TYPE_CHECKING:
    from backsim.regression.rerun import Deviation

MOST = 10
"""Values that differ, of which a line each is printed."""


@command("Verify")
def rerun(
    result: Annotated[
        Path,
        typer.Argument(
            metavar="RESULT", help="A folder of run --out or compare --out, or the file in it."
        ),
    ],
    workers: Workers = None,
    engine: Annotated[
        Engine | None, typer.Option(help="Instead of the engine that it was made with.")
    ] = None,
    rules: RuleFiles = None,
) -> int:
    """Run a result again: is it the same to the bit?

    Exits with 0 the same, 1 not, and says what differs.
    """
    from backsim.regression.rerun import rerun as play_again
    from backsim.regression.saved import read_saved

    saved = read_saved(result)
    found = play_again(saved, workers, engine and engine.value)
    runs = len(saved.values)
    if found.same:
        print(f"{saved.path}: the same: {found.compared:,} values of {runs} runs equal to the bit")
    else:
        number = len(found.deviations)
        print(f"{saved.path}: not the same: {number:,} of {found.compared:,} values differ")
        for deviation in sorted(found.deviations, key=lambda d: -d.size)[:MOST]:
            print(f"  {_line(deviation)}")
        if number > MOST:
            print(f"  and {number - MOST:,} more")
    if found.changed:
        print("what it depends on, then and now:")
        for text in found.changed:
            print(f"  {text}")
    elif not found.same:
        print(
            "nothing that it depends on differs (scenario, versions, platform, engine, code): "
            "the result has been edited, or there is a defect"
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
