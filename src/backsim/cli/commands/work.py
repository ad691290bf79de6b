"""`work`: play a shard of an experiment into a store that other processes write to, too."""

from __future__ import annotations

from typing import Annotated

import typer

from backsim.cli.commands.compare import ExperimentFile, Replications
from backsim.cli.console import say
from backsim.cli.options import Engine, RuleFiles, Seed, Sets, StoreAt, UseEngine, Workers
from backsim.cli.progress import counting
from backsim.cli.registry import command
from backsim.errors import InputError, counted


@command("Simulate")
def work(
    experiment: ExperimentFile,
    store: StoreAt = None,
    shard: Annotated[
        str,
        typer.Option(metavar="I/N", help="Play every N-th block, from the I-th on (1/N to N/N)."),
    ] = "1/1",
    workers: Workers = None,
    replications: Replications = None,
    seed: Seed = None,
    engine: UseEngine = Engine.auto,
    set_: Sets = None,
    rules: RuleFiles = None,
) -> None:
    """Play a shard of an experiment on one of many machines.

    Shards need no coordinator: each writes the blocks that are its own and still missing to the
    store, one Parquet file per block.  Start a shard that was interrupted again and it resumes.
    `backsim study` says what is missing and writes the report.
    """
    from backsim.experiment.load import load_experiment
    from backsim.experiment.shards import Shard, work

    if store is None:
        raise InputError("work: expected --store DIR, or a URL such as s3://bucket/study")
    mine = Shard.parse(shard)
    given = {"replications": replications, "seed": seed}
    fields = {name: value for name, value in given.items() if value is not None}
    with counting("replications") as meter:
        meter.stage(f"loading {experiment}")
        asked = load_experiment(experiment, set_ or [], fields)
        meter.stage("drawing random numbers, preparing the engine")
        done = work(asked, store, mine, workers=workers, engine=engine.value, progress=meter)
    print(f"shard {mine.number} of {mine.of}: {counted(done.played, 'block')} played")
    if done.verdict is None:
        say(
            f"{counted(done.left, 'block')} of other shards missing: when these are finished, run "
            "this command again if the replications depend on the results (`until`)"
        )
    else:
        say(f"every block is finished; next: backsim study report {store} --out DIR")
