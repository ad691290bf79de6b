"""Estimates from a history, each with its interval: demand, lead times, patience, policy."""
