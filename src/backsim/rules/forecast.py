"""Forecast rules: how demand is forecast from the demand of past periods.

Until a method has seen enough, the forecast is the one the stock point starts with.
"""

from __future__ import annotations

from backsim.entities import Forecast
from backsim.quantities import OpenProbability, PositiveCount
from backsim.rules.families import forecast


@forecast
def static(forecast: Forecast) -> float:
    """A constant forecast: the mean demand, or the value in the scenario."""
    return forecast.mean


@forecast
def moving_average(
    forecast: Forecast, demand: int, ago: int, periods: int, window: PositiveCount
) -> float:
    """The mean demand of the last `window` periods (of all, while there are fewer).

    Source: Silver, Pyke and Thomas, Inventory and Production Management in Supply Chains (2017),
    section 3.4.
    """
    total = forecast.level + demand  # `level` is the sum of one period less than the window
    forecast.level = total - ago
    return total / min(periods + 1, int(window))


@forecast
def ses(forecast: Forecast, demand: int, alpha: OpenProbability = 0.1) -> float:
    """Simple exponential smoothing: the latest demand counts `alpha`, the forecast before the rest.

    Source: Brown, Statistical Forecasting for Inventory Control (1959), chapter 2.
    """
    return alpha * demand + (1.0 - alpha) * forecast.mean


@forecast
def holt(
    forecast: Forecast, demand: int, alpha: OpenProbability = 0.1, beta: OpenProbability = 0.1
) -> float:
    """Holt's linear trend: the level is smoothed by `alpha`, the growth a period by `beta`.

    Source: Holt, ONR Memorandum 52 (1957), International Journal of Forecasting 20 (2004) 5-10.
    """
    before = forecast.mean - forecast.trend
    level = alpha * demand + (1.0 - alpha) * forecast.mean
    forecast.trend = beta * (level - before) + (1.0 - beta) * forecast.trend
    return level + forecast.trend


@forecast
def seasonal_naive(
    forecast: Forecast, demand: int, ago: int, periods: int, season: PositiveCount
) -> float:
    """What was asked for `season` periods before; in the first season the mean so far.

    Source: Hyndman and Athanasopoulos, Forecasting: Principles and Practice (2021), section 5.2.
    """
    forecast.level += demand
    return float(ago) if periods + 1 >= season else forecast.level / (periods + 1)


@forecast
def croston(forecast: Forecast, demand: int, alpha: OpenProbability = 0.1) -> float:
    """Croston: mean size over mean interval of the periods with demand, smoothed by `alpha`.

    Source: Croston, Operational Research Quarterly 23 (1972) 289-303.
    """
    return _croston(forecast, demand, alpha, 1.0)


@forecast
def sba(forecast: Forecast, demand: int, alpha: OpenProbability = 0.1) -> float:
    """Syntetos and Boylan: Croston's forecast times 1 - `alpha` / 2, which removes its bias.

    Source: Syntetos and Boylan, International Journal of Forecasting 21 (2005) 303-314.
    """
    return _croston(forecast, demand, alpha, 1.0 - alpha / 2.0)


@forecast
def tsb(
    forecast: Forecast, demand: int, alpha: OpenProbability = 0.1, beta: OpenProbability = 0.1
) -> float:
    """Teunter, Syntetos and Babai: size (`alpha`) times probability of demand (`beta`), smoothed.

    It falls while there is no demand, so it notices that an item dies.
    Source: European Journal of Operational Research 214 (2011) 606-615.
    """
    return _tsb(forecast, demand, alpha, beta)


def _croston(forecast: Forecast, demand: int, alpha: float, factor: float) -> float:
    forecast.since += 1
    if demand > 0:
        _smooth_size(forecast, demand, alpha)
        if forecast.interval == 0.0:
            forecast.interval = float(forecast.since)
        else:
            forecast.interval = alpha * forecast.since + (1.0 - alpha) * forecast.interval
        forecast.since = 0
    if forecast.size == 0.0:
        return forecast.mean
    return factor * forecast.size / forecast.interval


def _tsb(forecast: Forecast, demand: int, alpha: float, beta: float) -> float:
    happened = 1.0 if demand > 0 else 0.0
    if forecast.periods == 0:
        forecast.probability = happened
    else:
        forecast.probability = beta * happened + (1.0 - beta) * forecast.probability
    if demand > 0:
        _smooth_size(forecast, demand, alpha)
    if forecast.size == 0.0:
        return forecast.mean
    return forecast.probability * forecast.size


def _smooth_size(forecast: Forecast, demand: int, alpha: float) -> None:
    if forecast.size == 0.0:
        forecast.size = float(demand)
    else:
        forecast.size = alpha * demand + (1.0 - alpha) * forecast.size
