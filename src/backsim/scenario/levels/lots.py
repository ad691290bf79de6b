"""What a supplier asks of a purchase: its least size, its multiple; and the room that it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from backsim.quantities import LARGEST_STOCK


@dataclass(frozen=True)
class Lots:
    """The sizes that purchases may have, and the position that they may bring about."""

    least: int = 1
    multiple: int = 1
    most: int = int(LARGEST_STOCK)

    def of(self, order: Callable[[int], int]) -> Callable[[int], int]:
        """What is bought, by the position, where a rule says `order` (`purchasing.lot`)."""

        def bought(position: int) -> int:
            wanted = order(position)
            if wanted <= 0:
                return 0
            units = -(-max(wanted, self.least) // self.multiple) * self.multiple
            room = max(0, self.most - position)
            if units > room:
                units = room // self.multiple * self.multiple
            return units if units >= self.least else 0

        return bought


ANY_SIZE = Lots()
"""Purchases are as large as the rule says."""
