"""A SimPy process beside the model: a planner who looks at the backlog every Monday.

Run with `python docs/examples/emergency_purchase.py` from the repository's folder.
"""

import backsim

LIMIT = 100


def planner(live):
    """Every 7 days, buy what customers wait for when that is more than LIMIT units."""
    while True:
        yield live.env.timeout(7)
        stock = live.stock("cakestand")
        if stock.backlog > LIMIT:
            live.purchase("cakestand", stock.backlog)


def main():
    """Compare with and without the planner, on the same random world."""
    for name, extend in (("without", []), ("with", [planner])):
        run = backsim.simulate("scenarios/quickstart.yaml", seed=1, engine="simpy", extend=extend)
        fill_rate = run.metrics.get("fill_rate", "product", "cakestand")
        print(f"{name} the planner: fill rate of cakestand {fill_rate:.3f}")


if __name__ == "__main__":
    main()
