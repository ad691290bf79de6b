"""The plan on one page: HTML without anything from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from typing import Any

from backsim.allocation.compare import shown_terms, side_by_side
from backsim.allocation.plan import Plan

MOST_ROWS = 200
"""Rows of a table on the page; the CSV files have all."""


def page(plan: Plan, plans: Sequence[Plan], title: str) -> str:
    """The page of a plan, beside what the other rules would have cost."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(money=money, units=units, share=share)
    source = resources.files("backsim.allocation").joinpath("page.html.j2")
    template = environment.from_string(source.read_text(encoding="utf-8"))
    return template.render(**_content(plan, plans, title))


def _content(plan: Plan, plans: Sequence[Plan], title: str) -> dict[str, Any]:
    prices = plan.prices[plan.prices["worth"] > 1e-6].sort_values("worth", ascending=False)
    unfilled = plan.unfilled
    broken = plan.promises[plan.promises["broken"] > 0]
    lines = plan.book.lines
    rows = side_by_side(plans).sort_values("cost", kind="stable")
    return {
        "title": title,
        "plan": plan,
        "today": plan.book.today,
        "asked": float(lines.units.sum()),
        "served": float(plan.served.sum()),
        "whole": len(lines) - len(unfilled),
        "lines": len(lines),
        "terms": [(name, plan.terms[name]) for name in shown_terms([plan])],
        "term_names": shown_terms(plans),
        "rules": rows.to_dict("records"),
        "dearest": max(float(rows["cost"].max()), 1e-9),
        "shipments": _some(plan.shipments),
        "unfilled": _some(unfilled),
        "broken": _some(broken),
        "prices": _some(prices),
        "most": MOST_ROWS,
    }


def _some(table: Any) -> dict[str, Any]:
    return {"rows": table.head(MOST_ROWS).to_dict("records"), "all": len(table)}


def money(value: float) -> str:
    """Money with thousands apart, and cents where they matter."""
    return f"{value:,.2f}" if abs(value) < 10_000 else f"{value:,.0f}"


def units(value: float) -> str:
    """Units, without decimals where there are none."""
    return f"{value:,.4g}" if abs(value) < 1000 and value % 1 else f"{value:,.0f}"


def share(value: float) -> str:
    """A share as a percentage."""
    return f"{100 * value:.1f} %"
