"""The commands.  Heavy libraries are imported by the commands that need them."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from backsim.cli.console import Format, show
from backsim.errors import InputError, nearest

app = typer.Typer(
    name="backsim",
    help="Simulate backorders and compare policies.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Engine(StrEnum):
    """Which engine plays a run."""

    auto = "auto"
    simpy = "simpy"
    compiled = "compiled"


class By(StrEnum):
    """How the printed table is split."""

    customer_class = "class"
    product = "product"
    site = "site"


ScenarioFile = Annotated[Path, typer.Argument(metavar="SCENARIO", help="A scenario file (YAML).")]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Set a field of the scenario; repeatable."),
]
RuleFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--rules", metavar="FILE", help="A Python file with your own rules or metrics; repeatable."
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(help="Seed of the random numbers. Drawn and printed if not given.", min=0),
]


def _version(wanted: bool) -> None:
    if wanted:
        import backsim

        typer.echo(f"backsim {backsim.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Simulate backorders and compare policies."""


@app.command()
def run(
    scenario: ScenarioFile,
    seed: Seed = None,
    replications: Annotated[
        int, typer.Option("--replications", "-n", min=1, help="Independent replications.")
    ] = 10,
    engine: Annotated[Engine, typer.Option(help="auto takes SimPy for small work.")] = Engine.auto,
    workers: Annotated[
        int | None,
        typer.Option(help="Replications at once; -1 for all cores. As many as pay if not given."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write results and provenance to a folder.")
    ] = None,
    format: Annotated[Format, typer.Option(help="How results are printed.")] = Format.table,
    by: Annotated[By, typer.Option(help="How the table is split.")] = By.customer_class,
    trace: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write every event of replication 0 (.csv, .jsonl, or .gz of them).",
        ),
    ] = None,
    set_: Sets = None,
    rules: RuleFiles = None,
) -> None:
    """Simulate a scenario and print its metrics with confidence intervals."""
    from backsim.cli.console import say
    from backsim.cli.progress import watched
    from backsim.cli.show import summary_found
    from backsim.files import check_folder
    from backsim.results.store import check_trace, write_summary, write_trace
    from backsim.results.summary import summarise
    from backsim.rules.files import load_rules
    from backsim.streams import fresh_seed

    load_rules(rules or [])
    if out is not None:
        check_folder(out)
    if trace is not None:
        check_trace(trace)
    from backsim.api import load, replicate, simulate

    model = load(scenario, set_ or [])
    for report in model.trace_reports:
        say(str(report))
    if seed is None:
        seed = fresh_seed()
        say(f"seed: {seed}")
    runs = replicate(
        model, seed=seed, replications=replications, workers=workers, engine=engine.value
    )
    summary = summarise(watched(runs, replications))
    if trace is not None:
        used = summary.provenance["engine"]
        write_trace(simulate(model, seed=seed, engine=used, record=True), trace)
    if out is not None:
        write_summary(summary, out)
    show(summary_found(model, summary, by.value), format)


@app.command()
def compare(
    experiment: Annotated[
        Path, typer.Argument(metavar="EXPERIMENT", help="An experiment file (YAML).")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder of the study, results.csv and report.html. "
            "studies/ and the experiment's name if not given.",
        ),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget what the study holds and start anew.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(help="Replications at once; all cores if not given.")
    ] = None,
    replications: Annotated[
        int | None,
        typer.Option("--replications", "-n", help="Instead of the experiment's; 2 or more."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Instead of the experiment's seed.", min=0)
    ] = None,
    engine: Annotated[Engine, typer.Option(help="auto takes SimPy for small work.")] = Engine.auto,
    format: Annotated[Format, typer.Option(help="How results are printed.")] = Format.table,
    excel: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the tables to an Excel file, too.")
    ] = None,
    parquet: Annotated[bool, typer.Option("--parquet", help="Write results.parquet, too.")] = False,
    bound: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Bound the first N replications in hindsight; the report shows each regret.",
        ),
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Run on a cluster: the address of dask's scheduler."),
    ] = None,
    set_: Sets = None,
    rules: RuleFiles = None,
) -> None:
    """Compare policies on common random numbers: table, finding, study and report.

    Goes on with the study in the folder where it was interrupted.
    """
    from backsim.cli.compare import compare_policies
    from backsim.rules.files import load_rules

    load_rules(rules or [])
    fields = {"replications": replications, "seed": seed}
    compare_policies(
        experiment,
        out if out is not None else Path("studies") / experiment.stem,
        set_ or [],
        {name: value for name, value in fields.items() if value is not None},
        format,
        excel,
        parquet,
        bound,
        {"workers": workers, "engine": engine.value, "fresh": fresh, "dask": dask},
    )


@app.command()
def check(
    experiments: Annotated[
        list[Path], typer.Argument(metavar="EXPERIMENT...", help="Experiment files (YAML).")
    ],
    baseline: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the baselines; baselines/ beside each file."),
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Write the baselines; edited margins are kept.")
    ] = False,
    replications: Annotated[
        int | None,
        typer.Option("--replications", "-n", min=2, help="With --update: of the new baseline."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail also where a margin is not surely kept.")
    ] = False,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write JUnit XML, a case a metric.")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page for a CI summary.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Replications at once; all cores if not given.")
    ] = None,
    engine: Annotated[Engine, typer.Option(help="auto takes SimPy for small work.")] = Engine.auto,
    rules: RuleFiles = None,
) -> int:
    """Run experiments against their baselines: 0 as before, 1 changed, 2 bad input."""
    from backsim.cli.check import check_experiments
    from backsim.regression.check import Settings
    from backsim.rules.files import load_rules

    load_rules(rules or [])
    if replications is not None and not update:
        raise InputError("check: expected --replications with --update (else the baseline says it)")
    settings = Settings(baseline, workers, engine.value, replications, strict, tuple(rules or ()))
    return check_experiments(experiments, settings, update, junit, markdown)


@app.command()
def rerun(
    result: Annotated[
        Path,
        typer.Argument(
            metavar="RESULT", help="A folder of run --out or compare --out, or the file in it."
        ),
    ],
    workers: Annotated[
        int | None, typer.Option(help="Replications at once; as many as pay if not given.")
    ] = None,
    engine: Annotated[
        Engine | None, typer.Option(help="Instead of the engine that it was made with.")
    ] = None,
    rules: RuleFiles = None,
) -> int:
    """Run a result again: 0 the same to the bit, 1 not, and what differs."""
    from backsim.cli.rerun import run_again
    from backsim.rules.files import load_rules

    load_rules(rules or [])
    return run_again(result, workers, None if engine is None else engine.value)


@app.command()
def diff(
    one: Annotated[Path, typer.Argument(metavar="A", help="A scenario, or a result's folder.")],
    other: Annotated[Path, typer.Argument(metavar="B", help="Another of the same kind.")],
    format: Annotated[Format, typer.Option(help="csv prints the metrics.")] = Format.table,
    confidence: Annotated[
        float, typer.Option(min=0.5, max=0.9999, help="Of all intervals together.")
    ] = 0.95,
    rules: RuleFiles = None,
) -> None:
    """Show what differs: fields of scenarios; metrics of results, with paired intervals."""
    from backsim.cli.diff import show_difference
    from backsim.rules.files import load_rules

    load_rules(rules or [])
    show_difference(one, other, format, confidence)


@app.command()
def validate(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Scenarios, experiments, books of orders."),
    ],
    set_: Sets = None,
    rules: RuleFiles = None,
) -> int:
    """Check scenarios, experiments and books, and print all faults."""
    from backsim.cli.validate import check_files
    from backsim.rules.files import load_rules

    load_rules(rules or [])
    return 0 if check_files(files, set_ or []) else 2


@app.command()
def resolve(scenario: ScenarioFile, set_: Sets = None, rules: RuleFiles = None) -> None:
    """Print a scenario's explicit form: every default, name and level filled in."""
    from backsim.results.store import to_yaml
    from backsim.rules.files import load_rules
    from backsim.scenario import load

    load_rules(rules or [])
    typer.echo(to_yaml(load(scenario, set_ or []).to_dict()), nl=False)


@app.command()
def schema(
    experiment: Annotated[
        bool, typer.Option("--experiment", help="Of experiment files instead.")
    ] = False,
    rules: RuleFiles = None,
) -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from backsim.experiment.schema import ExperimentFile
    from backsim.rules.files import load_rules
    from backsim.scenario.jsonschema import json_schema
    from backsim.scenario.schema import Scenario

    load_rules(rules or [])
    typer.echo(json.dumps(json_schema(ExperimentFile if experiment else Scenario), indent=2))


@app.command("rules")
def list_rules(
    name: Annotated[str | None, typer.Argument(help="One rule, in full.")] = None,
    rules: RuleFiles = None,
) -> None:
    """List the rules a scenario can name, or explain one."""
    from backsim.cli.show import print_rule, print_rules
    from backsim.rules import FAMILIES
    from backsim.rules.files import load_rules

    load_rules(rules or [])
    if name is None:
        print_rules(FAMILIES)
        return
    found = [f.rules[name] for f in FAMILIES.values() if name in f.rules]
    if not found:
        known = nearest(name, sorted({n for f in FAMILIES.values() for n in f.rules}))
        raise InputError(f"rules: expected a known rule ({known}), got {name!r}")
    for rule in found:
        print_rule(rule)


@app.command()
def metrics(rules: RuleFiles = None) -> None:
    """List the metrics, with unit, direction and definition."""
    from backsim.cli.show import print_metrics
    from backsim.rules.files import load_rules

    load_rules(rules or [])
    print_metrics()


@app.command()
def reference() -> None:
    """Print the reference page: every field, distribution, rule and metric (Markdown)."""
    from backsim.cli.reference import reference as page

    typer.echo(page(), nl=False)


@app.command()
def bound(
    scenario: ScenarioFile,
    seed: Seed = None,
    replications: Annotated[
        int, typer.Option("--replications", "-n", min=1, help="Independent replications.")
    ] = 5,
    against: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULE",
            help="A priority rule, its parameters at defaults; repeatable. All such if none.",
        ),
    ] = None,
    engine: Annotated[Engine, typer.Option(help="auto takes SimPy for small work.")] = Engine.auto,
    format: Annotated[Format, typer.Option(help="How results are printed.")] = Format.table,
    set_: Sets = None,
    rules: RuleFiles = None,
) -> None:
    """Bound from below what any clearing rule costs, and print each rule's regret."""
    from backsim.cli.bound import show_bound
    from backsim.rules.files import load_rules

    load_rules(rules or [])
    show_bound(scenario, seed, replications, against, format, engine.value, set_ or [])


class Solver(StrEnum):
    """What solves a linear program."""

    highs = "highs"
    cbc = "cbc"


@app.command()
def allocate(
    book: Annotated[
        Path | None,
        typer.Argument(metavar="[BOOK]", help="A folder of CSV files, or an .xlsx workbook."),
    ] = None,
    rule: Annotated[
        str, typer.Option(help="lp, a priority rule, or a sharing rule such as pro_rata.")
    ] = "lp",
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the plan and a page to a folder.")
    ] = None,
    template: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write a book to start from, and stop.")
    ] = None,
    today: Annotated[
        str | None, typer.Option(metavar="DATE", help="The book's day. Today if not given.")
    ] = None,
    date_format: Annotated[
        str | None, typer.Option(help="How dates are written, such as %d/%m/%Y.")
    ] = None,
    decimal: Annotated[
        str | None, typer.Option(help="The decimal sign in numbers: point or comma.")
    ] = None,
    format: Annotated[Format, typer.Option(help="csv prints the shipments.")] = Format.table,
    solver: Annotated[Solver, typer.Option(help="What solves the program.")] = Solver.highs,
    time_limit: Annotated[
        float | None, typer.Option(metavar="SECONDS", min=0.01, help="When the solver stops.")
    ] = None,
    rules: RuleFiles = None,
) -> None:
    """Allocate stock and purchases to today's open orders."""
    from backsim.cli.allocate import make_template, run_allocation
    from backsim.rules.files import load_rules

    load_rules(rules or [])
    if template is not None:
        make_template(template)
    elif book is None:
        raise InputError("allocate: expected a book (a folder or .xlsx), or --template DIR")
    else:
        run_allocation(
            book,
            rule,
            out,
            format,
            today,
            date_format,
            solver.value,
            time_limit,
            decimal,
        )


@app.command("validate-theory")
def validate_theory(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...",
            help="Ids, instances, families, or files of your own. Default: all known answers.",
        ),
    ] = None,
    fast: Annotated[
        bool, typer.Option("--fast", help="A subset that takes under a minute.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of the random numbers.", min=0)] = 20240601,
    workers: Annotated[int, typer.Option(help="Replications at once; -1 for all cores.")] = -1,
    format: Annotated[Format, typer.Option(help="How verdicts are printed.")] = Format.table,
) -> int:
    """Compare the simulation with published and exactly computed answers."""
    from backsim.cli.known_answers import check_theory

    return check_theory(names or None, fast, seed, workers, format)


__all__: list[Any] = ["app"]
