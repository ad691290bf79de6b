"""The package's known answers, by family, instance and id, and those that are left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from backsim.errors import InputError
from backsim.kinds import Kind, expect
from backsim.scenario.yamlfile import read_yaml
from backsim.validation.answers import Answer, read

ROOT = Path(str(resources.files("backsim.validation")))
"""Where the package's files are, in a folder per family."""
LEFT_OUT = "left_out.yaml"
"""Known answers of a family that are not simulated: ids by reason."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A known answer that is not simulated, and why."""

    id: str
    family: str
    reason: str

    @property
    def instance(self) -> str:
        """The model that it is about."""
        return self.id.partition(".")[0]

    @property
    def metric(self) -> str:
        """What is known of it."""
        return self.id.partition(".")[2]


@dataclass(frozen=True, slots=True)
class Family:
    """The answers of a family, and how many are left out for which reason."""

    name: str
    instances: int
    answers: int
    left_out: Mapping[str, int]


def files() -> dict[str, tuple[Path, ...]]:
    """The package's files of known answers, by family, in natural order of their names."""
    folders = sorted({path.parent for path in ROOT.glob("*/*.yaml")})
    return {folder.name: tuple(sorted(_files_in(folder), key=_natural)) for folder in folders}


@cache
def left_out() -> tuple[LeftOut, ...]:
    """The package's known answers that are not simulated, and why."""
    return tuple(
        LeftOut(str(name), path.parent.name, reason)
        for path in sorted(ROOT.glob(f"*/{LEFT_OUT}"))
        for reason, names in read_yaml(path).values.items()
        for name in names
    )


def answers() -> tuple[Answer, ...]:
    """All known answers of the package."""
    return tuple(answer for paths in files().values() for path in paths for answer in _read(path))


@cache
def _read(path: Path) -> tuple[Answer, ...]:
    """The answers of a file of the package; reading all of them takes seconds."""
    return tuple(read(path))


def families() -> tuple[Family, ...]:
    """What there is, by family."""
    found = []
    for name, paths in files().items():
        reasons: dict[str, int] = {}
        for row in left_out():
            if row.family == name:
                reasons[row.reason] = reasons.get(row.reason, 0) + 1
        found.append(Family(name, len(paths), sum(len(_read(path)) for path in paths), reasons))
    return tuple(found)


def choose(names: Sequence[str | Path] | None) -> tuple[list[Answer], list[LeftOut]]:
    """The answers that names stand for, each once, and those among them that are left out.

    A name is an id, an instance or a family of the package, or the path of a file or a folder of
    files; None stands for the whole package.  Raises InputError.
    """
    if names is None:
        return list(answers()), list(left_out())
    found: dict[tuple[str, str], Answer] = {}
    out: dict[str, LeftOut] = {}
    for name in names:
        chosen = _chosen(str(name))
        missing = [row for row in left_out() if str(name) in _names_of(row)]
        if not chosen and not missing:
            expected = f"an id, an instance, a family ({', '.join(files())}) or a file"
            raise InputError(f"expected {expected}, got {str(name)!r}")
        found |= {(answer.family, answer.id): answer for answer in chosen}
        out |= {row.id: row for row in missing}
    return list(found.values()), list(out.values())


def _chosen(name: str) -> list[Answer]:
    """The answers of the package that a name stands for, else those of a file or folder."""
    found: list[Answer] = []
    for family, paths in files().items():
        if name in (family, family[:2]):
            found += [answer for path in paths for answer in _read(path)]
        else:
            own = [path for path in paths if f"{name}.".startswith(f"{path.stem}.")]
            some = [answer for path in own for answer in _read(path)]
            found += [answer for answer in some if name in _names_of(answer)]
    return found or [answer for path in _own_files(Path(name)) for answer in read(path)]


def _names_of(row: Answer | LeftOut) -> tuple[str, ...]:
    return row.id, row.instance, row.family, row.family[:2]


def _own_files(path: Path) -> Iterable[Path]:
    expect(path, Kind.KNOWN_ANSWERS, Kind.FOLDER)
    if path.is_dir():
        own = sorted(path.rglob("*.yaml"), key=_natural)
        if not own:
            raise InputError(f"{path}: expected a folder of files of known answers (*.yaml)")
        return own
    return [path] if path.suffix in (".yaml", ".yml") or path.is_file() else []


def _files_in(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*.yaml") if path.name != LEFT_OUT]


def _natural(path: Path) -> list[tuple[int, str]]:
    """A key by which P2 stands before P10."""
    return [
        (int(part), "") if part.isdecimal() else (-1, part)
        for part in re.split(r"(\d+)", path.as_posix())
    ]
