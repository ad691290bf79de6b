"""Quantities that are not whole: each product is counted in its smallest unit.

A file says kilograms, metres or cases.  All that it says of a product in units becomes a whole
number of the product's smallest unit, exactly or not at all, and what it says per unit becomes
money or room per smallest unit.  The marks of the schema say which numbers these are: numbers in
`units`, and those that are `PER_UNIT`.  Nothing behind it knows of this but results, which are said
in the products' units again.

`units` changes numbers and the parts that hold them; `scenario` a whole scenario, there and back.
"""
