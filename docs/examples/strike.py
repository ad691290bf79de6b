"""A strike: for 120 days the importer sends nothing, and then what was ordered meanwhile.

Run with `python docs/examples/strike.py` from the repository's folder.
"""

import backsim

BEGINS, ENDS = 400, 520


def strike(live):
    """Purchases placed during the strike set out when it ends."""

    def lead_time(stock, days, now):
        return days + (ENDS - now) if BEGINS <= now < ENDS else days

    live.supply(lead_time)
    yield live.at(ENDS)


def main():
    """Compare with and without the strike, on the same random world."""
    for name, extend in (("without", []), ("with", [strike])):
        run = backsim.simulate("scenarios/quickstart.yaml", seed=1, engine="simpy", extend=extend)
        print(f"{name} the strike: fill rate {run.metrics['fill_rate']:.3f}")


if __name__ == "__main__":
    main()
