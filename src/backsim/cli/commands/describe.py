"""`describe`: a model in equations and words, for a paper."""

from __future__ import annotations

from backsim.cli.console import Format, Found, show
from backsim.cli.options import PrintAs, RuleFiles, ScenarioFile, Sets
from backsim.cli.registry import command


@command("Publish")
def describe(
    scenario: ScenarioFile,
    format: PrintAs = Format.markdown,
    set_: Sets = None,
    rules: RuleFiles = None,
) -> None:
    """Describe a model in equations and words.

    Written from the resolved scenario and the source of its rules: sets, state, demand, customers,
    supply, policy, costs, order of events.  `--format latex` is for a paper.
    """
    from backsim.publish.description import describe as described
    from backsim.publish.output import rows_of
    from backsim.scenario import load

    model = load(scenario, set_ or [])
    blocks = described(model)
    rows = rows_of(blocks)
    show(
        Found(
            model.scenario.title or model.name, lambda: blocks, lambda: rows, lambda: rows,
            names=("section", "kind", "text"),
        ),
        format,
    )  # fmt: skip
