"""How long the allocation takes: figures beside what is aimed for."""

from __future__ import annotations

import csv
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.bench.figures import FIGURES, aim, best

import backsim
from backsim.allocation.plan.allocate import optimise
from backsim.hindsight import bound_of
from backsim.hindsight import program as flow
from backsim.hindsight.prices import lower_bound
from backsim.hindsight.program import histories

pytestmark = pytest.mark.bench
TODAY = date(2026, 11, 24)
SITES = "ABCDE"


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


def test_large_book(tmp_path: Path) -> None:
    """100,000 lines x 5,000 products x 10 sources each: read, planned, compared and written."""
    folder = write_book(tmp_path / "book", 100_000, 5_000, 10)
    seconds, memory = allocate(folder, "--out", str(tmp_path / "plan"))
    aim("backsim allocate, 100,000 lines, all rules, written", seconds, "s", most=60)
    aim("  its memory", memory, "GB", most=4)


def test_small_book(tmp_path: Path) -> None:
    """1,000 lines x 10 sources: the plan, and the whole command."""
    from backsim.allocation.book.assemble import read_book

    folder = write_book(tmp_path / "book", 1_000, 100, 10)
    optimise(read_book(folder, TODAY))
    aim("plan of 1,000 lines", best(lambda: optimise(read_book(folder, TODAY)), 5), "s", most=1)
    seconds = min(allocate(folder)[0] for _ in range(3))
    aim("backsim allocate, 1,000 lines, all rules", seconds, "s", most=1)


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
