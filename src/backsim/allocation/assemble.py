"""The place of these names before there were rooms; for one version."""

from warnings import warn

from backsim.allocation.book.assemble import read_book

__all__ = ["read_book"]

warn(
    "backsim.allocation.assemble is deprecated: import its names from backsim.allocation",
    DeprecationWarning,
    stacklevel=2,
)
