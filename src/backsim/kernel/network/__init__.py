"""Stock points that supply each other: sourcing, internal orders, shipments and transfers."""
