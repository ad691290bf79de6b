"""Fill the package's data from a collection of answers: `python -m backsim.theory.collect FILE`.

What today's features express becomes `known_answers.json`; the rest becomes `skipped.json`, with
what each record waits for.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from backsim.theory.records import Skipped, answers, read
from backsim.theory.validate import why_not


def collect(source: Path, folder: Path) -> None:
    """Sort a collection into what is expressed and what is not."""
    rows = read(source)
    known = answers(rows)
    expressed, waiting = [], []
    for row in rows:
        reason = why_not(row, known[row.instance])
        if reason is None:
            expressed.append(asdict(row))
        else:
            waiting.append(asdict(Skipped(row.id, row.instance, row.family, row.metric, reason)))
    _write(folder / "known_answers.json", expressed)
    _write(folder / "skipped.json", waiting)


def _write(path: Path, rows: list[dict[str, object]]) -> None:
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    collect(Path(sys.argv[1]), Path(__file__).parent)
