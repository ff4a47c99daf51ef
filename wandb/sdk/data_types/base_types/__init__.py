"""What the types of values have in common."""
