"""A price campaign: for two weeks more customers come, who do not wait long.

Run with `python docs/examples/price_campaign.py` from the repository's folder.
"""

import backsim

BEGINS, ENDS = 700, 714
MORE = 3.0  # further orders per day during the campaign


def campaign(live):
    """Further retail customers, at random times, with orders of 1 to 5 units."""
    source = live.generator("campaign")
    yield live.at(BEGINS)
    while True:
        yield live.env.timeout(source.exponential(1 / MORE))
        if live.now >= ENDS:
            return
        live.order("retail", {"bunting": int(source.integers(1, 6))}, tolerance=3)


def main():
    """Compare with and without the campaign, on the same random world."""
    for name, extend in (("without", []), ("with", [campaign])):
        run = backsim.simulate("scenarios/quickstart.yaml", seed=1, engine="simpy", extend=extend)
        ordered = run.metrics.get("orders_per_day", "product", "bunting")
        print(f"{name} the campaign: {ordered:.2f} orders of bunting per day")


if __name__ == "__main__":
    main()
