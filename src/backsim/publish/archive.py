"""Archives: a folder of files with their checksums in one zip file, and back."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from backsim.errors import BacksimError, InputError, listed
from backsim.files import beside

SUMS = "SHA256SUMS"
"""The file of checksums, as `sha256sum --check` reads it."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file in an archive, so that the same files make the same archive."""


def pack(folder: Path, archive: Path) -> None:
    """Write a folder's files and their checksums to a zip file.  Raises InputError."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    sums = {file.relative_to(folder).as_posix(): _sum(file.read_bytes()) for file in files}
    text = "".join(f"{digest}  {name}\n" for name, digest in sums.items())
    (folder / SUMS).write_text(text, encoding="utf-8")
    with (
        beside(archive) as partial,
        zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in [*sums, SUMS]:
            file = folder / name
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if name.endswith(".sh") else 0o644) << 16
            packed.writestr(entry, file.read_bytes())


def is_archive(path: Path) -> bool:
    """Whether a path is an archive, or a folder that one has been unpacked to."""
    return path.suffix == ".zip" or (path / SUMS).is_file()


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The folder of an archive, which is unpacked for a while, with its checksums compared.

    Raises InputError: no archive of `backsim bundle`; BacksimError: not what was written.
    """
    if path.is_dir():
        _check(path, path)
        yield path
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        try:
            with zipfile.ZipFile(path) as packed:
                names = packed.namelist()
                if SUMS not in names or any(_leaves(name) for name in names):
                    raise InputError(f"{path}: expected an archive of `backsim bundle`")
                packed.extractall(folder)
        except (OSError, zipfile.BadZipFile) as error:
            raise InputError(f"{path}: expected an archive of `backsim bundle` ({error})") from None
        _check(folder, path)
        yield folder


def _leaves(name: str) -> bool:
    """Whether a name leads out of the archive's folder."""
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name


def _check(folder: Path, shown: Path) -> None:
    """Compare every file with its checksum."""
    lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    changed = [name for name, digest in sums.items() if _sum_of(folder / name) != digest]
    if changed:
        raise BacksimError(f"{shown}: not as it was written: {listed(changed)}")


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _sum_of(file: Path) -> str:
    try:
        return _sum(file.read_bytes())
    except OSError:
        return ""
