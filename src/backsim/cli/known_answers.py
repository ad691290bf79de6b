"""`validate-theory`: a line for each known answer as it is checked."""

from __future__ import annotations

import csv
import json
import math
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from typing import Any

from backsim.validation import FALSE_ALARMS, Verdict, validate

WIDTHS = (34, 16, 16, 12, 10)


def check_theory(names: list[str] | None, fast: bool, seed: int, workers: int, format: str) -> int:
    """Check known answers and print a verdict each; 1 if one differs or stays too wide."""
    at_once = workers if workers > 0 else os.cpu_count() or 1
    verdicts = validate(names, fast=fast, seed=seed, workers=at_once, progress=_progress)
    show = {"json": _json, "csv": _csv, "table": _table}[format]
    counts = Counter(v.verdict for v in show(verdicts))
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    parts = ", ".join(
        f"{counts[name]} {name}" for name in ("agrees", "differs", "too wide", "skipped")
    )
    rate = f"chance of a false alarm among all of them: {FALSE_ALARMS:.0%}"
    print(f"{parts}; {rate}", file=sys.stderr if format != "table" else sys.stdout)
    return 1 if counts["differs"] or counts["too wide"] else 0


def _progress(done: int, total: int, instance: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[Kmodel {done} of {total}: {instance}", end="", file=sys.stderr, flush=True)


def _table(verdicts: Iterator[Verdict]) -> Iterator[Verdict]:
    """One line an answer, under its source."""
    headed = False
    for source, group in groupby(verdicts, key=lambda v: (v.family, v.instance, v.source)):
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)
        if not headed:
            print(_row("id", "exact", "estimate", "+-", "verdict"))
            headed = True
        print(f"\n{source[0]} / {source[1]}{': ' * bool(source[2])}{source[2]}")
        for v in group:
            note = f"  {v.note}" if v.note else ""
            row = _row(v.id, _text(v.exact), _text(v.estimate), _text(v.half_width), v.verdict)
            print(row + note, flush=True)
            yield v


def _row(*cells: str) -> str:
    first, *others = (
        cell.rjust(width) if 0 < i < len(WIDTHS) - 1 else cell.ljust(width)
        for i, (cell, width) in enumerate(zip(cells, WIDTHS, strict=True))
    )
    return "  ".join([first, *others]).rstrip()


def _text(value: Any) -> str:
    if isinstance(value, float):
        return "-" if math.isnan(value) else f"{value:.6g}"
    text = str(value)
    return text if len(text) <= 16 else text[:13] + "..."


def _json(verdicts: Iterator[Verdict]) -> Iterator[Verdict]:
    found = list(verdicts)
    rows = [{name: _known(value) for name, value in asdict(v).items()} for v in found]
    print(json.dumps(rows, indent=2, default=str))
    yield from found


def _known(value: Any) -> Any:
    """None for a number that there is not, which JSON cannot say."""
    return None if isinstance(value, float) and math.isnan(value) else value


def _csv(verdicts: Iterator[Verdict]) -> Iterator[Verdict]:
    writer = None
    for v in verdicts:
        row = asdict(v)
        if writer is None:
            writer = csv.DictWriter(sys.stdout, fieldnames=list(row))
            writer.writeheader()
        writer.writerow(row)
        yield v
