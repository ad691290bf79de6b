"""The kernel: what happens to stock, orders and purchases.  Written once, run by both engines.

Kernel code touches state by attribute only, draws no random number and imports nothing but the
entities.  What the engines and the scenario supply (`ports`) is linked in by
`backsim.engines.link`.
"""
