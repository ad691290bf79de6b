"""What is said of a system that is overloaded, or leaves many customers waiting."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from backsim.present.numbers import digits_of, plain_number
from backsim.results.overload import Load, halves
from backsim.statistics import Estimate

End = tuple[Estimate, Estimate, Estimate]
"""The means of `backlog_growth`, `mean_backlog` and `still_waiting_rate`."""


def load_words(state: Load, ends: Sequence[End], under: str = "") -> str:
    """A sentence on systems in that state, or none; `under` says which policies they are of."""
    if state is Load.fine:
        return ""
    waiting = _span([end[2].mean for end in ends], _percent)
    if state is Load.unfinished:
        return (
            f"Many customers are still waiting at the end{under}: {waiting} of the units ordered "
            "in the window are not served, so waits are known only in part."
        )
    before, after = zip(*(halves(growth, backlog) for growth, backlog, _ in ends), strict=True)
    return (
        f"The system is overloaded{under}: the backlog grows throughout the run (mean "
        f"{_span(before)} units in the first half of the window, {_span(after)} in the second), "
        f"and {waiting} of the units ordered are still waiting at its end. Waits and costs "
        "therefore depend on the length of the run."
    )


def _span(values: Sequence[float], words: Callable[[float], str] = plain_number) -> str:
    """`3`, or `3 to 5` of several."""
    texts = dict.fromkeys(words(value) for value in (min(values), max(values)))
    return " to ".join(texts)


def _percent(share: float) -> str:
    return f"{digits_of(100 * share, 2)} %"
