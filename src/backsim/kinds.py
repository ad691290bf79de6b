"""Which kind of file or folder a path is, and which command takes it."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path
from typing import Any

from backsim.errors import InputError

HEAD = 200_000
"""Bytes of a YAML file in which its keys are looked for."""


class Kind(Enum):
    """(what it is, what takes it)"""

    SCENARIO = ("a scenario", "`backsim run {path}`")
    EXPERIMENT = ("an experiment", "`backsim compare {path}`")
    SEARCH = ("a search for a policy", "`backsim optimise {path}`")
    KNOWN_ANSWERS = ("a file of known answers", "`backsim selftest {path}`")
    BASELINE = ("a baseline", "`backsim check` with its experiment")
    MAPPING = ("a mapping of an export", "`backsim calibrate {path}`")
    BOOK = ("a book of open orders", "`backsim allocate {path}`")
    RUN = ("the result of a run", "`backsim reproduce {path}` or `backsim diff`")
    STUDY = ("a study", "`backsim reproduce {path}` or `backsim diff`")
    CSV = (
        "a CSV file",
        "a scenario that names it (trace.file), or a folder of such files as a book",
    )
    WORKBOOK = (
        "an Excel workbook",
        "`backsim allocate {path}`, or a scenario that names it (trace.file)",
    )
    RULES = ("a file of Python", "the option --rules {path}")
    PAGE = ("a web page", "a browser")
    FOLDER = ("a folder", "a file in it")

    def told(self, path: Path) -> str:
        """What a path is and what to do with it."""
        what, use = self.value
        return f"{path} is {what}: use {use.format(path=path)}"


INSTEAD = {
    (Kind.EXPERIMENT, Kind.SEARCH): "give it a `search` block to look for a policy",
    (Kind.CSV, Kind.MAPPING): "give the folder that it is in",
    (Kind.SCENARIO, Kind.BOOK): "name the book first, a folder of CSV files or an .xlsx workbook",
}
"""What else to do with one kind where another one is asked for."""


def kind_of(path: Path) -> Kind | None:
    """The kind of a file or folder; None if there is none, or it is like nothing we know."""
    if path.is_dir():
        return _of_folder(path)
    if not path.is_file():
        return None
    by_ending = {".py": Kind.RULES, ".xlsx": Kind.WORKBOOK, ".xlsm": Kind.WORKBOOK}
    by_ending |= {".csv": Kind.CSV, ".tsv": Kind.CSV, ".sqlite": Kind.STUDY, ".html": Kind.PAGE}
    if path.name.lower().endswith(".csv.gz"):
        return Kind.CSV
    if path.name == "provenance.json":
        return Kind.RUN
    ending = path.suffix.lower()
    return by_ending[ending] if ending in by_ending else _of_keys(path)


def expect(given: Any, *kinds: Kind) -> Path:
    """The path that was given.  Raises InputError for what is none, and for one of another kind.

    The message says which command takes a path of another kind.
    """
    path = path_to(given, kinds[0])
    found = kind_of(path)
    if found is not None and found not in kinds:
        advice = [f", or {INSTEAD[found, kind]}" for kind in kinds if (found, kind) in INSTEAD]
        raise InputError(found.told(path) + "".join(advice))
    return path


def path_to(given: Any, kind: Kind) -> Path:
    """A text or a path as a path.  Raises InputError for anything else."""
    if not isinstance(given, str | Path):
        raise InputError(f"expected the path of {kind.value[0]}, got {type(given).__name__}")
    return Path(given)


def _of_folder(folder: Path) -> Kind:
    names = {file.name for file in folder.iterdir()}
    if {"study.sqlite", "study.json.gz"} & names:
        return Kind.STUDY
    if "provenance.json" in names:
        return Kind.RUN
    tables = {name.removesuffix(".gz") for name in names}
    return Kind.BOOK if {"lines.csv", "stock.csv"} & tables else Kind.FOLDER


def _of_keys(path: Path) -> Kind | None:
    """The kind of a YAML file, by the keys at its margin."""
    try:
        with path.open("rb") as file:
            text = file.read(HEAD).decode("utf-8", "replace")
    except OSError:
        return None
    keys = set(re.findall(r"^\ufeff?['\"]?(\w+)['\"]?\s*:(?:\s|$)", text, re.MULTILINE))
    if {"format", "experiment", "replications"} <= keys:
        return Kind.BASELINE
    if "tables" in keys and "customers" not in keys:
        return Kind.MAPPING
    if {"customers", "products", "suppliers", "horizon"} & keys:
        return Kind.SCENARIO
    if "scenario" in keys and {"expect", "optimal"} & keys:
        return Kind.KNOWN_ANSWERS
    if {"scenario", "search"} <= keys:
        return Kind.SEARCH
    return Kind.EXPERIMENT if "scenario" in keys and {"policies", "factors"} & keys else None
