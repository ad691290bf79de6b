"""Experiments: which policies, how often, what is compared, and the study that comes of it."""
