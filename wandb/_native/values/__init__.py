"""Conversions and sizes of single values."""
