"""Printing verdicts of `validate-theory`."""

from __future__ import annotations
