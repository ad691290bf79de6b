"""What backsim answers, as digests: written before a change of structure and compared after it.

    python -m tests.oracle write before.json
    python -m tests.oracle compare before.json

`compare` prints every answer that differs and exits with 1 if one does.  Answers: the log, the
metrics and the resolved form of every scenario file (3 seeds, 2 engines); the log and metrics of
random models; programs and plans of random books; the report of every experiment at few
replications; the help of every command and the JSON that it prints.  `--only PART` (repeatable)
chooses among them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.allocation.books import books
from tests.contract.test_scenarios import SCENARIOS, SEEDS, shortened
from tests.properties.strategies import models, networks

from backsim import streams
from backsim.allocation.model.statement import state
from backsim.allocation.plan.allocate import optimise
from backsim.allocation.plan.conflict import InfeasibleError
from backsim.cli import run as command
from backsim.engines import compiled, simpy
from backsim.errors import BacksimError
from backsim.experiment.load import load_experiment
from backsim.experiment.play import play
from backsim.results.metrics import measure
from backsim.scenario.load import load
from backsim.scenario.model import Model

ROOT = Path(__file__).parents[1]
EXPERIMENTS = sorted((ROOT / "experiments").glob("*.yaml"))
ENGINES: dict[str, Callable[..., Any]] = {"simpy": simpy.run, "compiled": compiled.run}
BOOKS = {"plain": books(), "mixed": books(mixed=True), "limits": books(limits=True)}
MODELS = {"models": (models(), 200), "networks": (networks(), 100)}

Answers = Iterator[tuple[str, str]]


def scenarios() -> Answers:
    """Every scenario file."""
    for path in SCENARIOS:
        try:
            model = load(path)
        except BacksimError:  # its data is not here
            continue
        yield f"{path.stem} resolved", digest(model.to_dict())
        for seed in SEEDS:
            for name, run in ENGINES.items():
                yield from played(f"{path.stem} seed {seed} {name}", shortened(model), seed, run)


def random_models() -> Answers:
    """Random models, in the interpreted engine."""
    for kind, (strategy, count) in MODELS.items():
        for number, (model, seed) in enumerate(
            drawn(st.tuples(strategy, st.integers(0, 3)), count)
        ):
            yield from played(f"{kind} {number}", model, seed, simpy.run)


def played(name: str, model: Model, seed: int, run: Callable[..., Any]) -> Answers:
    """The log of one replication, and its metrics."""
    log = run(model, streams.draw(model, seed))
    yield f"{name} log", log.digest
    yield f"{name} metrics", digest(measure(model, log).rows())


def random_books() -> Answers:
    """Program and plan of random books."""
    for kind, strategy in BOOKS.items():
        for number, book in enumerate(drawn(strategy, 100)):
            program = state(book)
            yield f"{kind} {number} program", digest(vars_of(program))
            try:
                yield f"{kind} {number} plan", digest(optimise(book).units.tolist())
            except InfeasibleError as error:
                yield f"{kind} {number} plan", str(error)


def reports() -> Answers:
    """The page and the table of every experiment, at few replications."""
    for path in EXPERIMENTS:
        with tempfile.TemporaryDirectory() as folder:
            experiment = load_experiment(path, (), {"replications": 4})
            study = play(experiment, out=Path(folder) / "study")
            yield f"{path.stem} table", digest(study.frame().to_csv())
            page = study.report(Path(folder) / "report.html").read_text(encoding="utf-8")
            yield f"{path.stem} page", digest(without_facts(page))


def commands() -> Answers:
    """The help of every command, and what those print that need little."""
    yield "help", printed("--help")
    names = re.findall(r"^  ([a-z-]+)  ", _output("--help"), re.M)
    for name in names:
        yield f"{name} help", printed(name, "--help")
    quick = str(ROOT / "scenarios" / "quickstart.yaml")
    for arguments in (
        ("run", quick, "--seed", "1", "--format", "json"),
        ("resolve", quick),
        ("schema",),
        ("rules",),
        ("metrics",),
        ("regret", quick, "--seed", "1", "--against", "fcfs", "--format", "json"),
    ):
        yield " ".join(arguments).replace(str(ROOT), "."), printed(*arguments)


PARTS: dict[str, Callable[[], Answers]] = {
    "scenarios": scenarios,
    "models": random_models,
    "books": random_books,
    "reports": reports,
    "commands": commands,
}


def drawn(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """The same random examples in every run."""
    found: list[Any] = []

    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),  # a busy machine draws slowly
    )
    @given(strategy)
    def collect(example: Any) -> None:
        found.append(example)

    collect()
    return found


def digest(value: Any) -> str:
    """A hash of a value made of plain ones."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]


def vars_of(thing: Any) -> dict[str, Any]:
    """The fields of a dataclass of arrays as plain values."""
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name in getattr(thing, "__slots__", None) or vars(thing)
        if not callable(value := getattr(thing, name))
    }


def without_facts(page: str) -> str:
    """A page without what differs from run to run: times of day, seconds, versions."""
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.+Z-]+|\d+(\.\d+)? s\b", "", page)


def printed(*arguments: str) -> str:
    """What a command prints, without the versions and the revision that made it."""
    text = _output(*arguments).replace(str(ROOT), ".")
    return digest(re.sub(r'"provenance": \{.*?^  \}', "", text, flags=re.S | re.M))


def _output(*arguments: str) -> str:
    out = StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        code = command(list(arguments))
    return f"{out.getvalue()}\nexit {code}"


def main() -> int:
    """Write the answers to a file, or compare them with those in it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("action", choices=["write", "compare"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--only", action="append", choices=list(PARTS))
    chosen = parser.parse_args()
    parts = chosen.only or list(PARTS)
    found = {f"{part}: {name}": value for part in parts for name, value in PARTS[part]()}
    if chosen.action == "write":
        chosen.file.write_text(json.dumps(found, indent=0), encoding="utf-8")
        print(f"{len(found)} answers written")
        return 0
    before = json.loads(chosen.file.read_text(encoding="utf-8"))
    before = {name: v for name, v in before.items() if name.split(":")[0] in parts}
    differ = sorted(n for n in before.keys() | found if before.get(n) != found.get(n))
    for name in differ:
        print(f"differs: {name}: {before.get(name)} before, {found.get(name)} now")
    print(f"{len(found) - len(differ)} of {len(found)} answers equal")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
