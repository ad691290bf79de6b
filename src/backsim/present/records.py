"""Results for other programs: JSON and CSV.  Their keys are an interface."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any


def to_json(values: Any) -> str:
    """Values as JSON, which knows no nan: null stands for it."""
    return json.dumps(known(values), indent=2, default=str, allow_nan=False)


def known(value: Any) -> Any:
    """A value without nan or infinity, at any depth; None stands for them."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: known(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [known(inner) for inner in value]
    return value


def write_csv(rows: Iterable[Mapping[str, Any]], file: IO[str], names: Sequence[str] = ()) -> None:
    """Write rows as CSV under `names`, or those of the first row; nothing stands for nan."""
    writer = csv.writer(file, lineterminator="\n")
    if names:
        writer.writerow(names)
    for place, row in enumerate(rows):
        if place == 0 and not names:
            writer.writerow(row)
        writer.writerow([_written(value) for value in row.values()])


def _written(value: Any) -> Any:
    return "" if isinstance(value, float) and not math.isfinite(value) else value
