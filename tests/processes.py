"""Processes of their own, forked from one that has imported the libraries.

A fresh interpreter takes a second and more to import them, and there are hundreds.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory
from types import ModuleType

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        *("matplotlib.pyplot", "pandas", "pytest", "scipy.stats"),
        *("backsim.api", "backsim.cli", "backsim.engines.compiler", "backsim.engines.simpy"),
        *("backsim.experiment", "backsim.regression", "backsim.report.html", __name__),
    ]
)


def python(code: str) -> CompletedProcess[str]:
    """What `python -c CODE` does in this folder."""
    with TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = _FORKS.Process(target=_run, args=(code, str(out), str(err)))
        process.start()
        process.join()
        assert process.exitcode is not None
        texts = [file.read_text(encoding="utf-8") for file in (out, err)]
    return CompletedProcess(code, process.exitcode, *texts)


def backsim(*arguments: str) -> CompletedProcess[str]:
    """What `backsim ARGUMENTS` does in this folder, where it writes to a file."""
    return python(f"import backsim.cli, sys; sys.exit(backsim.cli.run({list(arguments)!r}))")


def _run(code: str, out: str, err: str) -> None:
    for number, file in ((1, out), (2, err)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
    sys.path.insert(0, "")
    main = sys.modules["__main__"] = ModuleType("__main__")
    exec(compile(code, "<string>", "exec"), vars(main))
