"""A file a command: its arguments, its options, and what it calls.

Every file in this folder is found by itself.  Libraries are imported by the commands that need
them, so that `--help` is there at once.
"""
