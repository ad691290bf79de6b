"""Two engines drive one kernel: SimPy (the reference) and compiled (for experiments)."""
