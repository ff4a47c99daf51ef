"""Artifact versions, their store and keys, and the files that a run saves."""
