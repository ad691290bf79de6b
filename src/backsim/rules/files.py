"""Rules in a user's own Python file, as named on the command line with `--rules`."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib import invalidate_caches
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

from backsim.errors import InputError, RuleError, said
from backsim.rules.families import REGISTERED
from backsim.rules.kinds import REGISTRIES, file_of, is_built_in

INSTALLED = {"backsim", "site-packages", "dist-packages"}
"""Packages and folders of packages that are no modules beside a file of rules."""

MORE_REGISTRIES: list[dict[str, Any]] = []
"""What else a file may register, by name, each with its `function`: metrics."""


class _AsItIs(SourceFileLoader):
    """Runs a file as it is.

    What Python keeps of a file goes by its size and the second it was written in, and one number
    in the place of another changes neither.
    """

    def get_code(self, fullname: str) -> Any:
        """The code of the text that the file has now."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


_loaded: dict[str, dict[str, str]] = {}
"""Path of each file -> path of it and of the modules beside it that it may import -> a hash of what
each held when it was run."""
_beside: dict[str, tuple[str, str]] = {}
"""Name of each module beside a file that it has imported -> its path, and the same of it."""


def load_rules(files: Iterable[str | Path], anew: bool = False) -> None:
    """Run Python files, whose decorated functions and classes then count as built-in ones do.

    A file is run once, and again when it, or a module beside it that it imports, has been edited,
    or `anew`.  Raises RuleError: no such file, or an error in it, with its line; whatever the file
    raises, and when it exits.
    """
    for file in files:
        path = Path(file).resolve()
        if not path.is_file():
            raise RuleError(f"{file}: expected a Python file with rules, found none")
        held, before = _hash_of(file, path), _loaded.get(str(path), {})
        if before and not anew and all(_held(known) == before[known] for known in before):
            continue
        name = f"backsim_rules_{path.stem}"
        if path.suffix != ".py":
            raise RuleError(f"{file}: expected a Python file (.py)")
        loader = _AsItIs(name, str(path))
        spec = importlib.util.spec_from_file_location(name, path, loader=loader)
        assert spec is not None  # as there is a loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        if anew or not all(_is_same(*known, path.parent) for known in _beside.values()):
            _import_again()
        try:
            with _importing_from(path.parent):
                loader.exec_module(module)
        except KeyboardInterrupt:
            raise
        except InputError as error:
            raise RuleError(f"{_place(error, file, path)}: {error}") from None
        except BaseException as error:  # also one that means to end the process
            raise RuleError(f"{_place(error, file, path)}: {said(error)}") from None
        _forget(str(path), module.__dict__)
        _loaded[str(path)] = {str(path): held}
        for other, (place, was) in _beside.items():
            _forget(place, vars(sys.modules[other]))
            _loaded[str(path)][place] = was


def loaded_files() -> tuple[str, ...]:
    """The files loaded so far, for worker processes to load them too."""
    return tuple(_loaded)


def files_with(file: str) -> tuple[str, ...]:
    """A file loaded so far, and the modules beside it that it may import."""
    return tuple(_loaded[file])


@contextmanager
def _importing_from(folder: Path) -> Iterator[None]:
    """As of a script: it may import what is beside it, as that is now."""
    known, write = set(sys.modules), sys.dont_write_bytecode
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True  # see `_AsItIs`
    invalidate_caches()
    try:
        yield
    finally:
        sys.dont_write_bytecode = write
        with suppress(ValueError):
            sys.path.remove(str(folder))
        for name in set(sys.modules) - known:
            file = Path(getattr(sys.modules[name], "__file__", None) or "")
            if file.is_relative_to(folder) and not {name.split(".")[0], *file.parts} & INSTALLED:
                _beside[name] = str(file), _held(str(file))


def _is_same(file: str, held: str, folder: Path) -> bool:
    """Whether a module is beside the files of a folder, and has not been edited."""
    return Path(file).is_relative_to(folder) and _held(file) == held


def _import_again() -> None:
    """Let the next file import what is beside it: other files may have modules of its names."""
    for name in _beside:
        sys.modules.pop(name, None)
    _beside.clear()


def keep_only(files: Iterable[str | Path]) -> None:
    """Forget every file loaded so far that is not one of those, and its rules.

    A worker process outlives a run: the next one may bring a rule of the same name.
    """
    wanted = {str(Path(file).resolve()) for file in files}
    for path in [path for path in _loaded if path not in wanted]:
        for file in _loaded.pop(path):
            if not any(file in files for files in _loaded.values()):
                _forget(file, {})


def rules_are_portable() -> bool:
    """Whether another process can load every rule: those of a notebook or script it cannot."""
    rules = (rule for family in REGISTERED.values() for rule in family.rules.values())
    classes = (cls for registry in REGISTRIES for cls in registry.values())
    known = set().union(*_loaded.values())
    return all(
        rule.built_in or rule.function.__code__.co_filename in known for rule in rules
    ) and all(is_built_in(cls) or file_of(cls) in known for cls in classes)


def _held(file: str) -> str:
    with suppress(RuleError):
        return _hash_of(file, Path(file))
    return ""  # it is gone


def _hash_of(file: str | Path, path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise RuleError(f"{file}: expected a readable file ({error.strerror})") from None


def _forget(file: str, names: dict[str, Any]) -> None:
    """Take away the rules of a file that are not those of its present version."""
    for rules in (*(family.rules for family in REGISTERED.values()), *MORE_REGISTRIES):
        for name, rule in list(rules.items()):
            function = rule.function
            if function.__code__.co_filename == file and function.__globals__ is not names:
                del rules[name]
    for registry in REGISTRIES:
        for name, cls in list(registry.items()):
            if file_of(cls) == file and names.get(cls.__name__) is not cls:
                del registry[name]


def _place(error: BaseException, file: str | Path, path: Path) -> str:
    """The file, with the line at which an error left it where there is one."""
    line = 0
    if isinstance(error, SyntaxError) and error.filename == str(path):
        line = error.lineno or 0
    for frame, at in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename == str(path):
            line = at
    return f"{file}:{line}" if line else str(file)
