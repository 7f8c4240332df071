"""Whether the machine does what the program needs: folders, the disk of the state, the clock.

The real thing is tried in each place, and what is found is told in words, with what to do. Nothing
is left behind. Modules of this package are imported when somebody asks.
"""
