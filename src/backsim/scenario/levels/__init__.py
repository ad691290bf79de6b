"""Levels of stock: computed from a service, and laid over each other for each stock point."""
