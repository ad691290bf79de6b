"""A recall: one day all cakestands on hand turn out to be faulty and go back to the maker.

The units leave as an order of a class of their own, so that the books stay right.
Run with `python docs/examples/recall.py` from the repository's folder.
"""

import backsim

DAY = 900


def recall(live):
    """What is on hand that day is ordered by the class `recall`, before anyone else orders."""
    yield live.at(DAY)
    stock = live.stock("cakestand")
    if stock.on_hand > 0:
        live.order("recall", {"cakestand": stock.on_hand})


def main():
    """Compare with and without the recall, on the same random world."""
    model = backsim.load("scenarios/quickstart.yaml")
    orders = {"orders": [{"time": model.horizon, "lines": {"cakestand": 1}}]}
    model = model.replace({"customers.recall": {"tolerance": "none", "demand": orders}})
    for name, extend in (("without", []), ("with", [recall])):
        run = backsim.simulate(model, seed=1, engine="simpy", extend=extend)
        retail = run.metrics.get("fill_rate", "class", "retail")
        print(f"{name} the recall: fill rate of retail {retail:.3f}")


if __name__ == "__main__":
    main()
