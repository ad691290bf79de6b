"""A user's file may bring a distribution, arrivals and a capacity, as it may bring a rule."""

from __future__ import annotations

from pathlib import Path

import pytest

import backsim
from backsim import streams
from backsim.engines import simpy
from backsim.errors import InputError, RuleError
from backsim.rules.files import load_rules
from backsim.scenario import from_dict

OWN = '''
import numpy as np
from backsim import Arrivals, Distribution, arrivals, distribution
from backsim.quantities import Positive, Rate


@distribution("two_points")
class TwoPoints(Distribution):
    """Once the value, once three times as much."""

    value: Positive
    examples = ({"value": 2},)

    def moments(self):
        return 2.0 * self.value, self.value**2

    def atoms(self):
        return np.array([self.value, 3 * self.value]), np.array([0.5, 0.5])

    def draw(self, generator, count):
        return self.value * (1 + 2 * generator.integers(0, 2, count))


@arrivals("pairs")
class Pairs(Arrivals):
    """Two orders at each moment of a Poisson process."""

    rate: Rate

    def mean_rate(self):
        return 2.0 * self.rate

    def spread(self):
        return 2.0

    def draw(self, generator, until):
        count = generator.poisson(self.rate * until)
        return np.repeat(np.sort(generator.uniform(0, until, count)), 2)
'''

SCENARIO = {
    "horizon": 400,
    "products": "mug",
    "suppliers": {"acme": {"lead_time": {"two_points": {"value": 2}}}},
    "customers": {"all": {"demand": {"arrivals": {"pairs": {"rate": 3}}, "products": "mug"}}},
    "policy": {"reorder": {"rule": "base_stock", "S": {"days": 10}}},
}


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.py"
    path.write_text(OWN)
    load_rules([path])
    return path


def test_they_are_drawn_and_counted_as_their_classes_say(own: Path) -> None:
    model = from_dict(SCENARIO)
    assert model.scenario.stock[0].reorder.params["S"] == 60  # 10 days of 2 x 3 orders
    assert from_dict(model.to_dict()).to_dict() == model.to_dict()
    tape = streams.draw(model, 1)
    times = tape.columns["time"]
    assert (times[::2] == times[1::2]).all()
    assert 2100 < len(times) < 2700
    purchases = simpy.run(model, tape).purchases
    days = model.on_grid(purchases["arrives"] - purchases["placed"])
    assert set(days[purchases["placed"] >= 0].tolist()) == {2.0, 6.0}


def test_their_code_is_part_of_what_a_result_is_made_with(own: Path) -> None:
    before = from_dict(SCENARIO).digest
    model = from_dict(SCENARIO)
    own.write_text(OWN.replace("(1 + 2 *", "(1 + 4 *"))
    assert model.digest == before  # which is that of the code that was loaded
    load_rules([own])
    assert from_dict(SCENARIO).digest != before


def test_one_that_is_no_longer_in_its_file_is_forgotten(own: Path) -> None:
    own.write_text("")
    load_rules([own])
    with pytest.raises(InputError, match=r"a known distribution \(.*\), got 'two_points'"):
        from_dict(SCENARIO)


def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text(OWN.replace('"two_points"', '"gamma"'))
    with pytest.raises(RuleError, match="distribution 'gamma' exists already"):
        load_rules([path])


def test_a_fault_of_their_parameters_says_where_it_stands(own: Path) -> None:
    changes = {"suppliers.acme.lead_time.two_points.value": -1}
    with pytest.raises(InputError, match=r"two_points\.value: expected a number > 0"):
        from_dict(SCENARIO, changes=changes)


SHIFTS = '''
from backsim import Capacity, capacity
from backsim.quantities import PositiveCount, PositiveDays
from backsim.scenario.schema import Servers


@capacity("shifts")
class Shifts(Capacity):
    """Workers who each finish a unit in so many days, in one shift a day or several."""

    workers: PositiveCount
    days: PositiveDays
    shifts: PositiveCount = 1

    @property
    def as_servers(self):
        return Servers(servers=self.workers, service=self.days / self.shifts, per="unit")
'''


def workshop(capacity: object) -> dict[str, object]:
    return {
        "horizon": 50,
        "products": "mug",
        "suppliers": {"acme": {"capacity": capacity}},
        "customers": {"all": {"demand": {"arrivals": {"poisson": {"rate": 3}}, "products": "mug"}}},
        "policy": {"reorder": {"rule": "base_stock", "S": 4}},
    }


def test_a_capacity_is_the_servers_that_it_amounts_to(tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text(SHIFTS)
    load_rules([path])
    own = from_dict(workshop({"shifts": {"workers": 2, "days": 1, "shifts": 2}}))
    plain = from_dict(workshop({"servers": 2, "service": 0.5, "per": "unit"}))
    assert from_dict(own.to_dict()).to_dict() == own.to_dict() != plain.to_dict()
    logs = [simpy.run(model, streams.draw(model, 1)) for model in (own, plain)]
    assert len(logs[0].purchases) > 100
    assert logs[0].equals(logs[1])
    path.write_text(SHIFTS.replace("self.days /", "2 * self.days /"))
    before, given = own.digest, own.to_dict()
    load_rules([path])
    assert from_dict(given).digest != before
    with pytest.raises(InputError, match=r"shifts\.workers: expected a whole number"):
        from_dict(workshop({"shifts": {"workers": 0.5, "days": 1}}))
    path.write_text("")
    load_rules([path])
    with pytest.raises(InputError, match=r"capacity: .*got 'shifts'|capacity\.shifts: expected"):
        from_dict(workshop({"shifts": {"workers": 2, "days": 1}}))


def load_changed(folder: Path, before: str, after: str) -> None:
    """The file with something else in the place of a part of it."""
    path = folder / "own.py"
    assert before in OWN
    path.write_text(OWN.replace(before, after))
    load_rules([path])


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("self.value * (1", "np.nan * (1", "TwoPoints: draw: expected finite .* numbers, got nan"),
        ("(0, 2, count))", "(0, 2, count + 1))", "TwoPoints: draw: expected .* array of shape"),
        ("np.sort(generator", "(generator", "Pairs: draw: expected times from 0 on that ascend"),
        ("np.repeat(np.sort", "-np.repeat(np.sort", "Pairs: draw: expected times from 0 on"),
        ("    def atoms(self):", "    def others(self):", "expected a method `law"),
    ],
    ids=["nan", "length", "order", "negative", "no law"],
)
def test_what_a_user_s_class_draws_is_looked_at(
    before: str, after: str, told: str, tmp_path: Path
) -> None:
    """It is not left out in silence."""
    load_changed(tmp_path, before, after)
    size = {"customers.all.demand.size": {"two_points": {"value": 2}}}
    service = {"policy.reorder.S": {"fill_rate": 0.9, "demand": "normal"}}
    with pytest.raises(InputError, match=told):
        streams.draw(from_dict(SCENARIO, changes={**size, **service}), 1)


CAPACITY = """
from backsim import Capacity, capacity
from backsim.quantities import PositiveCount


@capacity("teams")
class Teams(Capacity):
    many: PositiveCount

    @property
    def as_servers(self):
        return self.many
"""


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (
            "return self.value * (1 +",
            "return 1 / 0 * (1 +",
            r"py:\d+: TwoPoints.draw: ZeroDivision",
        ),
        ("return 2.0 * self.value, self", "return self", "TwoPoints.moments: TypeError: cannot un"),
        ("return 2.0 * self.value", "return self.no", r"py:\d+: TwoPoints.moments: AttributeError"),
        ("count = gen", "raise SystemExit(3)\n        count = gen", "Pairs.draw: SystemExit: 3"),
        ("return 2.0 * self.rate", "return None", "Pairs.mean_rate: TypeError"),
        ("return 2.0 * self.rate", "return float('nan')", "expected a rate of 0 or more, got nan"),
        ("@arrivals", CAPACITY + "\n\n@arrivals", r"Teams.as_servers: .*expected Servers, got int"),
    ],
)
def test_what_a_user_s_class_raises_is_told(
    before: str, after: str, told: str, tmp_path: Path
) -> None:
    """It ended in a traceback, or was taken for a capacity without a limit."""
    load_changed(tmp_path, before, after)
    teams = {"suppliers.acme.capacity": {"teams": {"many": 2}}} if "Teams" in told else {}
    with pytest.raises(RuleError, match=told):
        backsim.simulate(from_dict(SCENARIO, changes=teams), seed=1)
