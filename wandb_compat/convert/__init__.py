"""Converts logged values to records: numbers, text, arrays, media, tables and charts."""
