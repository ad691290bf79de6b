"""Python looks for garbage again as it did before."""

from __future__ import annotations

import gc

import pytest

from backsim.garbage import uncollected


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
