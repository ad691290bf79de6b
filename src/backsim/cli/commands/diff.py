"""`diff`: two scenarios or two results side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backsim.cli.console import Format, Found, show
from backsim.cli.options import PrintAs, RuleFiles
from backsim.cli.registry import command
from backsim.errors import counted, listed
from backsim.present.numbers import percent
from backsim.present.table import Block, Cell, Column, Table

if TYPE_CHECKING:
    from backsim.regression.diff import Diff, MetricDifference

MOST = 40
"""Metrics that the console shows."""
FIELDS = ("policy", "metric", "one", "other", "difference", "low", "high", "significant", "unit")
"""Of a metric that differs, in CSV."""


@command("Verify")
def diff(
    one: Annotated[
        Path, typer.Argument(metavar="A", help="A scenario, or the folder of a result.")
    ],
    other: Annotated[Path, typer.Argument(metavar="B", help="Another of the same kind.")],
    format: PrintAs = Format.table,
    confidence: Annotated[
        float,
        typer.Option(min=0.5, max=0.9999, help="Simultaneous confidence level of all intervals."),
    ] = 0.95,
    rules: RuleFiles = None,
) -> None:
    """Show what differs between two scenarios or results.

    Compares the fields of two scenarios, or the metrics of two results with paired intervals.
    """
    from backsim.regression.diff import diff as differences

    found = differences(one, other, confidence)
    show(
        Found(
            "",
            lambda: _blocks(found, one, other),
            lambda: _records(found),
            lambda: _plain(found),
            MOST,
            FIELDS,
        ),
        format,
    )


def _blocks(found: Diff, one: Path, other: Path) -> Iterator[Block]:
    if found.fields:
        fields = [(f.path, f.one, f.other, listed(f.policies)) for f in found.fields]
        heads = ["field", str(one), str(other), "policies"]
        count = 4 if any(f.policies for f in found.fields) else 3
        yield _table("Fields that differ", heads[:count], [row[:count] for row in fields])
    if found.origin:
        rows = [(what, str(a), str(b)) for what, a, b in found.origin]
        yield _table("Where they come from", ["", str(one), str(other)], rows)
    for path, names in ((one, found.only_one), (other, found.only_other)):
        if names:
            yield f"only in {path}: policy {listed(names)}"
    if found.metrics:
        yield _metrics(found, one, other)
    if found.same:
        what = f": {counted(found.compared, 'metric')}" if found.compared else ""
        yield f"no difference{what}"


def _metrics(found: Diff, one: Path, other: Path) -> Table:
    clear_first = sorted(found.metrics, key=lambda m: not _significant(m))
    how = "on the same random numbers" if found.paired else "of different seeds, so independent"
    note = (
        f"difference: {other} minus {one}, by replication, {how}; simultaneous "
        f"{percent(found.confidence)} confidence intervals (Bonferroni); * significant"
    )
    columns = (
        Column("metric", kind="text", keep=True),
        Column("policy", kind="text", keep=True),
        Column(str(one)),
        Column(str(other)),
        Column("difference", keep=True),
        Column("", keep=True),
        Column("unit", kind="text"),
    )
    title = f"Metrics that differ ({len(found.metrics)} of {found.compared})"
    return Table("metrics", title, columns, tuple(map(_row, clear_first)), note)


def _table(title: str, heads: list[str], rows: Sequence[tuple[str, ...]]) -> Table:
    columns = (Column(heads[0], kind="text"), *(Column(head, kind="prose") for head in heads[1:]))
    return Table(title.lower(), title, columns, tuple(rows))


def _significant(m: MetricDifference) -> bool:
    return m.difference is not None and m.difference.significant


def _row(m: MetricDifference) -> tuple[Cell, ...]:
    from backsim.regression.tell import tell_apart

    a, b = tell_apart(m.one, m.other)
    return (str(m.spec), m.policy, a, b, m.difference, "*" * _significant(m), m.unit)


def _records(found: Diff) -> list[dict[str, Any]]:
    return [
        {
            "policy": m.policy,
            "metric": str(m.spec),
            "one": m.one,
            "other": m.other,
            "difference": m.difference and m.difference.mean,
            "low": m.difference and m.difference.low,
            "high": m.difference and m.difference.high,
            "significant": m.difference and m.difference.significant,
            "unit": m.unit,
        }
        for m in found.metrics
    ]


def _plain(found: Diff) -> dict[str, Any]:
    return {
        "same": found.same,
        "fields": [
            {"field": f.path, "one": f.one, "other": f.other, "policies": list(f.policies)}
            for f in found.fields
        ],
        "origin": [{"what": w, "one": a, "other": b} for w, a, b in found.origin],
        "only_one": list(found.only_one),
        "only_other": list(found.only_other),
        "paired": found.paired,
        "confidence": found.confidence,
        "metrics": _records(found),
    }
