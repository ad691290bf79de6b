"""Forecasts of demand, updated at the end of every period from the demand that was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import FORECAST, LATE_FORECAST, NONE, Forecast, Stock, World
from backsim.kernel.events import event
from backsim.kernel.grid import on_grid
from backsim.kernel.stock.review import review_continuously

if TYPE_CHECKING:
    from backsim.kernel.interface import forecast_demand, schedule


def observe(world: World, stock: Stock, units: int) -> None:
    """Customers ask a stock point for units."""
    if stock.forecast_row != NONE:
        world.forecasts[stock.forecast_row].seen += units


def miss(world: World, stock: Stock, units: int) -> None:
    """Units are lost at once; where demand is censored, no one has seen that they were wanted."""
    if stock.forecast_row != NONE:
        forecast = world.forecasts[stock.forecast_row]
        if forecast.censored != 0:
            forecast.seen -= units


@event(FORECAST, LATE_FORECAST, subject="forecasts", feature="FORECASTS")
def end_period(world: World, index: int, kind: int, now: float) -> None:
    """A period ends: the forecast learns from its demand; then continuous review."""
    forecast = world.forecasts[index]
    stock = world.stocks[forecast.stock]
    demand = forecast.seen
    forecast.seen = 0
    observation = world.observations[forecast.observed_at + forecast.periods]
    observation.units = demand
    observation.forecast = forecast.mean
    error = demand - forecast.mean
    forecast.squared_error += forecast.smoothing * (error * error - forecast.squared_error)
    forecast.mean = forecast_demand(world, stock, forecast, demand)
    forecast.periods += 1
    following = forecast.first + forecast.periods * forecast.every
    schedule(world, on_grid(world, following), kind, index)
    review_continuously(world, stock, now)


def forecast_mean(world: World, stock: Stock) -> float:
    """Units forecast a day."""
    forecast = world.forecasts[stock.forecast_row]
    return forecast.mean / forecast.every


def forecast_variance(world: World, stock: Stock) -> float:
    """Smoothed squared error of the forecasts one period ahead, a day."""
    forecast = world.forecasts[stock.forecast_row]
    return forecast.squared_error / forecast.every


def demand_ago(world: World, forecast: Forecast, periods: float) -> int:
    """Demand so many periods before the coming one; 0 before the start."""
    index = forecast.periods + 1 - int(periods)
    if index < 0:
        return 0
    return world.observations[forecast.observed_at + index].units
