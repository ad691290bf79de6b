"""Rules of a user's own: what they use may change, and errors are told where they arise."""

from __future__ import annotations

import linecache
import os
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import backsim
from backsim.engines import compiled_ports
from backsim.engines.choose import choose
from backsim.errors import RuleError
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model

compiled_only = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled"
)


def typed(source: str, file: str, names: dict[str, Any]) -> dict[str, Any]:
    """Run a cell as IPython does: under a file name of its own, in `__main__`."""
    names.setdefault("__name__", "__main__")
    lines = source.splitlines(keepends=True)
    linecache.cache[file] = (len(source), None, lines, file)
    exec(compile(source, file, "exec"), names)
    return names


def shop(rule: Any, initial: int = 16) -> Model:
    """A shop whose levels a rule of the user's own decides."""
    demand = {"arrivals": {"poisson": {"rate": 5}}, "products": "x"}
    return from_dict(
        {
            "horizon": 300,
            "products": "x",
            "suppliers": {"s": {"lead_time": 2}},
            "customers": {"c": {"demand": demand}},
            "policy": {"review": 1, "reorder": rule},
            "stock": [{"initial": initial}],
        }
    )


def fill_rate(model: Model, engine: str) -> float:
    return float(backsim.simulate(model, seed=1, engine=engine).metrics["fill_rate"])


WEEKLY = """
from backsim import reorder


@reorder
def weekly(position, now):
    return {level} - position
"""


@compiled_only
def test_what_a_rule_uses_changes_while_a_process_runs(tmp_path: Path, monkeypatch: Any) -> None:
    """An array, a name, a helper module's constant: both engines see each change."""
    (tmp_path / "levels_of_mine.py").write_text("ADDED = 0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    source = WEEKLY.format(level="LEVELS[int(now) % 7] + levels_of_mine.ADDED")
    names = typed(
        f"import levels_of_mine\n{source}", "<ipython-input-1-a>", {"LEVELS": np.full(7, 16)}
    )
    model = shop("weekly")
    high = fill_rate(model, "simpy")
    assert fill_rate(model, "compiled") == high
    names["LEVELS"][:] = 12  # in place
    low = fill_rate(model, "simpy")
    assert low < high - 0.2
    assert fill_rate(model, "compiled") == low
    names["levels_of_mine"].ADDED = 4
    assert fill_rate(model, "simpy") == high
    assert fill_rate(model, "compiled") == high


@compiled_only
def test_a_closure_with_a_helper_plays_in_both_engines() -> None:
    source = """
from backsim import reorder

def make(level):
    def missing(position):
        return level - position

    @reorder
    def up_to(position):
        return missing(position)

make({level})
"""
    rates = []
    for number, level in enumerate((16, 12)):
        typed(source.format(level=level), f"<ipython-input-{number}-a>", {})
        rates.append({fill_rate(shop("up_to"), engine) for engine in ("simpy", "compiled")})
    assert [len(found) for found in rates] == [1, 1]
    assert rates[0] != rates[1]


@pytest.mark.parametrize("file", ["<stdin>", "<ipython-input-{}-abc>", "/tmp/ipykernel_1/{}.py"])
def test_a_cell_is_run_again_with_another_rule(file: str) -> None:
    names: dict[str, Any] = {}
    rates = []
    for number, level in enumerate((16, 12)):
        typed(WEEKLY.format(level=level), file.format(number), names)
        run = backsim.simulate(shop("weekly"), seed=1, engine="simpy")
        rates.append((run.metrics["fill_rate"], run.provenance["rules"]["reorder.weekly"]))
    assert rates[0][0] > rates[1][0]
    assert rates[0][1] != rates[1][1]
    assert all(len(digest) == 16 for _, digest in rates)


def test_a_rule_of_backsim_or_of_a_file_is_not_replaced_from_a_notebook() -> None:
    source = "from backsim import reorder\n@reorder\ndef s_S(position):\n    return 1\n"
    with pytest.raises(RuleError, match="reorder rule 's_S' exists already"):
        typed(source, "<ipython-input-1-a>", {})


def test_what_cannot_be_known_plays_in_simpy_alone() -> None:
    source = """
from backsim import reorder
SEEN = []

@reorder
def counting(position):
    SEEN.append(position)
    return 16 - position
"""
    typed(source, "<ipython-input-1-a>", {})
    model = shop("counting")
    with pytest.raises(
        RuleError, match=r"rule counting: line 7 .* calls append\(\), and SEEN is a"
    ):
        choose(model, "compiled")
    name, reason = choose(model, "auto", replications=10**6)
    assert name == "simpy"
    assert "SEEN is a list" in reason
    run = backsim.simulate(model, seed=1, engine="simpy")
    assert run.provenance["rules"]["reorder.counting"].startswith("unknown: line 7")


@pytest.mark.parametrize(
    ("raises", "message"),
    [
        ("1 / (position - position)", "ZeroDivisionError: division by zero"),
        ("exit_now()", "SystemExit: 3"),
        ("too_deep()", "RecursionError: maximum recursion depth exceeded"),
        ("no_memory()", "MemoryError"),
    ],
)
def test_an_error_of_a_rule_is_told_with_its_line(raises: str, message: str) -> None:
    source = f"""
from backsim import reorder

def exit_now():
    raise SystemExit(3)

def no_memory():
    raise MemoryError

def too_deep():
    return too_deep()

@reorder
def failing(position):
    return {raises}
"""
    typed(source, "<ipython-input-7-a>", {})
    with pytest.raises(RuleError, match=rf"<ipython-input-7-a>:\d+: rule failing: {message}"):
        backsim.simulate(shop("failing"), seed=1, engine="simpy")


def test_an_answer_that_is_no_number_is_the_rules_fault() -> None:
    typed(WEEKLY.format(level="16") + "    # \n", "<ipython-input-1-a>", {})
    typed(
        "from backsim import reorder\n@reorder\ndef none_at_all(position):\n    pass\n", "<a>", {}
    )
    with pytest.raises(RuleError, match="rule none_at_all: expected a number as its answer"):
        backsim.simulate(shop("none_at_all"), seed=1, engine="simpy")


ENGINES = ["simpy", pytest.param("compiled", marks=compiled_only)]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("level", "message"),
    [
        ("math.nan", "expected a number as its answer: ValueError: it is nan"),
        ("-math.inf", "expected a number as its answer: ValueError: it is nan, infinite, or"),
        ("2.0**32", "expected a number as its answer: .*infinite, or 2,147,483,648 or more"),
        ("1 / (position - 16)", "ZeroDivisionError"),
        ("1.5 % (position - 16)", "ZeroDivisionError"),
        ("stop(position)", "ValueError: no more"),
    ],
)
def test_both_engines_tell_what_is_wrong_with_an_answer(
    level: str, message: str, engine: str
) -> None:
    """Compiled code went on with nan as no units, and with a number divided by 0 as infinite."""
    helper = (
        "\ndef stop(position):\n    if position == 16: raise ValueError('no more')\n    return 1\n"
    )
    source = f"import math\n{helper}{WEEKLY.format(level=level)}"
    typed(source, "<ipython-input-8-a>", {})
    with pytest.raises(RuleError, match=f"rule weekly: {message}"):
        backsim.simulate(shop("weekly"), seed=1, engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_forecast_that_is_no_number(engine: str) -> None:
    source = "@forecast\ndef lost(demand):\n    return demand * float('nan')\n"
    typed(f"from backsim import forecast\n{source}", "<ipython-input-9-a>", {})
    model = shop({"rule": "forecast_base_stock", "z": 1}).replace(
        {"policy.forecast": "lost", "policy.observe": {"every": 1}}
    )
    with pytest.raises(RuleError, match="rule lost: expected a number as its answer"):
        backsim.simulate(model, seed=1, engine=engine)


@compiled_only
def test_an_answer_may_be_yes_or_no() -> None:
    source = "@priority\ndef many(line):\n    return line.open < 2\n"
    typed(f"from backsim import priority\n{source}", "<ipython-input-10-a>", {})
    model = shop({"rule": "base_stock", "S": 4}).replace({"policy.priority": "many"})
    assert fill_rate(model, "compiled") == fill_rate(model, "simpy")


def test_an_error_while_a_customer_orders() -> None:
    """Customers are a process of SimPy, which raises a copy of the error."""
    source = "from backsim import priority\n@priority\ndef late(line):\n    return {}\n"
    demand = {"arrivals": {"poisson": {"rate": 5}}, "products": "x"}
    for body, said in (
        ("line.nothing", ":4: rule late: AttributeError"),
        ("'x'", "rule late: exp"),
    ):
        typed(source.format(body), "<ipython-input-3-a>", {})
        model = from_dict(
            {
                "horizon": 30,
                "products": "x",
                "suppliers": {"s": {"lead_time": 2}},
                "customers": {"c": {"demand": demand}},
                "stock": [{"initial": 0, "reorder": "none", "priority": "late"}],
            }
        )
        with pytest.raises(RuleError, match=said):
            backsim.simulate(model, seed=1, engine="simpy")


def test_an_error_of_the_kernel_is_not_blamed_on_a_rule(monkeypatch: Any) -> None:
    from backsim.engines import simpy

    def broken(world: Any) -> int:
        raise KeyError("a defect of ours")

    typed(WEEKLY.format(level="16"), "<ipython-input-1-a>", {})
    monkeypatch.setitem(simpy.PORTS, "new_purchase", broken)
    simpy._kernel.cache_clear()
    try:
        with pytest.raises(KeyError, match="a defect of ours"):
            backsim.simulate(shop("weekly"), seed=1, engine="simpy")
    finally:
        simpy._kernel.cache_clear()


@compiled_only
def test_an_error_of_the_compiled_kernel_is_not_blamed_on_a_rule(monkeypatch: Any) -> None:
    from backsim.engines import compiled

    def new_purchase(world):  # type: ignore[no-untyped-def]
        return world.no_such_table[0]

    typed(WEEKLY.format(level="16"), "<ipython-input-1-a>", {})
    monkeypatch.setitem(compiled_ports.PORTS, "new_purchase", new_purchase)
    compiled.driver.cache_clear()
    try:
        with pytest.raises(Exception, match="no_such_table") as caught:
            choose(shop("weekly"), "compiled")
        assert not isinstance(caught.value, RuleError)
    finally:
        compiled.driver.cache_clear()


def test_a_rule_takes_plain_arguments() -> None:
    source = "from backsim import reorder\n@reorder\ndef odd(position, *, now):\n    return 1\n"
    with pytest.raises(RuleError, match=r"expected plain arguments, got now, after a `\*`"):
        typed(source, "<ipython-input-1-a>", {})


def test_a_default_is_a_number() -> None:
    source = (
        "from backsim import reorder\n@reorder\ndef odd(position, S: float = None):\n    return 1\n"
    )
    with pytest.raises(RuleError, match=r"'odd': argument 'S': expected a number .*, got None"):
        typed(source, "<ipython-input-1-a>", {})


def test_a_module_of_rules_stays_a_module() -> None:
    """A rule's own module is not changed by linking."""
    module = types.ModuleType("mine")
    sys.modules["mine"] = module
    try:
        source = WEEKLY.format(level="helper()") + "\ndef helper():\n    return 16\n"
        exec(compile(source, "mine.py", "exec"), vars(module))
        before = module.helper  # type: ignore[attr-defined]
        backsim.simulate(shop("weekly"), seed=1, engine="simpy")
        assert module.helper is before  # type: ignore[attr-defined]
    finally:
        del sys.modules["mine"]
