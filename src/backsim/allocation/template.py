"""The place of these names before there were rooms; for one version."""

from warnings import warn

from backsim.allocation.book.template import write_template

__all__ = ["write_template"]

warn(
    "backsim.allocation.template is deprecated: import its names from backsim.allocation",
    DeprecationWarning,
    stacklevel=2,
)
