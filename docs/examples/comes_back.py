"""A customer who comes back: who has cancelled orders again a month later.

Run with `python docs/examples/comes_back.py` from the repository's folder.
"""

import backsim
from backsim.entities import CANCELLED

LATER = 30


def come_back(live):
    """Look every day at the orders that were cancelled, and let each customer come once more."""
    seen, again = set(), set()
    while True:
        yield live.env.timeout(1)
        for index, line in enumerate(live.world.lines):
            if line.status == CANCELLED and index not in seen and index not in again:
                seen.add(index)
                live.env.process(order_again(live, line, again))


def order_again(live, line, again):
    """Wait a month, then order the same; a second disappointment is the last."""
    yield live.env.timeout(LATER)
    stock = live.world.stocks[line.stock]
    again.add(len(live.world.lines))
    name = live.model.classes[line.customer_class]
    live.order(name, {live.model.products[stock.product]: line.units})


def main():
    """Compare with and without their coming back, on the same random world."""
    for name, extend in (("without", []), ("with", [come_back])):
        run = backsim.simulate("scenarios/spare_parts.yaml", seed=1, engine="simpy", extend=extend)
        ordered = run.metrics["orders_per_day"]
        print(f"{name} coming back: {ordered:.2f} orders per day")


if __name__ == "__main__":
    main()
