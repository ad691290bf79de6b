"""Results on disk: whole files or none."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

from backsim.errors import InputError
from backsim.files import check_folder, write_text
from backsim.results.run import Run
from backsim.results.summary import Summary

TRACE_ENDINGS = (".csv", ".jsonl", ".csv.gz", ".jsonl.gz")


def check_trace(file: Path) -> None:
    """Raise InputError when the ending is unknown or the folder cannot be written to."""
    if not file.name.endswith(TRACE_ENDINGS):
        raise InputError(f"{file}: expected a name that ends in {', '.join(TRACE_ENDINGS)}")
    check_folder(file.parent)


def write_summary(summary: Summary, folder: Path) -> None:
    """Write metrics.csv, replications.csv, scenario.yaml and provenance.json."""
    scenario = summary.provenance["scenario"]
    provenance = {k: v for k, v in summary.provenance.items() if k != "scenario"}
    write_text(folder / "metrics.csv", lambda f: summary.frame().to_csv(f, index=False))
    write_text(folder / "replications.csv", lambda f: summary.values.to_csv(f, index=False))
    write_text(folder / "scenario.yaml", lambda f: f.write(to_yaml(scenario)))
    write_text(
        folder / "provenance.json", lambda f: f.write(json.dumps(provenance, indent=2) + "\n")
    )


def write_trace(run: Run, file: Path) -> None:
    """Write every event of a run, a row each, as CSV or JSON lines."""
    if ".csv" in file.suffixes:
        write_text(file, lambda f: run.events.to_csv(f, index=False))
    else:
        write_text(
            file, lambda f: run.events.to_json(f, orient="records", lines=True, double_precision=15)
        )


def to_yaml(values: dict[str, Any]) -> str:
    """Plain values as YAML."""
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    text = StringIO()
    yaml.dump(values, text)
    return text.getvalue()
