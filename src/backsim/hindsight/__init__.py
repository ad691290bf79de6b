"""In hindsight: what no clearing rule could have beaten, for a replication that has been played."""

from backsim.hindsight.bound import TERMS, Bound, Regret, bound_of, regrets

__all__ = ["TERMS", "Bound", "Regret", "bound_of", "regrets"]
