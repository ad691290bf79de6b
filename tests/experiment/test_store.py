"""The study on disk: what is committed stays, and nothing else is touched."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.experiment import shop

from backsim.experiment import load_study
from backsim.experiment.changes import changes
from backsim.experiment.play import play
from backsim.experiment.store import Store, StudyError, open_study, read_study
from backsim.experiment.work import Result, Work
from backsim.results.madewith import versions_that_count

HERE = Path(__file__).parents[2]


def result(policy: int = 0, replication: int = 0) -> Result:
    return Result(policy, replication, b"12345678" * 4, b"shape", 10, 20, 0.5)


DESCRIPTION: dict[str, Any] = {"numbers": {"seed": 1, "policies": {"a": {}}}, "view": {}}


def filled(file: Path) -> Path:
    with open_study(file) as store:
        store.begin(DESCRIPTION)
        store.add([result(), result(0, 1)])
    return file


def test_what_is_added_is_there_again(tmp_path: Path) -> None:
    with open_study(filled(tmp_path / "s")) as store:
        assert store.done() == {(0, 0), (0, 1)}
        assert list(store.results()) == [result(), result(0, 1)]
        assert store.description == DESCRIPTION
    with open_study(tmp_path / "s", fresh=True) as store:
        assert store.done() == set()
        assert store.description == {}


def test_goes_on_where_it_was_and_plays_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = play(shop.experiment(tmp_path, replications=3), workers=1, out=tmp_path)
    played: list[Any] = []
    real = Work.play
    monkeypatch.setattr(Work, "play", lambda self, job: (played.append(job), real(self, job))[1])
    again = play(shop.experiment(tmp_path, replications=3), workers=1, out=tmp_path)
    assert played == []
    assert (again.array("cost.total") == first.array("cost.total")).all()
    more = play(shop.experiment(tmp_path, replications=5), workers=1, out=tmp_path)
    assert [(job.replication, job.policies) for job in played] == [(3, (0, 1, 2)), (4, (0, 1, 2))]
    assert (more.array("cost.total")[:, :3] == first.array("cost.total")).all()
    fewer = play(shop.experiment(tmp_path, replications=2), workers=1, out=tmp_path)
    assert fewer.array("cost.total").shape == (3, 2)
    play(shop.experiment(tmp_path, replications=2), workers=1, out=tmp_path, fresh=True)
    assert len(played) == 4


def test_what_changes_no_number_may_change(tmp_path: Path) -> None:
    play(shop.experiment(tmp_path), workers=1, out=tmp_path)
    other = shop.experiment(
        tmp_path, title="New", metrics="otif", objective="maximise otif", reference="lean"
    )
    assert play(other, workers=1, out=tmp_path).experiment.reference == "lean"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"seed": 2}, "  seed: 1 in the study, 2 now\n"),
        (
            {"set": {"horizon": 60}},
            "  scenario.horizon: 120 in the study, 60 now (fcfs, classes, lean)\n",
        ),
        (
            {"policies": {**shop.POLICIES, "fcfs": {"policy.priority": "lifo"}}},
            "  scenario.stock[0].priority.rule (mug at main): 'fcfs' in the study, "
            "'lifo' now (fcfs)\n"
            "  scenario.stock[1].priority.rule (plate at main): 'fcfs' in the study, "
            "'lifo' now (fcfs)\n",
        ),
        (
            {"policies": {"first": {}, **{k: v for k, v in shop.POLICIES.items() if k != "fcfs"}}},
            "  policy 'fcfs': in the study, not there now\n  policy 'first': not in the study\n",
        ),
        (
            {"policies": dict(reversed(shop.POLICIES.items()))},
            "  policies: in the order fcfs, classes, lean in the study, lean, classes, fcfs now\n",
        ),
        (
            {"set": {"customers": dict(reversed(shop.SHOP["customers"].items()))}},
            "  scenario.customers: in the order gold, silver in the study, silver, gold now "
            "(fcfs, classes, lean)\n",
        ),
    ],
)
def test_a_changed_study_is_refused(tmp_path: Path, fields: dict[str, Any], said: str) -> None:
    play(shop.experiment(tmp_path), workers=1, out=tmp_path)
    before = (tmp_path / "study.sqlite").read_bytes()
    with pytest.raises(StudyError) as caught:
        play(shop.experiment(tmp_path, **fields), workers=1, out=tmp_path)
    assert f"{caught.value}\n" == (
        f"{tmp_path}/study.sqlite: holds the results of another study. Use --fresh to play this "
        f"one in its place, or --out DIR to keep both. What has changed since:\n{said}"
    )
    assert (tmp_path / "study.sqlite").read_bytes() == before


def test_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play(shop.experiment(tmp_path), workers=1, out=tmp_path)
    other = {**versions_that_count(), "source": "other"}
    monkeypatch.setattr("backsim.experiment.describe.versions_that_count", lambda: other)
    with pytest.raises(
        StudyError, match=r"versions.source: '[0-9a-f]{16}' in the study, 'other' n"
    ):
        play(shop.experiment(tmp_path), workers=1, out=tmp_path)


def test_many_changes_are_cut_short() -> None:
    lines = changes({str(i): i for i in range(20)}, {str(i): -i for i in range(20)})
    assert lines[0] == "1: 1 in the study, -1 now"
    assert lines[-1] == "and 7 more"
    assert changes({"a": [1, 2]}, {"a": [1], "b": 0}) == [
        "a: [1, 2] in the study, [1] now",
        "b: not there in the study, 0 now",
    ]


def test_of_lists_of_names_those_are_told_that_only_one_has() -> None:
    before, now = {"metrics": ["a", "b", "c"]}, {"metrics": ["a", "c", "d", "e"]}
    assert changes(before, now) == ["metrics: d, e not in the study; b in the study, not there now"]
    assert changes({"names": ["a", "b"]}, {"names": ["b", "a"]}) == [
        "names[0]: 'a' in the study, 'b' now",
        "names[1]: 'b' in the study, 'a' now",
    ]


@pytest.mark.parametrize(
    "replications",
    [3, {"until": {"cost.total": "60 %"}, "least": 3}, {"until": "best", "indifference": 4}],
)
def test_a_study_comes_back_from_its_file(tmp_path: Path, replications: Any) -> None:
    made = shop.experiment(
        tmp_path,
        title="Shop",
        replications=replications,
        reference="lean",
        constraints="fill_rate[gold] >= 0.1" if replications == 3 else [],
    )
    study = play(made, workers=1, out=tmp_path)
    again = load_study(tmp_path)
    assert replace(again.experiment, policies=()) == replace(made, policies=())
    assert [p.settings for p in again.policies] == [p.settings for p in made.policies]
    assert (again.counts, again.verdict) == (study.counts, study.verdict)
    assert again.provenance == study.provenance
    assert again.frame().equals(study.frame())
    assert [p.model.digest for p in again.policies] == [p.model.digest for p in study.policies]


def leave_out(file: Path, gone: tuple[int, int]) -> None:
    """Write a study again as if one replication had never been finished."""
    with read_study(file) as store:
        description, results = store.description, list(store.results())
    with open_study(file, fresh=True) as store:
        store.begin(description)
        store.add(r for r in results if (r.policy, r.replication) != gone)


def test_an_interrupted_study_comes_back_as_far_as_it_is_whole(tmp_path: Path) -> None:
    play(shop.experiment(tmp_path, replications=6), workers=1, out=tmp_path)
    leave_out(tmp_path / "study.sqlite", (1, 3))
    assert load_study(tmp_path / "study.sqlite").counts == (6, 3, 6)
    rule = {"until": {"cost.total": "1 %"}, "least": 3, "most": 7}
    assert play(shop.experiment(tmp_path, replications=rule), workers=1, out=tmp_path).counts == (
        7,
        7,
        7,
    )


# -- files that cannot be used -------------------------------------------------------------------


def test_two_processes_on_one_study(tmp_path: Path) -> None:
    file = filled(tmp_path / "s")
    code = (
        "import sys, time; from pathlib import Path\n"
        "from backsim.experiment.store import open_study\n"
        f"store = open_study(Path({str(file)!r})); print('open', flush=True); time.sleep(60)"
    )
    other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "open\n"
    with pytest.raises(StudyError, match="another process is at work on this study"):
        open_study(file)
    with pytest.raises(StudyError, match="another process is at work on this study"):
        open_study(file, fresh=True)
    other.kill()
    other.communicate()
    with open_study(file) as store:
        assert len(store.done()) == 2


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("content", ["text", "database"])
def test_a_foreign_file_is_left_alone(tmp_path: Path, content: str, fresh: bool) -> None:
    file = tmp_path / "s"
    if content == "text":
        file.write_text("Dear diary, " * 100)
    else:
        other = sqlite3.connect(file)
        other.execute("CREATE TABLE recipes (name TEXT)")
        other.commit()
        other.close()
    before = file.read_bytes()
    with pytest.raises(StudyError, match="expected a study of backsim, got another"):
        open_study(file, fresh)
    assert file.read_bytes() == before
    with pytest.raises(StudyError, match=r"expected a study of backsim|damaged"):
        read_study(file)


def test_a_damaged_file_is_told_and_kept(tmp_path: Path) -> None:
    file = filled(tmp_path / "s")
    data = bytearray(file.read_bytes())
    data[4096:] = b"\xaa" * (len(data) - 4096)
    file.write_bytes(data)
    with pytest.raises(StudyError, match=r"s: the study is damaged .*; use --fresh to start again"):
        open_study(file)
    assert file.read_bytes() == bytes(data)
    with open_study(file, fresh=True) as store:
        assert store.done() == set()


def test_a_file_of_another_kind_is_no_damaged_study(tmp_path: Path) -> None:
    file = tmp_path / "experiment.yaml"
    file.write_text("scenario: shop.yaml\n")
    with pytest.raises(StudyError, match="expected a study of backsim, got another kind of file"):
        read_study(file)


def test_a_truncated_file(tmp_path: Path) -> None:
    file = filled(tmp_path / "s")
    file.write_bytes(file.read_bytes()[:-5000])
    with pytest.raises(StudyError, match="the study is damaged"):
        open_study(file)


ONE = "replication 1 of policy 0 is not what was written"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE results SET metrics = x'3837' WHERE replication = 1", ONE),
        ("UPDATE results SET profile = x'00' WHERE replication = 1", ONE),
        ("UPDATE results SET orders = 11 WHERE replication = 1", ONE),
        ("UPDATE results SET seconds = 0.25 WHERE replication = 1", ONE),
        ("UPDATE results SET metrics = 'text' WHERE replication = 1", "a result is not what was"),
        ("UPDATE results SET replication = 7 WHERE replication = 1", "replication 7 of policy 0"),
        ("UPDATE results SET digest = 7 WHERE replication = 1", ONE),
        ("DELETE FROM results WHERE replication = 1", "1 results are there, not all that were"),
        ("DELETE FROM results", "0 results are there, not all that were written"),
        ("DELETE FROM study WHERE key = 'seal'", "2 results are there, not all that were"),
        ("DELETE FROM study WHERE key = 'description digest'", "what it is of is not what was"),
        (
            "UPDATE study SET value = '{}' WHERE key = 'description'",
            "what it is of is not what was",
        ),
        ("UPDATE study SET value = x'00' WHERE key = 'description'", "its description is no text"),
        ("DELETE FROM study WHERE key LIKE 'desc%'", "what it is of is gone"),
        ("UPDATE study SET key = 7 WHERE key = 'description'", "what it is of is gone"),
        ("DROP TABLE results", "no such table: results"),
        ("DROP TABLE results; DROP TABLE study", "it has no tables"),
    ],
    ids=lambda text: text[:45],
)
def test_whatever_is_changed_is_found_and_the_file_left_alone(
    tmp_path: Path, change: str, said: str
) -> None:
    file = filled(tmp_path / "s")
    connection = sqlite3.connect(file)
    connection.executescript(change)
    connection.close()
    before = file.read_bytes()
    for look in (open_study, read_study):
        with pytest.raises(StudyError, match=rf"s: the study is damaged \({said}.*use --fresh"):
            look(file)
    assert file.read_bytes() == before


def test_a_study_of_another_format(tmp_path: Path) -> None:
    file = filled(tmp_path / "s")
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    told = "expected a study in format 2, got format 99, of a later version of backsim; use --fresh"
    with pytest.raises(StudyError, match=told):
        open_study(file)
    with pytest.raises(StudyError, match=told):
        read_study(file)
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    with pytest.raises(StudyError, match="got format 1, of an earlier version of backsim"):
        open_study(file)


def test_looking_at_a_study_changes_nothing_in_its_folder(tmp_path: Path) -> None:
    """Also not when it is opened to go on with, and turns out to be another's."""
    file = filled(tmp_path / "s")
    before = file.read_bytes()
    with open_study(file) as store, pytest.raises(StudyError, match="seed: 1 in the study, 2 now"):
        store.begin({**DESCRIPTION, "numbers": {**DESCRIPTION["numbers"], "seed": 2}})
    assert file.read_bytes() == before
    assert {f.name for f in tmp_path.iterdir()} == {"s", "s.lock"}  # the lock holds nothing
    assert not file.with_name("s.lock").read_bytes()


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    file = filled(tmp_path / "s")
    with open_study(file) as store:
        store.begin(DESCRIPTION)  # opens it for writing
        pages = store.connection.execute("PRAGMA page_count").fetchone()[0]
        store.connection.execute(f"PRAGMA max_page_count = {pages}")
        big = Result(0, 2, bytes(100_000), b"", 1, 1, 1.0)
        with pytest.raises(StudyError, match=r"cannot write: the disk is full; what was committed"):
            store.add([big])
    with open_study(file) as store:
        assert store.done() == {(0, 0), (0, 1)}
        store.add([big])
        assert (0, 2) in store.done()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StudyError, match=r"file/s: expected a file to write to \(Not a directory"):
        open_study(tmp_path / "file" / "s")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_read_only_folder(tmp_path: Path) -> None:
    file = filled(tmp_path / "s")
    file.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(StudyError, match="Permission denied"):
            open_study(file)
    finally:
        tmp_path.chmod(0o755)


def test_nothing_to_look_at(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="expected a study of backsim, found no file"):
        read_study(tmp_path / "s")


def test_a_study_may_be_looked_at_while_it_is_written(tmp_path: Path) -> None:
    file = filled(tmp_path / "s")
    with open_study(file) as store:
        store.add([result(0, 2)])
        with read_study(file) as other:
            assert len(other.done()) == 3
        store.add([result(0, 3)])
        assert len(store.done()) == 4


# -- kill -9 -------------------------------------------------------------------------------------

KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from backsim.experiment import load_study
from backsim.experiment.play import play
from tests.experiment import shop
play(shop.experiment(Path({folder!r}), replications=400, set={{"horizon": 600}}),
     workers={workers}, out={folder!r}, engine="simpy")
"""


def committed(folder: Path) -> int:
    try:
        with read_study(folder / "study.sqlite") as store:
            return len(store.done())
    except StudyError:
        return 0


@pytest.mark.parametrize("workers", [1, 2])
def test_kill_in_the_middle_and_go_on(tmp_path: Path, workers: int) -> None:
    """`kill -9` a real process; what it had committed is whole, and the rest is played later."""
    code = KILLED.format(root=str(HERE), folder=str(tmp_path), workers=workers)
    process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    deadline = time.monotonic() + 60
    while committed(tmp_path) < 5 and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = committed(tmp_path)
    assert 5 <= kept < 1200
    assert no_process_of(process.pid)
    # The workers are gone too, so that the lock is free; a copy that never was killed agrees.
    fields: dict[str, Any] = {"replications": kept // 3 + 2, "set": {"horizon": 600}}
    resumed = play(shop.experiment(tmp_path, **fields), workers=1, out=tmp_path, engine="simpy")
    whole = tmp_path / "whole"
    whole.mkdir()
    afresh = play(shop.experiment(whole, **fields), workers=1, out=whole, engine="simpy")
    assert np.array_equal(resumed.array("cost.total"), afresh.array("cost.total"))
    shutil.rmtree(whole)


def no_process_of(session: int) -> bool:
    """Whether all processes of a session end within a few seconds."""
    for _ in range(100):
        try:
            os.killpg(session, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_close_keeps_the_lock_until_the_file_is_closed(tmp_path: Path) -> None:
    store: Store = open_study(tmp_path / "s")
    store.close()
    store.close()
    open_study(tmp_path / "s").close()
