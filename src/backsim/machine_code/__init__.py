"""Machine code kept in files, where every process finds it again, and called without numba.

numba takes as long to load as many a run takes to play.  It is needed once: to make the code.
"""
