"""An event kind is added as docs/architecture.md says: in one file of the kernel."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import backsim
from backsim.engines import at_start, cache_key, compiled, link, simpy
from backsim.entities import MESSAGE, REACT, RECEIVED
from backsim.kernel import events
from backsim.kernel import stock as room
from backsim.scenario.model import Model
from backsim.streams import draw

STOCKTAKE = '''
from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import Stock, World
from backsim.kernel.events import event
from backsim.kernel.grid import on_grid
from backsim.kernel.stock.position import settle

if TYPE_CHECKING:
    from backsim.kernel.interface import schedule

STOCKTAKE = 61


@event(STOCKTAKE, subject="stocks")
def take_stock(world: World, stock: Stock, now: float) -> None:
    """A unit is found that no book knew of; the next stocktake is ten days later."""
    settle(stock, now)
    stock.on_hand += 1
    stock.received += 1
    schedule(world, on_grid(world, now + 10.0), STOCKTAKE, stock.index)
'''


def forget() -> None:
    for cached in (link.kernel_modules, link.kernel_functions, cache_key._kernel):
        cached.cache_clear()
    simpy._kernel.cache_clear()
    compiled.driver.cache_clear()


@pytest.fixture
def stocktake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A module of the kernel that is there for one test, and a first event at day 5."""
    link.kernel_modules()  # so that the events of the others are declared
    (tmp_path / "stocktake.py").write_text(STOCKTAKE)
    monkeypatch.setattr(room, "__path__", [*room.__path__, str(tmp_path)])
    monkeypatch.setattr(events, "EVENTS", list(events.EVENTS))
    for engine in (simpy, at_start):
        plain = engine.set_up

        def set_up(*given: Any, plain: Any = plain, **named: Any) -> Any:
            setup = plain(*given, **named)
            setup.events.append((5.0, 61, 0))
            return setup

        monkeypatch.setattr(engine, "set_up", set_up)
    forget()
    yield
    sys.modules.pop(f"{room.__name__}.stocktake", None)
    forget()


@pytest.mark.usefixtures("stocktake")
def test_an_event_kind_is_one_file() -> None:
    model: Model = backsim.load(Path(__file__).parents[2] / "scenarios" / "quickstart.yaml")
    model = model.replace(horizon=100.0, warm_up=0.0)
    tape = draw(model, 1)
    log = simpy.run(model, tape)
    assert log.equals(compiled.run(model, tape))
    here = (log.purchases["status"] == RECEIVED) & (log.purchases["stock"] == 0)
    bought = log.purchases["units"][here].sum()
    assert log.stocks["received"][0] - bought == 10  # on days 5, 15, ... 95
    kinds = [event.kind for event in events.in_order()]
    assert kinds.index(MESSAGE) < kinds.index(61) < kinds.index(REACT)
