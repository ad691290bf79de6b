"""Simulated histories as a client would export them, and held-out months as a test of a model."""
