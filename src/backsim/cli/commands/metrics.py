"""`metrics`: its arguments and options."""

from __future__ import annotations

from backsim.cli.options import RuleFiles
from backsim.cli.registry import command


@command("Explain")
def metrics(rules: RuleFiles = None) -> None:
    """List the metrics, with unit and definition."""
    from backsim.cli.show import print_metrics
    from backsim.rules.files import load_rules

    load_rules(rules or [])
    print_metrics()
