"""The values that are more than numbers and text."""
