"""The entities of the kernel: each field declared once, with its type and unit.

The interpreted engine uses the slotted classes as they are; the compiled engine uses numpy records
made from the same declarations (`dtype`).  Indices point into the tables of `World`; ``NONE`` (-1)
points nowhere.
"""

from backsim.entities.agents import *
from backsim.entities.codes import *
from backsim.entities.network import *
from backsim.entities.orders import *
from backsim.entities.stock import *
from backsim.entities.supply import *
from backsim.entities.terms import *
from backsim.entities.world import *
