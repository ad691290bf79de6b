"""`metrics`: those that there are, by group."""

from __future__ import annotations

from backsim.cli.console import display
from backsim.cli.options import RuleFiles
from backsim.cli.registry import command
from backsim.present.table import Column, Table


@command("Explain")
def metrics(rules: RuleFiles = None) -> None:
    """List the metrics, with unit and definition."""
    from backsim.results.metrics import groups

    members = [(group, m) for group, members in groups().items() for m in members]
    columns = (
        Column("metric", kind="text", keep=True),
        Column("unit", kind="text"),
        Column("better", kind="text"),
        Column("definition", kind="prose", keep=True),
    )
    rows = tuple((m.name, m.unit, m.better, m.definition) for _, m in members)
    names = tuple(group for group, _ in members)
    display("", [Table("metrics", "", columns, rows, groups=names)])
