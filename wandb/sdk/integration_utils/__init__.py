"""What integrations share."""
