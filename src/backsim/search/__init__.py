"""Search: which of the policies that a file describes is best, and how sure that is."""

from backsim.search.optimise import optimise
from backsim.search.search import Search

__all__ = ["Search", "optimise"]
