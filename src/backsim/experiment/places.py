"""Where files are written once: a folder, or a bucket of an object store (extra `backsim[store]`).

A file appears whole or not at all, so that writers need not know of each other.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from backsim.errors import InputError
from backsim.experiment.changes import StudyError

UNFINISHED = ".unfinished-"
"""How the name of a file begins that is still being written."""
ABANDONED = 3600.0
"""Seconds after which nobody writes to such a file any more."""


class Place(Protocol):
    """A flat set of files by name.  Every method raises StudyError where that fails."""

    name: str

    def files(self) -> dict[str, int]:
        """Name -> bytes; empty where nothing has been written yet."""

    def read(self, name: str) -> bytes | None:
        """What a file holds; None where it has just been deleted."""

    def create(self, name: str, data: bytes) -> bool:
        """Write a file whole; False, and nothing is changed, where there is one of this name."""

    def replace(self, name: str, data: bytes) -> None:
        """Write a file whole, in the place of one of this name."""

    def delete(self, name: str) -> None:
        """Delete a file; none of this name is fine."""


def place_of(where: str | Path) -> Place:
    """The place of a folder, or of a URL such as `s3://bucket/study`.  Raises InputError."""
    text = str(where).removeprefix("file://")
    return Bucket(text) if is_url(text) else Folder(Path(text))


def is_url(where: str | Path) -> bool:
    """Whether a text is a URL rather than a path."""
    return "://" in str(where)


class Folder:
    """A folder of a file system, also one that machines share."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.name = folder, str(folder)

    def files(self) -> dict[str, int]:
        """Name -> bytes."""
        found = {}
        with self._told("read"), suppress(FileNotFoundError), os.scandir(self.folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # it has just been deleted
                    if entry.is_file() and not entry.name.startswith("."):
                        found[entry.name] = entry.stat().st_size
        return found

    def read(self, name: str) -> bytes | None:
        """What a file holds."""
        with self._told("read"), suppress(FileNotFoundError):
            return (self.folder / name).read_bytes()
        return None

    def create(self, name: str, data: bytes) -> bool:
        """Write a file whole, unless there is one."""
        if (self.folder / name).exists():
            return False
        self.replace(name, data)
        return True

    def replace(self, name: str, data: bytes) -> None:
        """Write a file under another name, then give it its own."""
        with self._told("write to"):
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, partial = tempfile.mkstemp(prefix=UNFINISHED, dir=self.folder)
            try:
                with open(handle, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                os.chmod(partial, 0o644)  # others may play on, or read it
                os.replace(partial, self.folder / name)
            except BaseException:
                Path(partial).unlink(missing_ok=True)
                raise

    def delete(self, name: str) -> None:
        """Delete a file, and what writers that were killed have left."""
        with self._told("write to"):
            (self.folder / name).unlink(missing_ok=True)
            for left in self.folder.glob(f"{UNFINISHED}*"):
                with suppress(FileNotFoundError):
                    if time.time() - left.stat().st_mtime > ABANDONED:
                        left.unlink()

    @contextmanager
    def _told(self, verb: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StudyError(
                f"{self.name}: cannot {verb} the folder ({error.strerror}); what is finished is "
                "kept, and the same command goes on from there"
            ) from None


class Bucket:
    """A folder of an object store, by its URL.  Its files are put there only if none is there."""

    def __init__(self, url: str) -> None:
        self.name = url
        try:
            import fsspec

            self.system, self.root = fsspec.core.url_to_fs(url)
        except ImportError as error:
            raise InputError(
                f"{url}: expected the package of this kind of store ({error}): "
                "pip install 'backsim[store]', and s3fs, gcsfs or adlfs"
            ) from None
        except ValueError as error:
            raise InputError(f"{url}: expected a URL such as s3://bucket/study ({error})") from None

    def files(self) -> dict[str, int]:
        """Name -> bytes."""
        with self._told("read"), suppress(FileNotFoundError):
            self.system.invalidate_cache()
            entries = self.system.ls(self.root, detail=True)
            return {
                entry["name"].rpartition("/")[2]: int(entry["size"] or 0)
                for entry in entries
                if entry["type"] == "file"
            }
        return {}

    def read(self, name: str) -> bytes | None:
        """What a file holds."""
        with self._told("read"), suppress(FileNotFoundError):
            return bytes(self.system.cat_file(f"{self.root}/{name}"))
        return None

    def create(self, name: str, data: bytes) -> bool:
        """Put a file, on the condition that there is none."""
        with self._told("write to"):
            try:
                self.system.pipe_file(f"{self.root}/{name}", data, mode="create")
            except FileExistsError:
                return False
        return True

    def replace(self, name: str, data: bytes) -> None:
        """Put a file."""
        with self._told("write to"):
            self.system.pipe_file(f"{self.root}/{name}", data)

    def delete(self, name: str) -> None:
        """Delete a file."""
        with self._told("write to"), suppress(FileNotFoundError):
            self.system.rm_file(f"{self.root}/{name}")

    @contextmanager
    def _told(self, verb: str) -> Iterator[None]:
        """Each kind of store has errors of its own."""
        try:
            yield
        except Exception as error:
            reason: Any = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise StudyError(
                f"{self.name}: cannot {verb} the store ({reason}); what is finished is kept, and "
                "the same command goes on from there"
            ) from None
