"""What compiled machine code is known by: all that is linked, and nothing else."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import backsim
from backsim.engines import compiled_ports, simpy_ports
from backsim.engines.cache_key import cache_key, kernel_digest
from backsim.engines.link import SWITCHES, kernel_key
from backsim.errors import RuleError
from backsim.rules import FAMILIES, Rule

SOURCE = Path(backsim.__file__).parent

RULE = """
from backsim.entities import Line
from backsim.quantities import PerDay


def sign(line):
    return {sign}


def by_size(line: Line, now: float, weight: PerDay = 1.0) -> float:
    return sign(line) * weight * line.units
"""


def key_with(rule: Rule, features: Iterable[str] = SWITCHES) -> Any:
    """The key of a kernel with one rule of each family."""
    rules = {family: [next(iter(FAMILIES[family].rules.values()))] for family in FAMILIES}
    return kernel_key({**rules, rule.family: [rule]}, features)


def digest(rule: Rule, features: Iterable[str] = SWITCHES) -> str:
    """What the disk cache knows a kernel with that rule by."""
    return kernel_digest(key_with(rule, features))


def described(source: str, file: str = "<stdin>", **names: Any) -> Rule:
    """The rule `by_size` of a source, whose globals also hold `names`; it is not registered."""
    scope: dict[str, Any] = {"__name__": "__main__", **names}
    exec(compile(source, file, "exec"), scope)
    return FAMILIES["priority"].describe(scope["by_size"])


def test_a_kernel_is_known_by_all_that_goes_into_it() -> None:
    source = RULE.format(sign="1.0")
    first = digest(described(source))
    assert digest(described(source)) == first
    assert digest(FAMILIES["priority"].get("fcfs")) != digest(FAMILIES["priority"].get("lifo"))
    # A constant that the rule uses is compiled in; one that it does not use changes nothing.
    using = RULE.format(sign="FACTOR")
    assert digest(described(using, FACTOR=1.0)) != digest(described(using, FACTOR=2.0))
    assert digest(described(source, FACTOR=1.0)) == first
    # A helper that says something else, and a default.
    assert digest(described(RULE.format(sign="2.0"))) != first
    defaults = RULE.format(sign="0.0").replace("def sign(line)", "def sign(line, by={})")
    one, two = (digest(described(defaults.format(by))) for by in (1, 2))
    assert one != two
    # The features: with an event log or without.
    assert digest(described(source), set(SWITCHES) - {"RECORDS"}) != first


def test_comments_lines_and_the_files_name_do_not_compile_anew() -> None:
    source = RULE.format(sign="1.0")
    commented = "# why\n\n\n" + source.replace(
        "    return sign", '    """What it says."""\n    # more\n    return sign'
    )
    same = {digest(described(text, file)) for text in (source, commented) for file in ("a", "b")}
    assert len(same) == 1


def test_a_file_that_is_edited_after_it_was_loaded(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(RULE.format(sign="1.0"))
    loaded = described(file.read_text(), str(file))
    before = digest(loaded)
    file.write_text(RULE.format(sign="2.0"))
    assert digest(loaded) == before  # it is the loaded code that is linked
    assert digest(described(file.read_text(), str(file))) != before


def test_layouts_options_and_ports_count() -> None:
    key, ports = key_with(FAMILIES["priority"].get("fcfs")), compiled_ports.PORTS
    layout = {"lines": np.zeros(1, [("units", "i4")])}
    first = cache_key(key, ports, layout, ({"nogil": True},))
    wider = {"lines": np.zeros(1, [("units", "i8")])}
    assert cache_key(key, ports, wider, ({"nogil": True},)) != first
    another = {"lines": np.ones(1, [("units", "i4")])}  # other defaults
    assert cache_key(key, ports, another, ({"nogil": True},)) != first
    assert cache_key(key, ports, layout, ({"nogil": False},)) != first
    other = {**ports, "draw_service": simpy_ports.draw_service}
    assert cache_key(key, other, layout, ({"nogil": True},)) != first
    fewer = dataclasses.replace(key, switches=frozenset())
    assert cache_key(fewer, ports, layout, ({"nogil": True},)) != first


ASK = """
import sys
sys.path.insert(0, sys.argv[1])
import backsim.engines
assert backsim.__file__.startswith(sys.argv[1]), backsim.__file__
from backsim.engines.cache_key import kernel_digest
from backsim.engines.link import kernel_key
from backsim.rules import FAMILIES
rules = {name: [next(iter(family.rules.values()))] for name, family in FAMILIES.items()}
print(kernel_digest(kernel_key(rules)))
"""


def digest_of_copy(folder: Path, *edits: tuple[str, str, str]) -> str:
    """The digest of a copy of backsim in which (file, text, other text) has been edited."""
    copy = folder / "backsim"
    if not copy.exists():
        shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for name, old, new in edits:
        text = (copy / name).read_text(encoding="utf-8")
        assert old in text, (name, old)
        (copy / name).write_text(text.replace(old, new), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", ASK, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


def test_a_copy_of_backsim_in_which_something_is_edited(tmp_path: Path) -> None:
    first = digest_of_copy(tmp_path)
    comments = (
        ("entities/codes.py", "NONE = -1", "NONE = -1  # nowhere"),
        ("engines/event_loop.py", "AHEAD = 32", "# as many as pay\nAHEAD = 32"),
        ("kernel/demand/queue.py", "Put a line into the queue.", "Let a line wait."),
    )
    assert digest_of_copy(tmp_path, *comments) == first
    seen = {first}
    for edit in (
        ("quantities.py", "\nTime = Annotated", f"\n{UNITS}\nTime = Annotated"),
        ("entities/codes.py", "UNLIMITED = 2**31 - 1", "UNLIMITED = 2**30"),
        ("machine_code/compiling.py", '"error_model": "numpy"', '"error_model": "python"'),
        ("engines/single_module.py", "unique_id = 0", "unique_id = 1"),
        ("engines/world_pointer.py", "WORDS * world", "2 * world"),
        ("engines/world_pointer.py", 'icmp_signed("<"', 'icmp_signed("<="'),
        ("engines/compiler.py", '"nogil": True', '"nogil": False'),
        ("engines/event_loop.py", "AHEAD = 32", "AHEAD = 16"),
        ("kernel/demand/queue.py", "stock.waiting += 1", "stock.waiting += 2"),
    ):
        now = digest_of_copy(tmp_path, edit)
        assert now not in seen, edit
        seen.add(now)


UNITS = 'Units = Annotated[int, Unit("units", "i2")]  # a narrower record'


def test_what_has_no_fingerprint_is_refused_with_the_reason() -> None:
    source = RULE.format(sign="SEEN.pop()")
    with pytest.raises(RuleError, match=r"rule by_size: line 7 of <stdin> calls pop\(\), and SEEN"):
        digest(described(source, SEEN=[1.0]))


def test_every_rule_of_backsim_has_a_fingerprint() -> None:
    for family in FAMILIES.values():
        for rule in family.rules.values():
            if rule.built_in:
                assert digest(rule)
