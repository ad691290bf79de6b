"""From a run's log to figures: the ledger, metrics, and tables."""
