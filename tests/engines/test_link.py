"""Linking and caching: an edited rule is compiled anew, kernels do not get mixed up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import backsim
from backsim.engines import translated
from backsim.engines.link import kernel_functions
from backsim.machine_code import files

SOURCE = Path(backsim.__file__).parents[1]

RULE = '''
from backsim.entities import Line
from backsim.quantities import PerDay
from backsim.rules import priority


def sign(line):
    return {sign}


@priority
def by_size(line: Line, now: float, weight: PerDay = 1.0) -> float:
    """By the units of a line; `weight` scales it."""
    return sign(line) * weight * line.units
'''

SCRIPT = """
import gc, json, sys
from pathlib import Path

sys.path[:0] = [sys.argv[1], str(Path(sys.argv[2]).parent)]
import numba
from backsim.engines import compiled, simpy
from backsim.engines.translated import Translated
from backsim.machine_code import files
from backsim.scenario.load import from_dict
from backsim.streams import draw

kept = []
read_code = files.read_code
files.read_code = lambda name: kept.append(read_code(name)) or kept[-1]

if Path(sys.argv[2]).name != "none":
    __import__(Path(sys.argv[2]).stem)

def model(rule):
    orders = [{"time": t, "lines": {"mug": units}} for t, units in ((1, 2), (2, 3), (3, 1))]
    return from_dict({
        "horizon": 9,
        "products": ["mug"],
        "suppliers": {"maker": {}},
        "customers": {"a": {"demand": {"orders": orders}, "shipment": "line"}},
        "stock": [{
            "reorder": "none", "priority": rule, "initial": 0,
            "inbound": [{"arrives": t, "units": 3} for t in (4, 5)],
        }],
    })

found = []
for rule, record in json.loads(sys.argv[3]):
    m = model(rule)
    tape = draw(m, 1)
    log = compiled.run(m, tape, record=record)
    assert log.equals(simpy.run(m, tape, record=record)), (rule, record)
    assert len(log.notes) == (0 if not record else 3 * 2 + 3 + 2)
    found.append(log.lines["closed"].tolist())
dispatchers = [
    o for o in gc.get_objects()
    if issubclass(type(o), numba.core.dispatcher.Dispatcher) and o.py_func.__name__ == "drive"
    and o.targetoptions.get("no_cpython_wrapper") is None  # those of rules of a user's own
]
hits = [sum(d.stats.cache_hits.values()) for d in dispatchers]
misses = [sum(d.stats.cache_misses.values()) for d in dispatchers]
translated = sum(
    sum(o.stats.cache_misses.values())
    for o in gc.get_objects()
    if issubclass(type(o), numba.core.dispatcher.Dispatcher) and isinstance(o._cache, Translated)
)
print(json.dumps(
    {
        "found": found,
        "hits": sum(hits) + sum(code is not None for code in kept),
        "misses": sum(misses) + kept.count(None),
        "translated": translated,
    }
))
"""


compiled_only = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled"
)


def run(cache: Path, rules: Path | None, *runs: tuple[str, bool]) -> dict[str, Any]:
    """What a fresh process finds: when lines were closed; hits and misses of the cache.

    `translated` is the number of functions that were not compiled for a kernel before.
    """
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(SOURCE), str(rules or "none"), json.dumps(runs)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


# When 3 units arrive on day 4 and 3 on day 5, for lines of 2, 3 and 1.
LARGE_FIRST = [5.0, 4.0, 5.0]
SMALL_FIRST = FIRST_COME = [4.0, 5.0, 4.0]


@compiled_only
def test_the_disk_cache(tmp_path: Path):
    """One test, as each kernel takes seconds to compile."""
    cache, rules = tmp_path / "cache", tmp_path / "my_rules.py"
    rules.write_text(RULE.format(sign="-1.0"))
    runs = (("by_size", False), ("fcfs", False), ("by_size", True))
    expected = [LARGE_FIRST, FIRST_COME, LARGE_FIRST]
    cold = run(cache, rules, *runs)
    translated = cold.pop("translated")
    assert cold == {"found": expected, "hits": 0, "misses": 3}
    assert 50 < translated < 110  # not three times as many
    # Three kernels from the disk in one process, in either order: they do not get mixed up.
    warm = run(cache, rules, *runs)
    assert warm == {"found": expected, "hits": 3, "misses": 0, "translated": 0}
    back = run(cache, rules, *reversed(runs))
    assert back == {"found": expected[::-1], "hits": 3, "misses": 0, "translated": 0}
    # A helper that the rule calls is edited: what was compiled before is not used.
    rules.write_text(RULE.format(sign="+1.0"))
    edited = run(cache, rules, ("by_size", False), ("fcfs", False))
    assert edited.pop("translated") == 3  # the helper, the rule, and what calls the rules
    assert edited == {"found": [SMALL_FIRST, FIRST_COME], "hits": 1, "misses": 1}


NAMED = """
import sys
from numba.core import types

others = [types.Opaque(f"other {k}") for k in range(int(sys.argv[1]))]

from backsim.engines import single_module, world_pointer
from backsim.entities import Stock, dtype


def units(stock):
    return stock.on_hand


row = world_pointer._element(dtype(Stock))
piece = single_module.piece(units)
piece.compile((row,))
print(piece.overloads[row,].fndesc.mangled_name)
"""


def test_a_piece_has_one_name_in_all_processes(tmp_path: Path):
    """numba counts types as a process meets them: pieces of two processes have to fit together."""
    names = []
    for others in ("0", "3"):
        where = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / others)}
        run = [sys.executable, "-c", NAMED, others]
        said = subprocess.run(run, capture_output=True, text=True, env=where, check=True)
        names.append(said.stdout)
    assert "units" in names[0]
    assert names[0] == names[1]


def test_half_a_file_is_no_translation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(files, "folder", lambda kind: tmp_path)
    monkeypatch.setattr(translated, "_here", {})
    whole = translated.Translation("descriptor", [translated.Call("ship", (), None)], b"code")
    translated._write("key", whole)
    assert [path.name for path in tmp_path.iterdir()] == ["key"]
    translated._here.clear()
    assert translated._read("key") == whole
    for length in range(len((tmp_path / "key").read_bytes())):
        (tmp_path / "half").write_bytes((tmp_path / "key").read_bytes()[:length])
        assert translated._read("half") is None
        translated._here.clear()
    assert translated._read("nothing") is None


def test_kernel_functions_share_one_namespace():
    names = [function.__name__ for function in kernel_functions()]
    assert len(names) == len(set(names))


def test_switches_are_all_that_a_model_needs():
    """Asked for by themselves they are those that the kernel is linked with."""
    from backsim.engines.features import switches
    from backsim.engines.setup import set_up
    from backsim.scenario.load import load

    seen: set[str] = set()
    for file in sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml")):
        if file.stem == "online_retail":
            continue  # its data are elsewhere
        model = load(file)
        if file.stem == "quickstart":
            echelon = model.replace({"policy.reorder": {"rule": "echelon_base_stock", "S": 9}})
            assert switches(echelon) == set_up(echelon).switches >= {"NETWORK", "ECHELON"}
        needed = switches(model)
        assert needed == set_up(model).switches, file.name
        seen |= needed
    assert {"NETWORK", "TRANSFERS", "ROUTES"} <= seen
