"""`python -m backsim`."""

from backsim.cli import main

main()
