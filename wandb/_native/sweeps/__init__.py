"""Sweeps: which hyperparameters to try next, what has been tried, and the agents that try them."""


class SweepNotFoundError(Exception):
    """There is no sweep of that id where agents look for it."""
