"""What results are made with: backsim's own source, packages, platform.  The one list of it."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ONLY_SHOW = (
    *("__main__.py", "cli", "gym", "hindsight", "plot.py", "present", "publish", "regression"),
    *("report", "search/page.py", "simopt.py", "validation", "examples"),
    *("allocation/plan/showing.py", "experiment/export.py", "experiment/store.py"),
    *("experiment/kept.py", "experiment/parts.py", "experiment/places.py"),
    *("experiment/comparison.py", "study/analysis.py", "study/effects.py", "workers/cluster.py"),
)
"""Files and folders of backsim that show results, look back at them or carry them about.

All others may change a number, those that are yet to be written too.
"""

NUMBERS = (
    *("backsim", "annotated-types", "highspy", "holidays", "joblib", "llvmlite", "numba", "numpy"),
    *("openpyxl", "pandas", "pulp", "pyarrow", "pydantic", "pydantic-core", "pyyaml"),
    *("ruamel.yaml", "scipy", "simpy"),
)
"""Packages whose version may change a number: what those files import."""


UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Change:
    """Something that results are made with, and that is not as it was."""

    name: str
    """A package, or a field of `Provenance`."""
    before: str
    now: str

    @property
    def what(self) -> str:
        """What it is in words."""
        return WORDS.get(self.name, f"version of {self.name}")

    @property
    def brief(self) -> str:
        """The change in a few words, for a list of them."""
        if self.name == "source":
            return self.what
        change = f"{self.before} -> {self.now}"
        if self.name in ("arithmetic", "platform"):
            return f"the platform ({change})"
        return f"{WORDS.get(self.name, self.name)} {change}"


WORDS = {
    "source": "backsim's code",
    "revision": "git revision",
    "python": "Python",
    "arithmetic": "platform",
    "platform": "platform",
}
"""Field of `Provenance` -> what it is called."""


@dataclass(frozen=True)
class Provenance:
    """What results are made with, as far as it is known."""

    versions: Mapping[str, str] = field(default_factory=dict)
    """Package -> version, of those that may change a number."""
    source: str = ""
    """A hash of backsim's own source."""
    python: str = ""
    platform: str = ""
    arithmetic: str = ""
    """What of the platform may change the last bit."""
    revision: str = ""
    """The git revision of the scenario's folder."""

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Provenance:
        """From what a result keeps; what that does not say is not known.

        The versions may hold the hash of the source, as in studies and baselines.
        """
        versions = {name: str(text) for name, text in (told.get("versions") or {}).items()}
        texts = {name: str(told.get(name) or "") for name in WORDS}
        source = versions.pop("source", "")
        return cls(versions, **{**texts, "source": texts["source"] or source})

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    def counting(self) -> dict[str, str]:
        """The versions that may change a number, with the hash of the source."""
        return {**self.versions, "source": self.source}

    def changes(self, now: Provenance) -> Iterator[Change]:
        """What is not as it was: versions, code, revision, Python, platform."""
        for name in dict.fromkeys([*self.versions, *now.versions]):
            yield from _changed(name, self.versions.get(name), now.versions.get(name))
        for name in WORDS:
            yield from _changed(name, getattr(self, name), getattr(now, name))


def _changed(name: str, before: str | None, now: str | None) -> Iterator[Change]:
    one, other = before or UNKNOWN, now or UNKNOWN
    if name == "arithmetic":
        one, other = normalised(one), normalised(other)
    if one != other:
        yield Change(name, one, other)


@cache
def here() -> Provenance:
    """What this process makes results with; the revision is not asked for."""
    return Provenance(
        {package: _version(package) for package in NUMBERS},
        code_digest(),
        platform.python_version(),
        platform.platform(),
        arithmetic(),
    )


def environment() -> dict[str, Any]:
    """Versions of backsim and what it stands on, a hash of its source, and the platform."""
    told = here().to_dict()
    del told["revision"]
    return told


def versions_that_count() -> dict[str, str]:
    """The versions that may change a number, with a hash of backsim's own source."""
    return here().counting()


def code_files(package: Path) -> list[Path]:
    """The files of backsim, in a folder, that may change a number."""
    shown = tuple(f"{package / part}" for part in ONLY_SHOW)
    folders = tuple(f"{part}{os.sep}" for part in shown)
    files = [(file, str(file)) for file in sorted(package.rglob("*.py"))]
    return [file for file, name in files if name not in shown and not name.startswith(folders)]


def code_digest(package: Path = Path(__file__).parents[1]) -> str:
    """A hash of the part of backsim's source that may change a number."""
    digest = hashlib.sha256()
    for file in code_files(package):
        data = file.read_bytes()
        digest.update(f"{file.relative_to(package).as_posix()}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()[:16]


def arithmetic() -> str:
    """What of the platform may change the last bit of a number.

    The C library and numpy have a version of `log` and others for each kind of processor.
    """
    import numpy as np

    told: Any = np.show_config(mode="dicts")
    simd = told.get("SIMD Extensions", {})
    library = "-".join(platform.libc_ver())
    features = [*simd.get("baseline", []), *simd.get("found", [])]
    return normalised(" ".join([platform.system(), platform.machine(), library, *features]))


VECTORS = {
    "vectors of 512 bits": {"AVX512_SKX", "X86_V4"},
    "vectors of 256 bits": {"AVX2", "X86_V3"},
}
"""Kind of processor -> the names that numpy's versions have for it."""


def normalised(arithmetic: str) -> str:
    """System, machine and library as they are; of a processor's features those that may matter.

    Versions of numpy name the features differently, and in another order; they choose a version of
    `log` by how wide the vectors are.
    """
    words = arithmetic.split()
    if "vectors" in words:
        return arithmetic
    kept = words[:2] + [word for word in words[2:] if not word.isupper()]
    widths = [width for width, names in VECTORS.items() if names & set(words)]
    return " ".join(kept + widths[:1])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
