"""How long the allocation takes: figures beside what is aimed for."""

from __future__ import annotations

import csv
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import backsim
from backsim.allocation import clearing, highs, statement
from backsim.allocation.allocate import optimise
from backsim.allocation.clearing import Case
from backsim.allocation.program import Program
from backsim.allocation.solution import Effort
from backsim.allocation.transport import small_book
from backsim.engines import compiled, simpy
from backsim.hindsight import bound_of
from backsim.hindsight import program as flow
from backsim.hindsight.history import histories
from backsim.hindsight.prices import lower_bound
from backsim.scenario.model import Model
from backsim.streams import draw

pytestmark = pytest.mark.bench
FIGURES: list[str] = []
TODAY = date(2026, 11, 24)
SITES = "ABCDE"


@pytest.fixture(scope="module", autouse=True)
def print_figures() -> Iterator[None]:
    yield
    sys.stdout.write("\n  ".join(["\n\nbacksim bench: allocation", *FIGURES]) + "\n")


def aim(what: str, found: float, unit: str, least: float = 0.0, most: float = float("inf")) -> None:
    """Note a figure beside its aim, and fail when it misses."""
    bound = f"at least {least:,.2f}" if most == float("inf") else f"at most {most:,.2f}"
    FIGURES.append(f"{what:<58} {found:>14,.2f} {unit:<12} (aim: {bound})")
    assert least <= found <= most, FIGURES[-1]


def write_book(folder: Path, lines: int, products: int, sources: int) -> Path:
    """A book with `sources` sources of each product, half of them stock, at five sites."""
    rng = np.random.default_rng(1)
    product, units = rng.integers(0, products, lines), rng.integers(1, 20, lines)
    asked = np.bincount(product, units, products)
    held = np.floor(rng.dirichlet(np.ones(sources), products) * asked[:, None] * 0.9).astype(int)

    def day(number: Any) -> str:
        return (TODAY + timedelta(days=int(number))).isoformat()

    def write(name: str, head: str, rows: Any) -> None:
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(head.split(","))
            writer.writerows(rows)

    folder.mkdir()
    ordered, due = rng.integers(1, 40, lines), rng.integers(-10, 20, lines)
    site, arrives = rng.integers(0, 5, lines), rng.integers(1, 40, (products, sources))
    write(
        "lines",
        "id,product,units,customer,class,site,order,ordered,due",
        (
            (f"L{i}", f"p{product[i]}", units[i], f"c{i % (lines // 10)}", "ABC"[i % 3],
             SITES[site[i]], f"O{i // 2}", day(-ordered[i]), day(due[i]))
            for i in range(lines)
        ),
    )  # fmt: skip
    write(
        "stock",
        "product,site,units",
        ((f"p{p}", SITES[k], held[p, k]) for p in range(products) for k in range(5)),
    )
    write(
        "inbound",
        "id,product,site,units,arrives",
        (
            (f"P{p}-{k}", f"p{p}", SITES[k % 5], held[p, k], day(arrives[p, k]))
            for p in range(products)
            for k in range(5, sources)
        ),
    )
    write(
        "lanes",
        "from,to,days,transfer",
        ((a, b, abs(ord(a) - ord(b)), 0.3 * abs(ord(a) - ord(b))) for a in SITES for b in SITES),
    )
    classes = (("A", 1, 5, 300), ("B", 2, 2, 120), ("C", 3, 1, 60))
    write("classes", "class,rank,weight,lost", classes)
    return folder


def allocate(folder: Path, *options: str) -> tuple[float, float]:
    """(seconds of processor, peak memory in GB) of `backsim allocate` in a process of its own."""
    code = (
        "import resource, sys\nfrom backsim.cli import run\n"
        "assert run(sys.argv[1:]) == 0\n"
        "used = resource.getrusage(resource.RUSAGE_SELF)\n"
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss, file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "allocate", str(folder), "--today", str(TODAY), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, memory = done.stderr.split()[-2:]
    return float(seconds), int(memory) / 1e6


def best(work: Callable[[], Any], rounds: int) -> float:
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def raw_solve(program: Program) -> None:
    """HiGHS alone, with its defaults: `passModel` and `run`."""
    import highspy

    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    columns, rows = len(program.cost), len(program.row_upper)
    solver.passModel(
        columns, rows, len(program.value), int(highspy.MatrixFormat.kColwise),
        int(highspy.ObjSense.kMinimize), program.offset, program.cost, np.zeros(columns),
        program.upper, program.row_lower, program.row_upper, program.start[:-1],
        program.index, program.value, program.integer,
    )  # fmt: skip
    solver.run()


def test_large_book(tmp_path: Path) -> None:
    """100,000 lines x 5,000 products x 10 sources each: read, planned, compared and written."""
    folder = write_book(tmp_path / "book", 100_000, 5_000, 10)
    seconds, memory = allocate(folder, "--out", str(tmp_path / "plan"))
    aim("backsim allocate, 100,000 lines, all rules, written", seconds, "s", most=60)
    aim("  its memory", memory, "GB", most=4)


def test_small_book(tmp_path: Path) -> None:
    """1,000 lines x 10 sources: the plan, and the whole command."""
    from backsim.allocation.assemble import read_book

    folder = write_book(tmp_path / "book", 1_000, 100, 10)
    optimise(read_book(folder, TODAY))
    aim("plan of 1,000 lines", best(lambda: optimise(read_book(folder, TODAY)), 5), "s", most=1)
    seconds = min(allocate(folder)[0] for _ in range(3))
    aim("backsim allocate, 1,000 lines, all rules", seconds, "s", most=4)


def test_clearings() -> None:
    """Programs of 1,000 variables a second, against HiGHS alone on the same arrays."""
    rng = np.random.default_rng(1)
    book = small_book(
        rng.integers(5, 30, 10).astype(float),
        rng.integers(1, 9, 100).astype(float),
        cost=rng.uniform(0, 5, (10, 100)).round(1),
        lost=rng.choice([20.0, 40.0, 80.0], 100),
        weight=rng.choice([1.0, 2.0, 5.0], 100),
        arrives=rng.integers(0, 20, 10).astype(float),
        due=rng.integers(-5, 20, 100).astype(float),
    )
    program, plain = statement.state(book), Effort(ties=False)

    alone = best(lambda: raw_solve(program), 60)
    ours = best(lambda: highs.solve(statement.state(book), plain), 60)
    told = best(lambda: highs.solve(statement.state(book)), 60)
    aim("programs of 1,000 variables, stated and solved", 1 / ours, "per s", least=200)
    aim("  time against passModel + run with HiGHS's defaults", ours / alone, "times", most=1.5)
    FIGURES.append(f"{'  with ties broken':<58} {1 / told:>14,.2f} per s")
    FIGURES.append(f"{'  passModel + run alone':<58} {1 / alone:>14,.2f} per s")
    through = best(lambda: optimise(book, form="pulp"), 5)
    FIGURES.append(f"{'  time through PuLP against arrays':<58} {through / ours:>14,.2f} times")


def cases_of(model: Model) -> list[Case]:
    """The programs that a replication has to solve: those that are no sort."""
    found: list[Case] = []
    plain = clearing.decide

    def keep(case: Case, solver: Any = None) -> Any:
        found.append(case)
        return plain(case, solver)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clearing, "decide", keep)
        simpy.run(model, draw(model, 1))
    return [case for case in found if not clearing.is_a_sort(case)]


def test_clearings_in_simulation() -> None:
    """The programs of a replication, from its tables to units, against HiGHS alone on each."""
    kitchens = backsim.load(Path(__file__).parents[2] / "scenarios" / "kitchens.yaml")
    rule = {"rule": "lp", "weight": {"fitter": 10, "private": 3, "shop": 1}, "lost": 20}
    parts = {f"customers.{name}.shipment": "partial" for name in ("fitter", "private")}
    kinds = {
        "parts": {"policy.priority": rule, "policy.reorder.r": 0, **parts},
        "whole orders": {"policy.priority": {**rule, "scope": "site"}, "horizon": 80.0},
    }
    for name, changes in kinds.items():
        model = kitchens.replace(changes)
        cases = cases_of(model)
        programs = [statement.state(clearing.book_of(case)) for case in cases]
        columns = np.mean([len(program.cost) for program in programs])
        solver = highs.Solver()
        ours = best(lambda cases=cases, s=solver: [clearing.decide(c, s) for c in cases], 3)
        alone = best(lambda programs=programs: [raw_solve(p) for p in programs], 3)
        told = f"{name}, {columns:.0f} columns on average"
        FIGURES.append(
            f"{'LP clearings in simulation: ' + told:<70} {len(cases) / ours:,.0f} per s"
        )
        FIGURES.append(f"{'  time against passModel + run':<58} {ours / alone:>14,.2f} times")
        tape = draw(model, 1)
        compiled.run(model, tape)
        plain = model.replace({"policy.priority": "class_priority"})
        compiled.run(plain, tape)
        slow = best(lambda m=model, t=tape: compiled.run(m, t), 2)
        quick = best(lambda m=plain, t=tape: compiled.run(m, t), 2)
        FIGURES.append(f"{'  a replication, compiled engine':<58} {slow:>14,.2f} s")
        FIGURES.append(f"{'  the same without the program':<58} {quick:>14,.4f} s")
    assert len(cases) > 10


def test_large_clearings_in_simulation() -> None:
    """Clearings of 1,000 variables, from the case to units: 100 lines, 10 sources."""
    rng = np.random.default_rng(1)
    case = Case(
        product=np.zeros(100, np.int64),
        group=np.full(100, clearing.ALONE),
        ordered=np.sort(rng.uniform(-20, 0, 100)),
        due=rng.integers(-5, 20, 100).astype(float),
        leaves=np.full(100, np.inf),
        units=rng.integers(1, 9, 100).astype(float),
        weight=rng.choice([1.0, 2.0, 5.0], 100),
        lost=rng.choice([20.0, 40.0, 80.0], 100),
        customer_class=np.zeros(100, np.int64),
        of=np.zeros(10, np.int64),
        held=rng.integers(5, 30, 10).astype(float),
        arrive=np.sort(rng.integers(0, 20, 10).astype(float)),
        classes=1,
        min_fill={},
    )
    program, solver = statement.state(clearing.book_of(case)), highs.Solver()
    assert len(program.cost) == 1000
    alone = best(lambda: raw_solve(program), 60)
    ours = best(lambda: clearing.decide(case, solver), 60)
    aim("LP clearings of 1,000 variables in simulation", 1 / ours, "per s", least=200)
    FIGURES.append(
        f"{'  time against passModel + run, ties broken':<58} {ours / alone:>14,.2f} times"
    )


def test_bound() -> None:
    """The bound of a replication of the quickstart: 32,000 lines at four stock points."""
    run = backsim.simulate(Path(__file__).parents[2] / "scenarios" / "quickstart.yaml", seed=1)
    long = backsim.simulate(
        Path(__file__).parents[2] / "scenarios" / "gold_and_silver.yaml", seed=1, engine="simpy"
    )
    (history,) = histories(long.model, long.log)
    rows = flow.columns(history)
    whole, by_prices = flow.least_cost(history), lower_bound(history)
    told = f"bound of {rows:,} columns, by prices"
    FIGURES.append(f"{told:<58} {best(lambda: lower_bound(history), 1):>14,.2f} s")
    FIGURES.append(f"{'  as a whole':<58} {best(lambda: flow.least_cost(history), 1):>14,.2f} s")
    FIGURES.append(f"{'  share of the least cost':<58} {by_prices / whole:>14,.6f}")
    aim("bound of quickstart.yaml, one replication", best(lambda: bound_of(run), 2), "s", most=20)
