"""Stock points: their books, who gets the units on hand, reviews and forecasts."""
