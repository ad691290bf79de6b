"""Probability distributions: what each of them has, and how a file spells them."""
