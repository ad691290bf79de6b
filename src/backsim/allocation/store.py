"""A plan on disk: CSV files, a summary, and the page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from backsim.allocation.compare import side_by_side
from backsim.allocation.page import page
from backsim.allocation.plan import Plan


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
    """Write the plan's tables, the comparison, a summary and the page.  Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = {
        "shipments": plan.shipments,
        "promises": plan.promises,
        "prices": plan.prices,
        "rules": side_by_side(plans),
    }
    written = []
    for name, table in tables.items():
        path = folder / f"{name}.csv"
        table.to_csv(path, index=False, float_format="%.10g", lineterminator="\n")
        written.append(path)
    path = folder / "summary.json"
    path.write_text(json.dumps(summary(plan), indent=2) + "\n", encoding="utf-8")
    html = folder / "plan.html"
    html.write_text(page(plan, plans, title), encoding="utf-8")
    return [*written, path, html]
