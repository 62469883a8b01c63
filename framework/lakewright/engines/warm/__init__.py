"""A Spark that stays warm: a Connect server of one user on this machine, and how runs use it.

Decision 0012 has the argument for what happens to the work of a client that dies.
"""
