"""Customers: orders, the queue of those who wait, what they take instead, and how they leave."""
