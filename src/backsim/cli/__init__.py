"""The command line: parsing and printing only."""

from __future__ import annotations

import _thread
import gc
import os
import signal
import sys
import time
import warnings
from typing import Any

OK, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
SELDOM = 50_000
"""New objects after which Python looks for garbage: a start makes many, and none is garbage."""


def main() -> None:
    """Run the command line and exit: 0 ok, 1 a check failed, 2 bad input, 130 interrupted."""
    sys.unraisablehook = _hear_again
    gc.set_threshold(SELDOM)
    try:
        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # while the commands are loaded, or an error is told
        _say("interrupted")
        code = INTERRUPTED
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit code.  Never a traceback for bad input."""
    import typer

    from backsim.cli.app import app
    from backsim.errors import BacksimError, InputError

    # typer brings its own copy of click, whose place has moved between versions.
    usage_error: Any = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="joblib")  # tasks left over after Ctrl-C
            asked = next((a for a in arguments if not a.startswith("-")), "")
            code = app(asked)(arguments, prog_name="backsim", standalone_mode=False)
        if code == INTERRUPTED:  # newer versions of typer turn Ctrl-C into an exit code themselves
            raise KeyboardInterrupt
        return code if isinstance(code, int) else OK
    except InputError as error:
        _say(str(error))
        return BAD_INPUT
    except BacksimError as error:
        _say(str(error))
        return FAILED
    except typer.Exit as stop:
        return int(stop.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        _say("interrupted")
        return INTERRUPTED
    except usage_error as error:
        error.message = error.message.replace("Value error, ", "")  # words of a typer's validator
        error.show()
        return BAD_INPUT
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except MemoryError:
        _say(
            "not enough memory: shorten `horizon`, lower the arrival rates, or use fewer "
            "`--workers`; "
            "`limits.memory` in a scenario refuses such work before it starts"
        )
        return BAD_INPUT
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        where = f"{error.filename}: " if error.filename is not None else ""
        _say(f"{where}cannot write: {error.strerror or error}")
        return BAD_INPUT
    except Exception as error:
        if not _from_interrupt(error):
            raise
        _say("interrupted")
        return INTERRUPTED


def _hear_again(lost: sys.UnraisableHookArgs) -> None:
    """Interrupt again where Python drops a Ctrl-C: in a callback, as those of its imports."""
    if not issubclass(lost.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(lost)
        return

    main_thread = _thread.get_ident()

    def again() -> None:
        time.sleep(0.01)  # until that callback has ended
        if hasattr(signal, "pthread_kill"):  # which a sleep hears, too
            signal.pthread_kill(main_thread, signal.SIGINT)
        else:
            _thread.interrupt_main()

    _thread.start_new_thread(again, ())


def _from_interrupt(error: BaseException | None) -> bool:
    """Whether Ctrl-C is behind an error: pydantic wraps whatever is raised while it writes."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _say(text: str) -> None:
    print(f"backsim: {text}" if "\n" not in text else text, file=sys.stderr)
