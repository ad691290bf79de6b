"""Experiments against their baselines, results run again, and differences of two results.

Nothing heavy is imported here: every run of pytest loads the plugin of this package.
"""
