"""Checks as annotations of GitHub's CI: lines on standard output with a meaning."""

from __future__ import annotations

from collections.abc import Iterator

from backsim.regression.outcome import Check
from backsim.regression.tell import story, summary


def annotation_lines(check: Check) -> Iterator[str]:
    """An error where something is wrong, a notice where there is a remark."""
    text = story(check)
    if check.code:
        yield _line("error", check, text)
    elif check.judgement is not None and (check.judgement.notes or not check.judgement.same):
        yield _line("notice", check, text)


def _line(kind: str, check: Check, text: str) -> str:
    """Source: GitHub Docs, Workflow commands for GitHub Actions, setting an error message."""
    title = _property(f"backsim check: {check.name}: {summary(check)}"[:200])
    return f"::{kind} file={_property(str(check.file))},title={title}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
