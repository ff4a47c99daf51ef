"""Reads that the embedded server answers."""
