"""`selftest`: a line for each known answer as it is checked."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backsim.cli.console import Format, Found, show
from backsim.cli.options import PrintAs, RuleFiles, Seed, Workers
from backsim.cli.registry import command
from backsim.errors import counted
from backsim.present.numbers import percent
from backsim.present.table import Block, Column, Table

if TYPE_CHECKING:
    from backsim.validation import Verdict

SEED = 20240601
WIDTHS = (34, 16, 16, 12, 10)


@command("Verify", formerly="validate-theory")
def selftest(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME",
            help="Ids, instances, families, or your own files. Default: all known answers.",
        ),
    ] = None,
    list_: Annotated[
        bool, typer.Option("--list", help="List the known answers without checking them.")
    ] = False,
    fast: Annotated[
        bool, typer.Option("--fast", help="Check a subset that takes less than a minute.")
    ] = False,
    seed: Seed = None,
    workers: Workers = None,
    format: PrintAs = Format.table,
    rules: RuleFiles = None,
) -> int:
    """Compare the simulation with known answers.

    These are published results, exactly computed results, and files of your own.
    """
    from backsim.validation import FALSE_ALARMS, validate

    if list_:
        _list(names or None, format)
        return 0
    seed = SEED if seed is None else seed
    verdicts = validate(names or None, fast=fast, seed=seed, workers=workers, progress=_progress)
    found = list(_table(verdicts) if format is Format.table else verdicts)
    counts = Counter(v.verdict for v in found)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    if format is not Format.table:
        rows = [asdict(v) for v in found]
        show(Found("Known answers", lambda: _blocks(found), lambda: rows, lambda: rows), format)
    parts = ", ".join(
        f"{counts[name]} {name}" for name in ("agrees", "differs", "too wide", "skipped")
    )
    rate = f"probability of any false alarm: {percent(FALSE_ALARMS)}"
    print(f"{parts}; {rate}", file=sys.stderr if format is not Format.table else sys.stdout)
    return 1 if counts["differs"] or counts["too wide"] else 0


def _list(names: list[str] | None, format: Format) -> None:
    """Print what is known, with its source: a line for each model, each value in JSON and CSV."""
    from backsim.validation.collection import choose

    answers, left_out = choose(names)
    rows = [{"id": a.id, "family": a.family, "exact": a.value, "source": a.source} for a in answers]
    rows += [
        {"id": row.id, "family": row.family, "exact": None, "source": f"skipped: {row.reason}"}
        for row in left_out
    ]

    def blocks() -> Iterator[Block]:
        columns = (
            Column("model", kind="text", keep=True),
            Column("answers", keep=True),
            Column("source", kind="prose", keep=True),
        )
        models = Counter((a.family, a.instance, a.source) for a in answers)
        lines = tuple((name, count, source) for (_, name, source), count in models.items())
        note = (
            f"{counted(len(answers), 'answer')} of {counted(len(models), 'model')}; "
            f"{len(left_out)} more are skipped"
        )
        families = tuple(family for family, _, _ in models)
        yield Table("known answers", "", columns, lines, note, families)

    show(Found("Known answers", blocks, lambda: rows, lambda: rows), format)


def _progress(done: int, total: int, instance: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[Kmodel {done} of {total}: {instance}", end="", file=sys.stderr, flush=True)


def _table(verdicts: Iterator[Verdict]) -> Iterator[Verdict]:
    """One line an answer, under its source."""
    headed = False
    for source, group in groupby(verdicts, key=_source):
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)
        if not headed:
            print(_row("id", "exact", "estimate", "half-width", "verdict"))
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


def _blocks(verdicts: Sequence[Verdict]) -> Iterator[Block]:
    columns = tuple(map(Column, ("id", "exact", "estimate", "half-width", "verdict", "note")))
    for (family, instance, source), group in groupby(verdicts, key=_source):
        rows = tuple(
            (v.id, _text(v.exact), _text(v.estimate), _text(v.half_width), v.verdict, v.note)
            for v in group
        )
        yield Table(instance, f"{family} / {instance}{': ' * bool(source)}{source}", columns, rows)


def _source(verdict: Verdict) -> tuple[str, str, str]:
    return verdict.family, verdict.instance, verdict.source
