"""Whatever stands in a file: exit code 0 and a sane result, or 2 and a message with its place.

Every kind of file that backsim reads is damaged and given to its command; never a traceback, half
a result, or no end.  A failure says the kind and the number that make it again.  The default run
takes a sample; `pytest tests/campaign -m slow` ten thousand (BACKSIM_CAMPAIGN=500: so many).
"""

from __future__ import annotations

import gzip
import json
import math
import os
import shutil
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.campaign.damages import BINARY, PACKED, TEXT, WORKBOOK
from tests.data.exports import SHOP as EXPORT
from tests.data.exports import write as write_export
from tests.regression import gate

from backsim.cli import run as cli
from backsim.errors import LONGEST_LINE, MOST_LINES
from backsim.experiment import load_study
from backsim.results.store import to_yaml

pytest.importorskip("pyarrow")
openpyxl = pytest.importorskip("openpyxl")

LONGEST = 30.0
"""Seconds that no damaged file may take, on a busy machine (most take some milliseconds)."""
NIGHTLY = int(os.environ.get("BACKSIM_CAMPAIGN", "10000"))
"""Inputs of the whole campaign."""
PLAY = ["--engine", "simpy", "--workers", "1"]
SMALL = ["--set", "limits.events=3e4", "--set", "limits.memory=0.1"]
SHORT = ["--set", "horizon=30", "--set", "warm_up=0"]
RUN = ["--seed", "1", "-n", "1", "--format", "json", *PLAY, *SMALL]

Sane = Callable[[str, Path], None]


def no_check(said: str, folder: Path) -> None:
    """That the command ends well is all there is to know."""


def metrics_are_sane(said: str, folder: Path) -> None:
    """Shares lie between 0 and 1, and there is no number that is none."""
    for row in json.loads(said)["metrics"]:
        mean = row["mean"]
        assert mean is None or math.isfinite(mean), row
        is_share = row["unit"] == "share" and not row["metric"].startswith("forecast_")
        assert not is_share or mean is None or -1e-9 <= mean <= 1 + 1e-9, row


def results_are_those_before(said: str, folder: Path) -> None:
    """A study whose damage did not matter says what it said."""
    for name in ("study", "store"):
        if (folder / "report" / "results.csv").exists():
            whole = (folder / name / "results.before.csv").read_bytes()
            assert (folder / "report" / "results.csv").read_bytes() == whole


def rows_are_accounted_for(said: str, folder: Path) -> None:
    """Every row of an export was used, or is counted by the reason why not."""
    found = json.loads((folder / "out" / "calibration.json").read_text())
    for table, rows in found["rows"].items():
        assert rows["read"] - rows["used"] == sum(rows["dropped"].values()), table


@dataclass(frozen=True)
class Kind:
    """A kind of file: which, what reads it, and what holds of what comes of it."""

    files: str
    """A pattern; one of the files is damaged."""
    command: tuple[str, ...]
    """FILE stands for that file."""
    damages: tuple[Callable[[bytes, Random], bytes], ...] = TEXT
    sane: Sane = no_check
    codes: tuple[int, ...] = (0, 2)
    share: float = 1.0
    """How often, against the others: those whose command takes long, less."""


KINDS = {
    "scenario": Kind("valid/*.yaml", ("run", "FILE", *RUN), sane=metrics_are_sane, share=2),
    "shipped scenario": Kind(
        "scenarios/*.yaml", ("run", "FILE", *RUN, *SHORT), sane=metrics_are_sane, share=3
    ),
    "experiment": Kind(
        "experiment.yaml", ("compare", "FILE", "--out", "o", "-n", "2", *PLAY, *SMALL), share=0.5
    ),
    "search": Kind(
        "search.yaml", ("optimise", "FILE", "-n", "100", *PLAY), TEXT, codes=(0, 1, 2), share=0.25
    ),
    "trace": Kind("traced/lines.csv*", ("run", "traced/csv.yaml", *RUN), sane=metrics_are_sane),
    "trace workbook": Kind("traced/lines.xlsx", ("run", "traced/xlsx.yaml", *RUN), WORKBOOK),
    "trace packed": Kind("traced/lines.csv.gz", ("run", "traced/gz.yaml", *RUN), PACKED),
    "book": Kind("book/*.csv", ("allocate", "book", "--today", "2026-11-24")),
    "book workbook": Kind("book.xlsx", ("allocate", "FILE", "--today", "2026-11-24"), WORKBOOK),
    "export": Kind(
        "export/*.csv", ("calibrate", "export", "--out", "out"), sane=rows_are_accounted_for
    ),
    "mapping": Kind(
        "mapped/mapping.yaml", ("calibrate", "FILE", "--out", "out"), sane=rows_are_accounted_for
    ),
    "study": Kind(
        "study/study.sqlite",
        ("study", "report", "study", "--out", "report"),
        BINARY,
        results_are_those_before,
    ),
    "part": Kind(
        "store/*.parquet",
        ("study", "report", "store", "--out", "report"),
        BINARY,
        results_are_those_before,
    ),
    "parts' study": Kind(
        "store/study.json.gz",
        ("study", "report", "store", "--out", "report"),
        PACKED,
        results_are_those_before,
    ),
    "baseline": Kind(
        "baselines/*.yaml", ("check", "experiment.yaml", *PLAY), codes=(0, 1, 2), share=0.5
    ),
    "result": Kind("run/*", ("diff", "run", "same")),
    "known answer": Kind(
        "known.yaml", ("selftest", "FILE", "--workers", "1"), codes=(0, 1, 2), share=0.2
    ),
}


SEARCH = {
    "scenario": "shop.yaml",
    "search": {"policy.reorder.S": {"integers": [14, 18]}},
    "objective": "minimise cost.total",
    "indifference": "20 %",
}
KNOWN = {
    "source": "Palm (1938)",
    "scenario": {
        "horizon": 200,
        "products": "mug",
        "suppliers": {"acme": {"lead_time": 2}},
        "customers": {
            "shops": {"demand": {"arrivals": {"poisson": {"rate": 1}}, "products": "mug"}}
        },
        "policy": {"reorder": {"rule": "base_stock", "S": 5}},
    },
    "expect": {"fill_rate": 0.947},
}
MAPPING = {
    "tables": [
        {
            "table": file.removesuffix(".csv"),
            "file": file,
            "columns": {
                "customer_class" if name == "class" else name: name
                for name in text.split(maxsplit=1)[0].split(",")
            },
        }
        for file, text in EXPORT.items()
    ]
}
LINES = "id,product,units,due\n" + "".join(
    f"L{i},p{i % 4},{i + 1},2026-12-{i + 1:02}\n" for i in range(12)
)
STOCK = "product,units\n" + "".join(f"p{i},5\n" for i in range(4))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file of each kind, all in order."""
    folder = tmp_path_factory.mktemp("sound")
    file = str(gate.write(folder, replications=2, set={"horizon": 40}))
    (folder / "search.yaml").write_text(to_yaml(SEARCH | {"set": {"horizon": 40}}))
    (folder / "known.yaml").write_text(to_yaml(KNOWN))
    root = Path(__file__).parents[2]
    shutil.copytree(root / "tests" / "scenario" / "valid", folder / "valid")
    shutil.copytree(root / "scenarios", folder / "scenarios")
    tables(folder)
    write_export(folder / "export", EXPORT)
    write_export(folder / "mapped", EXPORT)
    (folder / "mapped" / "mapping.yaml").write_text(to_yaml(MAPPING))
    shop_file = str(folder / "shop.yaml")
    for name in ("run", "same"):
        short = ["run", shop_file, "--seed", "1", "-n", "2", "--set", "horizon=40", *PLAY]
        assert cli([*short, "--out", str(folder / name)]) == 0
    assert cli(["compare", file, *PLAY, "--out", str(folder / "study")]) == 0
    assert cli(["work", file, *PLAY, "--store", str(folder / "store")]) == 0
    assert cli(["check", file, "--update", *PLAY]) == 0
    for name in ("study", "store"):
        load_study(folder / name).frame().to_csv(folder / name / "results.before.csv", index=False)
    return folder


def tables(folder: Path) -> None:
    """Traces and books, as CSV, compressed and as workbooks."""
    for name in ("traced", "book"):
        (folder / name).mkdir()
    columns = {"time": "due", "product": "product", "units": "units"}
    (folder / "traced" / "lines.csv").write_text(LINES)
    (folder / "traced" / "lines.csv.gz").write_bytes(gzip.compress(LINES.encode(), mtime=0))
    workbook({"lines": LINES}, folder / "traced" / "lines.xlsx")
    for form in ("csv", "gz", "xlsx"):
        name = "lines.csv.gz" if form == "gz" else f"lines.{form}"
        traced = {
            "horizon": 9,
            "products": "traced",
            "suppliers": {"s": {}},
            "customers": {"c": {"demand": {"trace": {"file": name, "columns": columns}}}},
            "policy": {"reorder": {"rule": "base_stock", "S": 1}},
        }
        (folder / "traced" / f"{form}.yaml").write_text(to_yaml(traced))
    (folder / "book" / "lines.csv").write_text(LINES)
    (folder / "book" / "stock.csv").write_text(STOCK)
    workbook({"lines": LINES, "stock": STOCK}, folder / "book.xlsx")


def workbook(sheets: dict[str, str], file: Path) -> None:
    book = openpyxl.Workbook()
    for name, text in sheets.items():
        sheet = book.create_sheet(name)
        for line in text.splitlines():
            sheet.append([int(v) if v.isdigit() else v for v in line.split(",")])
        sheet.merge_cells("D3:D4")
    book.save(file)


# -- the campaign ---------------------------------------------------------------------------------


def numbers(of: int) -> Iterator[tuple[str, int]]:
    """(kind, number) of this many inputs."""
    whole = sum(kind.share for kind in KINDS.values())
    for name, kind in KINDS.items():
        yield from ((name, number) for number in range(max(1, round(of * kind.share / whole))))


def attack(
    name: str, number: int, sound: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> str:
    """Damage a file, give it to its command; what is wrong with what comes of it, or ""."""
    kind, source = KINDS[name], Random(f"{name} {number}")
    victim = source.choice(sorted(sound.glob(kind.files)))
    place = folder / victim.relative_to(sound)
    whole = place.read_bytes()
    place.write_bytes(source.choice(kind.damages)(whole, source))
    command = [str(victim.relative_to(sound)) if part == "FILE" else part for part in kind.command]
    started = time.perf_counter()
    try:
        code = cli(command)
        said = capsys.readouterr()
        wrong = judged(kind, code, said.out, said.err or said.out, folder, place)
    except Exception:
        capsys.readouterr()
        wrong = traceback.format_exc(limit=-6)
    finally:
        place.write_bytes(whole)
        clean(folder, sound)
    took = time.perf_counter() - started
    if not wrong and took > LONGEST:
        wrong = f"took {took:.0f} s"
    return f"{name} {number} ({victim.name}): {wrong}" if wrong else ""


def judged(kind: Kind, code: int, out: str, err: str, folder: Path, place: Path) -> str:
    """What is wrong with an exit code, what was said and what was written."""
    if code not in kind.codes:
        return f"exit code {code}: {err[-500:]}"
    if code == 2:
        lines = err.splitlines()
        names = {place.name, place.parent.name, place.name.partition(".")[0], "shop.yaml"}
        if not any(name in err.replace("\n", "") for name in names):
            return f"no place: {err[:300]!r}"
        if len(lines) > MOST_LINES + 10 or max(map(len, lines)) > LONGEST_LINE + 200:
            return f"{len(lines)} lines of up to {max(map(len, lines))} characters"
    elif code == 0:
        kind.sane(out, folder)
    return ""


def clean(folder: Path, sound: Path) -> None:
    """Take away what the command has written."""
    for path in folder.iterdir():
        if not (sound / path.name).exists():
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def campaign(
    inputs: list[tuple[str, int]],
    sound: Path,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copytree(sound, folder / "copy")
    monkeypatch.chdir(folder / "copy")
    found = [attack(*one, sound, folder / "copy", capsys) for one in inputs]
    wrong = [text for text in found if text]
    assert not wrong, f"{len(wrong)} of {len(inputs)}:\n" + "\n".join(wrong[:20])


@pytest.mark.parametrize("name", KINDS)
def test_a_sample(
    name: str,
    sound: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    count = max(1, round(4 * KINDS[name].share))
    campaign([(name, k) for k in range(count)], sound, tmp_path, capsys, monkeypatch)


@pytest.mark.slow
@pytest.mark.timeout(4 * 3600)
def test_ten_thousand(
    sound: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign(list(numbers(NIGHTLY)), sound, tmp_path, capsys, monkeypatch)


def test_files_that_are_whole_are_read(
    sound: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command of the campaign succeeds on what is not damaged."""
    shutil.copytree(sound, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    for kind in KINDS.values():
        file = sorted(Path().glob(kind.files))[0]
        code = cli([str(file) if part == "FILE" else part for part in kind.command])
        said: Any = capsys.readouterr()
        assert code != 2, (kind, said.err)
        kind.sane(said.out, Path())
