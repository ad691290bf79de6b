"""`study`: how far a study is, its files made few, and its report, without the experiment."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from backsim.cli.commands.compare import show_study, write_study
from backsim.cli.console import Format, say
from backsim.cli.options import Out, PrintAs, RuleFiles
from backsim.cli.registry import command
from backsim.errors import InputError, counted


class Verb(StrEnum):
    """What to do with a study."""

    status = "status"
    compact = "compact"
    report = "report"


def _status(store: str, out: Path | None, format: Format) -> None:
    """How many replications are finished; exit code 1 while some are missing."""
    from backsim.experiment.changes import StudyError
    from backsim.experiment.kept import read_kept

    with read_kept(store) as kept:
        description, files = kept.description, kept.files()
        if not description:
            raise StudyError(f"{kept.name}: expected a study with results, found none")
        view, policies = description["view"], len(description["numbers"]["policies"])
        count = view["replications"].get("count")
        finished = kept.finished(math.inf if count is None else count)
    asked = None if count is None else count * policies
    size = sum(files.values()) / 1e6
    print(f"{view['title'] or view['name']}: {counted(policies, 'policy', 'policies')}")
    of = f" of {asked:,}" if asked is not None else ", as many as the stopping rule asks for"
    print(f"{finished:,}{of} replications finished; {counted(len(files), 'file')}, {size:,.1f} MB")
    raise typer.Exit(int(asked is not None and finished < asked))


def _compact(store: str, out: Path | None, format: Format) -> None:
    """Make few files of the many that shards wrote."""
    from backsim.experiment.kept import holds_parts
    from backsim.experiment.parts import open_parts

    if not holds_parts(store):
        raise InputError(f"{store}: expected a store of `backsim work`")
    with open_parts(store) as parts:
        before, after = parts.compact()
    say(f"{store}: {counted(before, 'file')} before, {after:,} now")


def _report(store: str, out: Path | None, format: Format) -> None:
    """Print the table and the finding, and write results.csv and report.html to `--out`."""
    from backsim.experiment.play import load_study

    if out is None:
        raise InputError("study report: expected --out DIR, the folder for the report")
    loaded = load_study(store)
    show_study(loaded, format, write_study(loaded, out))


VERBS: Mapping[Verb, Callable[[str, Path | None, Format], None]] = {
    Verb.status: _status,
    Verb.compact: _compact,
    Verb.report: _report,
}
WORDS = "  ".join(f"{verb}: {function.__doc__}" for verb, function in VERBS.items())


@command("Simulate")
def study(
    verb: Annotated[Verb, typer.Argument(metavar="VERB", help=WORDS)],
    store: Annotated[
        str, typer.Argument(metavar="STORE", help="A folder of `work` or `compare`, or a URL.")
    ],
    out: Out = None,
    format: PrintAs = Format.table,
    rules: RuleFiles = None,
) -> None:
    """Say how far a study is, or write its report."""
    VERBS[verb](store, out, format)
