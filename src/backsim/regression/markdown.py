"""Checks as Markdown, for the summary page of a CI run."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from backsim.files import write_text
from backsim.present.markdown import escaped, table_lines
from backsim.present.table import Column, Table
from backsim.regression.judge import Metric, Verdict
from backsim.regression.outcome import Check
from backsim.regression.tell import (
    VERDICTS,
    by_weight,
    change,
    how_to_see_more,
    is_news,
    margin,
    summary,
    values,
)

MARKS = {0: "✅", 1: "❌", 2: "⚠️"}
FIRST = (Verdict.beyond, Verdict.unequal)
THEN = (Verdict.better, Verdict.unsure)
CHECKS = (*(Column(head, kind="text") for head in ("", "experiment", "result")), Column("seconds"))
METRICS = tuple(
    Column(head, kind="text")
    for head in ("", "metric", "policy", "baseline → now", "change", "margin", "")
)


def write_markdown(checks: Sequence[Check], file: Path) -> None:
    """Write the checks as Markdown.  Raises InputError when the file cannot be written."""
    write_text(file, markdown(checks))


def markdown(checks: Sequence[Check]) -> str:
    """A table of the experiments, then a section for each that is not as it was."""
    rows = tuple((MARKS[c.code], c.name, summary(c), round(c.seconds, 1)) for c in checks)
    lines = ["## backsim check", "", *table_lines(Table("checks", "", CHECKS, rows))]
    for check in checks:
        lines += ["", *_section(check)] if _to_show(check) else []
    return "\n".join(lines) + "\n"


def _to_show(check: Check) -> bool:
    if check.judgement is None:
        return bool(check.error) or check.failed
    return not check.judgement.same or bool(check.judgement.notes)


def _section(check: Check) -> list[str]:
    lines = [f"### {escaped(check.name)}", ""]
    found = check.judgement
    if found is None:
        return [*lines, f"<pre>{escape(check.error or check.told)}</pre>"]
    lines += [f"- {escaped(text)}" for text in (*found.broken, *found.notes)]
    lines += [""] * bool(found.broken or found.notes)
    failed = by_weight(found.metrics, *FIRST)
    lines += _table(failed)
    moved = by_weight(found.metrics, *THEN)
    lines += _folded(f"{len(moved)} better, or not shown to be within their margins", moved)
    rest = [m for m in found.metrics if m.verdict not in FIRST + THEN]
    lines += _folded(f"{len(rest)} same, or within their margins", rest)
    if is_news(found):
        lines += ["```sh", *(line.partition(": ")[2] for line in how_to_see_more(check)), "```"]
    return lines


def _folded(title: str, metrics: Sequence[Metric]) -> list[str]:
    if not metrics:
        return []
    return [f"<details><summary>{title}</summary>", "", *_table(metrics), "</details>", ""]


def _table(metrics: Sequence[Metric]) -> list[str]:
    if not metrics:
        return []
    return [*table_lines(Table("metrics", "", METRICS, tuple(map(_row, metrics)))), ""]


def _row(m: Metric) -> tuple[str, ...]:
    moved = values(m).replace("->", "→"), change(m).strip(" ()"), margin(m)
    return (_arrow(m), str(m.spec), m.policy, *moved, VERDICTS[m.verdict])


def _arrow(m: Metric) -> str:
    """Which way it has moved, and whether that is for the worse."""
    if m.change == 0:
        return "="
    arrow = "▲" if m.change > 0 else "▼"
    return f"🔴 {arrow}" if m.verdict.failed else arrow
