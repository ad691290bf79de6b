"""`diff`: two scenarios or two results side by side."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from rich.table import Table

from backsim.cli.console import console, escape
from backsim.regression.diff import Diff, MetricDifference, diff
from backsim.regression.tell import tell_apart
from backsim.report.words import listed, number, percent

MOST = 40


def show_difference(one: Path, other: Path, format: str, confidence: float) -> None:
    """Print what differs between two scenarios or two results."""
    found = diff(one, other, confidence)
    if format == "json":
        print(json.dumps(_plain(found), indent=2))
    elif format == "csv":
        _frame(found).to_csv(sys.stdout, index=False)
    else:
        _table(found, one, other)


def _table(found: Diff, one: Path, other: Path) -> None:
    out = console()
    if found.fields:
        rows = [
            [field.path, field.one, field.other, listed(list(field.policies)) or ""]
            if field.policies
            else [field.path, field.one, field.other]
            for field in found.fields
        ]
        _print("Fields that differ", ["field", str(one), str(other), "policies"], rows)
    if found.origin:
        rows = [[what, str(a), str(b)] for what, a, b in found.origin]
        _print("Where they come from", ["", str(one), str(other)], rows)
    for path, names in ((one, found.only_one), (other, found.only_other)):
        if names:
            out.print(escape(f"only in {path}: policy {listed(list(names))}"))
    if found.metrics:
        clear_first = sorted(found.metrics, key=lambda m: not _significant(m))
        rows = [_row(m) for m in clear_first[:MOST]]
        head = ["metric", "policy", str(one), str(other), "difference", ""]
        number_of = f"{len(found.metrics)} of {found.compared}"
        _print(f"Metrics that differ ({number_of})", head, rows)
        if len(found.metrics) > MOST:
            out.print(f"({len(found.metrics) - MOST} more: --format csv shows all)")
        how = "on the same random numbers" if found.paired else "of other seeds, so independent"
        out.print(
            f"\ndifference: {escape(str(other))} less {escape(str(one))}, by replication, {how}; "
            f"the {percent(found.confidence)} intervals of all hold together (Bonferroni); "
            "* zero is not in it"
        )
    if found.same:
        what = f": {found.compared} metrics" if found.compared else ""
        out.print(f"no difference{what}")


def _print(title: str, head: list[str], rows: list[list[str]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    width = max(map(len, rows))
    for name in head[:width]:
        table.add_column(escape(name))
    for row in rows:
        table.add_row(*map(escape, row))
    out = console()
    out.print(f"[bold]{title}[/bold]")
    out.print(table)
    out.print()


def _significant(m: MetricDifference) -> bool:
    return m.difference is not None and m.difference.significant


def _row(m: MetricDifference) -> list[str]:
    a, b = tell_apart(m.one, m.other)
    if m.difference is None:
        return [str(m.spec), m.policy, a, b, "", ""]
    shown = number(m.difference.mean, m.difference.half_width)
    return [str(m.spec), m.policy, a, b, shown, "*" * _significant(m)]


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
        }
        for m in found.metrics
    ]


def _frame(found: Diff) -> Any:
    import pandas as pd

    columns = ["policy", "metric", "one", "other", "difference", "low", "high", "significant"]
    return pd.DataFrame(_records(found), columns=columns)


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
