"""A study as one archive: all that another researcher needs to read it and to run it again."""

from __future__ import annotations

import json
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from backsim.errors import InputError, listed
from backsim.experiment.export import write_csv
from backsim.experiment.kept import STUDY_FILE, read_kept
from backsim.experiment.store import open_study
from backsim.kinds import Kind, expect
from backsim.present import markdown
from backsim.publish.archive import pack
from backsim.publish.description import describe
from backsim.publish.stress import blocks, checklist
from backsim.publish.study import Written, read_study_of
from backsim.report.captions import Captions
from backsim.report.figures import FIGURES, Page
from backsim.report.html import write_report
from backsim.report.svg import write_svg
from backsim.results.madewith import NUMBERS, versions_that_count
from backsim.results.provenance import rule_digests
from backsim.results.store import to_yaml
from backsim.rules.files import files_with, load_rules, loaded_files
from backsim.study.analysis import rank

DATA, RULES, CODE = "data", "rules", "code"
"""Folders of an archive: data files, the author's own rules, backsim itself."""

README = """# {title}

{question}

{finding}

Written by `backsim bundle` {version}. To run it again on this or another machine:

    sh rerun.sh

or `backsim reproduce` with this archive, where backsim is installed. It compares every file with
its checksum, plays every replication again, and compares every value bit for bit.

| what | where |
|---|---|
| the scenario of each policy, explicit | `scenarios/` |
| the same in equations and words | `model.md` |
| data files and rules of the author's own, if any | `data/`, `rules/` |
| the study: experiment, seed, versions, every result | `study.sqlite` |
| seed, replications, versions, platform | `provenance.json` |
| results in long form; the report; its figures | `results.csv`, `report.html`, `figures/` |
| what a report of it has to say (STRESS-DES) | `stress.md` |
| versions of all packages | `requirements.txt` |
| the source of backsim that made it | `code/` |
| checksums of all files | `SHA256SUMS` |
"""

SCRIPT = """#!/bin/sh
# Compare every file with its checksum, and play the study again, in an environment of its own.
set -e
cd "$(dirname "$0")"
python3 -m venv .venv
.venv/bin/pip install --quiet --requirement requirements.txt
PYTHONPATH=code .venv/bin/python -m backsim reproduce .{options}
"""


def bundle(path: Path, archive: Path) -> Path:
    """Write the study of a folder of `compare --out` to an archive.

    Raises InputError: no such study, or the archive cannot be written.
    """
    expect(path, Kind.STUDY)
    if archive.suffix != ".zip":
        raise InputError(f"{archive}: expected a name that ends in .zip")
    written = read_study_of(path)
    if written.study is None:
        raise InputError(f"{path}: expected a folder of `backsim compare --out`")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        renamed = _copy_data(written, folder)
        own = _copy_rules(folder)
        _copy_study(path, written, folder, renamed)
        _copy_code(folder)
        _write_words(written, folder, " --run-code" if own else "")
        _write_results(written, folder)
        pack(folder, archive)
    return archive


def read_bundle(folder: Path, run_code: bool) -> Path:
    """The study of an unpacked archive; the author's own rules are loaded if `run_code`.

    Raises InputError where there are some and it is not said to run them.
    """
    files = sorted((folder / RULES).glob("*/[0-9]*.py"))  # no module may have such a name
    brought = sorted((folder / RULES).rglob("*.py"))
    if brought and not run_code:
        names = listed([file.relative_to(folder).as_posix() for file in brought])
        raise InputError(
            f"the archive brings Python files of its author's own ({names}): look at them, then "
            "use --run-code"
        )
    load_rules(files)
    return folder / STUDY_FILE


def _copy_data(written: Written, folder: Path) -> dict[str, str]:
    """Copy the data files; file as the scenario names it, in its folder -> its path here."""
    renamed: dict[str, str] = {}
    for model in written.models.values():
        for customer in model.scenario.customers.values():
            for entry in customer.demand:
                trace = getattr(entry, "trace", None)
                source = model.folder / trace.file if trace is not None else None
                if source is None or str(source) in renamed:
                    continue
                target = Path(DATA) / f"{len(renamed)}_{source.name}"
                (folder / DATA).mkdir(exist_ok=True)
                shutil.copyfile(source, folder / target)
                renamed[str(source)] = target.as_posix()
    return renamed


def _copy_rules(folder: Path) -> bool:
    """Copy the files of Python that were loaded, with what they import from beside them.

    Whether there are any.
    """
    for place, file in enumerate(loaded_files()):
        for source in files_with(file):
            target = folder / RULES / str(place) / Path(source).relative_to(Path(file).parent)
            if source == file:
                target = target.with_name(f"{place}_{target.name}")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    return bool(loaded_files())


def _copy_study(path: Path, written: Written, folder: Path, renamed: Mapping[str, str]) -> None:
    """Copy the study: its data files are those of the archive, its folder is the archive's."""
    with read_kept(path) as kept:
        description, results = kept.description, list(kept.results())
    _check_data(path, written, description)
    folders = description["view"]["folders"]
    for name, policy in description["numbers"]["policies"].items():
        for customer in policy["scenario"]["customers"].values():
            for entry in customer["demand"]:
                if "trace" in entry:
                    source = str(Path(folders[name]) / entry["trace"]["file"])
                    entry["trace"]["file"] = renamed[source]
        folders[name] = "."
        scenario = folder / "scenarios" / f"{len(list(folder.glob('scenarios/*'))) + 1:03}.yaml"
        scenario.parent.mkdir(exist_ok=True)
        text = f"# Policy: {' '.join(name.split())}\n{to_yaml(policy['scenario'])}"
        scenario.write_text(text, encoding="utf-8")
    with open_study(folder / STUDY_FILE) as store:
        store.begin(description)
        store.add(results)
    (folder / f"{STUDY_FILE}.lock").unlink(missing_ok=True)


def _check_data(path: Path, written: Written, description: Mapping[str, Any]) -> None:
    """Raise InputError where data files, rules or backsim are not those that made the study."""
    numbers = description["numbers"]
    same = numbers["versions"]["source"] == versions_that_count()["source"]
    changed = [] if same else ["the source of backsim has"]
    for name, policy in numbers["policies"].items():
        model = written.models[name]
        if policy["traces"] != model.file_digests:
            changed.append(f"the data files of '{name}' have")
        if policy["rules"] != rule_digests(model):
            changed.append(f"your rules in '{name}', or what they use, have")
    if changed:
        raise InputError(
            f"{path}: {changed[0]} changed since the study was made: run `backsim compare` again"
        )


def _copy_code(folder: Path) -> None:
    """Copy backsim's own source, as a package that Python finds with its version."""
    package = Path(__file__).parents[1]
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc", "*.so", "*.nbi", "*.nbc")
    shutil.copytree(package, folder / CODE / "backsim", ignore=ignore)
    known = folder / CODE / f"backsim-{version('backsim')}.dist-info"
    known.mkdir()
    about = f"Metadata-Version: 2.1\nName: backsim\nVersion: {version('backsim')}\n"
    (known / "METADATA").write_text(about, encoding="utf-8")


def _write_words(written: Written, folder: Path, options: str) -> None:
    study = written.study
    assert study is not None
    experiment = study.experiment
    told = README.format(
        title=experiment.heading,
        question=experiment.question,
        finding=getattr(study, "finding", ""),
        version=version("backsim"),
    )
    script = SCRIPT.format(options=options)
    provenance = {k: v for k, v in study.provenance.items() if k != "scenarios"}
    provenance["replications"] = {
        p.name: n for p, n in zip(study.policies, study.counts, strict=True)
    }
    texts = {
        "README.md": re.sub(r"\n{3,}", "\n\n", told),
        "rerun.sh": script,
        "requirements.txt": "".join(f"{line}\n" for line in locked()),
        "provenance.json": json.dumps(provenance, indent=2, default=str) + "\n",
        "model.md": markdown.document("The model", describe(written.base)),
        "stress.md": markdown.document("STRESS-DES", blocks(checklist(written))),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "rerun.sh").chmod(stat.S_IRWXU)


def _write_results(written: Written, folder: Path) -> None:
    study = written.study
    assert study is not None
    write_csv(study, folder / "results.csv")
    write_report(study, folder / "report.html")
    (folder / "figures").mkdir()
    ranking = rank(study)
    page = Page(study, ranking, Captions(study, ranking))
    for name, figure in FIGURES.items():
        for number, drawing in enumerate(figure.on_page(page)):
            target = folder / "figures" / f"{name}{f'_{number + 1}' if number else ''}.svg"
            write_svg(figure.draw(study, **drawing.options), target)


def locked() -> list[str]:
    """`package==version` of all that backsim needs, or numbers may depend on, and has here."""
    found: dict[str, str] = {}
    wanted = list(NUMBERS)
    while wanted:
        name = re.sub(r"[-_.]+", "-", wanted.pop()).lower()  # one spelling of each (PEP 503)
        if name in found:
            continue
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
        wanted += _needs(name)
    del found["backsim"]  # it is in the archive
    return [f"{name}=={text}" for name, text in sorted(found.items())]


def _needs(name: str) -> Iterator[str]:
    """The packages that one needs, those of its extras left out."""
    for line in requires(name) or ():
        match = re.match(r"[\w.-]+", line)
        if match and "extra ==" not in line:
            yield match[0]
