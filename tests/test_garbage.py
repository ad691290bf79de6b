"""Python looks for garbage again as it did before."""

from __future__ import annotations

import gc

import pytest
from tests.models import build

from backsim.engines import simpy
from backsim.garbage import uncollected
from backsim.streams import draw


@pytest.mark.parametrize("before", [True, False])
def test_it_is_as_before_also_after_an_error(before: bool) -> None:
    was = gc.isenabled()
    try:
        (gc.enable if before else gc.disable)()
        with uncollected():
            assert not gc.isenabled()
        assert gc.isenabled() == before
        with pytest.raises(ZeroDivisionError), uncollected():
            raise ZeroDivisionError
        assert gc.isenabled() == before
    finally:
        (gc.enable if was else gc.disable)()


def test_a_run_leaves_no_rows_to_be_found_as_garbage() -> None:
    demand = {"arrivals": {"poisson": {"rate": 10}}, "products": "mug"}
    model = build({"all": {"demand": demand}}, horizon=100)
    tape = draw(model, 1)

    def rows() -> int:
        return sum(type(item).__name__ == "Line" for item in gc.get_objects())

    with uncollected():
        before = rows()  # others may have left some
        log = simpy.run(model, tape)
        assert len(log.lines) > 500
        assert rows() == before
