"""Versioned files."""
