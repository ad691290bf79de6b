"""A plan on disk: CSV files, a summary, and the page."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

from backsim.allocation.plan import lists
from backsim.allocation.plan.compare import compared
from backsim.allocation.plan.lists import Columns, Row
from backsim.allocation.plan.page import page
from backsim.allocation.plan.plan import Plan
from backsim.files import check_folder, write_text
from backsim.present.records import to_json, write_csv


def summary(plan: Plan) -> dict[str, Any]:
    """The plan in figures: plain values."""
    lines = plan.book.lines
    return {
        "rule": plan.rule,
        "status": plan.status,
        "cost": plan.cost,
        "bound": plan.bound if plan.bounded else None,
        "gap": plan.gap if plan.bounded else None,
        "seconds": plan.seconds,
        "terms": dict(plan.terms),
        "lines": len(lines),
        "sources": len(plan.book.sources),
        "choices": len(plan.book.options),
        "units_open": float(lines.units.sum()),
        "units_served": float(plan.served.sum()),
    }


def write_plan(plan: Plan, plans: Sequence[Plan], folder: Path, title: str) -> list[Path]:
    """Write the plan's tables, the comparison, a summary and the page.  Raises InputError."""
    check_folder(folder)
    tables = {**plan.listed, "rules": compared(plans)}
    texts: dict[str, Callable[[IO[str]], Any]] = {
        **{
            f"{name}.csv": partial(write_csv, plain_rows(table), names=tuple(table))
            for name, table in tables.items()
        },
        "summary.json": lambda f: f.write(to_json(summary(plan)) + "\n"),
        "plan.html": lambda f: f.write(page(plan, plans, title)),
    }
    for name, write in texts.items():
        write_text(folder / name, write)
    return [folder / name for name in texts]


def plain_rows(table: Columns) -> list[Row]:
    """The rows of a table for CSV: numbers to ten digits, without the rounding of a solver."""
    return [{name: _plain(value) for name, value in row.items()} for row in lists.rows(table)]


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isnan(value) else f"{value:.10g}"
    return value
