"""The what-if page: served and alive, or one file with the answers of a grid."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from typing import Any

from backsim.errors import InputError, counted, nearest
from backsim.explore.explorer import Explorer
from backsim.explore.journey import journey, offered
from backsim.explore.knobs import Knob
from backsim.present.html import embedded, fragment, page, template
from backsim.scenario.yamlfile import parse_value

MOST_ANSWERS = 200
"""Points of a grid, each of which is simulated and kept in the file."""
USUAL_FIELDS, USUAL_VALUES = 2, 5
"""Of the grid, where none is given: the first numbers, and values of each."""

Values = Sequence[Any]


def live_page(explorer: Explorer) -> str:
    """The page that asks a server."""
    return _page(explorer, [(knob, ()) for knob in explorer.knobs], None)


def static_page(
    explorer: Explorer,
    grid: Iterable[str] = (),
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> str:
    """One self-contained page with the answers of a grid: `path=value,value,...` for each field.

    Raises InputError for a grid that is wrong, or too large.
    """
    axes = _axes(explorer, list(grid))
    number = 1
    for _, values in axes:
        number *= len(values)
    if number > MOST_ANSWERS:
        raise InputError(
            f"--grid: expected at most {MOST_ANSWERS} combinations, got {number:,}; "
            "give fewer values or fields"
        )
    answers = {}
    points = itertools.product(*(range(len(values)) for _, values in axes))
    for done, places in enumerate(points, 1):
        chosen = zip(axes, places, strict=True)
        changes = {k.path: v[i] for (k, v), i in chosen if v[i] != k.value}
        key = ",".join(map(str, places))
        try:
            answers[key] = answer(explorer, {}, changes) | figures(explorer, {}, changes)
        except InputError as error:  # as S below s: the page says so there
            if not changes or len(axes) == 1:
                raise
            answers[key] = {"error": str(error)}
        progress(done, number)
    run = explorer.run({})
    journeys = [[order, why, fragment([journey(run, order)])] for order, why in offered(run)]
    return _page(explorer, axes, {"answers": answers, "journeys": journeys})


def answer(
    explorer: Explorer,
    pinned: Mapping[str, Any],
    changes: Mapping[str, Any],
    after: int | None = None,
) -> Any:
    """What the page shows of a change, in all replications, or in a step more than `after`.

    Raises InputError.
    """
    full = explorer.full
    count = full if after is None else min(full, after + explorer.replications)
    said, parts = explorer.numbers(explorer.study(pinned, changes, count))
    return {
        "said": said,
        "html": fragment(parts),
        "experiment": explorer.experiment(pinned, changes),
        "rest": full - count,
        "count": count,
    }


def figures(explorer: Explorer, pinned: Mapping[str, Any], changes: Mapping[str, Any]) -> Any:
    """The figures of a change.  Raises InputError."""
    return {"figures": fragment(explorer.figures(explorer.study(pinned, changes)))}


def _axes(explorer: Explorer, grid: Sequence[str]) -> list[tuple[Knob, Values]]:
    """The fields of a grid with their values; what the file says is always among them."""
    known = {knob.path: knob for knob in explorer.knobs}
    axes = []
    for text in grid:
        path, equals, values = text.partition("=")
        path = explorer.field(path.strip())
        if not equals or path not in known:
            near = nearest(path, list(known))
            raise InputError(
                f"--grid: expected FIELD=VALUE,VALUE of a field ({near}), got {text!r}"
            )
        knob = known[path]
        axes.append((knob, _ordered(knob, [parse_value(value) for value in values.split(",")])))
    return axes or [
        (knob, _ordered(knob, _usual(knob)))
        for knob in [k for k in explorer.knobs if not k.choices][:USUAL_FIELDS]
    ]


def _usual(knob: Knob) -> list[float]:
    """Some values from half to one and a half of the file's number."""
    steps = [0.5 + k / (USUAL_VALUES - 1) for k in range(USUAL_VALUES)]
    found = [round(knob.value * share / knob.step) * knob.step for share in steps]
    kept = [min(max(float(f"{x:.12g}"), knob.low), knob.high) for x in found]
    return [int(x) if x % 1 == 0 else x for x in kept]


def _ordered(knob: Knob, values: Sequence[Any]) -> Values:
    """Each value once, with the file's own; numbers in order."""
    numbers = not knob.choices
    wrong = [
        v for v in values if numbers and (isinstance(v, bool) or not isinstance(v, int | float))
    ]
    wrong += [v for v in values if knob.choices and v not in knob.choices]
    if wrong:
        expected = "numbers" if numbers else " or ".join(map(str, knob.choices))
        raise InputError(f"--grid: expected {expected} for {knob.path}, got {wrong[0]!r}")
    every = list(dict.fromkeys([*values, knob.value]))
    return sorted(every) if numbers else every


def _page(explorer: Explorer, axes: Sequence[tuple[Knob, Values]], data: Any) -> str:
    """The page, with or without its answers."""
    folder = files("backsim.explore") / "page"
    model, left_out = explorer.model, explorer.left_out if data is None else 0
    panel = template("backsim.explore", "panel.html").render(
        groups=_groups(axes),
        alive=data is None,
        left_out=left_out,
        data=None if data is None else embedded(data),
    )
    said, parts = explorer.numbers(explorer.study({}, {}, explorer.replications))
    parts = [replace(part, title="") for part in parts]
    return page(
        title=model.scenario.title or model.name,
        question="What if?",
        facts=(
            f"{_counts(explorer)} per answer, seed {explorer.seed}, "
            f"{explorer.engine[0]} engine, {model.scenario.time_unit} {model.warm_up:g} to "
            f"{model.horizon:g} counted"
        ),
        finding=said,
        sections=parts,
        panel=panel,
        more_style=(folder / "explore.css").read_text(encoding="utf-8"),
        more_script=(folder / "explore.js").read_text(encoding="utf-8"),
        connects=data is None,
    )


def _counts(explorer: Explorer) -> str:
    """Replications of an answer, and of the one that follows."""
    first, full = explorer.replications, explorer.full
    return counted(full, "replication") if first == full else f"{first}, then {full} replications"


def _groups(axes: Sequence[tuple[Knob, Values]]) -> dict[str, list[tuple[Knob, Values]]]:
    """The fields under their headings."""
    groups: dict[str, list[tuple[Knob, Values]]] = {}
    for knob, values in axes:
        groups.setdefault(knob.group, []).append((knob, values))
    return groups
