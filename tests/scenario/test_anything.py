"""Whatever stands in a file, it is a scenario or a clear error, never a traceback."""

from __future__ import annotations

import copy
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.budget import examples

from backsim.errors import InputError
from backsim.scenario import from_dict, read
from backsim.scenario.load import build
from backsim.scenario.yamlfile import FileError, parse_yaml

VALID = Path(__file__).parent / "valid"
DOCUMENTS = {path.stem: read(path).values for path in sorted(VALID.glob("*.yaml"))}
DISTRIBUTION = {"gamma": {"shape": 1e-12, "scale": 1e12}}

Location = tuple[str | int, ...]


def places(value: Any, path: Location = ()) -> list[Location]:
    """The paths of all values of a document."""
    found = [path] if path else []
    if isinstance(value, dict | list):
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in entries:
            found += places(item, (*path, key))
    return found


def get(value: Any, path: Location) -> Any:
    for part in path:
        value = value[part]
    return value


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(
        [0, -1, 1e-300, 1e300, 10**400, "*", "", "mug", "traced", "none", DISTRIBUTION]
    )
    | st.text(max_size=5)
)
junk = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, Any]:
    """A valid document with a few values exchanged, dropped, or put where they do not belong."""
    values = copy.deepcopy(DOCUMENTS[draw(st.sampled_from(sorted(DOCUMENTS)))])
    for _ in range(draw(st.integers(1, 3))):
        everywhere = places(values)
        if not everywhere:
            break
        path = draw(st.sampled_from(everywhere))
        owner = get(values, path[:-1])
        action = draw(st.sampled_from(["junk", "drop", "move"]))
        if action == "drop":
            del owner[path[-1]]
        elif action == "move":
            owner[path[-1]] = copy.deepcopy(get(values, draw(st.sampled_from(everywhere))))
        else:
            owner[path[-1]] = draw(junk)
    return values


@given(damaged())
@settings(max_examples=examples(400))
def test_a_damaged_scenario(values: dict[str, Any]) -> None:
    with suppress(FileError):
        model = from_dict(values, folder=VALID)
        assert from_dict(model.to_dict(), folder=VALID).digest == model.digest


@given(st.text() | st.text("[]{}:,-#&*!|>'\"% \n\tab1"))
@example("? [a]\n: b")
@example("a: &a {b: *a}")
@example("%YAML 3.0\n---\na: 1")
@example("- !!set {a, b}")
@example("1" * 5000 + ": 1")
@example("a: 0o9")
@settings(max_examples=examples(300))
def test_any_text(text: str) -> None:
    with suppress(InputError):
        build(parse_yaml(text, "text"), VALID)
