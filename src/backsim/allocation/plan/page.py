"""The plan on one page: HTML without anything from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from typing import Any

from backsim.allocation.plan import lists
from backsim.allocation.plan.compare import compared, shown_terms
from backsim.allocation.plan.lists import Row
from backsim.allocation.plan.plan import Plan
from backsim.allocation.plan.shares import SHARING
from backsim.present.numbers import money, share, units

MOST_ROWS = 200
"""Rows of a table on the page; the CSV files have all."""


def page(plan: Plan, plans: Sequence[Plan], title: str) -> str:
    """The page of a plan, beside what the other rules would have cost."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(money=money, units=units, share=share)
    source = resources.files("backsim.allocation.plan").joinpath("page.html.j2")
    template = environment.from_string(source.read_text(encoding="utf-8"))
    return template.render(**_content(plan, plans, title))


def _content(plan: Plan, plans: Sequence[Plan], title: str) -> dict[str, Any]:
    lines, promised = plan.book.lines, lists.rows(plan.listed["promises"])
    short = lists.unfilled(promised)
    rules = sorted(lists.rows(compared(plans)), key=lambda row: row["cost"])
    return {
        "title": title,
        "plan": plan,
        "today": plan.book.today,
        "asked": float(lines.units.sum()),
        "served": float(plan.served.sum()),
        "whole": len(lines) - len(short),
        "lines": len(lines),
        "terms": [(name, plan.terms[name]) for name in shown_terms([plan])],
        "term_names": shown_terms(plans),
        "rules": rules,
        "dearest": max(1e-9, *(row["cost"] for row in rules)),
        "shipments": _some(lists.rows(plan.listed["shipments"])),
        "unfilled": _some(short),
        "broken": _some(lists.broken(promised)),
        "prices": _some(lists.worth_most(lists.rows(plan.listed["prices"]))),
        "most": MOST_ROWS,
        "sharing": list(SHARING),
    }


def _some(found: Sequence[Row]) -> dict[str, Any]:
    return {"rows": found[:MOST_ROWS], "all": len(found)}
