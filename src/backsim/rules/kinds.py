"""Classes that a scenario names by a word: distributions, arrivals of orders, capacities."""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from backsim.errors import BacksimError, RuleError, said
from backsim.files import text_digest
from backsim.rules.fingerprint import fingerprint

Kind = TypeVar("Kind")
Own = TypeVar("Own", bound=type)


class Registry(dict[str, type[Kind]], Generic[Kind]):
    """Classes by the name that they have in files."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self.what = what
        REGISTRIES.append(self)

    def __call__(self, name: str) -> Callable[[Own], Own]:
        """Register a class under a name (the decorator).  Raises RuleError: the name is taken."""

        def register(cls: Own) -> Own:
            present = self.get(name)
            if present is not None and file_of(present) != file_of(cls):
                raise RuleError(f"{self.what} {name!r} exists already")
            self[name] = cls
            if not is_built_in(cls):
                _DIGESTS[cls] = _source_digest(cls)
            return cls

        return register

    def name_of(self, thing: object) -> str:
        """The name in files of a thing's class."""
        return next(name for name, cls in self.items() if cls is type(thing))


REGISTRIES: list[Registry[Any]] = []
"""All of them."""


def is_built_in(cls: type) -> bool:
    """Whether backsim brings a class; else it is a user's."""
    return cls.__module__.startswith("backsim.")


@contextmanager
def blamed(thing: object, method: str) -> Iterator[None]:
    """While a method of a thing is called that may be a user's: what it raises is told.

    Raises RuleError, with the line.
    """
    try:
        yield
    except (Exception, SystemExit) as error:
        cls = type(thing)
        if is_built_in(cls) or isinstance(error, BacksimError):
            raise
        file = file_of(cls)
        frames = traceback.walk_tb(error.__traceback__)
        lines = [line for frame, line in frames if frame.f_code.co_filename == file]
        place = f"{file}:{lines[-1]}: " if lines else ""
        raise RuleError(f"{place}{cls.__name__}.{method}: {said(error)}") from error


def file_of(cls: type) -> str:
    """The file where a class is written; the name of its module where there is none."""
    module = sys.modules.get(cls.__module__)
    return str(getattr(module, "__file__", None) or cls.__module__)


_DIGESTS: WeakKeyDictionary[type, str] = WeakKeyDictionary()


def own_classes() -> dict[str, type]:
    """What each class of a user's own is, with its name -> the class."""
    return {
        f"{registry.what} {name}": cls
        for registry in REGISTRIES
        for name, cls in registry.items()
        if not is_built_in(cls)
    }


def known_by(cls: type) -> str:
    """A user's class's fingerprint; without one, the reason and a hash of its source."""
    found = fingerprint(cls)
    return found.told if found else f"{found.told} ({_DIGESTS[cls]})"


def _source_digest(cls: type) -> str:
    try:
        text = inspect.getsource(cls)
    except (OSError, TypeError):
        text = repr(sorted(vars(cls)))
    return text_digest(text)
