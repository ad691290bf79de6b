"""A study on disk: one SQLite file, in which every finished (policy, replication) is committed.

Whatever ends the process - Ctrl-C, `kill -9`, a full disk - what is committed stays, and the next
run goes on from there.  A lock keeps a second process away.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from backsim.errors import InputError
from backsim.experiment.changes import changes
from backsim.experiment.work import Result, digest_of

APPLICATION = 0x6261636B  # "back"
FORMAT = 1
HEADER = b"SQLite format 3\0"
APPLICATION_AT = 68
SIDE_FILES = ("-wal", "-shm", "-journal")

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


class StudyError(InputError):
    """A study file cannot be used: why, and what to do."""


class Store:
    """An open study.  Use as a context manager; closing gives up the lock."""

    def __init__(self, path: Path | None, connection: sqlite3.Connection, lock: IO[bytes] | None):
        self.path, self.connection, self._lock = path, connection, lock
        self.name = str(path or "study")

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, then give up the lock: the other way round would lose SQLite's own."""
        with suppress(sqlite3.Error):
            self.connection.close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    # -- what the study is of --------------------------------------------------------------

    @property
    def description(self) -> dict[str, Any]:
        """What the study is of, as it was written when it began."""
        with self._reading():
            rows = self.connection.execute("SELECT value FROM study WHERE key = 'description'")
            found = rows.fetchone()
        return dict(json.loads(found[0])) if found else {}

    def begin(self, description: Mapping[str, Any]) -> None:
        """Write what the study is of, or check that it is the same.  Raises StudyError."""
        known = self.description
        now = json.loads(json.dumps(description))
        if known and (found := changes(known["numbers"], now["numbers"])):
            raise StudyError(
                f"{self.name}: expected the study that it holds, but this has changed since:\n"
                + "\n".join(f"  {line}" for line in found)
                + "\nUse --fresh to start anew, or another folder."
            )
        with self._writing():
            self.connection.execute(
                "INSERT OR REPLACE INTO study VALUES ('description', ?)", [json.dumps(now)]
            )

    # -- results ---------------------------------------------------------------------------

    def done(self) -> set[tuple[int, int]]:
        """Each (policy, replication) that is finished."""
        with self._reading():
            return set(self.connection.execute("SELECT policy, replication FROM results"))

    def add(self, results: Iterable[Result]) -> None:
        """Commit finished results, all or none.  Raises StudyError: full disk, read-only, ..."""
        rows = [
            (
                *(r.policy, r.replication, r.digest, r.metrics, r.profile),
                r.orders,
                r.events,
                r.seconds,
            )
            for r in results
        ]
        with self._writing():
            self.connection.executemany(
                "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows
            )

    def results(self) -> Iterator[Result]:
        """All finished results.  Raises StudyError when one is damaged."""
        query = f"SELECT {COLUMNS}, digest FROM results ORDER BY policy, replication"
        with self._reading():
            for *row, digest in self.connection.execute(query):
                result = Result(*row)
                if digest_of(result.metrics) != digest:
                    raise StudyError(
                        f"{self.name}: replication {result.replication} of policy {result.policy} "
                        "is damaged; use --fresh to start anew"
                    )
                yield result

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with self.connection:
                yield
        except sqlite3.Error as error:
            raise StudyError(
                f"{self.name}: cannot write: {_reason(error)}; what was committed before is kept, "
                "and the same command goes on from there"
            ) from None

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _damaged(self.name, error) from None


def in_memory() -> Store:
    """A study that is not kept."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(SCHEMA)
    return Store(None, connection, None)


def open_study(path: Path, fresh: bool = False) -> Store:
    """Open a study to go on with it, or make it; `fresh` forgets what it holds.

    Raises StudyError, and leaves the file as it is, when it is in use, damaged, not a study of
    backsim, or cannot be written.
    """
    lock = _locked(path)
    try:
        _check_kind(path, lock)
        if fresh:
            _empty(path)
        connection = _connected(path)
    except BaseException:
        lock.close()
        raise
    return Store(path, connection, lock)


def read_study(path: Path) -> Store:
    """Open a study to look at it, also while it is being written.  Raises StudyError."""
    if not path.is_file():
        raise StudyError(f"{path}: expected a study of backsim, found no file")
    # Not `open`: closing a file of our own would drop the locks of a connection in this process.
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
            raise StudyError(f"{path}: expected a study of backsim, got another database")
        _check_whole(str(path), connection)
    except sqlite3.Error as error:
        connection.close()
        raise _damaged(str(path), error) from None
    except StudyError:
        connection.close()
        raise
    return Store(path, connection, None)


def _locked(path: Path) -> IO[bytes]:
    """The file, made if need be, with a lock that ends with the process."""
    try:
        file = path.open("ab+")
    except OSError as error:
        raise StudyError(f"{path}: expected a file to write to ({error.strerror})") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise StudyError(
            f"{path}: another process is at work on this study; wait for it, or use another folder"
        ) from None
    return file


def _check_kind(path: Path, file: IO[bytes]) -> None:
    """A file that is not ours is left alone."""
    file.seek(0)
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
    connection = sqlite3.connect(path, isolation_level="IMMEDIATE", timeout=10)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        _check_whole(str(path), connection)
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            connection.executescript(SCHEMA)
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error as error:
        connection.close()
        if _is_damage(error):
            raise _damaged(str(path), error) from None
        raise StudyError(f"{path}: cannot write: {_reason(error)}") from None
    except StudyError:
        connection.close()
        raise
    if version != FORMAT:
        connection.close()
        raise StudyError(
            f"{path}: expected a study in format {FORMAT}, got format {version} "
            "(of another version of backsim); use --fresh to start anew"
        )
    return connection


def _check_whole(name: str, connection: sqlite3.Connection) -> None:
    try:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        if not _is_damage(error):
            raise
        raise _damaged(name, error) from None
    if found != "ok":
        raise _damaged(name, found)


def _is_damage(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _damaged(name: str, error: object) -> StudyError:
    reason = " ".join(str(error).split())
    return StudyError(
        f"{name}: the study is damaged ({reason}); use --fresh to start anew, or another folder"
    )


def _reason(error: sqlite3.Error) -> str:
    words = {
        sqlite3.SQLITE_FULL: "the disk is full",
        sqlite3.SQLITE_READONLY: "the file or its folder is read-only",
        sqlite3.SQLITE_CANTOPEN: "the folder cannot be written to",
        sqlite3.SQLITE_IOERR: "the disk fails, or is full",
        sqlite3.SQLITE_BUSY: "another process holds it",
    }
    return words.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, str(error))
