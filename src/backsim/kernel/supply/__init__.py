"""Suppliers: purchases, service and outages, messages, receipts, and the buyer's reactions."""
