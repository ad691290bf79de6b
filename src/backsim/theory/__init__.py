"""Known answers: models whose results are published or computed exactly, and what we get for them.

`records()` are the answers, `validate()` simulates their models and compares, `skipped()` says
which answers of the collection are not expressed yet and what they wait for.
"""

from backsim.theory.compare import FALSE_ALARMS, Verdict, critical_value
from backsim.theory.records import Coverage, Record, Skipped, coverage, read, records, skipped
from backsim.theory.validate import validate, why_not

__all__ = [
    "FALSE_ALARMS",
    "Coverage",
    "Record",
    "Skipped",
    "Verdict",
    "coverage",
    "critical_value",
    "read",
    "records",
    "skipped",
    "validate",
    "why_not",
]
