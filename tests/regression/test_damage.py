"""Damaged files: told where, or without effect; never a traceback, another result or no end.

The damages are drawn with a fixed seed, so that a failure comes again.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from tests.experiment import shop
from tests.regression import gate

from backsim.cli import run as cli
from backsim.errors import MOST_CHARACTERS, MOST_FAULTS, BacksimError, InputError
from backsim.experiment.load import load_experiment
from backsim.experiment.play import load_study
from backsim.experiment.store import StudyError, open_study
from backsim.regression.baseline import read_baseline
from backsim.regression.saved import read_saved
from backsim.scenario.load import load

LONGEST = 30.0
"""Seconds that no damaged file may take, on a busy machine (most take some milliseconds)."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a scenario, an experiment, its baseline, a run and a study."""
    folder = tmp_path_factory.mktemp("sound")
    file = str(gate.write(folder, replications=2, set={"horizon": 40}))
    assert cli(["run", str(folder / "shop.yaml"), "-n", "2", "--out", str(folder / "run")]) == 0
    assert cli(["compare", file, "--workers", "1", "--out", str(folder / "study")]) == 0
    assert cli(["check", file, "--update", "--workers", "1"]) == 0
    return folder


def bytes_damaged(data: bytes, source: Random) -> bytes:
    """Bits turned, bytes overwritten, a piece lost, doubled or swapped."""
    changed = bytearray(data)
    at = source.randrange(len(changed))
    size = source.choice((1, 1, 4, 16, 100, 2000))
    kind = source.randrange(6)
    if kind == 0:
        changed[at] ^= 1 << source.randrange(8)
    elif kind == 1:
        changed[at : at + size] = source.randbytes(size)
    elif kind == 2:
        del changed[at : at + size]
    elif kind == 3:
        changed[at:at] = changed[at : at + size]
    elif kind == 4:
        del changed[at:]
    else:
        changed[at : at + size] = bytes(size)
    return bytes(changed)


ODD = (
    "null",
    "[]",
    "{}",
    "-1",
    "1e400",
    "99999999999999999999",
    ".nan",
    "true",
    "''",
    "*x",
    "!!a b",
)


def text_damaged(text: str, source: Random) -> str:
    """Values of another kind, lines lost, doubled or moved, signs put in, numbers made long."""
    lines = text.splitlines(keepends=True)
    at, kind = source.randrange(len(lines)), source.randrange(7)
    if kind == 0:
        lines[at] = re.sub(r":.*", f": {source.choice(ODD)}", lines[at])
    elif kind == 1:
        del lines[at]
    elif kind == 2:
        lines.insert(source.randrange(len(lines)), lines[at])
    elif kind == 3:
        lines[at] = re.sub(r"\d+", lambda m: m[0] * source.choice((2, 9)), lines[at])
    elif kind == 4:
        place = source.randrange(len(lines[at]))
        lines[at] = lines[at][:place] + source.choice("{}[]:,\"'-#&*\t\x00") + lines[at][place:]
    elif kind == 5:
        lines[at] = "x" * 5000 + lines[at]
    else:
        return bytes_damaged(text.encode(), source).decode(errors="replace")
    return "".join(lines)


def damage(file: Path, seed: int) -> bytes:
    """Damage a file; what it is then."""
    source = Random(f"{file.name} {seed}")
    data = file.read_bytes()
    if file.suffix == ".sqlite":
        data = bytes_damaged(data, source)
    else:
        data = text_damaged(data.decode(), source).encode()
    file.write_bytes(data)
    return data


def told(look: Callable[[], object], name: str) -> object | None:
    """What comes of a file; None when it is refused, in a message that is short and says where."""
    started = time.perf_counter()
    try:
        found = look()
    except InputError as error:
        lines = str(error).splitlines()
        assert name in lines[0]
        assert len(lines) <= max(MOST_FAULTS + 1, 25)
        assert max(map(len, lines)) <= 4 * MOST_CHARACTERS + len(name) + 200
        found = None
    assert time.perf_counter() - started < LONGEST
    return found


@pytest.mark.parametrize("seed", range(80))
def test_a_damaged_study(sound: Path, tmp_path: Path, seed: int) -> None:
    """It is refused and left as it is, or every result is what it was."""
    whole = load_study(sound / "study")
    shutil.copytree(sound / "study", tmp_path / "study")
    file = tmp_path / "study" / "study.sqlite"
    data = damage(file, seed)
    study = told(lambda: load_study(file), "study.sqlite")
    assert file.read_bytes() == data
    if study is not None:
        assert study.counts == whole.counts  # type: ignore[attr-defined]
        assert study.frame().equals(whole.frame())  # type: ignore[attr-defined]
    with suppress(StudyError):
        open_study(file).close()
    assert file.read_bytes() == data


VALUES = (None, 7, -1, 1.5, "text", b"\x00\xff", 2**62)


@pytest.mark.parametrize("seed", range(40))
def test_contents_of_the_wrong_type(sound: Path, tmp_path: Path, seed: int) -> None:
    """A value of a study that is another, of whatever type, is found."""
    source = Random(seed)
    file = Path(shutil.copy(sound / "study" / "study.sqlite", tmp_path))
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA writable_schema = 1")
    connection.execute("UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', '')")
    connection.commit()
    connection.close()
    connection = sqlite3.connect(file)
    table = source.choice(("results", "study"))
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    rows = connection.execute(f"SELECT rowid FROM {table}").fetchall()
    column, row = source.choice(columns), source.choice(rows)[0]
    before = connection.execute(f"SELECT {column} FROM {table} WHERE rowid = ?", [row]).fetchone()
    value = source.choice([v for v in VALUES if v != before[0]])
    try:
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", [value, row])
        connection.commit()
    except sqlite3.IntegrityError:
        return  # SQLite itself refuses it
    finally:
        connection.close()
    data = file.read_bytes()
    assert told(lambda: load_study(file), "study.sqlite") is None
    with pytest.raises(StudyError):
        open_study(file)
    assert file.read_bytes() == data


READERS: dict[str, Callable[[Path], object]] = {
    "shop.yaml": load,
    "experiment.yaml": load_experiment,
    "baselines/experiment.yaml": read_baseline,
    "run/provenance.json": lambda file: read_saved(file.parent),
    "run/replications.csv": lambda file: read_saved(file.parent),
}


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("name", READERS)
def test_a_damaged_text(sound: Path, tmp_path: Path, name: str, seed: int) -> None:
    """It is refused with the file's name, or still says something; soon, and shortly."""
    folder = Path(shutil.copytree(sound, tmp_path / "copy"))
    file = folder / name
    data = damage(file, seed)
    places = file.name if name != "shop.yaml" else "shop.yaml"
    found = told(lambda: READERS[name](file), "" if name.startswith("run/") else places)
    if name.startswith("run/") and found is not None:
        assert found.replications <= 2  # type: ignore[attr-defined]
    assert file.read_bytes() == data


# -- what would run for ever -------------------------------------------------------------------


def test_a_replication_with_a_number_of_its_own_is_refused(sound: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(sound / "run", tmp_path / "run"))
    file = folder / "replications.csv"
    lines = file.read_text().splitlines()
    head = lines[0].split(",").index("replication")
    row = lines[-1].split(",")
    row[head] = "3000000"
    file.write_text("\n".join([*lines[:-1], ",".join(row)]) + "\n")
    with pytest.raises(
        InputError, match=r"replications.csv: expected replications 0 to 2, as many"
    ):
        read_saved(folder)


def test_an_experiment_that_would_take_weeks_is_refused(tmp_path: Path) -> None:
    file = shop.write(tmp_path, replications=1_000_000, set={"horizon": 20_000})
    with pytest.raises(InputError) as caught:
        load_experiment(file)
    said = str(caught.value)
    assert re.search(
        r"experiment.yaml:\d+:1: replications: expected at most 100,000,000,000 orders in all, "
        r"which is 333,333 replications of 3 policies .*, got 1,000,000 replications, about "
        r"300,000,000,000 orders$",
        said,
    )


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"factors": {f"policy.reorder.{k}": list(range(150)) for k in "sS"}},
            "factors: expected at most 10,000 policies, got 22,500",
        ),
        (
            {
                "factors": {"policy.reorder.s": {"min": 1, "max": 9}},
                "design": {"latin_hypercube": 900_000},
            },
            "design.latin_hypercube: expected at most 10,000 policies, got 900,000",
        ),
        (
            {"factors": {"policy.reorder.s": {"min": 1, "max": 9}}, "design": {"sobol": 2**19}},
            "design.sobol: expected at most 10,000 policies, got 524,288",
        ),
    ],
)
def test_a_huge_design_is_refused(tmp_path: Path, fields: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        load_experiment(shop.write(tmp_path, policies=None, **fields))


# -- messages of bounded length ----------------------------------------------------------------


def test_many_faults_are_counted(tmp_path: Path) -> None:
    file = shop.write(tmp_path)
    (tmp_path / "shop.yaml").write_text("horizon: 5\n" + "".join(f"x{i}: 1\n" for i in range(900)))
    with pytest.raises(InputError) as caught:
        load(tmp_path / "shop.yaml")
    lines = str(caught.value).splitlines()
    assert len(lines) == MOST_FAULTS + 1
    assert re.fullmatch(r"and 8\d\d more faults", lines[-1])
    assert file.exists()


def test_a_long_value_is_cut(tmp_path: Path) -> None:
    shop.write(tmp_path)
    text = (tmp_path / "shop.yaml").read_text()
    for long in (f"horizon: {'9' * 4000}", f"horizon: '{'x' * 30_000}'", f"{'y' * 30_000}: 1"):
        (tmp_path / "shop.yaml").write_text(re.sub(r"(?m)^horizon: .*$", long, text))
        with pytest.raises(InputError) as caught:
            load(tmp_path / "shop.yaml")
        assert max(map(len, str(caught.value).splitlines())) <= 1500


def test_every_message_is_bounded() -> None:
    error = InputError("\n".join(["z" * 50_000] * 20_000))
    lines = str(error).splitlines()
    assert len(lines) == 101
    assert max(map(len, lines)) == 1500
    assert isinstance(error, BacksimError)


def test_provenance_of_another_kind(sound: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(sound / "run", tmp_path / "run"))
    whole = json.loads((folder / "provenance.json").read_text())
    for field, value in (("seed", "x"), ("traces", [1]), ("rules", 3), ("engine", None)):
        (folder / "provenance.json").write_text(json.dumps({**whole, field: value}))
        with pytest.raises(InputError, match=rf"provenance.json: {field}: expected "):
            read_saved(folder)
