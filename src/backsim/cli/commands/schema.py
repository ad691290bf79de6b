"""`schema`: its arguments and options."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from backsim.cli.options import RuleFiles
from backsim.cli.registry import command


@command("Files")
def schema(
    experiment: Annotated[
        bool, typer.Option("--experiment", help="Print the schema of experiment files.")
    ] = False,
    search: Annotated[
        bool, typer.Option("--search", help="Print the schema of search files.")
    ] = False,
    mapping: Annotated[
        bool, typer.Option("--mapping", help="Print the schema of mappings of exports.")
    ] = False,
    rules: RuleFiles = None,
) -> None:
    """Print the JSON Schema of files, for editors."""
    from backsim.data.mapping import Mapping
    from backsim.experiment.schema import ExperimentFile
    from backsim.scenario.jsonschema import json_schema
    from backsim.scenario.part import Part
    from backsim.scenario.schema import Scenario
    from backsim.search.schema import SearchFile

    chosen: dict[type[Part], bool] = {
        ExperimentFile: experiment,
        SearchFile: search,
        Mapping: mapping,
    }
    kind = next((kind for kind, wanted in chosen.items() if wanted), Scenario)
    typer.echo(json.dumps(json_schema(kind), indent=2))
