"""Rules in a user's own Python file, as named on the command line with `--rules`."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path

from backsim.errors import InputError, RuleError
from backsim.rules.registry import FAMILIES

_loaded: dict[str, None] = {}


def load_rules(files: Iterable[str | Path]) -> None:
    """Run Python files, whose decorated functions then are rules.  A file is run once.

    Raises RuleError: no such file, or an error in it, with its line.
    """
    for file in files:
        path = Path(file).resolve()
        if str(path) in _loaded:
            continue
        if not path.is_file():
            raise RuleError(f"{file}: expected a Python file with rules, found none")
        name = f"backsim_rules_{path.stem}"
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise RuleError(f"{file}: expected a Python file (.py)")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except InputError as error:
            raise RuleError(f"{file}: {error}") from None
        except Exception as error:
            raise RuleError(
                f"{file}:{_line(error, path)}: {type(error).__name__}: {error}"
            ) from None
        _loaded[str(path)] = None


def loaded_files() -> tuple[str, ...]:
    """The files loaded so far, for worker processes to load them too."""
    return tuple(_loaded)


def rules_are_portable() -> bool:
    """Whether another process can load every rule: those of a notebook or script it cannot."""
    rules = (rule for family in FAMILIES.values() for rule in family.rules.values())
    return all(rule.built_in or rule.function.__code__.co_filename in _loaded for rule in rules)


def _line(error: Exception, path: Path) -> int:
    if isinstance(error, SyntaxError):
        return error.lineno or 0
    lines = [
        f.lineno or 0 for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)
    ]
    return lines[-1] if lines else 0
