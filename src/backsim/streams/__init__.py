"""Named random streams, and the tape: everything random in a replication, drawn beforehand.

The only package with a generator.  A stream's numbers depend on the seed, the replication and the
stream's name, and on nothing else: not on the policy, and not on which other streams there are.
So every policy can be played against the same world, and a new class shifts no other's numbers.
"""

from backsim.streams.beside import Beside, Customer
from backsim.streams.generators import Draws, fresh_seed, generator, seed_of, whole_number
from backsim.streams.orders import TAPE, Columns
from backsim.streams.tape import Tape, draw

__all__ = [
    "TAPE",
    "Beside",
    "Columns",
    "Customer",
    "Draws",
    "Tape",
    "draw",
    "fresh_seed",
    "generator",
    "seed_of",
    "whole_number",
]
