"""A study on disk: one SQLite file, in which every finished (policy, replication) is committed.

Whatever ends the process - Ctrl-C, `kill -9`, a full disk - what is committed stays, and the next
run goes on from there.  A lock keeps a second process away.

Every row and the description have a digest, and one seal covers the rows together, so that a value
that has changed and a row that is gone are both found.  A file is opened for writing only when all
of this has been checked, and with the first write.
"""

from __future__ import annotations

import json
import math
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from backsim.experiment.changes import StudyError, refuse_changes
from backsim.experiment.seal import EMPTY
from backsim.experiment.work import Result
from backsim.files import text_digest

APPLICATION = 0x6261636B  # "back"
FORMAT = 2
"""1 had digests of the metrics alone."""
HEADER = b"SQLite format 3\0"
APPLICATION_AT = 68
SIDE_FILES = ("-wal", "-shm", "-journal")
INSTEAD = "Use --fresh to play this one in its place, or --out DIR to keep both."

SCHEMA = f"""
BEGIN;
CREATE TABLE study (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE results (
    policy INTEGER NOT NULL,
    replication INTEGER NOT NULL,
    digest TEXT NOT NULL,
    metrics BLOB NOT NULL,
    profile BLOB NOT NULL,
    orders INTEGER NOT NULL,
    events INTEGER NOT NULL,
    seconds REAL NOT NULL,
    PRIMARY KEY (policy, replication)
);
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {FORMAT};
COMMIT;
"""
COLUMNS = "policy, replication, metrics, profile, orders, events, seconds"
TYPES = (int, int, bytes, bytes, int, int, float)


class Store:
    """An open study.  Use as a context manager; closing gives up the lock.

    It reads until it is written to: then `path` is opened again, for writing.
    """

    def __init__(
        self,
        path: Path | None,
        connection: sqlite3.Connection,
        lock: FileLock | None,
        writable: bool = False,
    ):
        self.path, self.connection, self._lock = path, connection, lock
        self.name = str(path or "study")
        self._writable = writable
        self._seal = EMPTY

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, then give up the lock: the other way round would lose SQLite's own."""
        with suppress(sqlite3.Error):
            self.connection.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def check(self) -> None:
        """Compare every row, and all of them together, with their digests.  Raises StudyError."""
        if not self._tables():
            return
        known = self.description
        with self._reading():
            keys = {key for (key,) in self.connection.execute("SELECT key FROM study")}
        for _ in self.results():
            pass
        if not known and (keys or self._seal.rows):
            raise _damaged(self.name, "what it is of is gone")

    # -- what the study is of --------------------------------------------------------------

    @property
    def description(self) -> dict[str, Any]:
        """What the study is of, as it was written when it began.  Raises StudyError if damaged."""
        text = self._value("description")
        if text is None:
            return {}
        if text_digest(text) != self._value("description digest"):
            raise _damaged(self.name, "what it is of is not what was written")
        return dict(json.loads(text))

    def begin(self, description: Mapping[str, Any]) -> None:
        """Write what the study is of, or check that it is the same.  Raises StudyError."""
        known = self.description
        now = json.loads(json.dumps(description))
        refuse_changes(self.name, known, now, INSTEAD)
        text = json.dumps(now)
        with self._writing():
            self._put({"description": text, "description digest": text_digest(text)})

    # -- results ---------------------------------------------------------------------------

    def done(self) -> set[tuple[int, int]]:
        """Each (policy, replication) that is finished."""
        if not self._tables():
            return set()
        with self._reading():
            return set(self.connection.execute("SELECT policy, replication FROM results"))

    def finished(self, most: float = math.inf) -> int:
        """How many results there are, of the first `most` replications."""
        return sum(replication < most for _, replication in self.done())

    def files(self) -> dict[str, int]:
        """Name -> bytes of the file."""
        return {self.path.name: self.path.stat().st_size} if self.path is not None else {}

    def add(self, results: Iterable[Result]) -> None:
        """Commit finished results, all or none.  Raises StudyError: full disk, read-only, ..."""
        rows, seal = [], self._seal
        for r in results:
            seal = seal.with_row(r.row_digest)
            rows.append((r.policy, r.replication, r.row_digest, r.metrics, r.profile))
            rows[-1] += (r.orders, r.events, r.seconds)  # type: ignore[assignment]
        with self._writing():
            self.connection.executemany("INSERT INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            self._put({"seal": str(seal)})
        self._seal = seal

    def results(self) -> Iterator[Result]:
        """All finished results.  Raises StudyError when one is damaged, or one is gone."""
        if not self._tables():
            return
        query = f"SELECT {COLUMNS}, digest FROM results ORDER BY policy, replication"
        seal = EMPTY
        with self._reading():
            self.connection.execute("BEGIN")  # rows and seal as they were at one time
            try:
                written = self._value("seal")
                for *row, digest in self.connection.execute(query):
                    yield self._checked(row, digest)
                    seal = seal.with_row(digest)
            finally:
                self.connection.execute("ROLLBACK")
        if str(seal) != (written or str(EMPTY)):
            raise _damaged(self.name, f"{seal.rows} results are there, not all that were written")
        self._seal = seal

    def _checked(self, row: list[Any], digest: Any) -> Result:
        """A row as a result, once it is known to be what was written."""
        fits = all(type(value) is kind for value, kind in zip(row, TYPES, strict=True))
        if fits:
            result = Result(*row)
            if result.row_digest == digest:
                return result
        where = f"replication {row[1]} of policy {row[0]}" if fits else "a result"
        raise _damaged(self.name, f"{where} is not what was written")

    def _tables(self) -> bool:
        """Whether anything has been written yet."""
        with self._reading():
            return bool(self.connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])

    def _value(self, key: str) -> str | None:
        if not self._tables():
            return None
        with self._reading():
            rows = self.connection.execute("SELECT value FROM study WHERE key = ?", [key])
            found = rows.fetchone()
        if found is not None and not isinstance(found[0], str):
            raise _damaged(self.name, f"its {key} is no text")
        return None if found is None else str(found[0])

    def _put(self, values: Mapping[str, str]) -> None:
        self.connection.executemany("INSERT OR REPLACE INTO study VALUES (?, ?)", values.items())

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            if not self._writable:
                assert self.path is not None
                self.connection.close()
                self.connection = _connected(self.path)
                self._writable = True
            with self.connection:
                yield
        except sqlite3.Error as error:
            raise unwritten(self.name, error) from None

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if (reason := _outside(error)) is not None:
                raise StudyError(f"{self.name}: cannot read: {reason}") from None
            raise _damaged(self.name, error) from None
        except (UnicodeDecodeError, OverflowError) as error:
            raise _damaged(self.name, error) from None


def in_memory() -> Store:
    """A study that is not kept."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(SCHEMA)
    return Store(None, connection, None, writable=True)


def open_study(path: Path, fresh: bool = False) -> Store:
    """Open a study to go on with it, or make it; `fresh` forgets what it holds.

    Raises StudyError, and leaves the file as it is, when it is in use, damaged, not a study of
    backsim, or cannot be written.
    """
    lock = locked(path)
    try:
        _check_kind(path)
        if fresh:
            _empty(path)
        store = Store(path, _read_only(path, locked=True), lock)
    except BaseException:
        lock.release()
        raise
    try:
        _verify(store)
    except BaseException:
        store.close()
        raise
    return store


def read_study(path: Path) -> Store:
    """Open a study to look at it, also while it is being written.  Raises StudyError."""
    if not path.is_file():
        raise StudyError(f"{path}: expected a study of backsim, found no file")
    # Not `open`: closing a file of our own would drop the locks of a connection in this process.
    store = Store(path, _read_only(path), None)
    try:
        if not _is_ours(store):
            raise StudyError(f"{path}: expected a study of backsim, got another database")
        _verify(store)
    except BaseException:
        store.close()
        raise
    return store


def _read_only(path: Path, locked: bool = False) -> sqlite3.Connection:
    """A connection that changes nothing.

    With the lock, nothing beside the file either, unless a process that was killed has left
    something there.
    """
    alone = locked and not any(Path(f"{path}{end}").exists() for end in SIDE_FILES)
    how = "mode=ro&immutable=1" if alone else "mode=ro"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None)


def _verify(store: Store) -> None:
    """Check a study whole: its pages, its format, and every value.  Raises StudyError."""
    with store._reading():
        found = store.connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        version = store.connection.execute("PRAGMA user_version").fetchone()[0]
    if found != "ok":
        raise _damaged(store.name, found)
    if not _is_ours(store):
        return  # nothing has been written yet
    if version != FORMAT:
        known = "an earlier" if version < FORMAT else "a later"
        raise StudyError(
            f"{store.name}: expected a study in format {FORMAT}, got format {version}, of {known} "
            "version of backsim; use --fresh to start again, or that version to read it"
        )
    if not store._tables():
        raise _damaged(store.name, "it has no tables")
    store.check()


def _is_ours(store: Store) -> bool:
    with store._reading():
        application: int = store.connection.execute("PRAGMA application_id").fetchone()[0]
    return application == APPLICATION


def locked(path: Path, what: str = "study") -> FileLock:
    """A lock on a file, which ends with the process; the file is made if need be.

    Raises StudyError.
    """
    try:
        path.open("ab").close()
        lock = FileLock(f"{path}.lock", thread_local=False)
        lock.acquire(blocking=False)
    except Timeout:
        raise StudyError(
            f"{path}: another process is at work on this {what}; wait for it, or use another folder"
        ) from None
    except OSError as error:
        raise StudyError(f"{path}: expected a file to write to ({error.strerror})") from None
    return lock


def _check_kind(path: Path) -> None:
    """A file that is not ours is left alone."""
    with path.open("rb") as file:
        start = file.read(APPLICATION_AT + 4)
    if not start:
        return
    application = int.from_bytes(start[APPLICATION_AT:], "big")
    if not start.startswith(HEADER) or application not in (0, APPLICATION):
        raise StudyError(f"{path}: expected a study of backsim, got another kind of file")
    if application == 0:  # a study whose first commit is still in the side file has none yet
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            ours = connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION
            empty = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        except sqlite3.Error as error:
            raise _damaged(str(path), error) from None
        finally:
            connection.close()
        if not ours and not empty:
            raise StudyError(f"{path}: expected a study of backsim, got another database")


def _empty(path: Path) -> None:
    """Forget what a study holds."""
    for end in SIDE_FILES:
        Path(f"{path}{end}").unlink(missing_ok=True)
    os.truncate(path, 0)


def _connected(path: Path) -> sqlite3.Connection:
    """A connection to write with; the tables are made where there are none."""
    connection = sqlite3.connect(path, isolation_level="IMMEDIATE", timeout=10)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            connection.executescript(SCHEMA)
    except sqlite3.Error as error:
        connection.close()
        raise StudyError(f"{path}: cannot write: {reason_of(error)}") from None
    return connection


def unwritten(name: str, error: sqlite3.Error) -> StudyError:
    """That results could not be written, and what is to be done."""
    return StudyError(
        f"{name}: cannot write: {reason_of(error)}; what was committed before is kept, and the "
        "same command goes on from there"
    )


def _damaged(name: str, error: object) -> StudyError:
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
        return StudyError(f"{name}: expected a study of backsim, got another kind of file")
    reason = " ".join(str(error).split())
    return StudyError(
        f"{name}: the study is damaged ({reason}); use --fresh to start again, or another folder"
    )


def reason_of(error: sqlite3.Error) -> str:
    """Why a file cannot be written, in words."""
    return _outside(error) or str(error)


def _outside(error: sqlite3.Error) -> str | None:
    """What is in the way of a file that need not be damaged; None when nothing is."""
    words = {
        sqlite3.SQLITE_FULL: "the disk is full",
        sqlite3.SQLITE_READONLY: "the file or its folder is read-only",
        sqlite3.SQLITE_CANTOPEN: "the folder cannot be written to",
        sqlite3.SQLITE_IOERR: "the disk fails, or is full",
        sqlite3.SQLITE_BUSY: "another process holds it",
    }
    return words.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
