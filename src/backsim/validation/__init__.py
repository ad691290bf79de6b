"""Known answers: scenarios whose results are published or computed exactly, and what we get.

`answers()` are the known answers of the package, `left_out()` those that are not simulated and why,
`read(path)` the answers of a file of your own.  `validate()` simulates and compares.
"""

from backsim.validation.answers import Answer, read
from backsim.validation.collection import Family, LeftOut, answers, families, left_out
from backsim.validation.compare import FALSE_ALARMS, Verdict, critical_value
from backsim.validation.runner import validate

__all__ = [
    "FALSE_ALARMS",
    "Answer",
    "Family",
    "LeftOut",
    "Verdict",
    "answers",
    "critical_value",
    "families",
    "left_out",
    "read",
    "validate",
]
