"""`check`: each experiment as it is done, then files for CI."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from backsim.files import check_folder
from backsim.regression.check import Check, Settings, check_all, worst
from backsim.regression.github import annotation_lines
from backsim.regression.junit import write_junit
from backsim.regression.markdown import write_markdown
from backsim.regression.tell import story


def check_experiments(
    files: Sequence[Path],
    settings: Settings,
    update: bool,
    junit: Path | None,
    markdown: Path | None,
) -> int:
    """Check experiments or write their baselines; return the exit code."""
    for file in filter(None, (junit, markdown)):
        check_folder(file.parent)
    checks: list[Check] = []
    for check in check_all(files, settings, update):
        checks.append(check)
        print(story(check), flush=True)
        if os.environ.get("GITHUB_ACTIONS") == "true":
            for line in annotation_lines(check):
                print(line, flush=True)
    if junit is not None:
        write_junit(checks, junit)
    if markdown is not None:
        write_markdown(checks, markdown)
    return worst(checks)
