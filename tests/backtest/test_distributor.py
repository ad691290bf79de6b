"""A backtest against many histories of the truth: what happened is one of them."""

from __future__ import annotations

import numpy as np
import pytest
from tests.backtest.distributor import FOLDER, scenario, truth

from backsim.api import replicate
from backsim.backtest.backtest import backtest
from backsim.backtest.measures import MEASURES, Groups, simulated
from backsim.data.calibrate import history_of, read_mapping
from backsim.data.history import History
from backsim.scenario import from_dict

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="the distributor's export is not here"),
]
HELD, HISTORIES = 184, 40


@pytest.fixture(scope="module")
def history() -> History:
    mapping, folder, _ = read_mapping(FOLDER)
    return history_of(mapping, folder)


@pytest.fixture(scope="module")
def histories(history: History) -> dict[str, np.ndarray]:
    """The measures of the held-out half year in other histories of the truth."""
    told = truth()
    model = from_dict(scenario(told, told["held_out"][0]))
    groups = Groups.of(history)
    runs = replicate(model, seed=7, replications=HISTORIES, engine="compiled")
    found = [simulated(run, history, groups) for run in runs]
    return {measure: np.array([one[measure][0] for one in found]) for measure in MEASURES}


def test_the_distributor_s_half_year_is_predicted(histories: dict[str, np.ndarray]):
    """The total within 2 points, the mean wait within 10 % of the mean history of the truth.

    What happened is one history, and was further from that mean than most.
    """
    found = backtest(FOLDER, HELD, HISTORIES, 1, "compiled")
    (fill,), (waited,) = (found.of("all", measure) for measure in ("fill_rate", "mean_wait"))
    assert fill.mean == pytest.approx(histories["fill_rate"].mean(), abs=0.02)
    assert waited.mean == pytest.approx(histories["mean_wait"].mean(), rel=0.1)
    assert waited.realised > np.quantile(histories["mean_wait"], 0.9)
    inside, count = found.coverage("fill_rate")
    assert 0.85 <= inside / count <= 0.95
