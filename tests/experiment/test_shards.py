"""Shards of a study: no coordinator, no half file, and the same study as in one process."""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.experiment import shop

from backsim.cli import run as cli
from backsim.errors import InputError
from backsim.experiment import load_study, parts, shards
from backsim.experiment.parts import FILE, STUDY, Block, Parts, open_parts
from backsim.experiment.places import UNFINISHED, Folder, place_of
from backsim.experiment.play import play
from backsim.experiment.shards import Shard, Shift, work
from backsim.experiment.store import StudyError
from backsim.experiment.work import Work

pytest.importorskip("pyarrow")
BEST = {"until": "best", "indifference": 4}


def in_shards(folder: Path, of: int, store: Any = None, **fields: Any) -> list[Shift]:
    """Play the shop's experiment in shards, one after the other."""
    asked = shop.experiment(folder, **fields)
    store = store or folder / "store"
    return [
        work(asked, store, Shard(number, of), workers=1, engine="simpy")
        for number in range(1, of + 1)
    ]


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


# -- the same study -------------------------------------------------------------------------------


def written(out: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> list[Any]:
    """The table and the files that a command writes."""
    assert cli([*arguments, "--out", str(out)]) == 0
    said = capsys.readouterr().out
    return [said, *((out / name).read_bytes() for name in ("results.csv", "report.html"))]


def test_table_and_report_are_those_of_one_process(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Byte for byte: from shards; and from the store alone, when few files are made of many."""
    file, store = str(shop.write(tmp_path)), str(tmp_path / "store")
    compare = ["compare", file, "--engine", "simpy", "--workers", "1"]
    one = written(tmp_path / "one", compare, capsys)
    for number in (1, 2):
        arguments = ["work", file, "--store", store, "--shard", f"{number}/2"]
        assert cli([*arguments, "--engine", "simpy", "--workers", "1"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "shard 1 of 2: 2 blocks played",
        "shard 2 of 2: 2 blocks played",
    ]
    assert written(tmp_path / "shards", [*compare, "--store", store], capsys) == one
    assert not (tmp_path / "shards" / "study.sqlite").exists()
    assert cli(["study", "compact", store]) == 0
    assert capsys.readouterr().err == f"{store}: 4 files before, 1 now\n"
    assert written(tmp_path / "few", ["study", "report", store], capsys) == one
    assert len(names(tmp_path / "store")) == 2


@pytest.mark.parametrize(
    "replications", [BEST, {"until": {"cost.total": "20 %"}, "least": 3, "most": 12}]
)
def test_a_sequential_rule_goes_in_rounds(tmp_path: Path, replications: Any) -> None:
    """Each shard knows the next round when the one before is whole: at worst when called again."""
    whole = play(shop.experiment(tmp_path, replications=replications), workers=1, engine="simpy")
    calls = 0
    while in_shards(tmp_path, 3, replications=replications)[-1].verdict is None:
        calls += 1
        assert calls < 20
    study = load_study(tmp_path / "store")
    assert (study.counts, study.verdict) == (whole.counts, whole.verdict)
    assert study.frame().equals(whole.frame())
    assert max(whole.counts) > 3


def test_more_replications_are_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_shards(tmp_path, 2, replications=2)
    played = []
    real = Work.play
    monkeypatch.setattr(Work, "play", lambda self, job: (played.append(job), real(self, job))[1])
    in_shards(tmp_path, 2, replications=3)
    assert [job.replication for job in played] == [2]
    study = load_study(tmp_path / "store")
    assert study.counts == (3, 3, 3)  # as it was last asked for


# -- blocks ---------------------------------------------------------------------------------------


def test_a_block_has_the_same_name_and_bytes_whoever_plays_it(tmp_path: Path) -> None:
    fields = {"replications": 3, "set": {"horizon": 40}}
    in_shards(tmp_path, 1, tmp_path / "one", **fields)
    in_shards(tmp_path, 3, tmp_path / "three", **fields)
    asked = shop.experiment(tmp_path, **fields)
    work(asked, tmp_path / "forks", workers=2, engine="simpy")
    found = names(tmp_path / "one")
    assert [FILE.fullmatch(name) is not None for name in found] == [True] * 3 + [False]
    for other in ("three", "forks"):
        assert names(tmp_path / other) == found
        for name in found[:3]:
            assert (tmp_path / other / name).read_bytes() == (tmp_path / "one" / name).read_bytes()


def test_a_world_is_drawn_once_for_all_policies_of_a_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = []
    real = Work.play
    monkeypatch.setattr(Work, "play", lambda self, job: (jobs.append(job), real(self, job))[1])
    in_shards(tmp_path, 1, replications=2, set={"horizon": 20})
    assert [job.policies for job in jobs] == [(0, 1, 2)] * 2


def test_blocks_are_cut_by_what_they_cost_and_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """About 600 orders per replication of a policy."""
    fields: dict[str, Any] = {"replications": 2, "set": {"horizon": 20}}
    monkeypatch.setattr(shards, "MOST_POLICIES", 2)
    in_shards(tmp_path, 1, tmp_path / "two", **fields)
    assert [name.split(".")[1] for name in names(tmp_path / "two")[:4]] == ["2", "1"] * 2
    monkeypatch.setattr(shards, "MOST_ORDERS", 1.0)
    in_shards(tmp_path, 1, tmp_path / "one", **fields)
    assert len(names(tmp_path / "one")) == 7
    one, two = (load_study(tmp_path / name) for name in ("one", "two"))
    assert one.frame().equals(two.frame())


@pytest.mark.parametrize("of", [1, 2, 3, 7])
def test_every_block_belongs_to_one_shard(of: int) -> None:
    blocks = [Block(k, (0,)) for k in range(10)]
    taken = [b for i in range(of) for b in Shard(i + 1, of).mine(blocks)]
    assert sorted(b.replication for b in taken) == list(range(10))


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "a/b", "1/0", "-1/4", "1/2/3", ""])
def test_a_shard_that_there_is_not(text: str) -> None:
    with pytest.raises(InputError, match=r"--shard: expected one of 1/n to n/n, such as 3/8, got"):
        Shard.parse(text)
    assert Shard.parse("3/8") == Shard(3, 8)


# -- what is missing ------------------------------------------------------------------------------


def test_only_what_is_missing_is_played(tmp_path: Path) -> None:
    in_shards(tmp_path, 2)
    store = tmp_path / "store"
    lost = names(store)[1]
    before = (store / lost).read_bytes()
    (store / lost).unlink()
    assert cli(["study", "status", str(store)]) == 1
    assert [shift.played for shift in in_shards(tmp_path, 2)] == [0, 1]  # the second one's
    assert (store / lost).read_bytes() == before
    assert cli(["study", "status", str(store)]) == 0


def test_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    in_shards(tmp_path, 2, title="Shop")
    store = str(tmp_path / "store")
    (tmp_path / "store" / names(tmp_path / "store")[0]).unlink()
    assert cli(["study", "status", store]) == 1
    first, second = capsys.readouterr().out.splitlines()
    assert first == "Shop: 3 policies"
    assert second.startswith("9 of 12 replications finished; 3 files, 0.")
    play(shop.experiment(tmp_path, title="Shop"), workers=1, out=tmp_path / "one")
    assert cli(["study", "status", str(tmp_path / "one")]) == 0
    assert "12 of 12 replications finished; 1 file" in capsys.readouterr().out


def test_status_counts_what_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Others, and what compact had been killed before it could delete, make up for nothing."""
    store = tmp_path / "store"
    asked = shop.experiment(tmp_path, replications=8)
    work(asked, store, Shard(1, 2), workers=1)  # 0, 2, 4, 6
    fewer = shop.experiment(tmp_path, replications=3)
    work(fewer, store, Shard(1, 2), workers=1)
    assert cli(["study", "status", str(store)]) == 1
    assert "6 of 9 replications finished" in capsys.readouterr().out
    kept = {name: (store / name).read_bytes() for name in names(store)}
    open_parts(store).compact()
    for name, held in kept.items():
        (store / name).write_bytes(held)
    assert cli(["study", "status", str(store)]) == 1
    assert "6 of 9 replications finished" in capsys.readouterr().out
    work(fewer, store, Shard(1, 1), workers=1)
    assert cli(["study", "status", str(store)]) == 0


def test_what_compact_was_interrupted_in_is_counted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_shards(tmp_path, 2)
    store = open_parts(tmp_path / "store")
    whole = list(store.results())

    def killed(self: Folder, name: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "delete", killed)
        with pytest.raises(KeyboardInterrupt):
            store.compact()
    assert len(store.files()) == 5
    key = lambda r: (r.replication, r.policy)  # noqa: E731
    assert sorted(store.results(), key=key) == sorted(whole, key=key)
    assert [shift.played for shift in in_shards(tmp_path, 2)] == [0, 0]
    assert store.compact() == (5, 1)
    assert list(store.results()) == sorted(whole, key=key)
    assert [shift.played for shift in in_shards(tmp_path, 2)] == [0, 0]


def test_large_files_stay_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_shards(tmp_path, 1)
    store = open_parts(tmp_path / "store")
    largest = max(store.files().values())
    monkeypatch.setattr(parts, "MOST_BYTES", 2 * largest)
    assert store.compact() == (4, 2)
    assert load_study(tmp_path / "store").counts == (4, 4, 4)


def test_files_are_compacted_while_a_study_is_read(tmp_path: Path) -> None:
    in_shards(tmp_path, 1)
    store = open_parts(tmp_path / "store")
    results = store.results()
    found = [next(results)]
    open_parts(tmp_path / "store").compact()
    found += results
    assert len({(r.policy, r.replication) for r in found}) == len(found) == 12


# -- a store that cannot be used ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"seed": 2}, "  seed: 1 in the study, 2 now"),
        ({"set": {"horizon": 60}}, "  scenario.horizon: 120 in the study, 60 now (fcfs,"),
    ],
)
def test_another_experiment_is_refused(tmp_path: Path, fields: dict[str, Any], said: str) -> None:
    in_shards(tmp_path, 2)
    before = names(tmp_path / "store")
    with pytest.raises(StudyError) as caught:
        in_shards(tmp_path, 2, **fields)
    assert said in str(caught.value)
    assert "Use another store for another study." in str(caught.value)
    assert names(tmp_path / "store") == before


def test_a_part_of_another_study_is_refused(tmp_path: Path) -> None:
    in_shards(tmp_path, 1)
    in_shards(tmp_path, 1, tmp_path / "other", seed=2)
    name = names(tmp_path / "other")[0]
    shutil.copy(tmp_path / "other" / name, tmp_path / "store")
    with pytest.raises(StudyError, match=rf"{name}: expected a part of the study that this store"):
        load_study(tmp_path / "store")


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    """Before the file is parsed."""
    in_shards(tmp_path, 1, replications=2)
    for file in (tmp_path / "store").iterdir():
        whole = file.read_bytes()
        for place in (0, len(whole) // 2, len(whole) - 9):
            changed = bytearray(whole)
            changed[place] ^= 1
            file.write_bytes(changed)
            with pytest.raises(StudyError, match=rf"{file.name}: the file is damaged \(.*delete"):
                load_study(tmp_path / "store")
        for short in (whole[:-1], b""):
            file.write_bytes(short)
            with pytest.raises(StudyError, match="the file is damaged"):
                load_study(tmp_path / "store")
        file.write_bytes(whole)
    assert load_study(tmp_path / "store").counts == (2, 2, 2)


def test_machines_that_compute_otherwise_are_found(tmp_path: Path) -> None:
    in_shards(tmp_path, 1, replications=2)
    store = open_parts(tmp_path / "store")
    results = [r for r in store.results() if r.replication == 0]
    metrics = bytearray(results[1].metrics)
    metrics[0] ^= 1
    store.add([results[0], replace(results[1], metrics=bytes(metrics)), results[2]])
    assert len(store.files()) == 3
    with pytest.raises(StudyError, match="replication 0 of 'classes' is not what another part"):
        load_study(tmp_path / "store")


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), OSError(24, "Too many")])
def test_a_disk_that_fails_leaves_no_half_file(
    tmp_path: Path, error: OSError, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_shards(tmp_path, 2, replications=2)
    before = names(tmp_path / "store")

    def failing(handle: int) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", failing)
        with pytest.raises(
            StudyError, match=rf"store: cannot write to the folder \({error.args[1]}"
        ):
            in_shards(tmp_path, 1, replications=3)
    assert names(tmp_path / "store") == before
    in_shards(tmp_path, 1, replications=3)
    assert load_study(tmp_path / "store").counts == (3, 3, 3)


def test_what_killed_writers_leave_is_no_part_and_is_swept(tmp_path: Path) -> None:
    import os

    in_shards(tmp_path, 1, replications=2)
    old, new = (tmp_path / "store" / f"{UNFINISHED}{name}" for name in ("old", "new"))
    for file in (old, new):
        file.write_bytes(b"PAR1")
    os.utime(old, (0, 0))
    store = open_parts(tmp_path / "store")
    assert store.finished() == 6
    store.compact()
    assert not old.exists()
    assert new.exists()  # somebody may be at it


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["work", "FILE"], "work: expected --store DIR, or a URL such as s3://bucket/study"),
        (["work", "FILE", "--store", "s", "--shard", "4/2"], "--shard: expected one of 1/n to n/n"),
        (["work", "FILE", "--store", "FILE"], "experiment.yaml: cannot read the folder (Not a dir"),
        (["work", "FILE", "--store", "nobody://x/y"], "nobody://x/y: expected a URL such as s3:"),
        (["compare", "FILE", "--store", "s", "--fresh"], "--fresh: a store is written once; name"),
        (["study", "status", "nowhere"], "nowhere: expected a study of backsim, found no file"),
        (["study", "status", "memory://none"], "memory://none: expected a study with results"),
        (["study", "report", "nowhere"], "study report: expected --out DIR, the folder for the"),
        (["study", "compact", "nowhere"], "nowhere: expected a store of `backsim work`"),
        (["study", "burn", "nowhere"], ""),
    ],
)
def test_bad_input(
    tmp_path: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(shop.write(tmp_path))
    assert cli([file if a == "FILE" else a for a in arguments]) == 2
    assert said in capsys.readouterr().err.replace("\n", "")


# -- an object store ------------------------------------------------------------------------------


@pytest.fixture
def bucket() -> Any:
    """A URL of an object store, empty; it lives in this process."""
    fsspec = pytest.importorskip("fsspec")
    yield "memory://study/shop"
    fsspec.filesystem("memory").store.clear()


def test_a_bucket(tmp_path: Path, bucket: str) -> None:
    whole = play(shop.experiment(tmp_path), workers=1, engine="simpy")
    in_shards(tmp_path, 2, bucket)
    assert load_study(bucket).frame().equals(whole.frame())
    in_shards(tmp_path, 1)  # a folder has the same files
    store = open_parts(bucket)
    files = store.files()
    assert [*files, STUDY] == names(tmp_path / "store")
    for name in files:
        assert store.place.read(name) == (tmp_path / "store" / name).read_bytes()
    assert store.compact() == (4, 1)
    assert load_study(bucket).frame().equals(whole.frame())


def test_a_bucket_is_written_on_condition(bucket: str) -> None:
    """What is there is never overwritten by a second writer."""
    place = place_of(bucket)
    assert place.files() == {}
    assert place.create("a", b"one")
    assert not place.create("a", b"two")
    assert place.read("a") == b"one"
    place.replace("a", b"two")
    assert (place.read("a"), place.files()) == (b"two", {"a": 3})
    place.delete("a")
    place.delete("a")
    assert (place.read("a"), place.files()) == (None, {})


def test_a_bucket_that_fails_says_why(
    tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_parts(bucket)
    assert not isinstance(store.place, Folder)

    def refused(*_: Any, **__: Any) -> None:
        raise RuntimeError("Access Denied\nby the owner")

    monkeypatch.setattr(store.place.system, "pipe_file", refused)
    with pytest.raises(
        StudyError, match=r"memory://study/shop: cannot write to the store \(Access"
    ):
        in_shards(tmp_path, 1, bucket)


def test_a_folder_by_its_url(tmp_path: Path) -> None:
    place = place_of(f"file://{tmp_path}")
    assert isinstance(place, Folder)
    assert place.folder == tmp_path


def test_the_study_is_asked_for_by_any_tool(tmp_path: Path) -> None:
    """Overall values are columns; one query over all files gives the study's means."""
    import pyarrow.dataset as ds

    in_shards(tmp_path, 2)
    files = [str(f) for f in (tmp_path / "store").glob("*.parquet")]
    frame = ds.dataset(files).to_table(["policy", "cost.total"]).to_pandas()
    means = frame.groupby("policy", observed=True)["cost.total"].mean()
    study = load_study(tmp_path / "store")
    for policy, values in zip(study.policies, study.array("cost.total"), strict=True):
        assert means[policy.name] == pytest.approx(values.mean(), rel=1e-15)


def test_two_writers_begin_at_the_same_time(tmp_path: Path) -> None:
    """The slower one takes the description that is there, if it is the same."""
    in_shards(tmp_path, 1, replications=2)
    store = open_parts(tmp_path / "store")
    description = store.description

    class Late(Parts):
        """Looks before the other has written."""

        looked = 0

        @property
        def description(self) -> dict[str, Any]:
            self.looked += 1
            return {} if self.looked == 1 else super().description

    late = Late(Folder(tmp_path / "store"))
    late.begin(description)
    other = {**description, "numbers": {**description["numbers"], "seed": 9}}
    late.looked = 0
    with pytest.raises(StudyError, match="seed: 1 in the study, 9 now"):
        late.begin(other)


@pytest.mark.parametrize("change", ["no column", "another type", "nothing", "short", "no metadata"])
def test_a_parquet_file_of_somebody_else(tmp_path: Path, change: str) -> None:
    """Its name says the digest of its bytes, but backsim has not written it."""
    import hashlib
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    in_shards(tmp_path, 1, replications=2)
    name = names(tmp_path / "store")[0]
    table = pq.read_table(tmp_path / "store" / name)
    place = table.schema.get_field_index("_by_view")
    if change == "no column":
        table = table.drop_columns(["fill_rate"])
    elif change == "another type":
        table = table.set_column(place, "_by_view", pa.array([1] * 3))
    elif change == "nothing":
        table = table.set_column(place, "_by_view", pa.nulls(3, pa.binary()))
    elif change == "short":
        table = table.set_column(place, "_by_view", pa.array([b"x"] * 3, pa.binary()))
    out = io.BytesIO()
    with pq.ParquetWriter(out, table.schema, store_schema=False) as writer:
        writer.write_table(table)
        if change != "no metadata":
            whole = (tmp_path / "store" / name).read_bytes()
            writer.add_key_value_metadata(pq.ParquetFile(io.BytesIO(whole)).metadata.metadata)
    digest = hashlib.sha256(out.getvalue()).hexdigest()[:32]
    made = f"{name.split('.')[0]}.3.{digest}.parquet"
    (tmp_path / "store" / made).write_bytes(out.getvalue())
    with pytest.raises(StudyError, match=rf"{made}: expected a part "):
        load_study(tmp_path / "store")


def test_a_store_is_a_result_as_others_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is played again, compared and packed like a folder of `backsim compare --out`."""
    fields = {"replications": 2, "set": {"horizon": 20}}
    in_shards(tmp_path, 2, **fields)
    play(shop.experiment(tmp_path, **fields), workers=1, engine="simpy", out=tmp_path / "one")
    store = str(tmp_path / "store")
    assert cli(["diff", store, str(tmp_path / "one")]) == 0
    assert capsys.readouterr().out.startswith("no difference: ")
    assert cli(["reproduce", store, "--workers", "1"]) == 0
    assert "bit-identical" in capsys.readouterr().out
    assert cli(["bundle", store, "--out", str(tmp_path / "study.zip")]) == 0
    with zipfile.ZipFile(tmp_path / "study.zip") as archive:
        assert any(name.endswith("study.sqlite") for name in archive.namelist())
    assert cli(["run", store]) == 2
    assert "is a study: use `backsim reproduce" in capsys.readouterr().err
