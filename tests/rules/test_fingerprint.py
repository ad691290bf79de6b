"""The fingerprint of a rule: all that its answers depend on, and what has none."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backsim.rules.fingerprint import Fingerprint, fingerprint

PREPARED = """
import datetime, enum, math, operator, random, time
from collections import namedtuple
from dataclasses import dataclass
from functools import lru_cache, partial
import numpy as np

@dataclass(frozen=True)
class Levels:
    low: int = 1
    @property
    def high(self):
        return self.low + {more}

class Sort(enum.Enum):
    A = {more}

Pair = namedtuple("Pair", "a b")

class Plain:
    S = {more}

def helper(x, by={more}):
    return x + by

LEVELS, PAIR, TUPLE, NUMBERS = Levels({more}), Pair(1, {more}), (1, (2, {more})), [1, {more}]
TABLE, ARRAY, SET, PLAIN = {{"a": {more}}}, np.array([1.0, {more}]), {{"x", {more}}}, Plain()
RANDOM, GIVEN = np.random.default_rng(1), (i for i in range({more}))
ADD = partial(helper, by={more})

@lru_cache
def remembered(x):
    return x
"""


def of(body: str, more: int = 1, **names: Any) -> Fingerprint:
    """The fingerprint of a rule with that body, with `more` in everything that is prepared."""
    scope: dict[str, Any] = {"__name__": "__main__", **names}
    source = f"{PREPARED.format(more=more)}\ndef rule(position, now=0.0):\n    {body}\n"
    exec(compile(source, "<stdin>", "exec"), scope)
    return fingerprint(scope["rule"])


@pytest.mark.parametrize(
    "body",
    [
        "return helper(position)",
        "return LEVELS.low",
        "return LEVELS.high",
        "return Levels().high",
        "return Sort.A.value",
        "return PAIR.b",
        "return TUPLE[1][1]",
        "return NUMBERS[1]",
        "return TABLE['a']",
        "return ARRAY[1]",
        "return len(SET)",
        "return Plain.S",
        "return ADD(position)",
        "return max(helper(x) for x in (1, 2))",
        "return (lambda: TUPLE)()[0]",
    ],
)
def test_what_a_rule_uses_counts(body: str) -> None:
    first = of(body)
    assert first, first.reason
    assert of(body) == first
    assert of(body, more=2) != first
    assert of(body, unused=1) == first


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("NUMBERS.append(1); return 1", "of <stdin> calls append(), and NUMBERS is a list"),
        ("TABLE['b'] = 1; return 1", "changes an item, and TABLE is a dictionary"),
        ("ARRAY[0] += 1; return 1", "changes an item, and ARRAY is an array"),
        ("global Z; Z = 1; return 1", "changes Z, so that answers depend on those before"),
        ("rule.k = 1; return rule.k", "of <stdin> changes rule.k"),
        ("return PLAIN.S", "PLAIN is an object of class __main__.Plain"),
        ("return RANDOM.random()", "RANDOM is an object of class numpy.random"),
        ("return random.random()", "it uses random.random"),
        ("return np.random.rand()", "it uses numpy.random.rand"),
        ("return np.loadtxt('x')[0]", "it uses numpy.loadtxt"),
        ("return time.time()", "it uses time.time"),
        ("return datetime.datetime.now().hour", "it uses datetime.datetime.now"),
        ("return float(open('x').read())", "it uses open()"),
        ("return eval('1')", "it uses eval()"),
        ("return next(GIVEN)", "GIVEN is an object of class builtins.generator"),
        ("return remembered(1)", "remembered keeps answers of earlier calls"),
        ("import os; return 1", "of <stdin> imports os while the rule runs"),
        ("return getattr(math, 'pi')", "math is the module math, used as a value"),
        ("return input()", "it uses input()"),
    ],
)
def test_what_cannot_be_known_is_told(body: str, reason: str) -> None:
    found = of(body)
    assert reason in found.reason
    assert not found


def test_a_library_is_known_by_name_and_version(monkeypatch: pytest.MonkeyPatch) -> None:
    body = "return np.exp(position) + math.sqrt(2) + operator.add(1, 2) + int(min(1, 2))"
    first = of(body)
    assert first
    from backsim.rules import libraries

    monkeypatch.setattr(libraries, "_version", lambda package: "another")
    assert of(body) != first


def test_a_file_that_is_named_as_a_library(tmp_path: Path) -> None:
    """A user's own `statistics.py` is no part of Python."""
    digests = []
    for level in (1, 2):
        (tmp_path / "statistics.py").write_text(f"def level():\n    return {level}\n")
        digests.append(_elsewhere("import statistics", "return statistics.level()", tmp_path, "0"))
    assert digests[0] != digests[1]


def test_it_is_the_same_in_every_process(tmp_path: Path) -> None:
    body = "return len(SET) + TABLE['a'] + LEVELS.high + PAIR.b + math.sqrt(ARRAY[0])"
    seen = {_elsewhere(PREPARED.format(more=1), body, tmp_path, seed) for seed in ("1", "2")}
    assert seen == {of(body).digest}


def _elsewhere(prepared: str, body: str, folder: Path, seed: str) -> str:
    script = folder / "script.py"
    script.write_text(
        f"{prepared}\ndef rule(position, now=0.0):\n    {body}\n"
        "from backsim.rules.fingerprint import fingerprint\nprint(fingerprint(rule).told)\n"
    )
    environment: Mapping[str, str] = {
        **os.environ,
        "PYTHONHASHSEED": seed,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-1000:]
    return done.stdout.strip()


def test_code_counts_and_its_place_does_not() -> None:
    assert of("return 1") != of("return 2")
    assert of("return 1") == of("# why\n    return 1")
    assert of("return 1") == of('"""What it says."""\n    return 1')
    assert of("return position") != of("return now")


def test_an_array_counts_by_kind_and_shape() -> None:
    body = "return A[0]"
    kinds = (np.zeros(2), np.zeros((1, 2)), np.zeros(2, "f4"), np.zeros(2, "i8"), np.zeros(3))
    assert len({of(body, A=array).digest for array in kinds}) == len(kinds)


def test_a_list_that_the_rule_makes_itself_may_change() -> None:
    assert of("found = []; found.append(TUPLE[0]); return found[0]")
