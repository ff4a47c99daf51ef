"""Turns logged values into records."""
