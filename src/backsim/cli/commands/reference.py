"""`reference`: its arguments and options."""

from __future__ import annotations

import typer

from backsim.cli.registry import command


@command("Explain")
def reference() -> None:
    """Print the reference page (Markdown).

    Every field, distribution, rule and metric, from where each is declared.
    """
    from backsim.cli.reference import reference as page

    typer.echo(page(), nl=False)
