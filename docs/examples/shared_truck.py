"""A shared truck, a SimPy resource beside the model: products are fetched one after the other.

Run with `python docs/examples/shared_truck.py` from the repository's folder.
"""

import simpy

import backsim
from backsim.scenario.load import from_dict

SCENARIO = {
    "horizon": 365,
    "warm_up": 30,
    "products": ["gravel", "sand"],
    "suppliers": {"quarry": {"lead_time": 1.5}},
    "customers": {
        "builders": {
            "demand": {"arrivals": {"poisson": {"rate": 6}}, "products": ["gravel", "sand"]},
            "tolerance": {"exponential": {"mean": 5}},
        }
    },
    "policy": {"reorder": "none"},
    "stock": [{"initial": 20}],
}
LOAD, LEVEL = 15, 12


def fetching(trucks):
    """One process per product, which share the trucks: a trip there and back takes 3 days."""

    def driver(live, product, fleet):
        while True:
            yield live.env.timeout(0.25)
            stock = live.stock(product)
            if stock.on_hand + stock.on_order - stock.backlog > LEVEL:
                continue
            with fleet.request() as truck:
                yield truck
                live.purchase(product, LOAD)
                yield live.env.timeout(3)

    def start(live):
        fleet = simpy.Resource(live.env, trucks)
        for product in live.model.products:
            live.env.process(driver(live, product, fleet))
        yield live.env.timeout(0)

    return start


def main():
    """Compare one truck with two, on the same random world."""
    model = from_dict(SCENARIO, name="truck")
    for trucks in (1, 2):
        run = backsim.simulate(model, seed=1, engine="simpy", extend=[fetching(trucks)])
        print(f"{trucks} truck(s): fill rate {run.metrics['fill_rate']:.3f}")


if __name__ == "__main__":
    main()
