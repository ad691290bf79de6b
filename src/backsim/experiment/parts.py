"""A study as Parquet files that are written once: by many processes that do not know of each other.

A file's name says of which block it is, and ends with a digest of its bytes.  So the same block has
the same name and the same bytes, whoever plays it; a file that has changed is found before it is
parsed; and what is missing is known from the names alone.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import math
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from backsim.experiment.changes import StudyError, refuse_changes
from backsim.experiment.export import check_parquet
from backsim.experiment.places import Place, place_of
from backsim.experiment.work import Result
from backsim.files import text_digest

STUDY = "study.json.gz"
"""What the parts are of."""
FORMAT = 1
MOST_BYTES = 64 * 2**20
"""Of the files that `compact` makes one of."""
ROWS = 1000
"""Results that are read at a time."""
FILE = re.compile(r"(\d+-\d+-\d+-[0-9a-f]{8}|many)\.(\d+)\.([0-9a-f]{32})\.parquet")
"""Block, results, digest."""
INSTEAD = "Use another store for another study."
OWN = ("policy", "replication", "_policy", "_orders", "_events", "_by_view", "_profile")
"""Columns before one per metric: the policy's name, and what only backsim reads."""


@dataclass(frozen=True, slots=True)
class Block:
    """What one part holds: a replication of some policies."""

    replication: int
    policies: tuple[int, ...]

    @property
    def name(self) -> str:
        """The first and the last policy, and a hash of all."""
        first, last = self.policies[0], self.policies[-1]
        which = text_digest(" ".join(map(str, self.policies)))[:8]
        return f"{self.replication:06d}-{first:05d}-{last:05d}-{which}"

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """(policy, replication) of each result."""
        return [(policy, self.replication) for policy in self.policies]


class Parts:
    """A study in a place, as parts.  Several processes may use it at the same time."""

    def __init__(self, place: Place) -> None:
        """Raises InputError where pyarrow is missing."""
        check_parquet()
        self.place, self.name = place, place.name
        self._of_many: dict[str, frozenset[tuple[int, int]]] = {}

    def __enter__(self) -> Parts:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held open."""

    # -- what the study is of --------------------------------------------------------------

    @property
    def description(self) -> dict[str, Any]:
        """What the study is of; {} where nothing has been written.  Raises StudyError."""
        data = self.place.read(STUDY)
        return {} if data is None else self._unpacked(data)

    def begin(self, description: Mapping[str, Any]) -> None:
        """Write what the study is of, or check that it is the same.  Raises StudyError."""
        now = json.loads(json.dumps(description))
        known = self.description
        if not known and not self.place.create(STUDY, _packed(now)):
            known = self.description  # another process was faster
        refuse_changes(self.name, known, now, INSTEAD)
        if known and _asked(known) != _asked(now):
            self.place.replace(STUDY, _packed(now))
        self.__dict__.pop("about", None)

    @cached_property
    def about(self) -> About:
        """What of the description is needed to write and read parts.  Raises StudyError."""
        description = self.description
        if not description:
            raise StudyError(f"{self.name}: expected a study with results, found none")
        numbers = description["numbers"]
        told = text_digest(json.dumps(numbers))
        return About(tuple(numbers["policies"]), tuple(numbers["metrics"]), told)

    def _unpacked(self, data: bytes) -> dict[str, Any]:
        try:
            text = gzip.decompress(data).decode()
            head, _, rest = text.partition("\n")
            mark, version, digest = head.rsplit(" ", 2)
        except (OSError, EOFError, zlib.error, ValueError) as error:
            raise self._damaged(STUDY, error) from None
        if mark != "backsim study" or version != str(FORMAT):
            raise StudyError(
                f"{self.name}/{STUDY}: expected a study in format {FORMAT}, got {head[:40]!r}"
            )
        if text_digest(rest) != digest:
            raise self._damaged(STUDY, "it is not what was written")
        return dict(json.loads(rest))

    def _damaged(self, file: str, error: object) -> StudyError:
        reason = " ".join(str(error).split())
        return StudyError(
            f"{self.name}/{file}: the file is damaged ({reason}); delete it, and `backsim work` "
            "plays what it held again"
        )

    # -- results ---------------------------------------------------------------------------

    def files(self) -> dict[str, int]:
        """Name -> bytes of each part, in order."""
        return {n: size for n, size in sorted(self.place.files().items()) if FILE.fullmatch(n)}

    def missing(self, blocks: Iterable[Block]) -> list[Block]:
        """Those of the blocks that have not been played, by the names of the parts."""
        there: set[str] = set()
        pairs: set[tuple[int, int]] = set()
        for name in self.files():
            block = name.partition(".")[0]
            there.add(block)
            if block == "many":
                pairs |= self._pairs(name)
        return [b for b in blocks if b.name not in there and not pairs.issuperset(b.pairs)]

    def _pairs(self, name: str) -> frozenset[tuple[int, int]]:
        if name not in self._of_many:
            found = {(r.policy, r.replication) for r in self._results_of(name) or ()}
            self._of_many[name] = frozenset(found)
        return self._of_many[name]

    def add(self, results: Sequence[Result]) -> None:
        """Write the results of a block, whole or not at all.  Raises StudyError."""
        results = sorted(results, key=lambda r: r.policy)
        block = Block(results[0].replication, tuple(r.policy for r in results))
        self._create(block.name, results)

    def _create(self, what: str, results: Sequence[Result]) -> str:
        data = to_parquet(results, self.about)
        digest = hashlib.sha256(data).hexdigest()[:32]
        name = f"{what}.{len(results)}.{digest}.parquet"
        self.place.create(name, data)
        return name

    def finished(self, most: float = math.inf) -> int:
        """How many results there are, of the first `most` replications.

        By the names of the parts, unless one holds many: it may hold the results of others, too.
        """
        files = self.files()
        if any(name.startswith("many") for name in files):
            pairs = set().union(*map(self._pairs, files))
            return sum(replication < most for _, replication in pairs)
        blocks = {name.partition(".")[0]: int(name.split(".")[1]) for name in files}
        return sum(n for block, n in blocks.items() if int(block.partition("-")[0]) < most)

    def results(self) -> Iterator[Result]:
        """All results, once each.  Raises StudyError when a part is damaged or of another study."""
        seen: dict[tuple[int, int], bytes] = {}
        read: set[str] = set()
        while waiting := [name for name in self.files() if name not in read]:
            for name in waiting:  # a file that is gone has just been made one with others
                read.add(name)
                for result in self._results_of(name) or ():
                    pair, digest = (result.policy, result.replication), _short_digest(result)
                    if pair not in seen:
                        yield result
                    elif seen[pair] != digest:
                        raise self._contradiction(name, result)
                    seen[pair] = digest

    def _contradiction(self, name: str, result: Result) -> StudyError:
        policy = self.about.policies[result.policy]
        return StudyError(
            f"{self.name}/{name}: replication {result.replication} of '{policy}' is not what "
            "another part says: machines that compute alike are needed (same processor "
            "architecture and versions); delete the part that is wrong"
        )

    def _results_of(self, name: str) -> Iterator[Result] | None:
        """The results of a file that is what was written; None where it is gone."""
        data = self.place.read(name)
        if data is None:
            return None
        if hashlib.sha256(data).hexdigest()[:32] != name.split(".")[2]:
            raise self._damaged(name, "it is not what was written")
        return from_parquet(data, f"{self.name}/{name}", self.about)

    def compact(self) -> tuple[int, int]:
        """Make few files of many; how many there were, and are.

        A file is deleted only when the one that holds its results, too, is there: whatever ends
        this loses nothing.  Raises StudyError when a part is damaged.
        """
        files = self.files()
        left = 0
        for group in _groups(files):
            left += 1
            if len(group) == 1:
                continue
            found = {(r.replication, r.policy): r for n in group for r in self._results_of(n) or ()}
            made = self._create("many", [found[key] for key in sorted(found)])
            for name in group:
                if name != made:
                    self.place.delete(name)
        return len(files), left


def open_parts(where: str | Path) -> Parts:
    """The study of a folder or URL, to read it or to add to it.  Raises InputError."""
    return Parts(place_of(where))


@dataclass(frozen=True, slots=True)
class About:
    """What a study's parts have in common."""

    policies: tuple[str, ...]
    metrics: tuple[str, ...]
    digest: str
    """Of all that a result depends on: scenarios, rules, seed, versions, backsim's code."""


def to_parquet(results: Sequence[Result], about: About) -> bytes:
    """Results as a Parquet file: the same bytes for the same results.

    Overall values of the metrics are columns of their own, to be asked for by any tool; those of
    classes, products and sites lie in `_by_view`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = [np.frombuffer(r.metrics, "<f8").reshape(len(about.metrics), -1) for r in results]
    names = [about.policies[r.policy] for r in results]
    own = [
        pa.array(names, pa.string()).dictionary_encode(),
        pa.array([r.replication for r in results], pa.int32()),
        pa.array([r.policy for r in results], pa.int32()),
        pa.array([r.orders for r in results], pa.int64()),
        pa.array([r.events for r in results], pa.int64()),
        pa.array([table[:, 1:].tobytes() for table in tables], pa.binary()),
        pa.array([r.profile for r in results], pa.binary()),
    ]
    overall = np.array([table[:, 0] for table in tables])
    columns = [pa.array(column, pa.float64(), from_pandas=False) for column in overall.T]
    fields = [pa.field(n, c.type) for n, c in zip(OWN, own, strict=True)]
    fields += [pa.field(name, pa.float64()) for name in about.metrics]
    table = pa.Table.from_arrays([*own, *columns], schema=pa.schema(fields))
    out = io.BytesIO()
    with pq.ParquetWriter(
        out, table.schema, compression="zstd", use_dictionary=["policy"],
        write_statistics=["policy", "replication"], store_schema=False,
    ) as writer:  # fmt: skip
        writer.write_table(table)
        writer.add_key_value_metadata({"backsim": json.dumps(_told(about))})
    return out.getvalue()


def from_parquet(data: bytes, name: str, about: About) -> Iterator[Result]:
    """The results of a file.  Raises StudyError when it is of another study, or not ours."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(io.BytesIO(data))
        told = json.loads((file.metadata.metadata or {}).get(b"backsim", b"{}"))
        if told != _told(about):
            raise StudyError(
                f"{name}: expected a part of the study that this store holds, got one of another "
                "experiment, seed, version or code of backsim; delete it"
            )
        yield from _rows(file, about)
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise StudyError(f"{name}: expected a part that backsim wrote ({reason})") from None


def _told(about: About) -> dict[str, Any]:
    """What a part says of itself."""
    return {"format": FORMAT, "study": about.digest}


def _rows(file: Any, about: About) -> Iterator[Result]:
    for batch in file.iter_batches(ROWS):
        own = {column: batch.column(column).to_pylist() for column in OWN}
        overall = np.column_stack([batch.column(metric).to_numpy() for metric in about.metrics])
        for i in range(batch.num_rows):
            rest = np.frombuffer(own["_by_view"][i], "<f8").reshape(len(about.metrics), -1)
            table = np.column_stack([overall[i], rest])
            yield Result(
                own["_policy"][i], own["replication"][i], table.tobytes(), own["_profile"][i],
                own["_orders"][i], own["_events"][i], 0.0,
            )  # fmt: skip


def _packed(description: Mapping[str, Any]) -> bytes:
    text = json.dumps(description)
    head = f"backsim study {FORMAT} {text_digest(text)}\n"
    return gzip.compress((head + text).encode(), mtime=0)


def _asked(description: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked of the results, without where and with what they were played."""
    view = description["view"]
    return {key: value for key, value in view.items() if key not in ("environment", "folders")}


def _groups(files: Mapping[str, int]) -> list[list[str]]:
    """Files one after the other, together at most `MOST_BYTES`, or one alone."""
    groups: list[list[str]] = []
    size = 0
    for name, bytes_of in files.items():
        if not groups or size + bytes_of > MOST_BYTES:
            groups.append([])
            size = 0
        groups[-1].append(name)
        size += bytes_of
    return groups


def _short_digest(result: Result) -> bytes:
    return hashlib.sha256(result.metrics + result.profile).digest()[:8]
