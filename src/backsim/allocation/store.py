"""A plan on disk: CSV files, a summary, and the page."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from backsim.allocation.compare import side_by_side
from backsim.allocation.page import page
from backsim.allocation.plan import Plan
from backsim.files import check_folder, write_text

if TYPE_CHECKING:
    import pandas as pd


def summary(plan: Plan) -> dict[str, Any]:
    """The plan in figures: plain values."""
    lines = plan.book.lines
    bounded = plan.rule == "lp"
    return {
        "rule": plan.rule,
        "status": plan.status,
        "cost": plan.cost,
        "bound": plan.bound if bounded else None,
        "gap": plan.gap if bounded else None,
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
    tables = {
        "shipments": plan.shipments,
        "promises": plan.promises,
        "prices": plan.prices,
        "rules": side_by_side(plans),
    }
    texts: dict[str, Callable[[IO[str]], Any]] = {
        **{f"{name}.csv": _csv(table) for name, table in tables.items()},
        "summary.json": lambda f: f.write(json.dumps(summary(plan), indent=2) + "\n"),
        "plan.html": lambda f: f.write(page(plan, plans, title)),
    }
    for name, write in texts.items():
        write_text(folder / name, write)
    return [folder / name for name in texts]


def _csv(table: pd.DataFrame) -> Callable[[IO[str]], Any]:
    return lambda f: table.to_csv(f, index=False, float_format="%.10g", lineterminator="\n")
