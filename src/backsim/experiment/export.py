"""A study's results as files: CSV, and Parquet with the extra of that name."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from backsim.errors import InputError
from backsim.files import beside, write_text
from backsim.study.study import LONG_FORM, Study


def write_csv(study: Study, file: Path) -> None:
    """All results in long form.  Raises InputError when the file cannot be written."""
    import csv

    names = [policy.name for policy in study.policies]

    def write(stream: IO[str]) -> None:
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow(("policy", "replication", *LONG_FORM))
        for policy, replication, columns in study.long_form():
            count = len(columns["value"])
            first = [names[policy]] * count, [replication] * count
            rest = (column.tolist() for column in columns.values())
            rows.writerows(zip(*first, *rest, strict=True))

    write_text(file, write)


def check_parquet() -> None:
    """Raise InputError when pyarrow is missing."""
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise InputError("parquet: expected pyarrow: pip install 'backsim[parquet]'") from None


def write_parquet(study: Study, file: Path) -> None:
    """All results in long form.  Raises InputError: no pyarrow, or the file cannot be written."""
    check_parquet()
    with beside(file) as partial:
        study.frame().to_parquet(partial, index=False)
