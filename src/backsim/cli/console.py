"""Where the command line writes: results on standard output, remarks on standard error."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.markup import escape

__all__ = ["Output", "console", "escape", "say"]


def say(text: str) -> None:
    """A remark beside the results, on standard error."""
    print(text, file=sys.stderr)


class Output(Console):
    """Standard output.  A reader who has seen enough is no failure."""

    def on_broken_pipe(self) -> None:
        """Let the caller end quietly; rich would exit with 1."""
        raise BrokenPipeError


def console() -> Console:
    """Standard output; in a pipe as wide as the table needs."""
    out = Output(highlight=False, soft_wrap=True)
    if not out.is_terminal:
        out = Output(highlight=False, width=200)
    return out
