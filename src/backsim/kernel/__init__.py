"""The kernel: what happens to stock, orders and purchases.  Written once, run by both engines.

Kernel code touches state by attribute only, draws no random number and imports nothing but the
entities.  What the engines and the scenario supply (`interface`) is linked in by
`backsim.engines.link`.

- `demand`: orders, the queue of those who wait, substitutes, other sites, and how customers leave;
- `stock`: a stock point's books, clearing, shipping, reviews and forecasts;
- `supply`: purchases, suppliers and what they say, receipts, and the buyer's reactions;
- `network`: stock points that supply each other;
- `communication`: what customers who wait are told;
- `features`: the parts that a scenario may do without; `events`: which event calls what;
  `grid`: the grid of time.
"""
