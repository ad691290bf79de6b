"""The figures of `make bench`, each beside what is aimed for."""

from __future__ import annotations

FIGURES: list[str] = []


def aim(what: str, found: float, unit: str, least: float = 0.0, most: float = float("inf")) -> None:
    """Note a figure beside its aim, and fail when it misses."""
    bound = f"at least {least:,.2f}" if most == float("inf") else f"at most {most:,.2f}"
    FIGURES.append(f"{what:<58} {found:>14,.2f} {unit:<12} (aim: {bound})")
    assert least <= found <= most, FIGURES[-1]
