"""The command line: mounts the commands."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache, wraps
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from backsim.cli import commands, console
from backsim.cli.registry import COMMANDS, GROUPS


class Grouped(TyperGroup):
    """Lists the commands under the headings of their groups."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a heading a group, and a line a command."""
        for group in GROUPS:
            names = [name for name in sorted(COMMANDS) if COMMANDS[name].group == group]
            found = [(name, self.get_command(ctx, name)) for name in names]
            with formatter.section(group):
                formatter.write_dl([(n, c.get_short_help_str(60)) for n, c in found if c])


class Plain(TyperCommand):
    """Writes the names of arguments without braces."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What stands behind the name in the line of usage."""
        return [piece.strip("{}").replace("}", "") for piece in super().collect_usage_pieces(ctx)]


class Former(Plain):
    """A command under the name that it had in the version before."""

    def invoke(self, ctx: Any) -> Any:
        """Say the new name, then do what is asked."""
        new = next(one.name for one in COMMANDS.values() if one.formerly == self.name)
        console.say(
            f"warning: `backsim {self.name}` is now `backsim {new}`; the old name will be removed "
            "in the next version"
        )
        return super().invoke(ctx)


Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print results and errors only.")]


def quietable(function: Callable[..., Any]) -> Callable[..., Any]:
    """A command's function with the option `--quiet`, which all commands have."""
    signature = inspect.signature(function, eval_str=True)

    @wraps(function)
    def run(*, quiet: bool, **given: Any) -> Any:
        console.quiet = quiet
        return function(**given)

    option = inspect.Parameter(
        "quiet", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Quiet
    )
    declared = [*signature.parameters.values(), option]
    run.__signature__ = signature.replace(parameters=declared)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in declared}
    return run


def _version(wanted: bool) -> None:
    if wanted:
        import backsim

        typer.echo(f"backsim {backsim.__version__}")
        raise typer.Exit


def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Simulate backorders and compare policies."""


@cache
def app(name: str = "") -> Any:
    """The command line with all its commands; with the one of this name alone, if there is one.

    To load and declare those that nobody asks for takes longer than many a command.
    """
    files = {
        module.name.replace("_", "-"): module.name for module in iter_modules(commands.__path__)
    }
    alone = name in files
    for file in [files[name]] if alone else files.values():
        import_module(f"{commands.__name__}.{file}")
    made = typer.Typer(
        name="backsim",
        cls=Grouped,
        help="Simulate backorders and compare policies.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    made.callback()(options)
    for one in [COMMANDS[name]] if alone else COMMANDS.values():
        made.command(one.name, cls=Plain)(quietable(one.function))
        if one.formerly:
            made.command(one.formerly, cls=Former, hidden=True)(quietable(one.function))
    return typer.main.get_command(made)
