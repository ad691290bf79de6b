"""One file per command: its arguments and options, and what it does.

Every file in this folder is found by itself.  Libraries are imported by the functions that need
them, so that `--help` is there at once.
"""
