"""What a check has found, in words: for the terminal, and for every other way to show it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from backsim.errors import counted, listed
from backsim.present.numbers import PLUS_MINUS, digits_of, percent
from backsim.regression.judge import Judgement, Metric, Verdict
from backsim.regression.outcome import Check

MOST = 10

VERDICTS = {
    Verdict.same: "same",
    Verdict.within: "within its margin",
    Verdict.unsure: "not shown to be within its margin",
    Verdict.better: "better",
    Verdict.beyond: "beyond its margin",
    Verdict.unequal: "not bit-identical",
}


def story(check: Check) -> str:
    """What came of a check: a line if all is well, else what has changed and how to see more."""
    if check.error:
        said = "not checked" if check.bad_input else "FAILED"
        return f"{check.name}: {said}\n{_indent(check.error)}"
    if check.told:
        again = [check.command("check", "--update")] if check.failed else []
        return "\n".join([f"{check.name}: {check.told}", *(f"  if meant: {c}" for c in again)])
    if check.judgement is None:
        said = "written" if check.updated else "unchanged"
        told = [f"  warning: {text}" for text in check.warnings]
        return "\n".join([f"{check.name}: baseline {said}: {check.baseline}", *told])
    found = check.judgement
    lines = [f"{check.name}: {summary(check)}"]
    lines += [f"  {text}" for text in found.broken]
    failed = by_weight(found.metrics, Verdict.beyond, Verdict.unequal)
    lines += [f"  {metric_line(m, check)}" for m in failed[:MOST]]
    if len(failed) > MOST:
        every = check.command("check", "--markdown", "check.md")
        lines.append(f"  and {len(failed) - MOST} more; to list all: {every}")
    for verdict in (Verdict.better, Verdict.unsure):
        some = by_weight(found.metrics, verdict)
        if some:
            names = listed([f"{m.spec} of '{m.policy}'" for m in some])
            lines.append(f"  {VERDICTS[verdict]}: {names}")
    lines += [f"  {note}" for note in found.notes]
    lines += [f"  warning: {text}" for text in check.warnings]
    if is_news(found):
        lines += [f"  {text}" for text in how_to_see_more(check)]
    return "\n".join(lines)


def summary(check: Check) -> str:
    """What came of a check, in a line."""
    if check.error:
        return "not checked: bad input" if check.bad_input else "failed: a run cannot be trusted"
    if check.told:
        return check.told
    found = check.judgement
    if found is None:
        return "baseline written" if check.updated else "baseline unchanged"
    number, runs = len(found.metrics), counted(check.replications, "replication")
    if found.same:
        return f"ok: same as the baseline ({counted(number, 'metric')}, {runs})"
    if found.exact:
        unequal = _count(found, Verdict.unequal)
        what = f"{unequal} of {counted(number, 'metric')}" if unequal else "results"
        return f"FAILED: {what} differ although code, versions, scenario and platform are unchanged"
    beyond, unsure = _count(found, Verdict.beyond), _count(found, Verdict.unsure)
    changed = f"changed: {'; '.join(found.changed)}"
    if beyond:
        return f"FAILED: {beyond} of {counted(number, 'metric')} beyond the margin ({changed})"
    if found.broken:
        return f"FAILED: the random numbers differ from those of the baseline ({changed})"
    if not unsure:
        return f"ok: {counted(number, 'metric')} within the margins ({changed})"
    rest = f"{unsure} not shown to be within it"
    if check.strict:
        return (
            f"FAILED: {unsure} of {counted(number, 'metric')} not shown to be within the "
            f"margin ({changed})"
        )
    return (
        f"ok: none of {counted(number, 'metric')} shown to be beyond its margin, {rest} ({changed})"
    )


def is_news(found: Judgement) -> bool:
    """Whether there is something to look at."""
    kinds = (Verdict.unsure, Verdict.better)
    return found.failed or any(m.verdict in kinds for m in found.metrics)


def metric_line(metric: Metric, check: Check) -> str:
    """A metric's change: old and new value, margin, and how sure it is."""
    text = f"{metric.policy}: {metric.spec}: {values(metric)}{change(metric)}"
    if metric.verdict is Verdict.unequal:
        return text
    return f"{text}; margin {margin(metric)}; {interval(metric, check)}"


def values(metric: Metric) -> str:
    """Old and new mean, with the unit."""
    old, new = tell_apart(metric.old, metric.new)
    return f"{old} -> {new}{metric.unit}"


def change(metric: Metric) -> str:
    """The change as a share of the old mean."""
    if not metric.old or metric.change == 0:
        return ""
    share = digits_of(100 * metric.change / abs(metric.old), 2, "+")
    return f" ({share} %)"


def margin(metric: Metric) -> str:
    """The margins, upwards and downwards."""
    if metric.up == metric.down:
        return "none" if math.isinf(metric.up) else f"{PLUS_MINUS}{digits_of(metric.up, 3)}"
    up = "" if math.isinf(metric.up) else f"+{digits_of(metric.up, 3)}"
    down = "" if math.isinf(metric.down) else f"-{digits_of(metric.down, 3)}"
    return " and ".join(filter(None, (up, down)))


def interval(metric: Metric, check: Check) -> str:
    """The interval of the mean change."""
    sure = f"{percent(1 - check.error_rate)} simultaneous confidence"
    low, high = digits_of(metric.low, 3), digits_of(metric.high, 3)
    return f"change between {low} and {high} ({sure})"


def how_to_see_more(check: Check) -> list[str]:
    """Commands that show more."""
    return [
        f"to see more: {check.command('compare')}",
        f"if the change is intended: {check.command('check', '--update')}",
    ]


def by_weight(metrics: Sequence[Metric], *verdicts: Verdict) -> list[Metric]:
    """The metrics of some verdicts, those first that have moved most for their margin."""

    def weight(metric: Metric) -> float:
        size = min(metric.up, metric.down)
        return abs(metric.change) / size if 0 < size < math.inf else 0.0

    return sorted((m for m in metrics if m.verdict in verdicts), key=weight, reverse=True)


def tell_apart(old: float, new: float) -> tuple[str, str]:
    """Two numbers in as few digits as tell them apart, at least four."""
    for digits in range(4, 17):
        texts = digits_of(old, digits), digits_of(new, digits)
        if texts[0] != texts[1] or old == new:
            break
    return texts


def _count(found: Judgement, verdict: Verdict) -> int:
    return sum(m.verdict is verdict for m in found.metrics)


def _indent(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
