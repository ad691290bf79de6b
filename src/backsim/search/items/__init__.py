"""Levels of thousands of items: the least cost of the whole, item by item."""
