"""Jobs beside each other: the one executor behind every `workers`."""

from backsim.workers.forks import WorkerError
from backsim.workers.pool import Way, in_order, run_jobs, workers_wanted

__all__ = ["Way", "WorkerError", "in_order", "run_jobs", "workers_wanted"]
