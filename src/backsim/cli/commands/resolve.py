"""`resolve`: its arguments and options."""

from __future__ import annotations

import typer

from backsim.cli.options import RuleFiles, ScenarioFile, Sets
from backsim.cli.registry import command


@command("Files")
def resolve(scenario: ScenarioFile, set_: Sets = None, rules: RuleFiles = None) -> None:
    """Print a scenario with all defaults filled in.

    Every default, name and level is written out.
    """
    from backsim.results.store import to_yaml
    from backsim.scenario import load

    typer.echo(to_yaml(load(scenario, set_ or []).to_dict()), nl=False)
