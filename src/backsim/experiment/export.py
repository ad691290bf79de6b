"""A study's results as files: CSV, and Parquet with the extra of that name."""

from __future__ import annotations

from pathlib import Path

from backsim.errors import InputError
from backsim.files import beside, write_text
from backsim.study.study import Study


def write_csv(study: Study, file: Path) -> None:
    """All results in long form.  Raises InputError when the file cannot be written."""
    write_text(file, lambda stream: study.frame().to_csv(stream, index=False))


def check_parquet() -> None:
    """Raise InputError when pyarrow is missing."""
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise InputError("parquet: expected pyarrow: pip install backsim[parquet]") from None


def write_parquet(study: Study, file: Path) -> None:
    """All results in long form.  Raises InputError: no pyarrow, or the file cannot be written."""
    check_parquet()
    with beside(file) as partial:
        study.frame().to_parquet(partial, index=False)
