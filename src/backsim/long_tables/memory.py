"""Memory for the tables of runs, which the next run uses again.

What a process is given by the operating system is cleared page by page when it is first touched; of
a run of millions of lines that took as long as its events.
"""

from __future__ import annotations

import weakref
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST = 1 << 20
"""Bytes of a table from which on its memory is kept; smaller ones come from the heap."""
MOST = 512 << 20
"""Bytes that are kept for later runs, at most."""
AGE = 64
"""Tables given back after which memory that nobody has asked for is given up: some ten runs."""
SPARE = 4
"""A table takes memory that was kept if this is less than so many times what it needs."""


class Memory:
    """Blocks of memory that nobody refers to any more."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.free: dict[int, tuple[NDArray[np.uint8], int]] = {}
        """Each block with the number of the table that gave it back, oldest first."""
        self.given_back = 0
        self.lock = Lock()

    def table(self, rows: int, kind: np.dtype[Any]) -> NDArray[Any]:
        """A table of so many rows, whatever they hold.

        Its memory comes back when neither it nor any view of it is left.
        """
        size = rows * kind.itemsize
        if size < LEAST:
            return np.empty(rows, kind)
        block = self._kept(size)
        if block is None:
            block = np.empty(size, np.uint8)
        # Views of an array that is made from a buffer refer to that array, never past it.
        lent = np.frombuffer(block.data, np.uint8)
        weakref.finalize(lent, self._take_back, block).atexit = False
        return lent[:size].view(kind)

    def _take_back(self, block: NDArray[np.uint8]) -> None:
        """Keep a block, and give the oldest up.

        This may be called at any moment, also while the lock is held: it waits for none.
        """
        self.given_back += 1
        self.free[id(block)] = block, self.given_back
        kept = list(self.free.items())
        size = sum(len(one) for _, (one, _) in kept)
        for key, (one, number) in kept:
            if size <= self.most and number > self.given_back - AGE:
                break
            self.free.pop(key, None)
            size -= len(one)

    def _kept(self, size: int) -> NDArray[np.uint8] | None:
        """The smallest block of that size that is not too large, if there is one."""
        with self.lock:
            free = [block for block, _ in list(self.free.values())]
            fits = [block for block in free if size <= len(block) < SPARE * size]
            found = min(fits, key=len, default=None)
            self.free.pop(id(found), None)
            return found


MEMORY = Memory()
"""That of the process."""

SLAB = 32 << 20
"""Bytes that are asked of the operating system together: so much is given in large pages."""
LINE = 64
"""Bytes that the processor reads together; a table begins with them."""


class Slabs:
    """Memory for runs that stand side by side, laid out closely.

    Of hundreds of runs, each of which is played on for a moment, every step would wait for pages:
    for the first touch of new ones, and for where the others are.
    """

    def __init__(self) -> None:
        self.slab = np.empty(0, np.uint8)
        self.taken = 0

    def take(self, size: int) -> NDArray[np.uint8]:
        """A block of so many bytes, whatever they hold."""
        size = -(-max(size, 1) // LINE) * LINE
        if self.taken + size > len(self.slab):
            self.slab = np.empty(max(SLAB, size), np.uint8)
            self.taken = 0
        self.taken += size
        return self.slab[self.taken - size : self.taken]


class Places:
    """Where the tables of one of these runs lie, and those of the next one in its place."""

    def __init__(self, slabs: Slabs) -> None:
        self.slabs = slabs
        self.blocks: dict[str, NDArray[np.uint8]] = {}

    def table(self, name: str, rows: int, kind: np.dtype[Any]) -> NDArray[Any]:
        """A table of so many rows at least, whatever they hold."""
        block = self.blocks.get(name)
        if block is None or len(block) < rows * kind.itemsize:
            self.blocks[name] = block = self.slabs.take(rows * kind.itemsize)
        return block[: len(block) // kind.itemsize * kind.itemsize].view(kind)

    def placed(self, name: str, table: NDArray[Any]) -> NDArray[Any]:
        """The same table, in its place here."""
        here = self.table(name, len(table), table.dtype)[: len(table)]
        here[:] = table
        return here
