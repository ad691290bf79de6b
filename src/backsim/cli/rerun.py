"""`rerun`: whether a result is the same when it is run again, and if not, what differs."""

from __future__ import annotations

from pathlib import Path

from backsim.regression.rerun import Deviation, rerun
from backsim.regression.saved import read_saved
from backsim.results.spec import MetricSpec

MOST = 10


def run_again(result: Path, workers: int | None, engine: str | None) -> int:
    """Run a result again and print what comes of it; return the exit code."""
    saved = read_saved(result)
    found = rerun(saved, workers, engine)
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
    policy = f"{deviation.policy}: " if deviation.policy else ""
    now = "nothing" if deviation.now is None else repr(deviation.now)
    return (
        f"{policy}{MetricSpec(*deviation.key)}, replication {deviation.replication}: "
        f"{deviation.before!r} -> {now}"
    )
