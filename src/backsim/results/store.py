"""Results on disk: whole files or none."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backsim.errors import InputError
from backsim.files import check_folder, text_digest, write_text
from backsim.results.run import Run
from backsim.results.summary import Summary

NUMBERLIKE = re.compile(r"[-+.0-9][-+.:0-9A-Za-z_]*")
TRACE_ENDINGS = (".csv", ".jsonl", ".csv.gz", ".jsonl.gz")


def check_trace(file: Path) -> None:
    """Raise InputError when the ending is unknown or the folder cannot be written to."""
    if not file.name.endswith(TRACE_ENDINGS):
        raise InputError(f"{file}: expected a name that ends in {', '.join(TRACE_ENDINGS)}")
    check_folder(file.parent)


def write_summary(summary: Summary, folder: Path) -> None:
    """Write metrics.csv, replications.csv, scenario.yaml and provenance.json, which seals them."""
    told = {k: v for k, v in summary.provenance.items() if k != "scenario"}
    texts = {
        "metrics.csv": summary.frame().to_csv(index=False),
        "replications.csv": summary.values.to_csv(index=False),
        "scenario.yaml": to_yaml(summary.provenance["scenario"]),
    }
    told["sha256"] = {name: text_digest(text) for name, text in texts.items()}
    told["sha256"]["provenance.json"] = text_digest(_plain(told))
    for name, text in {**texts, "provenance.json": json.dumps(told, indent=2) + "\n"}.items():
        write_text(folder / name, text)


def edited_since(folder: Path, told: Mapping[str, Any]) -> tuple[str, ...]:
    """The files of a run's folder that are not as they were written; `told`: its provenance."""
    seals = told.get("sha256")
    seals = dict(seals) if isinstance(seals, Mapping) else {}
    rest = {**told, "sha256": {k: v for k, v in seals.items() if k != "provenance.json"}}
    found = {"provenance.json": text_digest(_plain(rest))}
    for name in ("metrics.csv", "replications.csv", "scenario.yaml"):
        try:
            found[name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        except OSError:
            found[name] = ""
    return tuple(name for name, digest in found.items() if seals.get(name) != digest)


def _plain(told: Mapping[str, Any]) -> str:
    return json.dumps(told, sort_keys=True)


def write_trace(run: Run, file: Path) -> None:
    """Write every event of a run, a row each, as CSV or JSON lines."""
    if ".csv" in file.suffixes:
        write_text(file, lambda f: run.events.to_csv(f, index=False))
    else:
        write_text(
            file, lambda f: run.events.to_json(f, orient="records", lines=True, double_precision=15)
        )


def to_yaml(values: dict[str, Any]) -> str:
    """Plain values as YAML, written in C where that is installed."""
    import yaml

    class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
        """Text that YAML 1.2 reads as a number, and 1.1 does not, is quoted: `1e3`."""

        def represent_str(self, text: str) -> Any:
            style = "'" if NUMBERLIKE.fullmatch(text) else None
            return self.represent_scalar("tag:yaml.org,2002:str", text, style)

        def ignore_aliases(self, data: Any) -> bool:
            """Everything is written where it stands."""
            return True

    Dumper.add_representer(str, Dumper.represent_str)
    plain = {"default_flow_style": False, "sort_keys": False, "allow_unicode": True}
    text: str = yaml.dump(values, Dumper=Dumper, **plain)
    return text
