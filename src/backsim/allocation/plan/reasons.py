"""Why a line does not get all it asks for, in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation.model.constraints import CONSTRAINTS, WISH, applying

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backsim.allocation.model.outcome import Outcome

    Floats = NDArray[np.float64]

NO_SOURCE = "nothing in stock or under way"
TOO_LATE = "all that is under way comes after the customer has gone"
TOO_DEAR = "serving it costs more than leaving it"
WHOLE = "the order ships whole, and not all of it is there"
SMALL = "less is left than the smallest useful shipment"
BUSY = "the carrier or dock has no room"
LIMITS = "a least fill, the fairness bound or a promise keeps units back"
DEARER = "units go to other lines; serving it from what is left costs more than leaving it"
OTHERS = "the units go to other lines"


def reasons(plan: Outcome, left: Floats) -> list[str]:
    """The first reason that holds for each line with units `left`, "" for the others."""
    book, lines, options = plan.book, plan.book.lines, plan.book.options
    count = len(lines)
    spare = np.maximum(0.0, book.sources.units - plan.used)[options.source]
    spare[spare < 1e-6] = 0.0
    dear = book.unit_costs >= book.unserved[options.line]
    stocked = options.line[book.sources.units[options.source] > 0]
    any_option = np.bincount(stocked, minlength=count) > 0
    late = np.zeros(count, bool) if not len(book.too_late) else book.too_late > 0
    open_option = (spare > 0) & ~dear
    has_spare = np.bincount(options.line[open_option], minlength=count) > 0
    all_dear = np.bincount(options.line[~dear], minlength=count) == 0
    has_dear = np.bincount(options.line[(spare > 0) & dear], minlength=count) > 0
    small = lines.smallest > 0
    busy = CONSTRAINTS["capacity"].applies(book)
    held_back = BUSY if busy else LIMITS if applying(book, WISH) else OTHERS
    choices = [
        (~any_option & late, TOO_LATE),
        (~any_option, NO_SOURCE),
        (all_dear, TOO_DEAR),
        (lines.complete, WHOLE),
        (has_spare & small, SMALL),
        (has_spare, held_back),
        (has_dear, DEARER),
        (np.ones(count, bool), OTHERS),
    ]
    told = np.select([which for which, _ in choices], np.arange(len(choices)))
    return [choices[i][1] if units > 0 else "" for i, units in zip(told, left, strict=True)]
