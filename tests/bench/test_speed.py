"""How fast, how big: the figures that `make bench` prints, each beside what is aimed for.

Figures are the best of several rounds: other work on the machine can only add time.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.bench.figures import FIGURES, aim

import backsim
from backsim.engines import compiled
from backsim.engines import simpy as reference
from backsim.results.ledger import check_ledger
from backsim.results.metrics import measure
from backsim.results.profile import profile
from backsim.scenario import Model
from backsim.scenario.load import from_dict
from backsim.scenario.yamlfile import read_yaml
from backsim.streams import draw

pytestmark = pytest.mark.bench
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def one_product() -> Model:
    model = backsim.load(HERE / "one_product.yaml")
    compiled.run(model.replace(horizon=1100.0), draw(model.replace(horizon=1100.0), 0))
    return model


@pytest.fixture(scope="module")
def many_products() -> Model:
    values = read_yaml(HERE / "many_products.yaml").values
    values["products"] = [f"p{i}" for i in range(200)]
    arrivals = {"poisson": {"rate": 60}}
    values["customers"] = {
        f"c{i}": {
            "priority": i + 1,
            "tolerance": {"exponential": {"mean": 5}},
            "demand": {"arrivals": arrivals, "products": "*", "sites": "*"},
        }
        for i in range(10)
    }
    return from_dict(values, name="many_products")


def fastest(benchmark: Any, work: Callable[[], Any], rounds: int = 5) -> float:
    """Seconds of the fastest round, after a first one that fills caches."""
    benchmark.pedantic(work, rounds=rounds, iterations=1, warmup_rounds=2)
    return float(benchmark.stats.stats.min)


def whole(model: Model) -> Callable[[], Any]:
    """Tape, events, ledger and metrics of a replication."""

    def work() -> None:
        log = compiled.run(model, draw(model, 1))
        check_ledger(model, log)
        measure(model, log)

    return work


def test_simpy_engine(benchmark: Any, one_product: Model) -> None:
    """Orders a second in the SimPy engine, tape drawn beforehand."""
    model = one_product.replace(horizon=20_000.0)
    tape = draw(model, 1)
    seconds = fastest(benchmark, lambda: reference.run(model, tape))
    benchmark.extra_info["orders_per_second"] = tape.orders / seconds
    aim("SimPy engine, one product", tape.orders / seconds, "orders/s", least=150_000)


def test_compiled_engine(benchmark: Any, one_product: Model) -> None:
    """Orders a second including the tape, the ledger and the metrics: two classes, patience."""
    orders = draw(one_product, 1).orders
    seconds = fastest(benchmark, whole(one_product))
    aim("compiled engine with tape, ledger and metrics", orders / seconds, "orders/s", least=7e6)


def test_one_class() -> None:
    """The same where all customers are of one class and wait as long as it takes."""
    customers = {"all": {"demand": {"arrivals": {"poisson": {"rate": 10}}, "products": "mug"}}}
    model = alone(customers, {"rule": "s_S", "s": 60, "S": 120})
    seconds = min(_timed(whole(model)) for _ in range(7))
    rate = draw(model, 1).orders / seconds
    aim("  the same, one class that waits", rate, "orders/s", least=10e6)


def test_periodic_review() -> None:
    """Periods a second of a stock point that is looked at once per period, everything included."""
    demand = {"arrivals": {"period": {"every": 1}}, "size": {"poisson": {"mean": 5}}}
    customers = {"all": {"demand": {**demand, "products": "mug"}}}
    model = alone(customers, {"rule": "s_S", "s": 10, "S": 40}, review=1, horizon=500_000)
    seconds = min(_timed(whole(model)) for _ in range(7))
    aim("  the same, periodic review", model.horizon / seconds, "periods/s", least=10e6)


def alone(customers: Any, reorder: Any, horizon: float = 200_000, **policy: Any) -> Model:
    """One product of a supplier with a gamma lead time, or of two days where it is reviewed."""
    time = 2 if policy else {"gamma": {"mean": 6, "cv": 0.5}}
    return from_dict(
        {
            "horizon": horizon,
            "warm_up": 1000,
            "products": "mug",
            "suppliers": {"acme": {"lead_time": time}},
            "customers": customers,
            "policy": {"reorder": reorder, **policy},
        },
        name="alone",
    )


def test_frame_of_orders(one_product: Model) -> None:
    """`run.orders` against the simulation of what it shows."""
    model = one_product.replace(horizon=100_000.0)
    ours = min(_timed(lambda: backsim.simulate(model, seed=1).metrics) for _ in range(3))
    runs = [backsim.simulate(model, seed=1) for _ in range(3)]
    frame = min(_timed(lambda run=run: run.orders) for run in runs)
    aim("run.orders / simulation of a million orders", frame / ours, "times", most=1)


def test_event_loop(benchmark: Any, one_product: Model) -> None:
    """Orders a second in the event loop alone."""
    tape = draw(one_product, 1)
    compiled.run(one_product, tape)  # draws as many lead times as are needed

    def prepare() -> Any:
        return (compiled.CompiledRun(one_product, tape, False),), {}

    benchmark.pedantic(lambda arena: arena.run(), setup=prepare, rounds=7, warmup_rounds=2)
    rate = tape.orders / float(benchmark.stats.stats.min)
    aim("compiled engine, event loop alone", rate, "orders/s", least=8e6)


def test_many_products(benchmark: Any, one_product: Model, many_products: Model) -> None:
    """200 products x 10 classes x 3 sites: no less than half of what is aimed for with one."""
    orders = draw(many_products, 1).orders
    seconds = fastest(benchmark, whole(many_products), rounds=3)
    aim("200 products x 10 classes x 3 sites, all", orders / seconds, "orders/s", least=2e6)
    tape = draw(many_products, 1)
    compiled.run(many_products, tape)
    loop = min(_timed(compiled.CompiledRun(many_products, tape, False).run) for _ in range(5))
    aim("200 products x 10 classes x 3 sites, loop", orders / loop, "orders/s", least=4e6)
    alone = min(_timed(whole(one_product)) for _ in range(4)) / draw(one_product, 1).orders
    FIGURES.append(f"time per order, many products / one: {seconds / orders / alone:.2f}")


def test_ratio_of_engines(one_product: Model) -> None:
    """How much faster the compiled engine plays the same tape."""
    model = one_product.replace(horizon=20_000.0)
    tape = draw(model, 1)
    slow = min(_timed(lambda: reference.run(model, tape)) for _ in range(3))
    fast = min(_timed(lambda: compiled.run(model, tape)) for _ in range(5))
    aim("compiled / SimPy, same tape", slow / fast, "times", least=10)


def test_profile(one_product: Model) -> None:
    """The course of a run of 20,000 orders, as bytes for the study."""
    model = one_product.replace(horizon=one_product.horizon * 20_000 / one_product.expected_orders)
    log = compiled.run(model, draw(model, 1))
    seconds = min(_timed(lambda: profile(model, log).to_bytes()) for _ in range(20))
    aim("profile of 20,000 orders", 1000 * seconds, "ms", most=1)


def test_replace() -> None:
    """Changing a field of a model of 5,000 stock points, each written out, against making it."""
    names = [f"p{i}" for i in range(5_000)]
    stock = [{"products": n, "reorder": {"rule": "s_S", "s": 3, "S": 9}} for n in names]
    values = branches(1, len(names)).to_dict() | {"stock": stock}
    start = time.process_time()
    model = from_dict(values)
    whole = time.process_time() - start
    for changes in ({"horizon": 300}, {"products.p17.price": 3}, {"stock[17].initial": 5}):
        start = time.process_time()
        model.replace(changes)
        share = (time.process_time() - start) / whole
        aim(f"replace {next(iter(changes))} / make, 5,000 stock points", share, "times", most=0.4)


def test_memory(one_product: Model) -> None:
    """Peak memory of a replication per order, its metrics included."""
    tracemalloc.start()
    log = compiled.run(one_product, draw(one_product, 1))
    measure(one_product, log)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    aim("peak memory", peak / len(log.lines), "bytes/order", most=250)


def test_first_use_and_start(tmp_path: Path) -> None:
    """Seconds to compile at first use, and to start a later process."""
    code = (
        "import time, sys; t = time.perf_counter()\n"
        "import backsim\n"
        f"m = backsim.load({str(HERE / 'one_product.yaml')!r}).replace(horizon=1100.0)\n"
        "backsim.simulate(m, seed=1, engine='compiled').metrics['fill_rate']\n"
        "print(time.perf_counter() - t)"
    )
    environ = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}

    def run() -> float:
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
        return float(done.stdout)

    aim("first use (compiles)", run(), "s", most=15)
    aim("start of a later process", min(run() for _ in range(3)), "s", most=2)


def test_help_is_quick() -> None:
    """Seconds until `backsim --help` has answered."""
    command = [sys.executable, "-m", "backsim", "--help"]
    seconds = min(
        _timed(lambda: subprocess.run(command, capture_output=True, check=True)) for _ in range(5)
    )
    aim("backsim --help", seconds, "s", most=0.3)


def _timed(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def branches(sites: int, products: int, days: float = 4) -> Model:
    """Customers at many branches that one centre supplies; or, with one site, at that.

    `days` is the demand that a purchase of the centre covers.
    """
    names = [f"branch {i}" for i in range(sites - 1)]
    levels = {"s": {"days": 8}, "S": {"days": 8 + days}}
    own = {"sites": "centre", "reorder": {"rule": "s_S", **levels}}
    branch = {
        "sites": names,
        "supplier": {"site": "centre", "transport": {"gamma": {"mean": 2, "cv": 0.5}}},
        "reorder": {"rule": "s_S", "s": {"days": 3}, "S": {"days": 5}},
    }
    return from_dict(
        {
            "horizon": 400,
            "warm_up": 50,
            "products": [f"p{i}" for i in range(products)],
            "sites": ["centre", *names],
            "suppliers": {"acme": {"lead_time": {"gamma": {"mean": 6, "cv": 0.5}}}},
            "customers": {
                "all": {
                    "demand": {
                        "arrivals": {"poisson": {"rate": 5_000}},
                        "products": "*",
                        "sites": names or "centre",
                    }
                }
            },
            "stock": [own, branch] if names else [own],
        }
    )


def test_network() -> None:
    """50 sites x 100 products: events a second, no less than half of those with one site.

    The one site has as many stock points, so that both fill the same tables; or it has the same
    products and buys as often for each order.  Customers who are served from the shelf cost least:
    the speed with 100 products that are bought in lots of four days' demand is printed too.  All
    are measured in turn.
    """
    shapes = ((50, 100), (1, 5_000), (1, 100, 0.04), (1, 100))
    models = {shape: branches(*shape) for shape in shapes}
    tapes = {shape: draw(model, 1) for shape, model in models.items()}
    events = {shape: compiled.run(models[shape], tapes[shape]).handled for shape in shapes}
    seconds = dict.fromkeys(shapes, math.inf)
    for _ in range(6):
        for shape in shapes:
            arena = compiled.CompiledRun(models[shape], tapes[shape], False)
            seconds[shape] = min(seconds[shape], _timed(arena.run))
            del arena
    speed = {shape: events[shape] / seconds[shape] for shape in shapes}
    for shape, found in speed.items():
        lots = " in small lots" if len(shape) > 2 else ""
        FIGURES.append(
            f"{shape[1]:,} products at {shape[0]} sites{lots}, loop: {found:,.0f} events/s"
        )
    network = speed[50, 100]
    aim(
        "events/s, 50 sites / 1 site, 5,000 stock points",
        network / speed[1, 5_000],
        "times",
        least=0.5,
    )
    aim(
        "events/s, 50 sites / 1 site, 100 products in small lots",
        network / speed[1, 100, 0.04],
        "times",
        least=0.5,
    )
