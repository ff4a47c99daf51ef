"""Sweeps: the search, the trial log, and the agents that run the trials."""


class SweepNotFoundError(Exception):
    """Neither this disk nor the server has a sweep of that id."""
