"""What native runs and dual mode share."""
