"""Whatever the fast reader says of a file is what ruamel says of it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from backsim.scenario.fastyaml import NotPlainError, plain_values
from backsim.scenario.yamlfile import FileError, WrittenInt, _located, parse_value

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path
    for folder in ("scenarios", "experiments", "tests/invalid", "tests/scenario/valid")
    for path in ROOT.glob(f"{folder}/*.yaml")
)


def fast(text: str) -> object:
    return written(plain_values(text, parse_value, 1000, 50))


def slow(text: str) -> object:
    try:
        return written(_located(text, "x")[0])
    except FileError as error:
        return f"refused: {error}"


def written(value: object) -> object:
    """Values that differ in type or in the way they are written differ."""
    if isinstance(value, dict):
        return {key: written(item) for key, item in value.items()}
    if isinstance(value, list):
        return [written(item) for item in value]
    return type(value).__name__, value.written if isinstance(value, WrittenInt) else repr(value)


def test_files() -> None:
    plain = 0
    for path in FILES:
        text = path.read_bytes().decode("utf-8", "replace")
        try:
            found = fast(text)
        except NotPlainError:
            continue
        plain += 1
        assert found == slow(text), path.name
    assert plain > 0.8 * len(FILES)


SCALARS = r"""
00123 0x1F 0o17 1_000 +5 -5 1e3 1. .5 -.inf .nan 1.5e-3 yes No on null ~ True 2024-01-05 2024-13-45
12:30:00 1.2.3 '5' "a\tb" 12345678901234567890 -0 0.10 1__0 {a:1} {a:,b} = [a,,b] a#b - é ! &a *a
<< 1,5
"""
WHOLE = (
    *("", "a b\n c", "- 1", "a: b", "{a: 1, b: [x, 2]}", "[a, , b]", "a #b", "&a x"),
    *("|\n  a\n  b\n", ">\n  a\n  b\n\n  c\n", "|-\n  a\n", "[1, 02, 3.0]", "? a\n: b", "!!str 5"),
    *("{1: a, 01: b}", "{1: a, '1': b}", "{true: 1}", "{~: 1}", "{1.5: 1}", "{<<: {a: 1}}"),
    *("{a: 'x', 'b': ~}", "[2024-01-05]"),
    *("{a: &m {x: 1, y: 2}, b: *m}", "[&l [1, [2]], *l, *l]", "[*l, &l [1]]"),
    *("[&l [1], &l [2], *l]", "&m {a: *m}", "{a: &n 5, b: *n}"),
    *("{a: &m {x: 1}, *m : 2}", "[&l [&k [1], *k], *l]"),
)  # fmt: skip


@pytest.mark.parametrize("text", [*SCALARS.split(), *WHOLE])
def test_scalars(text: str) -> None:
    for whole in (f"key: {text}\n", text):
        try:
            found = fast(whole)
        except NotPlainError:
            continue
        assert found == slow(whole)


def test_files_with_faults() -> None:
    chance = random.Random(1)
    text = (ROOT / "tests" / "scenario" / "valid" / "shop.yaml").read_text(encoding="utf-8")
    signs = ":-#{}[],'\"| >&*!%@`?~ \n\t0x.e_+=<éa"
    plain = 0
    for _ in range(150):
        lines = text.splitlines(keepends=True)
        first = chance.randrange(max(1, len(lines) - 12))
        some = list("".join(lines[first : first + 12]))
        for _ in range(chance.randint(1, 2)):
            some[chance.randrange(len(some))] = chance.choice(signs)
        changed = "".join(some)
        try:
            found = fast(changed)
        except NotPlainError:
            continue
        plain += 1
        assert found == slow(changed), changed
    assert plain > 20


def test_mappings_that_stand_twice_are_read_fast_and_are_two() -> None:
    found = plain_values("a: &m {x: 1}\nb: *m\n", parse_value, 1000, 50)
    assert found == {"a": {"x": 1}, "b": {"x": 1}}
    assert found["a"] is not found["b"]
    with pytest.raises(NotPlainError):
        plain_values("a: &m [1, 2, 3]\nb: [*m, *m, *m, *m]\n", parse_value, 12, 50)
