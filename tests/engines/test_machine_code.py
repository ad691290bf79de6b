"""Loops that have been compiled before run without numba, and what is damaged is compiled again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import backsim
from backsim.engines import compiled, drivers
from backsim.machine_code import files
from backsim.machine_code.files import Code
from backsim.streams import draw

compiled_only = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled"
)

SHOP = Path(__file__).parents[2] / "scenarios" / "quickstart.yaml"
PLAY = """
import json, sys
import backsim
from backsim.engines import compiled
from backsim.streams import draw

model = backsim.load("scenarios/quickstart.yaml").replace(horizon=300.0, warm_up=10.0)
log = compiled.run(model, draw(model, 1))
print(json.dumps([log.lines["shipped"].tolist(), log.handled, "numba" in sys.modules]))
"""


def play(cache: Path) -> list[object]:
    """What a process finds: units shipped of each line, events, whether it has loaded numba."""
    done = subprocess.run(
        [sys.executable, "-c", PLAY],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "NUMBA_CACHE_DIR": str(cache)},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: list[object] = json.loads(done.stdout)
    return found


@compiled_only
def test_a_loop_that_is_kept_runs_without_numba(tmp_path: Path) -> None:
    (tmp_path / "backsim").mkdir()
    (tmp_path / "backsim" / "pieces").symlink_to(files.folder("pieces") or "")  # translated before
    first = play(tmp_path)
    assert first[-1] is True
    (kept,) = (tmp_path / "backsim" / "loops").iterdir()
    assert play(tmp_path) == [*first[:-1], False]
    kept.write_bytes(kept.read_bytes()[:-100])
    assert play(tmp_path) == first


def test_damaged_machine_code_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "folder", lambda kind: tmp_path)
    code = Code("loop", bytes(range(256)))
    files.write_code("key", code)
    file = tmp_path / "key"
    whole = file.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["key"]
    assert files.read_code("key") == code
    for place in range(0, len(whole), 7):
        file.write_bytes(whole[:place])
        assert files.read_code("key") is None
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert files.read_code("key") is None
    assert files.read_code("nothing") is None


def test_where_nothing_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    files.folder.cache_clear()
    monkeypatch.setattr(files, "_places", lambda: iter([Path("/proc/nowhere")]))
    try:
        files.write_code("key", Code("loop", b"code"))
        assert files.read_code("key") is None
    finally:
        files.folder.cache_clear()


@compiled_only
def test_where_functions_of_c_may_not_be_found_numba_calls_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = backsim.load(SHOP).replace(horizon=300.0, warm_up=10.0)
    ours = compiled.run(model, draw(model, 1))
    drivers.driver.cache_clear()
    monkeypatch.setattr(drivers, "ELSEWHERE", True)
    monkeypatch.setattr(drivers, "_code", None)  # not asked
    theirs = compiled.run(model, draw(model, 1))
    drivers.driver.cache_clear()
    assert theirs.lines.tobytes() == ours.lines.tobytes()
