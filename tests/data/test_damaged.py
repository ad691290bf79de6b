"""Damaged exports: a message with a place and exit code 2, or a calibration; never a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.data.exports import SHOP, write

from backsim.cli import run as cli
from backsim.streams import generator

CELLS = (
    *(b"", b"#REF!", b"abc", b"-1", b"1e400", b"99999999999999", b"2024-13-45", b"00.00.0000"),
    *(b'"', b"NaN", b"inf", b"0001-01-01", b"9999-12-31", b"1.000,5", b"3,5"),
)


def damage(data: bytes, draw: np.random.Generator) -> bytes:
    """One of ten kinds of damage."""
    lines = data.split(b"\n")
    place, byte = int(draw.integers(len(lines))), int(draw.integers(len(data)))
    match int(draw.integers(10)):
        case 0:
            return data[:byte]
        case 1:
            return data[:byte] + draw.integers(0, 256, 4, np.uint8).tobytes() + data[byte + 4 :]
        case 2:
            lines[place] += b",extra"
        case 3:
            lines.insert(place, lines[place])
        case 4:
            del lines[place]
        case 5:
            lines[place] = lines[place].replace(b",", b";")
        case 6:
            return data.decode().encode("utf-16")
        case 7:
            lines[0] = lines[0].replace(b"units", b"qty").replace(b"ordered", b"when")
        case _:
            fields = lines[place].split(b",")
            fields[int(draw.integers(len(fields)))] = CELLS[int(draw.integers(len(CELLS)))]
            lines[place] = b",".join(fields)
    return b"\n".join(lines)


def check(number: int, folder: Path, capsys: pytest.CaptureFixture[str]) -> int:
    """Damage a file, calibrate, and return the exit code."""
    draw = generator(number, 0, "damage")
    export = write(folder / f"e{number}", SHOP)
    files = sorted(export.iterdir())
    file = files[int(draw.integers(len(files)))]
    file.write_bytes(damage(file.read_bytes(), draw))
    code = cli(["calibrate", str(export), "--out", str(folder / "out")])
    told = capsys.readouterr().err
    if code == 2:
        assert str(export) in told.replace("\n", ""), told
        assert "expected" in told, told
    if code == 0:
        found = json.loads((folder / "out" / "calibration.json").read_text())
        for table, rows in found["rows"].items():
            assert rows["read"] - rows["used"] == sum(rows["dropped"].values()), table
    return code


def test_damage_is_told_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    codes = {check(number, tmp_path, capsys) for number in range(20)}
    assert codes == {0, 2}


@pytest.mark.slow
def test_a_thousand_damaged_exports(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    codes = [check(number, tmp_path, capsys) for number in range(1000)]
    assert set(codes) == {0, 2}
    assert codes.count(2) > 200
