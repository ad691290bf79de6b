"""The git revision of a folder, read from git's files: nothing of the repository's is run.

`git` itself obeys the configuration of the repository that it is asked about, which may name
programs (`core.fsmonitor`, filters, hooks, aliases, pagers); a scenario from elsewhere would so run
code when it is simulated.  Here a few small files are read and nothing else is believed but a hash.

Whether the folder has changes that are not committed is not told: that takes git's filters.  A
provenance does not need it, as it holds the scenario itself and hashes of its data and rules.
"""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from pathlib import Path

SMALL = 4096
"""Bytes of a file that names something: a commit, a branch, a folder."""
LARGE = 64 * 2**20
"""Bytes of `packed-refs`: a million branches."""
MOST_STEPS = 5
"""Names that may lead to names before they lead to a commit."""

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_NAME = re.compile(r"refs/[^\x00-\x20\x7f~^:?*\[\\]+")


def revision(folder: Path) -> str:
    """The commit that a folder is at; "" if it is in no repository, or that cannot be told."""
    with suppress(OSError, ValueError, RuntimeError):
        for place in _upwards(Path(os.path.realpath(folder))):
            repository = _repository(place / ".git")
            if repository is not None:
                return _commit(repository)
    return ""


def _upwards(folder: Path) -> tuple[Path, ...]:
    return (folder, *folder.parents)


def _repository(entry: Path) -> Path | None:
    """The folder of git's files that `.git` is, or names: in a worktree and a submodule."""
    if entry.is_dir():
        return entry if (entry / "HEAD").exists() else None
    text = _read(entry, SMALL)
    if text is None or not text.startswith("gitdir:"):
        return None
    return entry.parent / text.removeprefix("gitdir:").strip()


def _commit(repository: Path) -> str:
    """The commit that HEAD leads to."""
    shared = _read(repository / "commondir", SMALL)
    common = repository / shared.strip() if shared else repository
    text = _read(repository / "HEAD", SMALL)
    for _ in range(MOST_STEPS):
        found = (text or "").strip()
        if _COMMIT.fullmatch(found):
            return found
        name = found.removeprefix("ref:").strip()
        if not found.startswith("ref:") or not _is_name(name):
            return ""
        text = _read(repository / name, SMALL) or _read(common / name, SMALL)
        if text is None:
            return _packed(common, name)
    return ""


def _is_name(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and ".." not in name and "//" not in name


def _packed(common: Path, name: str) -> str:
    """The commit of a branch or tag that git keeps in one file with others."""
    for line in (_read(common / "packed-refs", LARGE) or "").splitlines():
        commit, _, packed = line.partition(" ")
        if packed == name and _COMMIT.fullmatch(commit):
            return commit
    return ""


def _read(file: Path, most: int) -> str | None:
    """The text of a plain file of at most so many bytes; None if it is anything else.

    It is opened without waiting: a pipe would wait for a writer.
    """
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as stream:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size > most:
            return None
        return stream.read(most).decode("utf-8", "replace")
