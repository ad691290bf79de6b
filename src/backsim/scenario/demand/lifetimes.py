"""When products are sold: from a day on, up to a day, and what is ordered in their place then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.scenario.schema.products import Product

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNSOLD = -1
"""The code of a product that is not ordered at that time."""


def heirs(products: Mapping[str, Product], name: str) -> Iterator[str]:
    """The products that are ordered in place of one, one after the other."""
    seen = {name}
    following = products[name].successor if name in products else None
    while following is not None and following in products and following not in seen:
        seen.add(following)
        yield following
        following = products[following].successor


def limited(products: Mapping[str, Product]) -> bool:
    """Whether any product is not sold all the time."""
    return any(p.starts is not None or p.ends is not None for p in products.values())


def sold_as(products: Mapping[str, Product], codes: Any, times: Any, on_grid: Any) -> Any:
    """What is ordered at some times in place of some products, as codes; UNSOLD for nothing."""
    names = list(products)
    found: NDArray[np.int64] = np.array(np.broadcast_to(codes, np.shape(times)), np.int64)
    for _ in names:  # a chain of successors is no longer than that
        before = found.copy()
        for code, product in enumerate(products.values()):
            if product.ends is not None:
                heir = UNSOLD if product.successor is None else names.index(product.successor)
                found[(before == code) & (times >= on_grid(product.ends))] = heir
        if (found == before).all():
            break
    for code, product in enumerate(products.values()):
        if product.starts is not None:
            found[(found == code) & (times < on_grid(product.starts))] = UNSOLD
    return found
